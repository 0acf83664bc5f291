"""Printed lines off a page: rules, squares, frames and axes, which go straight on where a pen would have turned."""

from itertools import pairwise

import numpy as np

from nn.compiling import compiled
from nn.ink.pieces import extreme_along

SHARE = 0.7  # of the picture's side: a line is at least so long; what a digit is made of is shorter
TILT = 0.16  # the steepest slope of a line: nine degrees
MOST_POINTS = 30_000  # pixels of ink that slopes are sought in
GAP = 5  # pixels along a line that may be missing


def without_lines(ink, faint):
    """The ink (H, W) float32 without lines that are nearly level or upright, and the number of lines.

    In the direction of a line its strength goes on, and what a pen wrote doesn't: so the opening along that direction
    is the line alone, and it is taken off, under the pen too. A gap that this leaves in a stroke is filled.
    """
    bare, count = ink, 0
    for upright in (False, True):
        turned = bare.T if upright else bare
        lines = _level_lines(turned, faint)
        if lines is None:
            continue
        middle = lines[:, lines.shape[1] // 2] > 0
        count += int(np.count_nonzero(middle[1:] & ~middle[:-1]))
        turned = _off(turned, lines, faint)
        bare = turned.T if upright else turned
    return np.ascontiguousarray(bare), count


def _level_lines(ink, faint):
    """The strength of the nearly level lines at each pixel (H, W), or None if there are none."""
    W = ink.shape[1]
    length = max(int(SHARE * W), 2 * GAP)
    y, x = np.nonzero(ink > faint)
    slopes = _slopes(y, x, W, length)
    if not slopes:
        return None
    reach = int(TILT * W / 2) + 2  # rows above and below the page, so that every shear stays inside
    padded = np.pad(np.rint(np.clip(ink, 0, 255)).astype(np.uint8), ((2 * reach, 2 * reach), (0, 0)))
    lines = np.zeros_like(padded)
    for slope in slopes:
        shifts = _shifts(slope, W)
        rows = _full_rows(y - shifts[x] + 2 * reach, x, len(padded), W, length)
        straight = _sheared(padded, shifts, reach)  # a line of this slope lies in one row, or the next
        thick = np.maximum(straight[rows], np.maximum(straight[rows - 1], straight[rows + 1]))
        level = np.pad(thick, ((0, 0), (length + GAP, length + GAP)), mode="edge")  # a line may leave the picture
        for extreme, window in ((np.maximum, GAP), (np.minimum, GAP + length - 1), (np.maximum, length)):
            level = extreme_along(extreme, level, window, 1)
        level = level[:, (level.shape[1] - W) // 2 :][:, :W]
        straight[:] = 0
        straight[rows] = np.where(level > faint, level, 0)
        np.maximum(lines, _sheared(straight, -shifts, reach), out=lines)
    return lines[2 * reach : -2 * reach].astype(np.float32)


def _sheared(image, shifts, reach):
    """An image with each column moved up by its shift, of `reach` rows at most; `reach` rows at both ends are 0."""
    moved = np.zeros_like(image)
    edges = [0, *(np.flatnonzero(np.diff(shifts)) + 1), len(shifts)]
    for left, right in pairwise(edges):
        first = reach + shifts[left]
        moved[reach:-reach, left:right] = image[first : first + len(image) - 2 * reach, left:right]
    return moved


def _shifts(slope, W):
    """How many rows a line of a slope lies lower in each column than in the middle one: (W,) int."""
    return np.rint(slope * (np.arange(W) - W / 2)).astype(int)


def _full_rows(rows, x, H, W, length):
    """The sheared rows, of H, that hold or touch so much ink that a line may lie there. rows, x: of each pixel."""
    counts = np.bincount(rows, minlength=H)
    counts[1:-1] = counts[2:] + counts[1:-1] + counts[:-2]
    full = counts >= length // GAP
    for edge in (0, W - 1):  # beyond an edge, ink is taken to go on
        at = rows[x == edge]
        for away in (-1, 0, 1):
            full[at + away] = True
    return np.flatnonzero(full)


def _slopes(y, x, W, length):
    """The slopes at which most of `length` of the pixels at x, y lie in one row: at most four, the fullest first."""
    every = max(-(-len(y) // MOST_POINTS), 1)  # of so many columns one is looked at
    some = x % every == 0
    y, x = y[some].astype(np.int32), (x[some] // every).astype(np.int32)
    step = 2 / W  # a pixel over half the width
    tries = np.arange(-TILT, TILT + step, step)
    shifts = np.array([_shifts(slope, W)[::every] for slope in tries], np.int32)
    fullest = np.zeros(len(tries))
    if len(y):
        reach = int(np.abs(shifts).max())
        counts = np.zeros(int(y.max()) + 2 * reach + 1, np.int32)
        _fullest(y, x, shifts, reach, counts, fullest)
    fullest *= W / shifts.shape[1]
    chosen = []
    for k in np.argsort(-fullest):
        if fullest[k] < 0.7 * length or len(chosen) == 4:
            break
        if all(abs(tries[k] - other) > step for other in chosen):
            chosen.append(tries[k])
    return chosen


def _fullest_loops(y, x, shifts, reach, counts, fullest):
    """Count the pixels (n,) at x, y in each row once each column is moved up by its shift, for each of the shears.

    shifts: (shears, columns) int32, from -reach to reach; counts: (rows,), to count in.
    Writes how many the fullest row has to fullest (shears,).
    """
    for k in range(len(shifts)):
        for row in range(len(counts)):
            counts[row] = 0
        most = 0
        for i in range(len(y)):
            row = y[i] - shifts[k, x[i]] + reach
            counts[row] += 1
            most = max(most, counts[row])
        fullest[k] = most


_fullest = compiled(_fullest_loops)


def _off(ink, lines, faint):
    """Ink without its level lines; a stroke that goes on above and below a line goes through it."""
    on = lines > 0
    near = 1.5 * extreme_along(np.maximum, np.pad(lines, ((1, 1), (0, 0))), 3, 0)  # the blurred edge of a line too
    bare = np.where(near > 0, np.where(ink > near, ink, 0), ink)
    thick = int(np.percentile(_run_lengths(on), 90)) + 2 if on.any() else 2
    above = extreme_along(np.maximum, np.pad(bare, ((thick, 0), (0, 0))), thick + 1, 0)
    below = extreme_along(np.maximum, np.pad(bare, ((0, thick), (0, 0))), thick + 1, 0)
    return np.where(near > 0, np.maximum(bare, np.minimum(above, below)), bare)


def _run_lengths(mask):
    """The lengths of all upright runs of a mask."""
    edges = np.diff(np.pad(mask, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    return np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
