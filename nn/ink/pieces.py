"""Connected pieces of ink, and what is measured on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nn.compiling import compiled


@dataclass(frozen=True)
class Pieces:
    """All connected pieces of a mask, numbered from 1; entry k - 1 of each array is of piece k."""

    labels: np.ndarray  # (H, W) int32, 0 outside
    left: np.ndarray  # (n,) columns and rows of the box around each; right and bottom are one beyond
    top: np.ndarray
    right: np.ndarray
    bottom: np.ndarray
    area: np.ndarray  # (n,) pixels

    @cached_property
    def width(self):
        return self.right - self.left

    @cached_property
    def height(self):
        return self.bottom - self.top


def pieces_of(mask):
    """The connected pieces of a mask (H, W) bool, corners touching."""
    labels, count = _label(np.ascontiguousarray(mask))
    return Pieces(labels, *_measure(labels, count))


def _label_loops(mask):
    """Number the connected pieces of a mask: labels (H, W) int32, and how many there are.

    One pass joins each pixel to its neighbours above and to the left, and remembers which numbers met; a second pass
    writes the final numbers.
    """
    H, W = mask.shape
    labels = np.zeros((H, W), np.int32)
    parent = np.zeros(H * W // 2 + 2, np.int32)  # parent[k] <= k; the root of a chain is its piece
    last = 0
    for y in range(H):
        for x in range(W):
            if not mask[y, x]:
                continue
            root = 0
            for k in range(4):  # left, above left, above, above right
                dy = 0 if k == 0 else -1
                dx = -1 if k == 0 else k - 2
                if y + dy < 0 or x + dx < 0 or x + dx >= W:
                    continue
                other = labels[y + dy, x + dx]
                if other == 0:
                    continue
                while parent[other] != other:
                    other = parent[other]
                if root == 0:
                    root = other
                elif other < root:
                    parent[root] = other
                    root = other
                elif root < other:
                    parent[other] = root
            if root == 0:
                last += 1
                root = last
                parent[root] = root
            labels[y, x] = root
    count = 0
    for k in range(1, last + 1):  # a root gets the next number; every other number its root's
        if parent[k] == k:
            count += 1
            parent[k] = count
        else:
            parent[k] = parent[parent[k]]
    for y in range(H):
        for x in range(W):
            labels[y, x] = parent[labels[y, x]]
    return labels, count


def _measure_loops(labels, count):
    """Left, top, right, bottom (one beyond) and area of each piece: (5, count) int64."""
    H, W = labels.shape
    found = np.zeros((5, count), np.int64)
    found[0], found[1] = W, H
    for y in range(H):
        for x in range(W):
            k = labels[y, x] - 1
            if k >= 0:
                found[0, k] = min(found[0, k], x)
                found[1, k] = min(found[1, k], y)
                found[2, k] = max(found[2, k], x + 1)
                found[3, k] = max(found[3, k], y + 1)
                found[4, k] += 1
    return found


_label = compiled(_label_loops)
_measure = compiled(_measure_loops)


def extreme_along(extreme, image, window, axis):
    """Running np.minimum or np.maximum of `window` neighbours along an axis, by doubling spans."""
    image = np.moveaxis(image, axis, 0)
    span = 1
    while span < window:
        step = min(span, window - span)
        image = extreme(image[:-step], image[step:])
        span += step
    return np.moveaxis(image, 0, axis)


def grown(image, reach):
    """The greatest value within `reach` rows and columns of each pixel."""
    for axis in (0, 1):
        padded = np.pad(image, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)])
        image = extreme_along(np.maximum, padded, 2 * reach + 1, axis)
    return image


def pen_width(mask):
    """A measure of the pen in pixels: twice the area of the ink over the length of its outline.

    A stroke w wide and l long has an area w l and an outline of about 2 l. The outline is taken for one of one slope,
    so the measure is the pen's width to one and a half times it.
    """
    inside = np.pad(mask, 1)
    across = np.count_nonzero(inside[:, 1:] != inside[:, :-1])
    down = np.count_nonzero(inside[1:] != inside[:-1])
    outline = 0.785 * np.hypot(across, down)
    return 2 * np.count_nonzero(mask) / max(outline, 1)
