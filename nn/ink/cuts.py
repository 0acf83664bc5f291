"""A wide piece of ink, perhaps of touching digits, cut along the seams that cross the least ink."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nn.ink.pieces import extreme_along
from nn.ink.strokes import INK, ink_box

PRICE_CUT = 0.4  # of a cut, and as much again for each width of the pen that it goes through
FINEST = 60  # rows in which cuts are sought
NEAR = 0.07  # of the height: cuts that are closer to each other are one
DEAREST = 4  # widths of the pen that a cut may go through
LEAST_PART = 0.06  # of the ink is at least on either side of a cut
MOST_CUTS = 6  # for each height that the piece is wide


@dataclass(eq=False)
class Atom:
    """A piece of ink, or a part of one between two cuts."""

    box: tuple[int, int, int, int]
    ink: np.ndarray  # (bottom - top, right - left) uint8
    cut: float = 0.0  # the price of the cut before it; 0 if it begins a piece
    mark: bool = False


def parts(atom, pen):
    """A piece of ink cut along its cheapest seams from top to bottom: atoms left to right."""
    h, w = atom.ink.shape
    step = max(h // FINEST, 1)  # pixels that are taken together, so that a large digit takes no longer than a small one
    coarse = np.pad(atom.ink / 255.0, ((0, -h % step), (0, -w % step)))
    coarse = coarse.reshape(len(coarse) // step, step, -1, step).mean(axis=(1, 3))
    seams = [(step * cost, step * np.repeat(seam, step)[:h]) for cost, seam in _seams(coarse, pen / step)]
    if not seams:
        return [atom]
    columns = np.arange(w)
    edges = [np.zeros(h, int), *[seam for _, seam in seams], np.full(h, w)]
    prices = [0.0, *[PRICE_CUT * (1 + cost / max(pen, 1)) for cost, _ in seams]]
    atoms = []
    for price, start, stop in zip(prices, edges[:-1], edges[1:], strict=True):
        part = np.where((columns >= start[:, None]) & (columns < stop[:, None]), atom.ink, 0).astype(np.uint8)
        inside = ink_box(part, INK)
        if inside is None:
            continue
        x, y, width, height = inside
        left, top = atom.box[0] + x, atom.box[1] + y
        ink = part[y : y + height, x : x + width]
        atoms.append(Atom((left, top, left + width, top + height), ink, price if atoms else atom.cut))
    return atoms


def _seams(cost, pen):
    """(cost, column (h,) at each row) of the cheapest ways from top to bottom, left to right, not crossing.

    Through each local least of three rows goes one way. Ways that part off hardly any ink are no cuts, and of ways
    that run side by side the cheapest stays.
    """
    h, w = cost.shape
    down, up = _sums(cost), _sums(cost[::-1])[::-1]
    through = down + up - cost  # of the cheapest way through each pixel
    near = max(int(NEAR * h), 2)
    shares = np.cumsum(cost.sum(axis=0)) / cost.sum()
    tries = []
    for row in (h // 4, h // 2, 3 * h // 4):
        least = extreme_along(np.minimum, np.pad(through[row], near, constant_values=np.inf), 2 * near + 1, 0)
        for x in np.flatnonzero(through[row] == least):
            if through[row, x] <= DEAREST * pen and LEAST_PART < shares[x] < 1 - LEAST_PART:
                tries.append((float(through[row, x]), row, int(x)))
    seams = []
    for price, row, x in sorted(tries):
        seam = _followed(down, up, row, x)
        if all(np.abs(seam - other).mean() > near for _, other in seams) and len(seams) < MOST_CUTS * w / h:
            seams.append((price, seam))
    seams.sort(key=lambda pair: pair[1].mean())
    for k in range(1, len(seams)):
        seams[k] = seams[k][0], np.maximum(seams[k][1], seams[k - 1][1])
    return seams


def _followed(down, up, row, x):
    """The column (h,) at each row of the cheapest way through a pixel."""
    h = len(down)
    seam = np.full(h, x)
    for sums, rows, step in ((down, range(row - 1, -1, -1), 1), (up, range(row + 1, h), -1)):
        for y in rows:
            low = max(seam[y + step] - 1, 0)
            seam[y] = low + int(np.argmin(sums[y, low : seam[y + step] + 2]))
    return seam


def _sums(cost):
    """The cost of the cheapest way from the top to each pixel, moving at most a column a row; slanting costs a bit."""
    sums = np.pad(cost, ((0, 0), (1, 1)), constant_values=np.inf)
    for above, row in pairwise(sums):
        aside = np.minimum(above[2:], above[:-2]) + 0.02
        row[1:-1] += np.minimum(above[1:-1], aside)
    return sums[:, 1:-1]
