"""What is no digit, so that a network can learn to doubt: scribbles, signs, and digits wrongly cut or joined."""

import numpy as np

from nn.hands.drawing import fill_square, picture, spline, vary, write
from nn.hands.styles import SIGNS

# The sides of a digit cut in two that look like no other digit: half a 0 is a 1, and the right half of an 8 a 3.
SIDES = [(2, "left"), (2, "right"), (3, "left"), (4, "left"), (5, "left"), (6, "right"), (8, "left"),
         (9, "left")]  # fmt: skip


def scribble(rng):
    """Strokes in the unit square that are not a digit, of any of KINDS."""
    return fill_square(KINDS[rng.integers(len(KINDS))](rng))


def sign(rng):
    """A letter, a currency sign, a hyphen ..."""
    return vary((SIGNS[rng.integers(len(SIGNS))],), rng)


def scrawl(rng):
    """Any points, joined by curves and lines."""
    curve = spline(tuple(rng.random(rng.integers(6, 16)) < rng.random()))
    return [curve @ rng.random((curve.shape[1], 2))]


def hatching(rng):
    """To and fro."""
    n = rng.integers(5, 14)
    zigzag = np.stack([np.linspace(0, 1, n), np.arange(n) % 2 * rng.uniform(0.4, 1.5)], axis=1)
    zigzag += rng.normal(0, 0.06, (n, 2))
    angle = rng.uniform(0, np.pi)
    turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return [spline((rng.random() < 0.5,) * n) @ zigzag @ turn]


def ticks(rng):
    """Short strokes anywhere, or dots."""
    n, length = rng.integers(3, 25), rng.uniform(0, 0.4)
    return [start + rng.normal(0, length, 2) * [[0], [1]] for start in rng.random((n, 2))]


def neighbours(rng):
    """Two or three digits side by side, touching or not."""
    strokes, right = [], 0.0
    for _ in range(2 + (rng.random() < 0.2)):
        digit = write(rng.integers(10), rng)
        left = np.vstack(digit)[:, 0].min()
        shift = right - left + rng.uniform(-0.08, 0.3), rng.normal(0, 0.1)
        strokes += [stroke + shift for stroke in digit]
        right = np.vstack(strokes)[:, 0].max()
    return strokes


def part(rng):
    """One side of a digit, cut from top to bottom."""
    digit, side = SIDES[rng.integers(len(SIDES))]
    strokes = write(digit, rng)
    x = np.vstack(strokes)[:, 0]
    cut = x.min() + rng.uniform(0.35, 0.6) * np.ptp(x)
    kept = []
    for stroke in strokes:
        inside = stroke[:, 0] < cut if side == "left" else stroke[:, 0] > cut
        runs = np.split(stroke, np.flatnonzero(np.diff(inside)) + 1)  # alternately inside and outside
        kept += runs[0 if inside[0] else 1 :: 2]
    return kept


def on_a_line(rng):
    """A digit and a piece of a printed line much longer than it, or of a box's corner."""
    strokes = write(rng.integers(10), rng)
    level, length, start = rng.uniform(-0.2, 1.2), rng.uniform(1.6, 3), rng.uniform(0, 1)
    ends = np.array([[0.5 - start * length, level], [0.5 + (1 - start) * length, level]])
    if rng.random() < 0.3:
        ends = np.vstack([ends, ends[-1] + [0, rng.choice([-1, 1]) * rng.uniform(0.8, 2)]])
    return [*strokes, ends[:, ::-1] if rng.random() < 0.3 else ends]


def enclosed(rng):
    """A digit in a circle or a box."""
    n = rng.choice([4, 24])
    angle = np.pi / 4 + np.arange(n + 1) * 2 * np.pi / n
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(0.75, 1.1, 2) * (1 if n > 4 else 1.2)
    return [*write(rng.integers(10), rng), 0.5 + around + rng.normal(0, 0.03, 2)]


KINDS = [sign, sign, sign, scrawl, hatching, ticks, neighbours, neighbours, part, on_a_line, enclosed]


def scribbles(n, rng):
    """`n` images (n, 28, 28) uint8 of what is not a digit."""
    return np.stack([picture(scribble(rng), rng) for _ in range(n)])
