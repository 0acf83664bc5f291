"""Any ink to 28x28 images, the way MNIST itself was made: strokes and the rule, picture files, and the digits in them.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink.
"""

from nn.ink.pictures import WORKING_SIDE, read, split
from nn.ink.strokes import INK, Steps, area_weights, draw, is_mnist, to_mnist

__all__ = ["INK", "WORKING_SIDE", "Steps", "area_weights", "draw", "is_mnist", "read", "split", "to_mnist"]
