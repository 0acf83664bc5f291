"""Digits drawn in the many ways that people write them, to train on beside MNIST.

The writers of MNIST were American clerks and pupils of around 1990. Others put a long flag and a foot on a 1, cross
their 7, curl their 9 and leave their 4 open, and a network that saw MNIST alone misreads them. So this file
writes. STYLES has the ways to form each digit as control points, `vary` changes one as a hand does and runs
a smooth curve through it, and `make` draws the curves with the window's brush and preprocesses them as the window
does. `scribbles` makes what is not a digit in the same way, so that a network can learn to doubt.

A style is one or more forms with the same strokes and corners: its extremes, and a hand writes something between them.
A form is a text of points x,y in hundredths, y pointing down; `|` lifts the pen and `!` marks a corner, other points
are passed smoothly.
"""

from functools import cache, lru_cache

import numpy as np

from nn import ink

STYLES = {
    0: [
        # counter-clockwise from the top: closed, open, overlapping
        ("50,2 22,18 14,50 24,84 50,98 76,84 86,50 78,18 52,3",
         "36,6 18,24 12,54 24,86 50,97 76,84 88,56 84,30 66,12",
         "66,16 30,8 12,44 22,84 50,98 78,84 86,50 70,14 36,8",
         "14,22 12,58 30,92 58,96 84,70 82,26 54,4 26,18 16,48"),
        # clockwise from the left, beginning inside or outside of the loop
        ("20,34 34,8 62,4 84,30 86,62 66,94 36,96 16,70 22,26",
         "40,36 26,20 54,3 84,26 86,66 62,97 30,92 14,60 30,20",
         "8,10 34,6 64,4 86,30 84,66 62,96 32,94 14,66 18,30"),
        # a straight left side, as in a D
        ("22,4 18,30 16,60 24,88 50,98 78,84 86,54 70,24 30,12",),
        # slashed
        ("50,2 24,16 16,50 24,84 50,98 76,84 84,50 76,16 52,3 | 88,6 50,50 12,94",),
    ],
    1: [
        # a bare stroke
        ("50,2 50,50 50,98", "46,6 54,50 50,98"),
        # a bare stroke on a foot
        ("50,2 50,50 50,94 | 22,96 50,96 80,95",),
        # a short flag
        ("44,16 50,8 56,2! 54,50 52,98", "36,28 46,18 56,2! 56,50 50,98", "34,24 44,8 58,4! 56,50 52,98"),
        # a long flag, straight, on a stem upright or leaning
        ("20,50 38,28 58,2! 54,50 52,98", "8,58 32,32 58,2! 50,50 42,98", "22,84 42,42 62,2! 60,50 58,98",
         "36,62 46,34 60,2! 56,50 52,98"),
        # a long flag, sagging or arched
        ("18,46 42,34 60,2! 55,50 50,98", "10,54 28,24 56,2! 54,50 48,98"),
        # a flag nearly level
        ("8,26 34,20 60,2! 56,50 48,98", "18,34 38,24 60,2! 58,50 54,98"),
        # a flag that begins with a hook
        ("26,44 20,48 40,26 60,2! 55,50 50,98", "20,24 14,36 34,26 58,2! 52,50 46,98"),
        # a flag, and a foot drawn for itself
        ("36,20 46,12 54,2! 53,50 52,94 | 24,96 50,96 80,95",
         "14,36 32,26 58,2! 56,50 52,94 | 2,96 50,97 96,94",
         "12,18 34,14 58,4! 54,50 46,99 | 8,88 48,89 88,86"),
        # the foot in one go: out to the left, and back
        ("24,30 42,18 56,2! 54,50 52,94! 26,96! 54,95 84,94",
         "30,24 44,16 56,2! 52,50 46,92! 40,96! 60,96 92,92"),
        # a foot to the left alone
        ("24,26 42,16 60,2! 56,50 54,96! 34,97 16,96",),
        # a flag that closes to a loop, on a foot
        ("58,16 44,4 34,18 44,32 60,6! 56,50 54,94 | 20,96 50,96 86,95",
         "56,6 50,8 42,20 40,32 58,4! 55,50 52,94 | 12,96 50,97 92,94"),
    ],
    2: [
        # a sharp base
        ("18,22 34,5 60,3 75,18 68,42 44,70 16,97! 50,96 86,95",
         "28,30 22,10 52,2 74,16 66,44 44,70 22,94! 50,92 84,86",
         "16,10 40,4 68,6 74,22 62,46 40,74 22,96! 56,98 92,98"),
        # a looped base
        ("18,20 36,4 62,4 74,24 62,52 36,84 14,94 12,82 28,80 56,92 88,97",
         "28,24 34,5 58,3 70,22 62,50 40,80 22,96 10,88 24,74 46,86 84,88",
         "26,32 14,12 52,2 76,22 60,54 40,80 22,94 14,84 34,80 62,97 86,82"),
        # a round base, as in a mirrored S
        ("20,14 42,4 68,8 70,28 48,56 26,80 34,95 60,97 86,94",
         "14,16 36,4 66,6 66,28 46,52 34,78 44,92 66,94 90,98"),
        # a level top, as in a Z
        ("16,10 46,5 76,6! 50,48 18,94! 50,95 86,94",),
    ],
    3: [
        # two bows that meet in a corner
        ("20,14 42,2 68,10 68,32 44,46! 72,54 80,76 56,97 16,88",
         "22,6 48,2 70,14 64,36 56,44! 68,56 70,78 46,97 14,94",
         "28,28 22,10 60,3 64,30 36,46! 74,50 84,78 54,98 18,78"),
        # a small loop between the bows
        ("20,14 44,2 68,12 60,36 40,48 36,42 52,42 78,58 76,84 48,98 16,86",),
        # a level top
        ("18,6 48,4 76,4! 60,24 44,42! 70,48 80,70 58,96 16,90",
         "16,8 46,6 74,6! 64,22 52,40! 68,52 72,74 50,95 14,96"),
        # hardly a waist
        ("22,10 48,3 68,10 60,34 58,46 68,62 66,84 42,97 16,94",
         "16,12 46,3 72,8 70,32 64,50 62,68 52,86 34,96 10,97"),
    ],
    4: [
        # open, the stem for itself
        ("40,2 28,30 14,60! 50,62 86,60 | 62,30 60,64 56,98",
         "30,4 26,30 22,58! 50,58 82,56 | 72,4 68,50 64,98",
         "46,2 26,28 4,60! 50,64 96,62 | 56,40 52,70 46,98",
         "60,2 40,24 18,46! 44,43 76,36 | 72,20 60,58 48,98"),
        # lightning: bar and stem in one go, rising to the stem, or not
        ("44,2 28,28 16,56! 42,58 70,52 74,34! 66,66 58,98",
         "46,2 28,22 14,46! 40,50 72,46 80,46! 68,72 54,98",
         "34,2 30,28 24,60! 44,62 64,56 68,24! 66,60 64,98"),
        # the bar low and the stem short, as in an h upside down
        ("40,2 34,38 38,72! 48,76 60,56! 62,78 64,98", "54,2 36,28 28,56! 46,60 62,46! 58,72 52,98"),
        # lightning with a small loop at the stem's top
        ("42,2 28,28 18,54! 44,57 68,50 74,38 64,36 60,60 58,98",),
        # round, as in a y
        ("24,4 18,26 24,46 50,50 74,34! 72,60 64,98", "36,2 20,24 18,44 44,54 70,40! 64,66 54,98",
         "20,4 20,30 34,48 60,42 78,4! 70,50 60,98"),
        # closed at the top
        ("58,4 34,34 12,66! 50,66 88,64 | 60,2 60,50 58,98",
         "54,10 30,36 8,60! 50,64 92,66 | 46,10 64,8 60,98"),
        # closed, in one go
        ("88,62 50,64 12,64! 38,32 64,2! 61,50 58,98", "92,54 50,58 14,64! 44,34 70,6! 58,54 44,98"),
        # the stem a 1 with its flag
        ("38,2 28,26 12,52! 44,54 76,52 | 48,40 60,32 70,24! 66,60 62,98",),
    ],
    5: [
        # in one go from the hat's right end
        ("80,4 54,4 32,6! 28,26 24,46! 50,36 76,50 78,76 52,97 16,90",
         "70,2 50,4 38,6! 32,24 28,42! 48,42 68,56 66,80 44,97 20,96"),
        # the hat last, touching or not
        ("34,8 30,26 26,46! 50,38 74,50 76,74 52,97 16,90 | 36,6 58,5 84,3",
         "30,14 28,30 28,48! 48,46 66,58 66,80 44,97 12,94 | 46,8 64,6 92,2"),
        # as in an S
        ("80,6 52,3 30,16 36,38 62,50 74,72 56,95 18,92", "84,10 60,4 42,14 34,36 58,50 62,74 42,96 12,88"),
        # a belly without a corner, the hat laid over the top
        ("44,4 34,20 32,38 52,50 64,70 50,94 14,94 | 16,10 48,6 86,2",
         "48,2 36,24 40,42 58,58 62,78 46,96 16,90 | 26,12 54,10 84,8"),
        # a belly that only falls away, as in a K without its stem
        ("42,10 36,22 28,36! 48,48 62,68 58,98 | 20,10 48,5 80,2",),
    ],
    6: [
        # a bow and a loop: plain, upright and straight, hooked at the top
        ("66,2 42,18 24,46 20,76 38,97 64,92 74,74 60,58 36,62 22,78",
         "56,2 40,26 28,52 24,80 44,97 66,90 70,74 58,64 40,68 28,80",
         "80,12 60,3 32,22 20,66 36,96 64,94 76,76 62,56 38,58 22,70"),
        # the loop crossing the bow
        ("66,2 44,20 30,48 26,76 40,97 64,92 70,74 56,60 30,64 6,70",
         "60,2 46,20 36,46 32,76 40,96 54,96 62,86 54,76 34,74 12,82"),
        # the loop left open
        ("62,2 40,20 22,50 18,80 40,97 70,90 76,72 60,64 46,70 40,80",),
    ],
    7: [
        # plain: level, arched, with a drooping end
        ("16,8 46,6 78,5! 62,44 48,98", "14,16 36,4 76,6! 58,44 52,98", "10,12 46,10 82,2! 56,50 30,98"),
        # with a serif
        ("16,24 17,7! 48,6 80,5! 62,44 46,98", "18,46 18,8! 48,6 82,4! 70,44 54,98"),
        # crossed
        ("16,8 46,6 78,5! 64,44 50,98 | 32,52 52,50 78,48",
         "14,24 36,4 74,6! 62,48 56,98 | 22,58 50,54 92,46",
         "12,6 44,8 76,4! 58,50 38,98 | 24,44 48,46 70,50"),
        # crossed, with a serif
        ("16,24 18,7! 48,7 80,5! 62,46 48,98 | 30,54 52,50 80,48",),
        # crossed and round, as in a walking stick
        ("12,20 34,4 62,5 72,24 62,58 54,98 | 24,54 50,52 80,49",
         "20,14 40,3 64,12 66,34 62,66 60,98 | 20,62 50,60 86,60"),
        # the bar begins with a hook, or lies low
        ("16,12 40,4 72,8 66,34 56,60 52,98 | 30,64 26,54 50,52 76,50",
         "14,16 34,2 56,12 58,36 54,66 50,98 | 20,80 16,70 42,70 80,68"),
    ],
    8: [
        # an S first, then up again: closed, open, crossing
        ("74,14 52,2 28,14 34,36 58,50 76,74 50,98 24,76 42,52 68,32 76,12",
         "66,6 48,2 32,16 38,36 58,52 70,76 48,98 26,78 44,54 66,34 84,16",
         "80,20 56,2 24,12 34,38 60,52 78,80 48,98 20,76 44,50 62,30 66,8"),
        # the other way round
        ("26,16 48,3 74,14 62,38 42,52 24,76 50,98 76,76 58,50 34,32 24,14",
         "16,30 44,3 78,12 66,34 44,52 26,80 48,98 70,78 58,54 40,38 28,26"),
        # begun at the waist, closing at the left or never
        ("26,38 50,48 72,76 48,98 26,80 46,48 68,16 48,3 26,20",
         "18,38 44,44 70,74 46,98 24,80 44,50 70,18 50,3 28,6"),
        # ending with a bar across the waist
        ("30,20 50,3 66,18 50,60 34,97 60,76 68,54 44,38 12,32",
         "26,30 44,4 60,16 46,60 30,97 58,78 70,56 42,44 2,46",
         "38,12 52,2 62,14 48,54 32,97 54,84 62,68 46,48 20,34"),
        # two circles
        ("50,3 28,12 28,34 50,46 72,34 72,12 52,3 | 50,46 22,58 20,84 50,98 80,84 78,58 52,46",),
        # begun in the middle
        ("50,48 30,34 28,12 52,2 74,14 68,36 44,50 24,74 48,98 76,80 52,50",),
    ],
    9: [
        # a loop on a straight stem
        ("74,14 50,2 28,14 28,36 50,44 70,30 76,8! 70,50 66,98",
         "66,8 46,4 30,18 34,38 54,42 70,26 72,6! 70,50 70,98",
         "82,6 48,4 16,20 30,34 58,28 78,14 82,6! 64,50 40,98"),
        # curled under
        ("74,14 50,2 26,14 26,38 50,46 70,32 76,10! 78,46 70,84 46,98 16,90",
         "72,8 52,4 36,16 36,34 54,38 68,24 74,8! 70,42 58,78 34,94 8,92",
         "72,20 46,3 20,16 34,38 60,34 76,18 80,8! 78,48 76,90 48,97 14,96"),
        # a small loop that runs into a round back
        ("60,10 42,2 28,14 38,30 58,24 58,8 62,24 78,48 76,80 50,98 18,92",
         "66,16 44,4 24,12 36,30 62,28 68,10 70,20 76,48 66,80 42,97 14,88"),
        # clockwise from the stem, then down it
        ("76,38 50,44 26,36 36,10 62,4 74,22 74,60 70,98", "66,34 44,46 30,34 44,8 62,6 70,24 70,60 72,98"),
        # a tight loop, left at its top for a round back
        ("54,14 38,12 36,24 52,30 62,18 52,3 42,6 56,28 74,54 68,84 44,97 14,95",
         "44,8 28,14 32,32 56,34 66,18 52,3 42,8 60,36 76,60 66,88 44,97 18,88"),
        # a clockwise loop, left below
        ("32,40 22,18 46,2 74,10 68,34 36,44! 68,46 70,62 66,98",),
        # the loop left open at the top
        ("62,4 36,4 24,22 40,40 64,32 74,8! 72,50 66,98", "40,4 22,14 24,34 46,42 66,32 78,4! 72,50 60,98"),
    ],
}

# Letters that nobody takes for a digit, one form each.
LETTERS = (
    "12,98 30,50 50,2! 70,50 88,98 | 26,62 50,61 74,62",  # A
    "76,20 52,30 28,54 30,86 52,96 70,76 76,54 | 80,2 79,50 82,98",  # d
    "78,4 50,4 24,4! 24,50 24,97! 50,97 80,96 | 26,48 46,48 68,48",  # E
    "24,98 24,50 24,4! 50,4 80,4 | 26,48 46,48 68,48",  # F
    "20,2 20,50 20,98 | 80,2 80,50 80,98 | 20,50 50,50 80,50",  # H
    "22,2 22,50 22,98 | 78,2 50,28 24,54! 50,74 82,98",  # K
    "10,98 14,50 20,2! 36,34 50,66! 64,34 80,2! 86,50 90,98",  # M
    "10,30 12,60 14,96! 16,60 30,34 44,56 46,96! 50,56 64,34 80,56 84,96",  # m
    "18,98 18,50 18,2! 50,50 82,98! 82,50 82,2",  # N
    "20,20 22,60 24,98! 26,56 50,26 74,50 78,98",  # n
    "24,98 24,50 24,4! 60,2 78,24 60,48 26,50! 52,74 80,98",  # R
    "10,4 50,4 90,4 | 50,4 50,50 50,98",  # T
    "10,2 30,50 50,98! 70,50 90,2",  # V
    "6,2 18,50 28,98! 40,60 50,30! 60,60 72,98! 84,50 94,2",  # W
    "16,2 50,50 84,98 | 84,2 50,50 16,98",  # X
)

STEPS = 6  # points drawn from one control point to the next
PAGE = 96  # side of the page that `make` draws on, in pixels


@cache
def parse(form):
    """The control points (n, 2) of a form in the unit square, and its shape: a tuple of strokes, each a tuple
    that says of every point whether it is a corner.
    """
    strokes = [stroke.split() for stroke in form.split("|")]
    points = [point.rstrip("!").split(",") for stroke in strokes for point in stroke]
    shape = tuple(tuple(point.endswith("!") for point in stroke) for stroke in strokes)
    return np.array(points, float) / 100, shape


@lru_cache(1000)  # scrawls have corners anywhere
def spline(corners):
    """The matrix (m, n) that takes the n control points of a stroke to m points of the curve through them.

    A Catmull-Rom spline is linear in its control points. At an end or a corner the missing neighbour is the next
    point mirrored in this one, so that the curve sets out straight towards that.
    """
    n = len(corners)
    t = np.arange(STEPS)[:, None] / STEPS
    t2, t3 = t**2, t**3
    weights = np.hstack([-t + 2 * t2 - t3, 2 - 5 * t2 + 3 * t3, t + 4 * t2 - 3 * t3, t3 - t2]) / 2
    eye = np.eye(n)
    rows = []
    for i in range(n - 1):
        a, b = eye[i], eye[i + 1]
        before = 2 * a - b if i == 0 or corners[i] else eye[i - 1]
        after = 2 * b - a if i + 2 == n or corners[i + 1] else eye[i + 2]
        rows.append(weights @ [before, a, b, after])
    return np.vstack([*rows, eye[-1:]])


def vary(style, rng):
    """A style as a hand would write it this time: a list of strokes, each (m, 2) of x, y in the unit square."""
    shape = parse(style[0])[1]
    mix = rng.dirichlet(np.ones(len(style)))
    points = sum(share * parse(form)[0] for share, form in zip(mix, style, strict=True)) - 0.5
    points = points + rng.normal(0, 0.025, points.shape)

    # the hand's slant and lean, a slow bend of the whole, a narrow or a wide hand
    slant, lean, bow, sag = rng.normal([0.1, 0, 0, 0], [0.2, 0.05, 0.1, 0.1])
    x, y = points.T
    x, y = x - slant * y + bow * y * y, y + lean * x + sag * x * x
    points = np.stack([x * np.exp(rng.normal(0, 0.2)), y], axis=1)

    haste = rng.random()  # a hurried hand rounds its corners
    strokes, first = [], 0
    for corners in shape:
        last = first + len(corners)
        curve = (1 - haste) * spline(corners) + haste * spline((False,) * len(corners))
        strokes.append(curve @ points[first:last] + rng.normal(0, 0.02, 2))  # and misses where to set down the pen
        first = last
    return fill_square(strokes)


def fill_square(strokes):
    """The strokes moved and scaled so that their longer side fills the unit square, in its middle."""
    points = np.vstack(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = max((high - low).max(), 1e-3)  # a dot stays a dot
    return [(stroke - (low + high) / 2) / scale + 0.5 for stroke in strokes]


def write(digit, rng):
    """A drawing of `digit`, 0 to 9: a list of strokes, each (m, 2) of x, y in the unit square, y down."""
    styles = STYLES[digit]
    return vary(styles[rng.integers(len(styles))], rng)


def scribble(rng):
    """Strokes in the unit square that are not a digit: a letter, a scrawl, a hatching, a few ticks or two digits."""
    kind = rng.integers(5)
    if kind == 0:
        return vary((LETTERS[rng.integers(len(LETTERS))],), rng)
    if kind == 1:  # a scrawl: any points, joined by curves and lines
        curve = spline(tuple(rng.random(rng.integers(6, 16)) < rng.random()))
        return fill_square([curve @ rng.random((curve.shape[1], 2))])
    if kind == 2:  # a hatching, to and fro
        n = rng.integers(5, 14)
        zigzag = np.stack([np.linspace(0, 1, n), np.arange(n) % 2 * rng.uniform(0.4, 1.5)], axis=1)
        zigzag += rng.normal(0, 0.06, (n, 2))
        angle = rng.uniform(0, np.pi)
        turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        return fill_square([spline((rng.random() < 0.5,) * n) @ zigzag @ turn])
    if kind == 3:  # ticks, or dots if they are short
        n, length = rng.integers(3, 25), rng.uniform(0, 0.4)
        return fill_square([start + rng.normal(0, length, 2) * [[0], [1]] for start in rng.random((n, 2))])
    # two digits side by side
    left, right = write(rng.integers(10), rng), write(rng.integers(10), rng)
    step = (rng.uniform(0.7, 1), 0)
    return fill_square(left + [stroke + step for stroke in right])


def picture(strokes, rng):
    """Strokes of the unit square drawn with a pen of random width, as the network receives them: (28, 28) uint8."""
    side = PAGE * 0.7
    width = side * rng.uniform(0.05, 0.19)
    return ink.to_mnist(ink.draw([stroke * side + (PAGE - side) / 2 for stroke in strokes], width, PAGE))


def make(n, rng):
    """`n` drawn digits, each style as often: images (n, 28, 28) as MNIST's and labels (n,), both uint8."""
    styles = [(digit, style) for digit in STYLES for style in STYLES[digit]]
    chosen = [styles[i] for i in rng.permutation(np.arange(n) % len(styles))]
    images = np.stack([picture(vary(style, rng), rng) for _, style in chosen])
    return images, np.array([digit for digit, _ in chosen], np.uint8)


def scribbles(n, rng):
    """`n` images (n, 28, 28) uint8 of what is not a digit."""
    return np.stack([picture(scribble(rng), rng) for _ in range(n)])
