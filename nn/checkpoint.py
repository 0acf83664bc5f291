"""A training's checkpoint: what it needs to go on, in one file that is read without trust.

The file holds the arrays of a training's state (training.fit tells them) and `run`, JSON of what was asked for and what
was reached: {"recipe": name, "settings": {...}, "seed", "threads", "data", "history": [...], ...}.
"""

import json
import math
from typing import get_type_hints

import numpy as np

from nn.augment import Augment
from nn.files import check_arrays, parse_json, read_npz, write_npz
from nn.limits import LARGEST, RANGES
from nn.optim import SCHEDULES
from nn.recipes import Recipe
from nn.training import blank_state


def write(path, run, state):
    """Write a training's run, a dict, and its state {name: array}: whole, or not at all."""
    write_npz(path, state | {"run": np.array(json.dumps(run))})


def read(path):
    """(run, recipe, state) of a checkpoint. FileNotFoundError, or ValueError in one line that names the file."""
    state = read_npz(path)
    try:
        run = parse_json(str(state.pop("run")))
        recipe = _recipe(run["settings"])
        _check_run(run)
    except (KeyError, TypeError, ValueError, AttributeError, MemoryError, SystemError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise ValueError(f"{path}: not a checkpoint of this program ({reason}); start without --resume") from None
    check_arrays(path, state, blank_state(recipe.batch_norm))
    epoch = int(state["epoch"])
    if not 0 < epoch == len(run["history"]) <= recipe.epochs or not 0 <= state["optimizer/t"] < 2**53:
        raise ValueError(f"{path}: its {epoch} epochs are not those of its history; start without --resume")
    return run, recipe, state


def _recipe(settings):
    """The Recipe of these settings, a dict. TypeError or ValueError for one that no training could have."""
    augment = settings["augment"]
    recipe = Recipe(**settings | {"augment": augment and _checked(Augment(**augment))})
    if recipe.schedule not in SCHEDULES:
        raise ValueError("its settings are no recipe's")
    return _checked(recipe)


def _checked(settings):
    """A dataclass of settings itself. ValueError unless each has its type, and each number is sane."""
    for name, kind in get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind | int if kind is float else kind):
            raise ValueError(f"its {name} is {value!r:.80}")
        least, most = RANGES.get(name, (0, LARGEST))
        if isinstance(value, int | float) and not least <= value <= most:
            raise ValueError(f"its {name} is {value!r:.80}")
    return settings


def _check_run(run):
    """ValueError, KeyError or TypeError unless a run has what going on with it takes."""
    for name, kind in (("recipe", str), ("data", str | None), ("data_checksum", str), ("history", list)):
        if not isinstance(run[name], kind):
            raise ValueError(f"its {name} is {run[name]!r:.80}")
    for name in ("seed", "threads"):
        least, most = RANGES[name]
        if not (type(run[name]) is int and least <= run[name] <= most):
            raise ValueError(f"its {name} is {run[name]!r:.80}")
    for number, epoch in enumerate(run["history"], 1):
        values = [epoch[name] for name in ("loss", "validation_loss", "validation_accuracy", "seconds")]
        if epoch["epoch"] != number or not all(value is None or math.isfinite(value) for value in values):
            raise ValueError(f"its history's entry {number} is none")
