"""Any ink to 28x28 images, the way MNIST itself was made: strokes and the rule, picture files, and the digits in them.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink.
"""

from nn.ink.formats import WORKING_SIDE
from nn.ink.strokes import INK, Steps, area_weights, draw, is_mnist, to_mnist

__all__ = ["INK", "WORKING_SIDE", "Steps", "area_weights", "draw", "is_mnist", "read", "read_page", "to_mnist"]


def __getattr__(name):
    """`read` and `read_page`, imported when they are first asked for: their loops import Numba, which takes half a
    second, and a window that draws strokes is to be there before that.
    """
    if name in ("read", "read_page"):
        from nn.ink import reading

        return getattr(reading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
