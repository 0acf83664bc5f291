"""The way back for one image: what every number inside of the network has to do with the loss, by its own backward.

    way = backward(network, image, label)

Each layer says of itself how one gradient comes about (nn/describe.py); here the loss is put at the end. Numbers and
arrays alone: nothing of the window is in here.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from nn.describe import Described, Terms
from window.data.anatomy import activations, numbered, place_of


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


class Stuck(Exception):
    """A layer of one's own can't go the way back; the words name it."""


def backward(network, image, label):
    """The Way of one image (28, 28) uint8 whose true digit is `label`. Stuck, naming the layer, if one has no way."""
    from nn.losses import SoftmaxCrossEntropy

    network, loss = network.replica(), SoftmaxCrossEntropy()
    with np.errstate(all="ignore"):  # after steps at too high a rate nothing is a number any more, and that is said
        values = activations(network, image)
        total = loss.forward(values[-1], np.array([label]))
        gradients = [loss.backward()]
        _go_back(network, values, gradients)
    return Way(network, label, total, loss.p[0], values, gradients, network.grads)


def _go_back(network, values, gradients):
    """Put dL/d(input) of each layer before `gradients`, which hold that of the last one's output."""
    for i, layer in reversed(list(enumerate(network.layers))):
        name = f"layer {i}, {type(layer).__name__}"
        try:
            dx = np.array(layer.backward(gradients[0]))
        except Exception as error:  # whatever somebody's own layer does
            raise Stuck(f"{name}: its backward raises {type(error).__name__}: {error}") from error
        if dx.shape != values[i].shape:
            raise Stuck(f"{name}: its backward returns {dx.shape}, its input is {values[i].shape}")
        gradients.insert(0, dx)


@dataclass(frozen=True)
class Passed:
    """A number on its way back through a layer that changes each number for itself."""

    name: str
    x: float  # what the layer saw
    slope: float  # dy/dx there: 0 stops the gradient
    before: float  # dL/dx as the network computed it
    place: str
    formula: str


@dataclass(frozen=True)
class Back:
    """How the gradient of one activation came about."""

    layer: object  # that it went through, seen backwards; None: it is p - y
    terms: Terms | None  # that layer's; None: it can't say
    unit: int  # the input of that layer that the activation is
    spot: tuple  # and its row and column
    shown: float  # dL/d(activation) as the network computed it
    place: str  # where the code stands
    formula: str
    passed: list[Passed]  # the stage's followers, the last first: from its output back to its sum

    @property
    def most(self):
        """Of terms (KH, KW, F) the map that adds the most."""
        return int(np.abs(self.terms.products.sum(axis=(0, 1))).argmax())

    @property
    def shape(self):
        """Rows and columns that the terms are drawn in: those of a window, or units as a near square."""
        inputs = self.terms.inputs
        return square(len(inputs)) if inputs.ndim == 1 else inputs.shape[:2]


def square(n):
    """Rows and columns of the squarest grid that holds n."""
    columns = math.ceil(math.sqrt(n))
    return -(-n // columns), columns


def gradient(way, stages, number, cell, place):
    """The Back of one activation of stage `number`."""
    network, stage = way.network, stages[number]

    def at(arrays, i):
        array = arrays[i][0]
        return float(array[*place, cell] if array.ndim == 3 else array[cell])

    passed = []
    for i in range(stage.last, stage.first, -1):
        layer, x = network.layers[i], at(way.values, i)
        slope = float(layer.slope(np.float64(x), cell))
        where = place_of(layer.backward), formula(layer.backward, "dx")
        passed.append(Passed(layer.title, x, slope, at(way.gradients, i), *where))
    index, shown = stage.last + 1, at(way.gradients, stage.last + 1)
    unit, spot = cell, place
    while index < len(network.layers) and network.layers[index].reshapes:
        # Flatten passes each number on from its place in the row
        unit, spot = int(np.ravel_multi_index((*spot, unit), way.values[index].shape[1:])), (0, 0)
        index += 1
    if index == len(network.layers):
        return Back(None, None, unit, spot, shown, *_loss(), passed)
    layer = network.layers[index]
    terms = layer.terms_back(way.values[index][0], way.gradients[index + 1][0], unit, spot)
    return Back(layer, terms, unit, spot, shown, place_of(layer.backward), formula(layer.backward, "dx"), passed)


def _loss():
    from nn.losses import SoftmaxCrossEntropy

    method = SoftmaxCrossEntropy().backward
    return place_of(method), formula(method, "dL/dx")


def formula(method, of):
    """The line of a method's docstring that gives `of` ("dx", "dw"): the last one before its numbers; or ""."""
    lines = [" ".join(line.split()) for line in (method.__doc__ or "").split("In numbers")[0].splitlines()]
    found = [line for line in lines if re.search(rf"{of}\b.*=", line)]
    return (found[-1] if found else next(filter(None, lines), "")).rstrip(",.;:")


def stopped(way, stage):
    """Where a stage's followers stop the gradient, ReLU below 0: a mask in the shape of its values."""
    mask = np.zeros(stage.shape, bool)
    for i, layer in enumerate(way.network.layers[stage.first : stage.last + 1], stage.first):
        if layer.elementwise:
            mask |= layer.slope(way.values[i][0], ...) == 0
    return mask


def winners(way, stage):
    """Which of a stage's values the max pooling behind it chose, in the shape of its values; None: there is none."""
    if stage.last + 1 == len(way.network.layers):
        return None
    return way.network.layers[stage.last + 1].winners(way.values[stage.last + 1][0])


HOW = {  # how a gradient comes through a layer, by how its terms are drawn together
    "loss": "The loss is −log of the true digit's probability. Its gradient at the scores is p − y: what the network "
            "says, less what is true. A true digit's score should grow, all others should shrink.",
    "weights": "Each number here went into sums of the next layer, {0}, times weights. So its gradient is the sum of "
               "their gradients times the same weights.",
    "winner": "The next layer, {0}, hands on the largest of each window. So the gradient goes to the winner alone, "
              "and the others get 0.",
    "share": "The next layer, {0}, takes the mean of each window, so each number gets its share of the gradient.",
    "slope": "The next layer, {0}, changes each number for itself. So the gradient is multiplied by its slope there.",
    "other": "The next layer, {0}, doesn't say how its gradient comes about; this is what its backward returns.",
}


def arrival(way, stages, number):
    """How the gradient comes to stage `number`, or with -1 to the image: words, where the code is, the formula."""
    index = stages[number].last + 1 if number >= 0 else 0
    while index < len(way.network.layers) and way.network.layers[index].reshapes:
        index += 1
    if index == len(way.network.layers):
        return HOW["loss"], *_loss()
    layer = way.network.layers[index]
    if type(layer).terms_back is Described.terms_back:
        how = "other"
    elif layer.elementwise:
        how = "slope"
    else:
        how = "weights" if "w" in layer.params else "winner" if layer.how == "largest" else "share"
    behind = next((n for n, stage in enumerate(stages) if stage.first == index), None)
    words = HOW[how].format(layer.title if behind is None else numbered(stages, behind))
    if number >= 0 and stopped(way, stages[number]).any():
        words += " Hatched: the sum was not above 0, so ReLU handed on 0, and stops the gradient."
    return words, place_of(layer.backward), formula(layer.backward, "dx")
