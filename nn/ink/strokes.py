"""Strokes to a page, and a page to a 28x28 image, the way MNIST itself was made.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink. Strokes become a page by `draw`; `to_mnist` makes of a
page what the network eats.

Source of the rule: Yadav and Bottou, "Cold Case: The Lost MNIST Digits", NeurIPS 2019, and the program
published with it that makes MNIST again from NIST's forms.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

INK = 128  # the least grey level that counts as ink: a pixel at least half covered


@dataclass(frozen=True)
class Steps:
    """What `to_mnist` did to a page, for showing."""

    page: np.ndarray  # (H, W) uint8
    box: tuple[int, int, int]  # left, top, side of the square around the ink, in page pixels
    average: np.ndarray  # (20, 20) uint8: the square, averaged over areas
    stretched: np.ndarray  # (20, 20) uint8: the same with its peak at 255
    centre: tuple[float, float]  # x, y of the centre of mass of `stretched`; 0, 0 is its first pixel
    shift: tuple[int, int]  # x, y where the corner of `stretched` lands in `image`
    image: np.ndarray  # (28, 28) uint8


def draw(strokes, width, size):
    """A page of anti-aliased pen strokes with round ends and joints.

    strokes: sequences of (x, y) in page pixels, x right, y down; a stroke of one point is a dot
    width: diameter of the pen in pixels
    size: side of the page in pixels
    Returns (size, size) uint8.
    """
    radius = width / 2
    reach = radius + 1  # beyond it no pixel is touched
    nearest = np.full((size, size), np.inf, np.float32)  # each pixel's squared distance to the strokes
    middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
    for stroke in strokes:
        for (ax, ay), (bx, by) in pairwise([*stroke[:1], *stroke]):  # the first point alone is a dot
            across = slice(max(int(min(ax, bx) - reach), 0), max(int(max(ax, bx) + reach) + 1, 0))
            down = slice(max(int(min(ay, by) - reach), 0), max(int(max(ay, by) + reach) + 1, 0))
            x = middles[across] - np.float32(ax)
            y = middles[down, None] - np.float32(ay)
            dx, dy = np.float32(bx - ax), np.float32(by - ay)
            along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, np.float32(1e-12)), 0, 1)
            squared = (x - along * dx) ** 2 + (y - along * dy) ** 2
            np.minimum(nearest[down, across], squared, out=nearest[down, across])
    coverage = np.clip(radius + 0.5 - np.sqrt(nearest), 0, 1)
    return np.rint(coverage * 255).astype(np.uint8)


def to_mnist(ink, steps=False, least=None):
    """A page as a 28x28 image made by MNIST's own rule.

    1. Put a square around the ink, of at least 10/128 of the page, so that a dot stays a dot; or of at least `least`
       pixels, where the page is large and what stands on it is known to be no dot.
    2. Average it over areas to 20x20.
    3. Stretch the grey levels so that the peak is 255.
    4. Shift by whole pixels into 28x28 so that the centre of mass lies in (13.5, 14.5], counted from the
       middle of the first pixel.

    ink: (H, W) uint8, 0 paper to 255 ink; an image of MNIST comes out as it went in
    Returns (28, 28) uint8, or `Steps` if steps is true; None if the page has no ink.
    """
    box = ink_box(ink, threshold=1 if is_mnist(ink) else INK)
    if box is None:
        return None
    left, top, width, height = box
    side = max(width, height, round(min(ink.shape) * 10 / 128) if least is None else least)
    before, above = (side - width) // 2, (side - height) // 2  # paper between the square and the ink
    inside = ink[top : top + height, left : left + width].astype(np.float32)  # NumPy's product of two types is slow
    rows, columns = area_weights(20, height, side, above), area_weights(20, width, side, before)
    average = rows @ inside @ columns.T
    peak = average.max()
    stretched = average if peak >= 254 else average * (255 / peak)  # MNIST's own peaks are 254 or 255
    stretched = np.rint(stretched).astype(np.uint8)

    x, y = _centre(stretched)
    shift_x, shift_y = int(np.floor(14.5 - x)), int(np.floor(14.5 - y))
    image = np.pad(stretched, 20)[20 - shift_y : 48 - shift_y, 20 - shift_x : 48 - shift_x].copy()
    if not steps:
        return image
    average = np.rint(average).astype(np.uint8)
    square = left - before, top - above, side
    return Steps(ink, square, average, stretched, (x, y), (shift_x, shift_y), image)


def is_mnist(ink):
    """Whether a page is already as MNIST's images are: in size, side and centre."""
    box = ink_box(ink, threshold=1) if ink.shape == (28, 28) else None
    if box is None:
        return False
    _, _, width, height = box
    x, y = _centre(ink)
    return max(width, height) == 20 and 13.5 < x <= 14.5 and 13.5 < y <= 14.5


def ink_box(ink, threshold):
    """Left, top, width and height of all ink from the threshold up, or None if there is none."""
    inked = ink >= threshold
    rows = np.flatnonzero(inked.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(inked[rows[0] : rows[-1] + 1].any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def area_weights(cells, length, side, before=0):
    """The weights of `length` pixels in the averages over `cells` equal parts of a side that begins `before` them.

    Returns (cells, length) float32. `side` and `before` are in pixels; what lies beyond the pixels counts as 0.
    """
    edges = side * np.arange(cells + 1)[:, None] / cells - before
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.maximum(overlap, 0) * (cells / side)).astype(np.float32)


def _centre(image):
    """x and y of the centre of mass, the middle of the first pixel being 0, 0."""
    mass = image.sum()
    x = (image.sum(axis=0) @ np.arange(image.shape[1])) / mass
    y = (image.sum(axis=1) @ np.arange(image.shape[0])) / mass
    return float(x), float(y)
