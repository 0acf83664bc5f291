"""The way back for one image: what every number inside of the network has to do with the loss, by its own backward.

    way = backward(network, image, label)

Each layer says of itself how one gradient comes about (nn/describe.py); here the loss is put at the end and checked by
finite differences. Numbers and arrays alone: nothing of the window is in here.
"""

import copy
from dataclasses import dataclass

import numpy as np

from nn.describe import Terms
from window.data.anatomy import activations, place_of


@dataclass(frozen=True)
class Way:
    """Forward and backward of one image; lists hold the input of the first layer, then the output of each layer."""

    network: object  # the replica that went it, whose layers keep what they saw
    label: int
    loss: float  # -log p[label]
    p: np.ndarray  # (10,) softmax of the scores, without the temperature that the answer is calibrated by
    values: list[np.ndarray]  # (1, ...) each
    gradients: list[np.ndarray]  # dL/d(values), of the same shapes
    grads: dict[str, np.ndarray]  # "3.w": dL/dw of network.layers[3]


def reach(gradients):
    """The magnitude at which a stage's colours end, for gradients (C, H, W): 95 % of its cells stay below it.

    So one cell with far larger weights behind it than all others doesn't turn those black. Cells of zeros don't count.
    """
    peaks = np.abs(gradients).max(axis=(1, 2))
    peaks = peaks[peaks > 0]
    return float(np.percentile(peaks, 95)) if len(peaks) else 0.0


@dataclass(frozen=True)
class Back:
    """How the gradient of one activation came about."""

    terms: Terms | None  # of the layer that it went through, seen backwards; None: p - y
    through: list[tuple[str, float]]  # from the stage's output back to its sum: the gradient before each follower
    shown: float  # dL/d(activation) as the network computed it
    place: str  # where the code stands


class Stuck(Exception):
    """A layer of one's own can't go the way back; the words name it."""


def backward(network, image, label):
    """The Way of one image (28, 28) uint8 whose true digit is `label`. Stuck, naming the layer, if one has no way."""
    from nn.losses import SoftmaxCrossEntropy

    network, loss = network.replica(), SoftmaxCrossEntropy()
    values = activations(network, image)
    total = loss.forward(values[-1], np.array([label]))
    gradients = [loss.backward()]
    for i, layer in reversed(list(enumerate(network.layers))):
        name = f"layer {i}, {type(layer).__name__}"
        try:
            dx = np.array(layer.backward(gradients[0]))
        except Exception as error:  # whatever somebody's own layer does
            raise Stuck(f"{name}: its backward raises {type(error).__name__}: {error}") from error
        if dx.shape != values[i].shape:
            raise Stuck(f"{name}: its backward returns {dx.shape}, its input is {values[i].shape}")
        gradients.insert(0, dx)
    return Way(network, label, total, loss.p[0], values, gradients, network.grads)


def gradient(way, stages, number, cell, place):
    """The Back of one activation of stage `number`, or None where the next layer can't say."""
    network, stage = way.network, stages[number]
    after = way.gradients[stage.last + 1][0]
    shown = float(after[*place, cell] if after.ndim == 3 else after[cell])
    through = []
    for i in range(stage.last, stage.first, -1):
        before = way.gradients[i][0]
        through.append((network.layers[i].title, float(before[*place, cell] if before.ndim == 3 else before[cell])))
    index = stage.last + 1
    if index == len(network.layers):
        return Back(None, through, shown, "nn/losses.py  SoftmaxCrossEntropy.backward")
    unit, spot = cell, place
    while network.layers[index].reshapes:  # Flatten passes each number on from its place in the row
        unit, spot = int(np.ravel_multi_index((*spot, unit), way.values[index].shape[1:])), (0, 0)
        index += 1
    layer = network.layers[index]
    terms = layer.terms_back(way.values[index][0], way.gradients[index + 1][0], unit, spot)
    return terms and Back(terms, through, shown, place_of(layer.backward))


def weight(way, stage, index):
    """The Terms of dL/dw[index] of a stage's layer, the sum over places, or None for one without weights."""
    layer = way.network.layers[stage.first]
    if "w" not in layer.params:
        return None
    return layer.weight_terms(way.values[stage.first][0], way.gradients[stage.first + 1][0], index)


@dataclass(frozen=True)
class Check:
    """The loss as one weight moves, and its slope by two ways."""

    moves: np.ndarray  # (n,) what is added to the weight
    losses: np.ndarray  # (n,)
    by_backprop: float
    by_difference: float

    @property
    def digits(self):
        """How many significant digits of the two slopes agree."""
        size = max(abs(self.by_backprop), abs(self.by_difference))
        apart = abs(self.by_backprop - self.by_difference)
        return 15 if apart == 0 else max(0, int(-np.log10(apart / size)))


def check(network, image, label, name, index, reach=0.5, points=41):
    """The Check of the parameter name ("3.w") at an index, in float64: central differences, h = 1e-5."""
    from nn.losses import SoftmaxCrossEntropy
    from nn.network import to_input

    twin, loss = double(network), SoftmaxCrossEntropy()
    x, labels, home = to_input(image[None]).astype(np.float64), np.array([label]), twin.params[name]
    start = home[index]

    def at(move):
        home[index] = start + move
        return loss.forward(twin.forward(x), labels)

    moves, h = np.linspace(-reach, reach, points), 1e-5
    losses = np.array([at(move) for move in moves])
    by_difference = (at(h) - at(-h)) / (2 * h)
    at(0.0)
    twin.backward(loss.backward())
    return Check(moves, losses, float(twin.grads[name][index]), by_difference)


def double(network):
    """A copy in float64, for gradients to be checked by small differences."""
    twin = copy.deepcopy(network)
    for layer in twin.layers:
        layer.params = {name: a.astype(np.float64) for name, a in layer.params.items()}
        layer.state = {name: a.astype(np.float64) for name, a in layer.state.items()}
    return twin


def step(network, way, rate):
    """A copy of the network one step further: w - rate dL/dw for every parameter."""
    twin = copy.deepcopy(network)
    for name, w in twin.params.items():
        w -= np.float32(rate) * way.grads[name]
    return twin


def moved(before, after, layer=0):
    """The filters or units of a layer by how far their weights moved, the farthest first: [(cell, distance), ...]."""
    change = after.layers[layer].params["w"] - before.layers[layer].params["w"]
    distance = np.sqrt((change.reshape(-1, change.shape[-1]) ** 2).sum(axis=0))
    return [(int(cell), float(distance[cell])) for cell in np.argsort(-distance, kind="stable")]
