"""Any ink to 28x28 images, the way MNIST itself was made: strokes and the rule, picture files, and the digits in them.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink.
"""

from nn.ink.formats import WORKING_SIDE
from nn.ink.reading import read, read_page
from nn.ink.strokes import INK, Steps, area_weights, draw, is_mnist, to_mnist

__all__ = ["INK", "WORKING_SIDE", "Steps", "area_weights", "draw", "is_mnist", "read", "read_page", "to_mnist"]
