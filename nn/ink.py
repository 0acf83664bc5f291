"""Any ink to a 28x28 image, the way MNIST itself was made.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink. `draw` makes one from pen strokes and `to_mnist`
turns one into what the network eats.

Source of the rule: Yadav and Bottou, "Cold Case: The Lost MNIST Digits", NeurIPS 2019, whose program rebuilds
MNIST from NIST's forms.
"""

from dataclasses import dataclass

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
    reach = radius + 1
    nearest = np.full((size, size), np.inf, np.float32)  # each pixel's squared distance to the strokes
    middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
    for stroke in strokes:
        for (ax, ay), (bx, by) in zip(stroke, stroke[1:] if len(stroke) > 1 else stroke, strict=False):
            left, right = (np.clip((min(ax, bx) - reach, max(ax, bx) + reach), 0, size)).astype(int)
            top, bottom = (np.clip((min(ay, by) - reach, max(ay, by) + reach), 0, size)).astype(int)
            x = middles[left : right + 1] - np.float32(ax)
            y = middles[top : bottom + 1, None] - np.float32(ay)
            dx, dy = np.float32(bx - ax), np.float32(by - ay)
            along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, np.float32(1e-12)), 0, 1)
            squared = (x - along * dx) ** 2 + (y - along * dy) ** 2
            window = nearest[top : bottom + 1, left : right + 1]
            np.minimum(window, squared, out=window)
    coverage = np.clip(radius + 0.5 - np.sqrt(nearest), 0, 1)
    return np.rint(coverage * 255).astype(np.uint8)


def to_mnist(ink, steps=False):
    """A page as a 28x28 image made by MNIST's own rule.

    1. Put a square around the ink, of at least 10/128 of the page, so that a dot stays a dot.
    2. Average it over areas to 20x20.
    3. Stretch the grey levels so that the peak is 255.
    4. Shift by whole pixels into 28x28 so that the centre of mass lies in (13.5, 14.5], counted from the
       middle of the first pixel.

    ink: (H, W) uint8, 0 paper to 255 ink
    Returns (28, 28) uint8, or `Steps` if steps is true; None if the page has no ink.
    """
    square = _square(ink)
    if square is None:
        return None
    left, top, side = square
    average = _area_weights(top, side, ink.shape[0]) @ ink @ _area_weights(left, side, ink.shape[1]).T
    stretched = np.rint(average * (255 / average.max())).astype(np.uint8)

    x, y = _centre(stretched)
    shift_x, shift_y = int(np.floor(14.5 - x)), int(np.floor(14.5 - y))
    image = np.pad(stretched, 20)[20 - shift_y : 48 - shift_y, 20 - shift_x : 48 - shift_x].copy()
    if not steps:
        return image
    return Steps(ink, square, np.rint(average).astype(np.uint8), stretched, (x, y), (shift_x, shift_y), image)


def _square(ink):
    """Left, top and side of the square around the ink, or None."""
    inked = ink >= INK
    rows = np.flatnonzero(inked.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(inked[rows[0] : rows[-1] + 1].any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side = max(height, width, round(min(ink.shape) * 10 / 128))
    return int(columns[0] - (side - width) // 2), int(rows[0] - (side - height) // 2), int(side)


def _area_weights(start, side, length):
    """(20, length) float32: how much of each pixel falls into each twentieth of [start, start + side)."""
    edges = start + side * np.arange(21)[:, None] / 20
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.maximum(overlap, 0) * (20 / side)).astype(np.float32)


def _centre(image):
    """x and y of the centre of mass, the middle of the first pixel being 0, 0."""
    mass = image.sum()
    x = (image.sum(axis=0) @ np.arange(image.shape[1])) / mass
    y = (image.sum(axis=1) @ np.arange(image.shape[0])) / mass
    return float(x), float(y)
