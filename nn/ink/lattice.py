"""All that may be a digit on a page, and what the network says of it.

Pieces of ink become lines; a line is a row of atoms: pieces, or parts of a wide piece between cuts. A run of
neighbouring atoms may be a digit. The best way through a line is found in ways.py.
"""

from dataclasses import dataclass, field

import numpy as np

from nn.ink.cuts import Atom, parts
from nn.ink.pieces import grown, pen_width, pieces_of
from nn.ink.strokes import INK, ink_box, to_mnist
from nn.words import LIKELY

SMALLEST_DIGIT = 7  # pixels high: less is a speck, and shows no digit
MOST_PIECES = 400  # of a digit's size: more is a texture
MOST_LINES = 60  # of digits: more is a texture
SOLID = 0.72  # of its box: a hole punched in paper, or a dot, has so much of it; a circle has 0.785
HUGE = 1.6  # of the digits' height: what is higher is none
MARK = 0.42  # of the digits' height: what is lower is a mark, or a part of a digit
DOT = 0.12  # of the digits' height: what is smaller is dust, or a part of a broken digit
MOST_PIECES_OF_ONE = 5  # digit
WIDEST = 1.7  # the width of a digit in heights
KEPT_WHOLE = 1.3  # the width in heights to which a piece is one digit if the network is quite sure of it
NEARLY = 0.08  # of the height: pieces that are closer to each other nearly touch
CUT_FROM = 0.6  # the width in heights from which on a piece may be several digits
PRICE_GAP = 6.0  # of joining over a gap, for each height that it is wide
PRICE_WIDE = 2.0  # of a digit wider than the digits' height, for each height more


@dataclass(eq=False)
class Candidate:
    """A run of atoms that may be a digit."""

    first: int
    last: int  # one beyond
    box: tuple[int, int, int, int]
    atoms: list
    price: float  # of joining over gaps
    wide: float  # how much wider it is than the digits are high, in their height; below 0 if it isn't
    probabilities: np.ndarray | None = None

    @property
    def gain(self):
        """log p, less what this candidate costs: a wide one that the network is quite sure of costs no more."""
        p = self.probabilities.max()
        free = KEPT_WHOLE - 1 if p >= LIKELY else 0
        return np.log(p) - self.price - PRICE_WIDE * max(self.wide - free, 0)

    def crop(self):
        left, top, right, bottom = self.box
        page = np.zeros((bottom - top, right - left), np.uint8)
        for atom in self.atoms:
            x, y, end, low = atom.box
            part = page[y - top : low - top, x - left : end - left]
            np.maximum(part, atom.ink, out=part)
        return page

    def on(self, ink):
        """A page like `ink` with this candidate's ink alone."""
        page = np.zeros(ink.shape, np.uint8)  # takes memory only where it is written on
        left, top, right, bottom = self.box
        page[top:bottom, left:right] = self.crop()
        return page


@dataclass(eq=False)
class Grid:
    lines: list  # of lists of atoms
    left_out: list  # (box, why)
    pen: float
    height: float
    candidates: list = field(default_factory=list)  # of each line


def has_ink(ink):
    """Whether a page has a piece of ink that is large enough for a digit."""
    found = pieces_of(ink >= INK)
    return bool(len(found.area) and np.maximum(found.width, found.height).max() >= SMALLEST_DIGIT)


def of_one_digit(ink):
    """Whether the ink of a page may be one digit: it isn't too wide, and all of its pieces touch, or nearly do."""
    box = ink_box(ink, INK)
    if box is None or box[2] > KEPT_WHOLE * box[3]:
        return False
    left, top, width, height = box
    step = max(height // 60, 1)  # pixels that are taken together: that is fine enough, and quick
    inked = np.pad(ink[top : top + height, left : left + width], ((0, -height % step), (0, -width % step))) >= INK
    coarse = inked.reshape(inked.shape[0] // step, step, -1, step).any(axis=(1, 3))
    reach = max(round(NEARLY * len(coarse) / 2), 1)
    return len(pieces_of(grown(np.pad(coarse, reach), reach)).area) == 1



def lattice_of(ink):
    """The lines of atoms of a page, or None if nothing on it could be a digit."""
    mask = ink >= INK
    found = pieces_of(mask)
    extent = np.maximum(found.width, found.height)
    some = np.flatnonzero(extent >= 3)
    if not len(some) or extent.max() < SMALLEST_DIGIT:
        return None
    H, W = ink.shape
    left_out = []
    kept = []
    some = some[np.argsort(-extent[some])][: 4 * MOST_PIECES]
    for k in some:
        why = _no_digit(found, k, some, H, W)
        if why:
            left_out.append((_box(found, k), why))
        else:
            kept.append(k)
    if not kept:
        return None
    kept = np.array(kept)
    tall = kept[found.height[kept] >= SMALLEST_DIGIT]
    if not len(tall):
        return None
    height = _usual(found.height[tall])
    if np.count_nonzero(found.height[tall] > height / 2) > MOST_PIECES:
        return None
    pen = pen_width(np.isin(found.labels, kept + 1))
    huge = found.height > HUGE * height
    dots = (found.area > SOLID * found.width * found.height) & (abs(np.log(found.width / found.height)) < 0.22)
    dots &= found.height >= MARK * height  # a smaller one is a mark, or a part of a digit
    left_out += [(_box(found, k), "too large for a digit") for k in kept[huge[kept]]]
    left_out += [(_box(found, k), "a solid dot") for k in kept[dots[kept]]]
    kept = kept[~(huge | dots)[kept]]
    small = extent[kept] < DOT * height
    lines, loose = _lines(found, kept[~small], height)
    if len(lines) > MOST_LINES:
        return None
    left_out += [(_box(found, k), "a speck") for k in kept[small]]
    left_out += [(_box(found, k), "a mark apart from the digits") for k in loose]
    grid = Grid([[_atom(ink, found, k, height) for k in line] for line in lines], left_out, pen, height)
    return grid if grid.lines else None


def _box(found, k):
    return int(found.left[k]), int(found.top[k]), int(found.right[k]), int(found.bottom[k])


def _usual(heights):
    """The height of the digits: of the tallest pieces that aren't alone in their height."""
    heights = np.sort(heights)[::-1]
    for height in heights[:-1]:
        if np.count_nonzero(heights >= 0.6 * height) >= 2:
            return float(height)
    return float(heights[0])


def _no_digit(found, k, some, H, W):
    """Why a piece of ink can't be a digit, by its size and place alone; "" if it can."""
    left, top, right, bottom = _box(found, k)
    width, height = right - left, bottom - top
    on_edge = (left == 0) + (top == 0) + (right == W) + (bottom == H)
    if on_edge >= 2 and (width > W / 2 or height > H / 2):
        return "a frame"
    if on_edge and max(width / W, height / H) > 0.7:
        return "a line at the edge"
    inside = some[(found.left[some] > left) & (found.right[some] < right) & (found.top[some] > top)
                  & (found.bottom[some] < bottom)]  # fmt: skip
    if len(inside) and found.height[inside].max() > max(0.3 * height, SMALLEST_DIGIT):
        fill = found.area[k] / (width * height)
        if fill < 0.3:
            return "a frame or a circle around"
    if width > 6 * height and width > 0.3 * W:
        return "a line"
    return ""


def _lines(found, kept, height):
    """The pieces of each line of digits, left to right, top line first; and those of no line."""
    tall = [k for k in kept if found.height[k] >= MARK * height]
    tall.sort(key=lambda k: -found.height[k])
    lines = []
    for k in tall:
        for line in lines:
            shared = min(line["bottom"], found.bottom[k]) - max(line["top"], found.top[k])
            if shared > 0.5 * min(line["bottom"] - line["top"], found.height[k]):
                line["pieces"].append(k)
                line["top"] = np.median(found.top[line["pieces"]])
                line["bottom"] = np.median(found.bottom[line["pieces"]])
                break
        else:
            lines.append({"top": found.top[k], "bottom": found.bottom[k], "pieces": [k]})
    loose = []
    for k in kept:
        if found.height[k] >= MARK * height:
            continue
        middle = (found.top[k] + found.bottom[k]) / 2
        away = [max(line["top"] - middle, middle - line["bottom"], 0) for line in lines]
        nearest = int(np.argmin(away)) if lines else -1
        if not lines or away[nearest] > 0.3 * height:
            loose.append(k)
            continue
        line = lines[nearest]
        ends = found.left[line["pieces"]].min(), found.right[line["pieces"]].max()
        if found.left[k] - ends[1] > height or ends[0] - found.right[k] > height:
            loose.append(k)
        else:
            line["pieces"].append(k)
    lines.sort(key=lambda line: line["top"])
    order = [sorted(line["pieces"], key=lambda k: found.left[k] + found.right[k]) for line in lines]
    return order, loose


def _atom(ink, found, k, height):
    """The ink of a piece with its anti-aliased edge."""
    H, W = ink.shape
    left, top, right, bottom = _box(found, k)
    left, top, right, bottom = max(left - 1, 0), max(top - 1, 0), min(right + 1, W), min(bottom + 1, H)
    labels = found.labels[top:bottom, left:right]
    own = labels == k + 1
    near = grown(own, 1) & ((labels == 0) | own)
    mark = found.height[k] < MARK * height
    return Atom((left, top, right, bottom), np.where(near, ink[top:bottom, left:right], 0).astype(np.uint8), mark=mark)


def judge(network, grids):
    """Let the network read all that could be a digit: whole pieces and joined ones first, then cut ones."""
    for grid in grids:
        grid.candidates = [_runs(line, grid.height) for line in grid.lines]
    _read(network, grids)
    cut = []
    for grid in grids:
        for number, line in enumerate(grid.lines):
            alone = {c.first: c for c in grid.candidates[number] if c.last == c.first + 1}
            atoms = []
            for k, atom in enumerate(line):
                wide = (atom.box[2] - atom.box[0]) / grid.height
                p = alone[k].probabilities.max() if k in alone else 0
                tall = atom.box[3] - atom.box[1] > MARK * grid.height
                if tall and wide > CUT_FROM and (p < 0.99 or wide > KEPT_WHOLE):
                    atoms += parts(atom, grid.pen)
                else:
                    atoms.append(atom)
            if len(atoms) > len(line):
                grid.lines[number] = atoms
                grid.candidates[number] = _runs(atoms, grid.height)
                if grid not in cut:
                    cut.append(grid)
    _read(network, cut)


def _read(network, grids):
    """Put the network's probabilities into all candidates that have none."""
    new = [c for grid in grids for line in grid.candidates for c in line if c.probabilities is None]
    images = [to_mnist(c.crop(), least=1) for c in new]
    readable = [k for k, image in enumerate(images) if image is not None]
    if readable:
        rows = network.predict(np.stack([images[k] for k in readable])).astype(float)
        for k, row in zip(readable, rows, strict=True):
            new[k].probabilities = row
    for candidate in new:
        if candidate.probabilities is None:
            candidate.probabilities = np.full(10, 0.1)


def _runs(atoms, height):
    """All runs of neighbouring atoms that are of a digit's size, as candidates."""
    found = []
    for first in range(len(atoms)):
        price, box, pieces = 0.0, atoms[first].box, 1
        for last in range(first, len(atoms)):
            atom = atoms[last]
            if last > first:
                if not atom.cut:  # a gap is bridged
                    pieces += 1
                    gap = max(atom.box[0] - box[2], box[0] - atom.box[2], 0)
                    price += PRICE_GAP * gap / height
                    if gap > 0.35 * height or pieces > MOST_PIECES_OF_ONE:
                        break
                box = (min(box[0], atom.box[0]), min(box[1], atom.box[1]),
                       max(box[2], atom.box[2]), max(box[3], atom.box[3]))  # fmt: skip
            if box[2] - box[0] > WIDEST * height and last > first:
                break
            if box[3] - box[1] < MARK * height or box[3] - box[1] > HUGE * height:
                continue
            if all(atom.mark for atom in atoms[first : last + 1]):
                continue
            wide = (box[2] - box[0]) / height - 1 if len(atoms) > 1 else 0
            found.append(Candidate(first, last + 1, box, atoms[first : last + 1], price, wide))
    return found
