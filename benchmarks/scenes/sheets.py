"""Sheets of paper that digits are written on, and how a telephone sees them: what the kinds of situations.py share."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from nn import ink
from nn.hands import SIGNS, STYLES, vary

PLAIN = {0: (0, 1), 1: (0, 2, 9), 2: (0, 1), 3: (0, 2), 4: (0, 7, 8), 5: (0, 1), 6: (0, 2), 7: (0, 1, 2, 3),
         8: (0, 1, 4), 9: (0, 1)}  # fmt: skip
# Strokes of the marks between digits, in heights of a digit: x from the left, y from a digit's top.
MARKS = {
    ",": [[(0.1, 0.94), (0.12, 1.02), (0.03, 1.18)]],
    ".": [[(0.05, 0.98), (0.06, 0.98)]],
    ":": [[(0.05, 0.32)], [(0.05, 0.8)]],
    "-": [[(0, 0.56), (0.36, 0.53)]],
    "/": [[(0.42, -0.14), (0, 1.14)]],
    "'": [[(0.08, -0.06), (0.03, 0.2)]],
}
EURO, POUND = SIGNS[27], SIGNS[28]
LETTERS = SIGNS[:20]
BLACK, BLUE, RED, GREEN = (28, 28, 34), (28, 44, 130), (190, 32, 38), (20, 110, 60)
PENS = (BLACK, BLUE, BLACK, BLUE, RED, GREEN)
WHITE = (252, 252, 250)


@dataclass
class Picture:
    """A picture to write, and the number that it shows."""

    image: Image.Image
    truth: str
    ending: str = "png"
    options: dict = field(default_factory=dict)  # of Image.save


class Page:
    """An array (H, W, 3) of colours that is written on."""

    def __init__(self, rng, width=640, height=420, paper=WHITE):
        self.rng, self.width, self.height = rng, width, height
        self.colours = np.tile(np.float32(paper), (height, width, 1))

    def put(self, cover, x, y, colour):
        """Lay a colour on, as strong as the cover (h, w) of 0 to 1, whose corner lands at x, y."""
        x, y = round(x), round(y)
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + cover.shape[1], self.width), min(y + cover.shape[0], self.height)
        if left < right and top < bottom:
            some = cover[top - y : bottom - y, left - x : right - x, None]
            here = self.colours[top:bottom, left:right]
            here += (np.float32(colour) - here) * some

    def lines(self, strokes, width, colour, strength=1.0):
        """Straight lines through the points of each stroke, in pixels."""
        mask = Image.new("L", (2 * self.width, 2 * self.height))
        for stroke in strokes:
            ImageDraw.Draw(mask).line([(2 * x, 2 * y) for x, y in stroke], 255, max(round(2 * width), 1), "curve")
        self.put(np.asarray(mask.reduce(2), np.float32) / 255 * strength, 0, 0, colour)

    def disc(self, x, y, radius, colour):
        self.box(x - radius, y - radius, x + radius, y + radius, colour, radius)

    def box(self, left, top, right, bottom, colour, radius=0):
        mask = Image.new("L", (self.width, self.height))
        ImageDraw.Draw(mask).rounded_rectangle((left, top, right, bottom), radius, 255)
        self.put(np.asarray(mask, np.float32) / 255, 0, 0, colour)

    def type(self, text, x, y, size, colour):
        mask = Image.new("L", (self.width, self.height))
        ImageDraw.Draw(mask).text((x, y), text, 255, ImageFont.load_default(size))
        self.put(np.asarray(mask, np.float32) / 255, 0, 0, colour)

    def write(self, text, colour, height=None, at=None, **how):
        """Write a number; returns the box of its ink (left, top, right, bottom)."""
        height = height or self.rng.uniform(0.2, 0.4) * self.height
        cover = row(text, height, self.rng, **how)
        while cover.shape[1] > 0.8 * self.width:
            height *= 0.9
            cover = row(text, height, self.rng, **how)
        x, y = at or (self.rng.uniform(0.1 * self.width, 0.9 * self.width - cover.shape[1]),
                      self.rng.uniform(0.2, 0.8) * (self.height - cover.shape[0]))  # fmt: skip
        self.put(cover, x, y, colour)
        rows, columns = np.flatnonzero(cover.max(axis=1) > 0.5), np.flatnonzero(cover.max(axis=0) > 0.5)
        return x + columns[0], y + rows[0], x + columns[-1] + 1, y + rows[-1] + 1

    def grain(self, sigma):
        self.colours += self.rng.normal(0, sigma, self.colours.shape[:2])[..., None]

    def light(self, least):
        """Light that falls off to one side, down to `least` of it."""
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        angle = self.rng.uniform(0, 2 * np.pi)
        along = (x * np.cos(angle) + y * np.sin(angle)) / 2 + 0.5
        self.colours *= (1 - (1 - least) * np.clip(along, 0, 1) ** 1.5)[..., None]

    def image(self):
        return Image.fromarray(np.clip(np.rint(self.colours), 0, 255).astype(np.uint8))


def row(text, height, rng, pen=None, gap=0.22, touch=False):
    """The cover (H, W) float32 of a number in a row, of digits about `height` pixels high.

    pen: its width in heights; gap: the paper between two digits in heights; touch: they touch instead.
    """
    pen = pen or rng.uniform(0.08, 0.13)
    width = max(pen * height, 1.6)
    whole = np.zeros((round(1.9 * height + 2 * width), round(len(text) * (1.6 + gap) * height + 4 * width)), np.float32)
    right = round(width)
    for char in text:
        size = height * rng.uniform(0.93, 1.07)
        strokes = [np.array(stroke, float) for stroke in (MARKS[char] if char in MARKS else shape(char, rng))]
        points = np.vstack(strokes)
        least = points[:, 0].min()
        top = 0.4 * height + rng.normal(0, 0.03 * height) + width
        inked = [(stroke - (least, 0)) * size + (width, top) for stroke in strokes]
        wide = int(np.ptp(points[:, 0]) * size + 2 * width) + 1
        side = max(wide, whole.shape[0])
        cover = ink.draw(inked, width, side)[: whole.shape[0], :wide].astype(np.float32) / 255
        x = right + round(gap * height * rng.uniform(0.75, 1.25)) if right > width else right
        if touch and right > width:
            x, nearest = right, max(right - 0.4 * height, 0)
            while x > nearest and np.count_nonzero(whole[:, x : x + wide] * cover > 0.4) < width / 2:
                x -= 1
        np.maximum(whole[:, x : x + wide], cover, out=whole[:, x : x + wide])
        right = x + wide - round(width)
    return whole[:, : right + round(2 * width)]


def shape(char, rng):
    """The strokes of a digit or a sign, one height high."""
    strokes = inked(char, rng) if char.isdigit() else vary(({"€": EURO, "£": POUND}[char],), rng)
    points = np.vstack(strokes)
    low, high = points[:, 1].min(), points[:, 1].max()
    return [(stroke - (0, low)) / (high - low) for stroke in strokes]


def inked(digit, rng):
    """The strokes of a digit in the unit square."""
    return vary(STYLES[int(digit)][rng.choice(PLAIN[int(digit)])], rng)


def number(rng, least=1, most=5):
    return "".join(str(rng.integers(10)) for _ in range(rng.integers(least, most + 1)))


def pen(rng):
    return PENS[rng.integers(len(PENS))]


def photo(page, truth, rng, least=0.6, sigma=3.0):
    """A page as a telephone sees it: askew, in uneven light, with grain and a lens that isn't sharp, as JPEG."""
    page.light(least)
    W, H = page.width, page.height
    dx, dy = 0.05 * W, 0.05 * H
    corners = [(0, 0), (0, H), (W, H), (W, 0)]
    quad = [v for x, y in corners for v in (x + (dx if x == 0 else -dx) * rng.random() ** 0.5,
                                            y + (dy if y == 0 else -dy) * rng.random() ** 0.5)]  # fmt: skip
    seen = page.image().transform((W, H), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    seen = seen.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.1)))
    levels = np.asarray(seen, np.float32) + rng.normal(0, sigma, (H, W, 1)) + rng.normal(0, sigma / 2, (H, W, 3))
    image = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    return Picture(image, truth, "jpg", {"quality": int(rng.integers(70, 92))})
