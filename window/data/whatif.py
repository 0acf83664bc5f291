"""What if: ink painted into the 28x28 itself, and filters switched off, with what that costs on the test set.

A switched-off filter's numbers are 0 at every place: the weights that make them, and their bias, are set to 0 in a
copy of the network. Numbers and arrays alone: nothing of the window is in here.
"""

import numpy as np

from nn import ink
from window.data import anatomy
from window.data.why import CannotSay

BRUSH, RUBBER = 2.4, 3.0  # diameters in pixels; the median of MNIST's pens is 2.35


def painted(image, points, erases):
    """An image (28, 28) uint8 after a stroke of the brush, or of the rubber, along points (x, y) in its pixels."""
    stroke = ink.draw([points], RUBBER if erases else BRUSH, len(image))
    return np.minimum(image, 255 - stroke) if erases else np.maximum(image, stroke)


def maker(network, stages, number):
    """The number of the stage whose weights make the channels of stage `number`: its own, or what it pools.

    CannotSay for the scores, and for a stage whose channels no weights make one by one.
    """
    if number == len(stages) - 1:
        raise CannotSay("The ten scores stay: a filter or a hidden unit can be switched off.")
    for n in range(number, -1, -1):
        layer = network.layers[stages[n].first]
        if stages[n].channels != stages[number].channels:
            break
        if {"w", "b"} <= set(layer.params) and layer.params["w"].shape[-1] == stages[n].channels:
            return n
        if n and len(stages[n].shape) != len(stages[n - 1].shape):
            break
    raise CannotSay(f"{stages[number].title} has no weights for each of its channels: they can't be switched off.")


def without(network, stages, off):
    """A copy of a network with the cells of `off`, {(stage, cell), ...}, at 0; the stages are `maker`s.

    CannotSay if a layer behind the weights makes something else of 0.
    """
    twin = network.snapshot()
    twin.card = {name: known for name, known in network.card.items() if name != "test_accuracy"}
    cells = [(stage, cell) for number, cell in off for stage in _carrying(network, stages, number)]
    for stage, cell in cells:
        for layer in twin.layers[stage.first : stage.last + 1]:
            for name, array in layer.params.items():
                if array.ndim == 1 or name == "w":  # a bias, or BatchNorm's scale and shift
                    array[..., cell] = 0
    values = anatomy.activations(twin, np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))
    for stage, cell in cells:
        if anatomy.shown(stage, values)[cell].any():
            follower = twin.layers[stage.last].title
            raise CannotSay(f"{stage.title} can't be switched off: {follower} makes something else of 0.")
    return twin


def _carrying(network, stages, made):
    """The Stages that carry the channels which stage number `made` makes: itself, and what pools them."""
    carrying = [stages[made]]
    for number in range(made + 1, len(stages) - 1):
        try:
            if maker(network, stages, number) != made:
                break
        except CannotSay:
            break
        carrying.append(stages[number])
    return carrying
