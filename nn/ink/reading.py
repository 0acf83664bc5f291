"""A page to a number: which pieces of ink are digits, which of them belong together, and what they are.

`read_page` tries the views of a picture (paper.py). In each, the pieces form lines, neighbours in a line may be one
digit or a wide piece several (lattice.py), the network reads all that could be digits in one batch, and the best way
through each line wins (ways.py).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from nn import words
from nn.ink import formats, lattice, paper, ways
from nn.ink.pieces import pieces_of
from nn.ink.strokes import INK, ink_box, is_mnist, to_mnist

CLEAR = 0.04  # of -log p: a mean below it is a reading that needs no other view

WORST = -0.55  # the score below which a page shows no number: a letter, a face, a texture
UNREADABLE = -0.41  # the score, without its view's prior, below which a picture shows none: digits cut out of a letter
LOST = ("no digit", "too large for a digit", "a line that is no number")  # why ink is left out that may be digits
MANY, SAME = 10, 0.7  # so many digits in several lines, this share of them the same, are what is left of squared paper
MOST_CUTS = 3  # between digits that touch: what would take more is writing, or a scribble
DOUBTFUL = 0.7  # a digit's probability below which it may be anything
POOR = -0.3  # the score, without its view's prior, below which digits were cut, joined or left out at a high price
CLOSE = 0.16  # the difference in score within which another view may be right as well
UNDECIDED = 1.0  # the difference in log p within which another way through a line may be right as well


@dataclass(frozen=True)
class Digit:
    """A digit found on a page."""

    probabilities: np.ndarray  # (10,) float
    box: tuple[int, int, int, int]  # left, top, right, bottom in page pixels, right and bottom one beyond
    line: int  # from 0, top to bottom
    place: int  # in the whole number, from 0
    page: np.ndarray  # (H, W) uint8: the page with the ink of this digit alone; to_mnist(page, least=1) was read
    pieces: int = 1  # that were joined
    cut: bool = False  # whether it was cut from the ink before it

    @property
    def digit(self):
        return words.order(self.probabilities)[0]


@dataclass(frozen=True)
class Reading:
    """What a page says."""

    ink: np.ndarray  # (H, W) uint8: what was taken for ink
    digits: list = field(default_factory=list)
    left_out: list = field(default_factory=list)  # (box, why) of ink that is no digit
    score: float = 0.0  # the mean of log p over the digits, less what its view and its joins and cuts cost
    doubt: str = ""  # why the number may be another one although each digit is clear; "" if nothing speaks for that
    view: str = ""  # how the page was looked at
    note: str = ""  # which frame or page of the file it is
    paper: tuple | None = None  # (left, top, right, bottom) of the paper, where that is a part of the picture

    @property
    def number(self):
        return "".join(str(digit.digit) for digit in self.digits)


@dataclass(frozen=True)
class Page:
    """A picture file, decoded."""

    levels: object  # formats.Levels
    ink: np.ndarray  # (H, W) uint8: the first guess at what is ink
    views: tuple = ()  # the views of stage 0, and perhaps of stage 1, that were made to find it

    @property
    def note(self):
        return self.levels.note


def read(path):
    """The page in a picture file, dark on light or light on dark, on even or uneven paper: of several pages the first
    with ink, of an animation the frame with the most.

    Raises ValueError("path: reason") for a file that can't be read or shows nothing to recognise.
    """
    best = None
    for levels in formats.frames(path):
        page = _page(levels)
        if page and (best is None or np.count_nonzero(page.ink) > np.count_nonzero(best.ink)):
            best = page
        if best and not levels.animated:
            break
    if best is None:
        raise ValueError(f"{path}: no ink found")
    return best


def _page(levels):
    """The page in one frame, or None if it has no ink."""
    exact = _exact(levels)
    if exact is not None:
        return Page(levels, exact)
    stages = ()
    for stage in (0, 1):
        stages += (paper.views(levels, stage),)
        for view in sorted(stages[stage], key=lambda view: -view.prior):
            if lattice.has_ink(view.ink):
                return Page(levels, view.ink, stages)
    return None


def _exact(levels):
    """An image of MNIST, or its negative, as it is; None if the picture is none."""
    grey = levels.colours.mean(axis=2)
    for page in (grey, 255 - grey):
        if is_mnist(page):
            return page.astype(np.uint8)
    return None


def read_page(network, page):
    """Read a `Page`, or an array (H, W) uint8 of ink as the pad has it.

    Returns a `Reading`; one without digits if nothing could be a digit.
    """
    ink = page.ink if isinstance(page, Page) else page
    if is_mnist(ink):
        whole = _whole(network, ink)
        return replace(whole, note=page.note) if isinstance(page, Page) else whole
    if not isinstance(page, Page):
        whole = _whole(network, page) if lattice.of_one_digit(page) else None
        if whole and whole.digits[0].probabilities.max() >= words.LIKELY:
            return whole
        found = _read_views(network, [paper.View("", page, 0.0)], -np.inf)
        return found[0] if found else Reading(page)
    found = []
    for stage in (0, 1):
        views = page.views[stage] if stage < len(page.views) else paper.views(page.levels, stage)
        if not stage:
            found += [reading for view in views if (reading := _one_piece(network, view))]
        found += _read_views(network, views)
        if found and max(reading.score for reading in found) > -CLEAR:
            break
    best = max(found, key=lambda reading: reading.score, default=None)
    if best is None or best.score < WORST:
        return Reading(page.ink, note=page.note)
    return replace(best, note=page.note, doubt=best.doubt or _second(best, found))


def _one_piece(network, view):
    """A reading of a view whose ink is one piece as one digit, uncut, even if it leaves the picture at one edge; None
    if it is no single piece of a digit's size.
    """
    found = pieces_of(view.ink >= INK)
    if len(found.area) != 1 or found.height[0] < lattice.SMALLEST_DIGIT:
        return None
    H, W = view.ink.shape
    if np.sum([found.left == 0, found.top == 0, found.right == W, found.bottom == H]) > 1:
        return None  # a frame, or a shadow
    whole = _whole(network, view.ink, least=1)
    p = whole.digits[0].probabilities.max()
    wide = found.width[0] > (lattice.WIDEST if p >= words.SURE else lattice.KEPT_WHOLE) * found.height[0]
    return None if wide else replace(whole, score=np.log(p) + view.prior, view=view.name, paper=view.paper)


def _whole(network, ink, least=None):
    """A reading of a page that is one digit."""
    probabilities = network.predict(to_mnist(ink, least=least)[None])[0].astype(float)
    left, top, width, height = ink_box(ink, min(INK, ink.max()))
    return Reading(ink, [Digit(probabilities, (left, top, left + width, top + height), 0, 0, ink)])


def _read_views(network, views, least=UNREADABLE):
    """A Reading of each view that shows anything that could be a number, of a score above `least`.

    No number is what has too many odd digits, takes too many cuts or is nearly all the same: writing, or a texture.
    """
    grids = [(view, lattice.lattice_of(view.ink)) for view in views]
    grids = [(view, grid) for view, grid in grids if grid is not None]
    lattice.judge(network, [grid for _, grid in grids])
    found = []
    for view, grid in grids:
        score, lines, left_out, rivals = ways.best(grid)
        digits = []
        for number, line in enumerate(lines):
            for c in line:
                page, cut = c.on(view.ink), c.atoms[0].cut > 0
                pieces = 1 + sum(not atom.cut for atom in c.atoms[1:])
                digits.append(Digit(c.probabilities, c.box, number, len(digits), page, pieces, cut))
        odd = sum(digit.probabilities.max() < DOUBTFUL for digit in digits)
        same = max((sum(digit.digit == d for digit in digits) for d in range(10)), default=0)
        remains = len(lines) > 2 and len(digits) >= MANY and same > SAME * len(digits)  # of printed lines
        writing = odd >= max(0.4 * len(digits), 2) or sum(digit.cut for digit in digits) > MOST_CUTS
        if digits and not writing and not remains and score > least:
            doubt = _doubt(digits, left_out, score, rivals)
            sure = min(digit.probabilities.max() for digit in digits) >= words.LIKELY
            whole = sure and all(why == "a speck" for _, why in left_out)  # all ink is digits: no line is among it
            prior = view.prior + (paper.LINES_LEFT if view.lined and not whole else 0)
            found.append(Reading(view.ink, digits, left_out, score + prior, doubt, view.name, paper=view.paper))
    return found


def _doubt(digits, left_out, score, rivals):
    """Why a number may be another one although each of its digits is clear, by how it was parted; "" if it is clear."""
    height = np.median([digit.box[3] - digit.box[1] for digit in digits])
    for (left, top, right, bottom), why in left_out:
        if why in LOST and 0.6 < (bottom - top) / height < 3 and right - left < 2 * height:
            return "ink as large as a digit was left out"
        if why == "a small sign":
            return "a small sign before or after it may be a digit"
    for difference, other in rivals:
        if difference < UNDECIDED:
            return f"it may be parted as {other}" if other else "it may be no digit"
    return "its digits are hard to part" if score < POOR else ""


def _second(best, found):
    """The doubt that another view raises: it gives another number, and its score is close."""
    close = [other for other in found if other.number != best.number and other.score > best.score - CLOSE]
    return f"seen in another way, it is {max(close, key=lambda other: other.score).number}" if close else ""
