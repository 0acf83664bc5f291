"""A wide piece of ink, perhaps of touching digits, cut along the seams that cross the least ink."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nn.ink.strokes import INK

PRICE_CUT = 0.7  # of a cut, and as much again for each width of the pen that it goes through


@dataclass(eq=False)
class Atom:
    """A piece of ink, or a part of one between two cuts."""

    box: tuple[int, int, int, int]
    ink: np.ndarray  # (bottom - top, right - left) uint8
    cut: float = 0.0  # the price of the cut before it; 0 if it begins a piece
    mark: bool = False


def parts(atom, pen):
    """A piece of ink cut along its cheapest seams from top to bottom: atoms left to right."""
    cost = atom.ink / 255.0
    h, w = cost.shape
    seams = _seams(cost, pen)
    if not seams:
        return [atom]
    columns = np.arange(w)
    edges = [np.zeros(h, int), *[seam for _, seam in seams], np.full(h, w)]
    prices = [0.0, *[PRICE_CUT * (1 + cost / max(pen, 1)) for cost, _ in seams]]
    atoms = []
    for price, start, stop in zip(prices, edges[:-1], edges[1:], strict=True):
        part = np.where((columns >= start[:, None]) & (columns < stop[:, None]), atom.ink, 0).astype(np.uint8)
        inked = part >= INK
        if not inked.any():
            continue
        rows, cols = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1] + 1, cols[0], cols[-1] + 1
        x, y = atom.box[:2]
        box = int(x + left), int(y + top), int(x + right), int(y + bottom)
        atoms.append(Atom(box, part[top:bottom, left:right], price if atoms else atom.cut))
    return atoms


def _seams(cost, pen):
    """(cost, column (h,) at each row) of the cheapest ways from top to bottom, left to right, not crossing."""
    h, w = cost.shape
    down, up = _sums(cost), _sums(cost[::-1])[::-1]
    through = (down + up - cost)[h // 2]
    for row in (h // 3, 2 * h // 3):
        through = np.minimum(through, (down + up - cost)[row])
    near = max(int(0.1 * h), 2)
    chosen = []
    for x in np.argsort(through):
        if through[x] > 3 * max(pen, 2) or len(chosen) == 6:
            break
        if not near <= x < w - near or any(abs(x - other) < near for _, other in chosen):
            continue
        chosen.append((float(through[x]), int(x)))
    seams = []
    for price, x in sorted(chosen, key=lambda pair: pair[1]):
        rows = (h // 2, h // 3, 2 * h // 3)
        start = min(rows, key=lambda row: (down + up - cost)[row, x])
        seam = np.empty(h, int)
        for path, step in ((down, -1), (up, 1)):
            at = x
            for row in range(start, -1 if step < 0 else h, step):
                if row != start:
                    low = max(at - 1, 0)
                    at = low + int(np.argmin(path[row, low : at + 2]))
                seam[row] = at
        if seams:
            seam = np.maximum(seam, seams[-1][1])
        seams.append((price, seam))
    return seams


def _sums(cost):
    """The cost of the cheapest way from the top to each pixel, moving at most a column a row; slanting costs a bit."""
    sums = np.pad(cost, ((0, 0), (1, 1)), constant_values=np.inf)
    for above, row in pairwise(sums):
        aside = np.minimum(above[2:], above[:-2]) + 0.02
        row[1:-1] += np.minimum(above[1:-1], aside)
    return sums[:, 1:-1]
