"""Why one digit and not another, exactly: the difference of two scores as a sum of terms, and the softmax spelled out.

The last layer's scores are weighted sums of what it receives, x: the hidden units, in the digit network. So

    score[a] - score[b] = sum over i of x[i] (w[i, a] - w[i, b]) + bias[a] - bias[b]

Each layer says of itself what it sums up (nn/describe.py). Numbers and arrays alone: nothing of the window is in here.
"""

from dataclasses import dataclass

import numpy as np

from window.data import anatomy


@dataclass(frozen=True)
class Difference:
    """score[a] - score[b] as terms; those above 0 speak for a."""

    values: np.ndarray  # (n,) what the last layer received, float64
    weights: np.ndarray  # (n,) w[:, a] - w[:, b]
    bias: float  # bias[a] - bias[b]
    shown: float  # the difference of the two scores as the network computed them

    @property
    def terms(self):
        return self.values * self.weights  # (n,)

    @property
    def total(self):
        """The sum of all terms and the bias; it must equal `shown`."""
        return float(self.terms.sum() + self.bias)


@dataclass(frozen=True)
class Rest:
    """What one term rests on: the products of weights and values that were summed up, place by place."""

    title: str  # of what is in the map
    products: np.ndarray  # (H, W, C)
    steps: list[tuple[str, float]]  # from their sum to the unit's value; empty where the products are terms themselves


class CannotSay(Exception):
    """The network has a layer that does not say how its numbers come about; the message names it, in a sentence."""


def difference(network, stages, values, a, b):
    """The Difference of the scores of digits a and b. values: `anatomy.activations`. CannotSay, too."""
    stage, scores = stages[-1], values[-1][0]
    layer = network.layers[stage.first]
    of_a, of_b = (layer.terms(values[stage.first][0], digit, (0, 0)) for digit in (a, b))
    if not np.isfinite(scores).all():
        raise CannotSay("The scores are no finite numbers: these weights come from a training that diverged.")
    if of_a is None:
        raise CannotSay(f"The scores come from {layer.title}, which does not say how it computes them.")
    if of_a.weights is None:
        raise CannotSay(f"The scores come from {layer.title}: they are no weighted sums of common values.")
    if not np.array_equal(values[stage.first + 1].ravel(), scores.ravel()):
        raise CannotSay(f"{network.layers[stage.last].title} changes each score after it was summed up.")
    x, wide = of_a.inputs.ravel().astype(float), of_a.weights.ravel().astype(float) - of_b.weights.ravel()
    bias = (of_a.bias or 0.0) - (of_b.bias or 0.0)
    return Difference(x, wide, bias, float(scores.ravel()[a]) - float(scores.ravel()[b]))


def units(stages):
    """The Stage whose values the last layer receives one for one, or None where these are maps, or the image."""
    before = stages[-2] if len(stages) > 1 else None
    return before if before and len(before.shape) == 1 else None


def rest(network, stages, values, of, term):
    """The Rest of one term of the Difference `of`. CannotSay where the units' layer can't be taken apart."""
    stage = units(stages)
    if stage is None or network.layers[stage.first].elementwise:  # the units are the numbers of maps
        maps = _shape(network, values, stage.first if stage else stages[-1].first)
        return Rest("All terms, where they come from", of.terms.reshape(maps), [])
    sum_of = anatomy.arithmetic(network, stage, values, term, (0, 0))
    if sum_of is None or sum_of.terms.weights is None:
        raise CannotSay(f"{stage.title} does not say how unit {term} comes about.")
    products = sum_of.terms.products.astype(float)
    bias = [("bias", sum_of.terms.bias)] if sum_of.terms.bias is not None else []
    steps = [("sum of the map", sum_of.terms.total), *bias, *(("after " + name, x) for name, x in sum_of.after)]
    if products.ndim != 3:
        products = products.reshape(_shape(network, values, stage.first))
    return Rest(f"What unit {term} rests on", products, steps)


def _shape(network, values, layer):
    """(H, W, C) of what a layer receives, as it was before it was flattened."""
    while layer and network.layers[layer - 1].reshapes:
        layer -= 1
    shape = values[layer].shape[1:]
    return shape if len(shape) == 3 else (1, 1, values[layer].size)


@dataclass(frozen=True)
class Softmax:
    """From scores to probabilities, step by step; arrays are (10,)."""

    scores: np.ndarray
    divided: np.ndarray  # by the temperature
    less: float  # what was taken off before the exponential, or else it would be too large for a number; mostly 0
    exponentials: np.ndarray
    shares: np.ndarray  # of their sum


def softmax(scores, temperature):
    """The Softmax of ten scores (10,), in float64."""
    scores = np.asarray(scores, float).ravel()
    divided = scores / temperature
    less = float(divided.max()) if divided.max() > 700 else 0.0  # e^710 is beyond float64
    exponentials = np.exp(divided - less)
    return Softmax(scores, divided, less, exponentials, exponentials / exponentials.sum())
