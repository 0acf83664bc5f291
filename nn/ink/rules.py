"""Printed lines off a page: rules, squares, frames and axes, which go straight on where a pen would have turned."""

import numpy as np
from numba import njit

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
    padded = np.pad(ink, ((2 * reach, 2 * reach), (0, 0)))
    lines = np.zeros_like(padded)
    for slope in slopes:
        shifts = _shifts(slope, W)
        rows = _full_rows(y - shifts[x] + 2 * reach, x, len(padded), W, length)
        near = np.unique(rows + np.arange(-1, 2)[:, None])  # a line of this slope lies in one row, or the next
        straight = padded[near[:, None] + shifts, np.arange(W)]
        k = np.searchsorted(near, rows)
        thick = np.maximum(straight[k], np.maximum(straight[k - 1], straight[k + 1]))
        level = np.pad(thick, ((0, 0), (length + GAP, length + GAP)), mode="edge")  # a line may leave the picture
        for extreme, window in ((np.maximum, GAP), (np.minimum, GAP + length - 1), (np.maximum, length)):
            level = extreme_along(extreme, level, window, 1)
        level = level[:, (level.shape[1] - W) // 2 :][:, :W]
        places = rows[:, None] + shifts, np.arange(W)
        lines[places] = np.maximum(lines[places], np.where(level > faint, level, 0))
    return lines[2 * reach : -2 * reach]


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
    fullest = _fullest(y, x, shifts) * (W / shifts.shape[1]) if len(y) else np.zeros(len(tries))
    chosen = []
    for k in np.argsort(-fullest):
        if fullest[k] < 0.7 * length or len(chosen) == 4:
            break
        if all(abs(tries[k] - other) > step for other in chosen):
            chosen.append(tries[k])
    return chosen


def _fullest_loops(y, x, shifts):
    """The pixels (n,) at x, y in the fullest row once each column is moved up by its shift: for each of the shears.

    shifts: (shears, columns) int32. Returns (shears,) int64.
    """
    reach = np.abs(shifts).max()
    counts = np.zeros(y.max() + 2 * reach + 1, np.int64)
    fullest = np.zeros(len(shifts), np.int64)
    for k in range(len(shifts)):
        counts[:] = 0
        for i in range(len(y)):
            counts[y[i] - shifts[k, x[i]] + reach] += 1
        fullest[k] = counts.max()
    return fullest


_fullest = njit(nogil=True, cache=True)(_fullest_loops)


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
