"""Layers that a file describes, built without trust: what it says is checked before anything is made by it."""

import inspect
import math

import numpy as np

from nn.layers import LAYERS, empty, pair

MOST_LAYERS = 1000
LARGEST_OPTION = 10**6  # of a size, stride or number of channels
WORK = 2**23  # numbers kept on the way of one image; the digit network keeps 0.1 million

# The shapes of the arrays that options lead to. A layer that isn't named here is built first, and then looked at.
SHAPES = {
    "Conv2D": lambda c_in, c_out, kernel, **_: {"w": (*pair(kernel), c_in, c_out), "b": (c_out,)},
    "Dense": lambda n_in, n_out, **_: {"w": (n_in, n_out), "b": (n_out,)},
    "BatchNorm": lambda channels, **_: dict.fromkeys(("gamma", "beta", "mean", "var"), (channels,)),
}


def build_layers(described, arrays):
    """The layers of [[name, options], ...], each made for the arrays {"0.w": array} that belong to it, not filled.

    TypeError or ValueError for names and options that no layer has, and for sizes that the arrays don't.
    """
    if not isinstance(described, list) or len(described) > MOST_LAYERS:
        raise ValueError(f"its layers are no list of at most {MOST_LAYERS}")
    layers = []
    for number, (name, options) in enumerate(described):
        if not isinstance(name, str) or name not in LAYERS:
            raise ValueError(f"no layer is called {name!r:.80}")
        known = inspect.signature(LAYERS[name]).parameters.keys() - {"rng"}
        for option, value in options.items():
            if option not in known or not _is_option(value):
                raise ValueError(f"{name} can't be built with {option} = {value!r:.80}")
        for array, shape in SHAPES[name](**options).items() if name in SHAPES else ():
            found = arrays.get(f"{number}.{array}")
            if found is None:
                raise ValueError(f"array '{number}.{array}' is missing")
            if found.shape != shape:
                raise ValueError(f"'{number}.{array}' should be float32 {shape}, it is {found.dtype} {found.shape}")
        layers.append(empty(LAYERS[name], options))
    return layers


def _is_option(value):
    """Whether a value is a text, None, a sane number, or a pair of whole ones."""
    if isinstance(value, list):
        return len(value) == 2 and all(isinstance(side, int) and _is_option(side) for side in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.isfinite(value) and 0 <= value <= LARGEST_OPTION
    return value is None or isinstance(value, str)


def check_card(card):
    """ValueError unless a card is a dict whose score, if it has one, is made of numbers."""
    if not isinstance(card, dict):
        raise ValueError("its card is no object")
    for name, most in (("test_accuracy", 1), ("test_misses", math.inf), ("test_images", math.inf)):
        value = card.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise ValueError(f"its card's {name} is {value!r:.80}")


@np.errstate(all="ignore")  # what overflows is refused at the end, not warned of
def check_answers(network):
    """ValueError unless the network takes 28 x 28 images to ten scores, in reasonable work, and its answers to a blank
    page, one full of ink and one of noise are finite numbers. TypeError where its layers don't fit together.
    """
    pages = np.zeros((3, 1, 28, 28, 1), np.float32)
    pages[1], pages[2] = 1, np.random.default_rng(0).random((28, 28, 1))
    for page in pages:
        x, kept = page, 0
        for layer in network.replica().layers:
            kept += x.size
            w = layer.params.get("w")
            if w is not None and x.ndim == w.ndim == 4:  # a convolution copies each window into a row
                kept += x.shape[1] * x.shape[2] * max(w.size // w.shape[3], w.shape[3])
            if kept > WORK:
                raise ValueError(f"it keeps more than {WORK:,} numbers on the way of one image")
            x = layer.forward(x)
        if x.shape != (1, 10):
            raise ValueError("not a network from 28 x 28 pixels to 10 digits")
        if not np.isfinite(network.probabilities(x)).all():
            raise ValueError("its answer to some images is not a number")
