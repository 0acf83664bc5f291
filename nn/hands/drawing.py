"""How a hand draws a style: varied, curved, and by the window's own pen."""

from functools import cache, lru_cache

import numpy as np

from nn import ink
from nn.hands.styles import STYLES

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
