"""nn/checkpoint.py: a training's state comes back, and a file that no training wrote is refused in one line."""

import dataclasses
import json

import numpy as np
import pytest

from nn import checkpoint
from nn.augment import Augment
from nn.files import read_npz, write_npz
from nn.limits import RANGES
from nn.network import digit_net
from nn.optim import AdamW
from nn.recipes import RECIPES
from nn.training import _state

LINE = {"epoch": 1, "loss": 0.5, "validation_loss": None, "validation_accuracy": None, "seconds": 2}


@pytest.fixture
def path(tmp_path):
    """The checkpoint of one epoch of a training."""
    network = digit_net(np.random.default_rng(0), batch_norm=True)
    run = {
        "recipe": "best", "settings": dataclasses.asdict(RECIPES["best"]), "seed": 3, "threads": 2, "data": None,
        "data_checksum": "0" * 64, "history": [LINE],
    }  # fmt: skip
    checkpoint.write(tmp_path / "a.checkpoint.npz", run, _state(1, network, network, AdamW(network.params)))
    return tmp_path / "a.checkpoint.npz"


def test_what_was_written_comes_back(path):
    run, recipe, state = checkpoint.read(path)
    assert recipe == RECIPES["best"] and (run["seed"], run["history"]) == (3, [LINE])
    assert state["epoch"] == 1 and "optimizer/m.0.w" in state


@pytest.mark.parametrize("changes", [
    {"epochs": 0}, {"epochs": 2.5}, {"epochs": "20"}, {"batch_size": 0}, {"batch_size": True}, {"lr": -1},
    {"lr": 1e999}, {"lr": None}, {"schedule": "up"}, {"schedule": ["cosine"]}, {"batch_norm": 1}, {"drawn": 10**9},
    {"late_drawn": "many"}, {"augment": {"rotation": "far"}}, {"augment": {"turn": 1}}, {"augment": 5},
    {"augment": dataclasses.asdict(Augment()) | {"bend": 1e999}}, {"held_out": -1}, {"colour": 1},
])  # fmt: skip
def test_settings_of_no_recipe_are_refused(path, changes):
    spoil(path, lambda run: run["settings"].update(changes))


@pytest.mark.parametrize("changes", [
    {"seed": -1}, {"seed": 1.5}, {"seed": True}, {"threads": 0}, {"threads": 10**9}, {"data": 5}, {"recipe": None},
    {"history": []}, {"history": [LINE, LINE]}, {"history": [LINE | {"epoch": 2}]},
    {"history": [LINE | {"loss": "low"}]}, {"history": [LINE | {"loss": 1e999}]}, {"history": [1]}, {"history": {}},
    {"data_checksum": None}, {"settings": []},
    {"settings": None},
])  # fmt: skip
def test_runs_of_no_training_are_refused(path, changes):
    spoil(path, lambda run: run.update(changes))


@pytest.mark.parametrize("name", RANGES)
def test_it_holds_what_the_command_line_takes_and_nothing_beyond(path, name):
    arrays, (least, most) = read_npz(path), RANGES[name]
    for value in (least, most):
        run = json.loads(str(arrays["run"]))
        (run if name in run else run["settings"])[name] = value
        write_npz(path, arrays | {"run": np.array(json.dumps(run))})
        run, _, _ = checkpoint.read(path)
        assert (run if name in run else run["settings"])[name] == value
    for value in (least / 10 if name == "lr" else least - 1, most + 1):
        spoil(path, lambda run: (run if name in run else run["settings"]).update({name: value}))  # noqa: B023


@pytest.mark.parametrize("name", ["recipe", "settings", "seed", "threads", "data", "history", "data_checksum"])
def test_a_run_without_one_of_its_parts_is_refused(path, name):
    spoil(path, lambda run: run.pop(name))


def spoil(path, change):
    arrays = read_npz(path)
    run = json.loads(str(arrays["run"]))
    change(run)
    refused(path, arrays | {"run": np.array(json.dumps(run))})


def refused(path, arrays):
    write_npz(path, arrays)
    with pytest.raises(ValueError) as error:
        checkpoint.read(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "value"), [("epoch", -1), ("epoch", 2), ("optimizer/t", -5), ("optimizer/t", 2**60)])
def test_a_count_that_cannot_be_is_refused(path, name, value):
    refused(path, read_npz(path) | {name: np.array(value)})


def test_a_run_nested_deeply_is_refused(path):
    refused(path, read_npz(path) | {"run": np.array("[" * 100_000)})
