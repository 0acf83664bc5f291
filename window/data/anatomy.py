"""What happens inside the network for one image: every activation, and the arithmetic of any one of them.

Each layer says of itself what it sees and how a value comes about (nn/describe.py); here that is put together over
the layers of a stage.

A *stage* is a layer that does something of its own, with the layers after it that change each number for itself (ReLU
and the like, if the numbers still stand as they did): what the window shows as one grid. A *cell* is one map or unit of
that grid, a *place* a row and column in a map.
"""

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.describe import Terms

SIDE = 28  # pixels of the image
KIND = re.compile(r"(\D*?) ?(\d.*)?$")  # a title is a kind of layer and perhaps a size


@dataclass(frozen=True)
class Stage:
    title: str
    first: int  # index of the layer that does the work
    last: int  # index of the last follower, whose output the stage shows
    shape: tuple[int, ...]  # (H, W, C) or (C,)

    @property
    def channels(self):
        return self.shape[-1]


@dataclass(frozen=True)
class Arithmetic:
    """How one number came about."""

    terms: Terms  # of the layer that does the work
    after: list[tuple[str, float]]  # the value after each follower, by its name
    shown: float  # the activation as the network computed it
    places: list[str]  # "nn/layers.py:88  Conv2D.forward" for each layer that took part

    @property
    def value(self):
        """The number at the end of this arithmetic; it must equal `shown`."""
        return self.after[-1][1] if self.after else self.terms.total + (self.terms.bias or 0)


def activations(network, image):
    """[the input, the output of the first layer, of the second, ...] for one image (28, 28) uint8."""
    from nn.network import to_input  # imports Numba, and the window is to be there before that has happened

    values = [to_input(image[None])]
    for layer in network.layers:
        values.append(np.array(layer.forward(values[-1])))
    return values


def stages(network):
    """The Stages of a network."""
    values = activations(network.replica(), np.zeros((SIDE, SIDE), np.uint8))
    found = []
    for i, layer in enumerate(network.layers):
        after = values[i + 1].shape[1:]
        if layer.elementwise and found and found[-1].last == i - 1:
            found[-1] = Stage(found[-1].title, found[-1].first, i, after)
        elif not layer.reshapes:
            found.append(Stage(layer.title, i, i, after))
    return found


def numbered(stages, number):
    """A stage's title, with a number where several are of one kind: "Conv 2, 3 × 3"."""
    kind, size = KIND.match(stages[number].title).groups()
    same = [n for n, stage in enumerate(stages[:-1]) if KIND.match(stage.title).group(1) == kind]
    return f"{kind} {same.index(number) + 1}, {size}" if len(same) > 1 and size else stages[number].title


def name_of(stages, number):
    """What a stage is called on the screen; number -1 is the image."""
    if number < 0:
        return "the image"
    return "Output" if number == len(stages) - 1 else numbered(stages, number)


def shown(stage, values):
    """A stage's activations as maps (C, H, W); a dense stage's are (C, 1, 1)."""
    return as_maps(values[stage.last + 1][0])


def as_maps(array):
    """What a stage hands on, or a mask of it, (H, W, C) or (C,), as maps (C, H, W)."""
    return array.transpose(2, 0, 1) if array.ndim == 3 else array[:, None, None]


def receptive_field(network, values, stage, place):
    """Top, left, bottom, right of the image's pixels that a place can see, the ends not included.

    Walked backwards from the place; `values` (of any image) have the shapes of what each layer sees. Behind a layer
    that sees all of its input, that is the whole of a map: it may still be less than the image.
    """
    row, column = place
    box = row, column, row + 1, column + 1
    for i in range(stage.last, -1, -1):
        box = network.layers[i].sees(box) or (0, 0, *(values[i].shape[1:3] if values[i].ndim == 4 else (1, 1)))
    top, left, bottom, right = box
    return max(top, 0), max(left, 0), min(bottom, SIDE), min(right, SIDE)


def arithmetic(network, stage, values, cell, place):
    """The Arithmetic of one activation, or None for a layer that can't say.

    values: `activations` of the image; place: row and column in the map, (0, 0) for a dense unit.
    """
    terms = network.layers[stage.first].terms(values[stage.first][0], cell, place)
    if terms is None:
        return None
    value, after = terms.total + (terms.bias or 0), []
    for follower in network.layers[stage.first + 1 : stage.last + 1]:
        value = float(follower.value(value, cell))
        after.append((follower.title, value))
    return Arithmetic(
        terms, after,
        shown=float(shown(stage, values)[cell][place]),
        places=[place_of(layer.forward) for layer in network.layers[stage.first : stage.last + 1]],
    )


def place_of(method):
    """Where the code of a layer's method stands: "nn/layers.py:88  Conv2D.forward"."""
    file = Path(inspect.getsourcefile(method))
    owner = type(method.__self__).__name__
    return f"{file.parent.name}/{file.name}:{inspect.getsourcelines(method)[1]}  {owner}.{method.__name__}"
