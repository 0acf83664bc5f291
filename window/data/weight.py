"""One weight on the way back: its gradient as a sum over places, and that gradient checked by finite differences.

Numbers and arrays alone: nothing of the window is in here.
"""

import copy
from dataclasses import dataclass

import numpy as np

from window.data.backward import square


def weight(way, stage, index):
    """The Terms of dL/dw[index] of a stage's layer, the sum over places, or None for one without weights."""
    layer = way.network.layers[stage.first]
    if "w" not in layer.params:
        return None
    return layer.weight_terms(way.values[stage.first][0], way.gradients[stage.first + 1][0], index)


def nothing(way, stage, index):
    """Why the gradient of a weight is 0: the drawing gives it nothing to multiply, or no gradient comes back to it."""
    terms = weight(way, stage, index)
    if not way.gradients[-1].any():
        return "the loss is already 0: nothing to learn from this drawing"
    if terms is None:
        return "its layer doesn't say why"
    if not terms.inputs.any():
        return "this drawing doesn't use it: all that it met is 0"
    if not terms.weights.any():
        if way.gradients[stage.last + 1][0][..., index[-1]].any():
            return "ReLU stopped all that comes back to it"
        last = stage.last + 1 == len(way.network.layers)
        return f"p − y of the {index[-1]} is already 0" if last else "later layers stopped all that comes back to it"
    if not terms.products.any():
        return "where it met something, no gradient comes back"
    return "its products cancel out"


def own_shape(way, stage):
    """Rows and columns that a cell's own weights are drawn in: of its filter, or of its inputs as a near square."""
    w = way.network.layers[stage.first].params["w"]
    return w.shape[:2] if w.ndim == 4 else square(len(w))


def of_own(way, stage, cell, at=None):
    """The index in a stage's w of a cell's weight at a row and column as drawn, of the input map whose gradient is the
    largest; without a place the largest of all.
    """
    dw = np.abs(way.grads[f"{stage.first}.w"][..., cell])  # (KH, KW, c_in) or (n_in,)
    if dw.ndim == 1:
        n = int(dw.argmax()) if at is None else min(at[0] * square(len(dw))[1] + at[1], len(dw) - 1)
        return n, cell
    u, v = at if at is not None else np.unravel_index(dw.max(axis=2).argmax(), dw.shape[:2])
    return int(u), int(v), int(dw[u, v].argmax()), cell


def of_terms(back, at=None):
    """The index in the w of a Back's layer of the weight at a row and column as drawn, or of the largest product."""
    if back.terms.inputs.ndim == 1:
        n = len(back.terms.inputs)
        j = int(np.abs(back.terms.products).argmax()) if at is None else min(at[0] * back.shape[1] + at[1], n - 1)
        return back.unit, j
    products = np.abs(back.terms.products[..., back.most])
    u, v = at if at is not None else np.unravel_index(products.argmax(), products.shape)
    return int(u), int(v), back.unit, back.most


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
