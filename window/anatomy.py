"""What happens inside the network for one image: every activation, and the arithmetic of any one of them.

Layers are told apart by the names of their classes: importing those would import Numba, and the window is to be
there before that has happened.

A *stage* is a layer that does something of its own, with the ReLU (or the like) that follows it: what the
window shows as one grid. A *cell* is one map or unit of that grid, a *place* a row and column in a map.
"""

import inspect
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FOLLOWERS = ("ReLU", "BatchNorm", "Dropout")  # layers that change each number for itself


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

    inputs: np.ndarray  # what the layer saw: (KH, KW, c_in) or (n_in,) or, pooling, (KH, KW)
    weights: np.ndarray | None  # of the same shape
    total: float  # the sum of products, or the maximum
    bias: float | None
    after: list[tuple[str, float]]  # the value after each follower, by its name
    shown: float  # the activation as the network computed it
    places: list[str]  # "nn/layers.py:88 Conv2D.forward" for each layer that took part

    @property
    def products(self):
        return self.inputs if self.weights is None else self.inputs * self.weights

    @property
    def value(self):
        """The number at the end of this arithmetic; it must equal `shown`."""
        return self.after[-1][1] if self.after else self.total + (self.bias or 0)


def activations(network, image):
    """[the input, the output of the first layer, of the second, ...] for one image (28, 28) uint8."""
    from nn.network import to_input

    values = [to_input(image[None])]
    for layer in network.layers:
        values.append(np.array(layer.forward(values[-1])))
    return values


def stages(network):
    """The Stages of a network."""
    values = activations(network.replica(), np.zeros((28, 28), np.uint8))
    found = []
    for i, layer in enumerate(network.layers):
        after = values[i + 1].shape[1:]
        if kind(layer) in FOLLOWERS and found:
            found[-1] = Stage(found[-1].title, found[-1].first, i, after)
        elif kind(layer) != "Flatten":
            found.append(Stage(_title(layer), i, i, after))
    return found


def kind(layer):
    return type(layer).__name__


def _title(layer):
    if kind(layer) == "Conv2D":
        return "Conv {} × {}".format(*layer.params["w"].shape[:2])
    if kind(layer) == "MaxPool2D":
        return "Max pool {} × {}".format(*layer.window)
    return kind(layer)


def shown(stage, values):
    """A stage's activations as maps (C, H, W); a dense stage's are (C, 1, 1)."""
    y = values[stage.last + 1][0]
    return y.transpose(2, 0, 1) if y.ndim == 3 else y[:, None, None]


def filter_of(network, stage, cell):
    """The kernel of a cell, its input channels averaged if there are many, or None: (KH, KW)."""
    layer = network.layers[stage.first]
    return layer.params["w"][..., cell].mean(axis=2) if kind(layer) == "Conv2D" else None


def receptive_field(network, stage, place):
    """Top, left, bottom, right of the image's pixels that a place can see, the ends not included.

    Walked backwards: an output at i looks at inputs i * stride - margin to i * stride - margin + k - 1.
    """
    (top, left), (bottom, right) = place, place
    for layer in reversed(network.layers[: stage.last + 1]):
        if kind(layer) in ("Dense", "Flatten"):
            return 0, 0, 28, 28
        if kind(layer) in FOLLOWERS:
            continue
        (kh, kw), stride, ((above, _), (before, _)) = _geometry(layer)
        top, bottom = top * stride - above, bottom * stride - above + kh - 1
        left, right = left * stride - before, right * stride - before + kw - 1
    return max(top, 0), max(left, 0), min(bottom + 1, 28), min(right + 1, 28)


def _geometry(layer):
    """Window, stride and margins ((above, below), (left, right)) of a layer, after its forward."""
    if kind(layer) == "Conv2D":
        return layer.params["w"].shape[:2], layer.stride, layer.margins
    return layer.window, layer.stride, ((0, 0), (0, 0))


def arithmetic(network, stage, values, cell, place):
    """The Arithmetic of one activation, or None for a layer that this window can't take apart.

    values: `activations` of the image; place: row and column in the map, (0, 0) for a dense unit.
    """
    layer = network.layers[stage.first]
    x = values[stage.first][0]
    weights, bias = None, None
    if kind(layer) == "Dense":
        inputs, weights, bias = x, layer.params["w"][:, cell], float(layer.params["b"][cell])
    elif kind(layer) in ("Conv2D", "MaxPool2D"):
        (kh, kw), stride, (rows, columns) = _geometry(layer)
        row, column = place[0] * stride, place[1] * stride
        inputs = np.pad(x, (rows, columns, (0, 0)))[row : row + kh, column : column + kw]
        if kind(layer) == "Conv2D":
            weights, bias = layer.params["w"][..., cell], float(layer.params["b"][cell])
        else:
            inputs = inputs[..., cell]
    else:
        return None
    total = float(inputs.max() if weights is None else (inputs.astype(float) * weights).sum())
    value, after = total + (bias or 0), []
    for follower in network.layers[stage.first + 1 : stage.last + 1]:
        if kind(follower) == "ReLU":
            value = max(value, 0.0)
        elif kind(follower) == "BatchNorm":
            of = {**follower.params, **follower.state}
            value = (value - of["mean"][cell]) / np.sqrt(of["var"][cell] + follower.eps)
            value = float(value * of["gamma"][cell] + of["beta"][cell])
        after.append((kind(follower), value))
    return Arithmetic(
        inputs, weights, total, bias, after,
        shown=float(shown(stage, values)[cell][place]),
        places=[place_of(of) for of in network.layers[stage.first : stage.last + 1]],
    )


def place_of(layer):
    """Where the code stands that computes a layer: "nn/layers.py:88 Conv2D.forward"."""
    forward = type(layer).forward
    file = Path(inspect.getsourcefile(forward)).resolve().relative_to(ROOT).as_posix()
    return f"{file}:{inspect.getsourcelines(forward)[1]}  {kind(layer)}.forward"
