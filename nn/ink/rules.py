"""Printed lines off a page: rules, squares, frames and axes, which go straight on where a pen would have turned."""

import numpy as np

from nn.ink.pieces import extreme_along

SHARE = 0.7  # of the picture's side: a line is at least so long; what a digit is made of is shorter
TILT = 0.16  # the steepest slope of a line: nine degrees
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
    H, W = ink.shape
    length = max(int(SHARE * W), 2 * GAP)
    lines = None
    for slope in _slopes(ink > faint, length):
        shifts = np.rint(slope * (np.arange(W) - W / 2)).astype(int)
        reach = np.abs(shifts).max() + 1
        rows = np.arange(H + 2 * reach)[:, None] + shifts - reach  # a line of this slope lies in one row
        inside = (rows >= 0) & (rows < H)
        straight = np.where(inside, ink[np.clip(rows, 0, H - 1), np.arange(W)], 0)
        thick = np.maximum(straight, np.maximum(np.roll(straight, 1, 0), np.roll(straight, -1, 0)))
        padded = np.pad(thick, ((0, 0), (length + GAP, length + GAP)), mode="edge")  # a line may leave the picture
        level = padded
        for extreme, window in ((np.maximum, GAP), (np.minimum, GAP + length - 1), (np.maximum, length)):
            level = extreme_along(extreme, level, window, 1)
        level = level[:, (level.shape[1] - W) // 2 :][:, :W]
        level = np.where(inside & (level > faint), level, 0)
        back = np.zeros_like(ink)
        back[rows[inside], np.broadcast_to(np.arange(W), rows.shape)[inside]] = level[inside]
        lines = back if lines is None else np.maximum(lines, back)
    return lines if lines is not None and lines.any() else None


def _slopes(mask, length):
    """The slopes at which a row of a sheared mask holds most of `length` pixels: at most four, the fullest first."""
    y, x = np.nonzero(mask)
    if len(y) > 200_000:
        y, x = y[:: len(y) // 100_000], x[:: len(x) // 100_000]
    step = 2 / mask.shape[1]  # a pixel over half the width
    tries = np.arange(-TILT, TILT + step, step)
    share = len(y) / max(np.count_nonzero(mask), 1)
    fullest = []
    for slope in tries:
        rows = np.rint(y - slope * (x - mask.shape[1] / 2)).astype(int)
        fullest.append(np.bincount(rows - rows.min()).max() / share if len(rows) else 0)
    fullest = np.array(fullest)
    chosen = []
    for k in np.argsort(-fullest):
        if fullest[k] < 0.7 * length or len(chosen) == 4:
            break
        if all(abs(tries[k] - other) > step for other in chosen):
            chosen.append(tries[k])
    return chosen


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
