"""The page of ink that a drawing makes: one array, which the pad shows and the network is given."""

import math

import numpy as np

from nn import ink
from window.data.strokes import Picture

SIDE = 560  # pixels; the same in every window, so that the answer doesn't depend on the window's size


def parts(page, found):
    """What drawn ink is read as, by its Reading: a page (H, W) for each digit, `least` of to_mnist for them, the doubt.

    A single digit is read with all that was drawn: there is no dirt on this paper.
    """
    if len(found.digits) < 2:
        return [page], None, ""
    return [digit.page for digit in found.digits], 1, found.doubt


class Page:
    """A page that follows a drawing. Only what is new since the last time is drawn, so the pen never lags."""

    def __init__(self):
        self.ink = np.zeros((SIDE, SIDE), np.uint8)  # 0 paper to 255 ink
        self.marks = ()  # what `ink` shows
        self.points = 0  # how many points of the last mark it shows

    def follow(self, marks):
        """Bring the page up to date with the marks of a drawing. Returns whether anything changed."""
        kept = len(self.marks)
        if marks[:kept] != self.marks:
            self.ink[:], self.marks, self.points, kept = 0, (), 0, 0
            changed = True
        else:
            changed = len(marks) > kept or (kept and self.points < _length(marks[-1]))
        for mark in marks[max(kept - 1, 0) :]:
            if not self.marks or mark is not self.marks[-1]:
                self.marks, self.points = (*self.marks, mark), 0
            self._add(mark)
        return bool(changed)

    def _add(self, mark):
        if isinstance(mark, Picture):
            if not self.points:
                self.ink[:] = fitted(mark.ink)
        elif self.points < len(mark.points):
            new = np.array(mark.points[max(self.points - 1, 0) :])[:, :2] * SIDE
            self._draw(new, mark.width * SIDE, mark.erases)
        self.points = _length(mark)

    def _draw(self, points, width, erases):
        """Draw one line of points, working on no more of the page than it touches."""
        reach = width / 2 + 1
        low = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(points.max(axis=0) + reach), SIDE).astype(int)
        if (low >= high).any():
            return
        (left, top), (right, bottom) = low, high
        fresh = ink.draw([points - low], width, max(high - low))[: bottom - top, : right - left]
        part = self.ink[top:bottom, left:right]
        if erases:
            np.minimum(part, 255 - fresh, out=part)
        else:
            np.maximum(part, fresh, out=part)


def fitted(picture):
    """A picture (H, W) in the middle of a page (SIDE, SIDE), as large as fits, its pixels whole if large."""
    top, left, height, width = frame(picture.shape)
    page = np.zeros((SIDE, SIDE), np.uint8)
    H, W = picture.shape
    rows, columns = ink.area_weights(height, H, H), ink.area_weights(width, W, W)
    page[top : top + height, left : left + width] = np.rint(rows @ picture.astype(np.float32) @ columns.T)
    return page


def frame(shape):
    """Where a picture (H, W) stands on the page: top, left, height, width."""
    scale = SIDE / max(shape)
    if scale >= 2:
        scale = math.floor(scale)
    height, width = (max(1, round(length * scale)) for length in shape)
    return (SIDE - height) // 2, (SIDE - width) // 2, height, width


def _length(mark):
    return 1 if isinstance(mark, Picture) else len(mark.points)
