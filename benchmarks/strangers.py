"""What is no digit, for benchmarks: marks that nn/hands never draws, typed letters and signs, digits wrongly joined.

`kinds` gives them as the network receives them. Typed ones are of the 21 fonts that come with matplotlib.
"""

import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn import hands, ink

MARKS = {
    "P": "24,98 24,50 24,4! 60,4 80,26 60,50 26,52",
    "h": "26,2 24,50 24,98! 28,62 52,46 72,64 74,98",
    "k": "26,2 25,50 24,98 | 70,36 46,54 26,68! 50,80 74,98",
    "e": "18,52 50,52 80,46 70,18 46,14 20,40 24,80 52,96 82,84",
    "house": "14,46 14,70 14,96! 50,96 86,96! 86,70 86,46! 68,24 50,4! 32,24 14,46! 50,46 86,46",
    "hash": "34,2 30,50 26,98 | 74,2 70,50 66,98 | 8,34 50,33 92,32 | 6,68 50,67 90,66",
    "star": "20,98 35,50 50,2! 65,50 80,98! 45,66 4,36! 50,37 96,36! 55,68 20,98",
    "arrow": "4,50 50,50 94,50 | 64,22 80,36 96,50! 80,64 64,78",
    "triangle": "50,6 28,50 6,92! 50,92 94,92! 72,50 50,6",
    "heart": "50,96 20,62 6,34 26,8 50,30! 74,8 94,34 80,62 50,96",
    "plus": "50,6 50,50 50,94 | 6,50 50,50 94,50",
    "face": "50,2 12,20 4,60 30,94 70,94 96,60 88,20 50,2 | 34,34 34,42 | 66,34 66,42 | 28,64 50,78 72,64",
    "coil": "4,50 16,20 26,50 16,80 20,40 36,20 44,50 34,80 38,40 54,20 62,50 52,80 56,40 74,20 82,50 72,80 96,60",
}
# Letters that people take for digits, where nothing stands beside them: 8 0 6 1 0 0 5 2, 6 9 1 0 9 5 2.
LIKE_DIGITS = "BDGIOQSZbgloqsz"
SIGNS = "&@#%?$€£+=*<>{}~^\""
FONTS = ("DejaVuSans", "DejaVuSerif", "STIXGeneral", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")


def marks(rng, each=200):
    """{kind: images (each, 28, 28)}: MARKS as a hand draws them, and noise."""
    drawn = {name: [hands.picture(hands.vary((form,), rng), rng) for _ in range(each)] for name, form in MARKS.items()}
    images = {name: np.stack(pictures) for name, pictures in drawn.items()}
    images["noise"] = rng.integers(0, 256, (each, 28, 28), dtype=np.uint8)
    return images


def typed(characters):
    """{character: images (21, 28, 28)}: each in all fonts."""
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    names = [path for path in sorted(folder.glob("*.ttf")) if path.stem.startswith(FONTS)]
    fonts = [ImageFont.truetype(str(path), 120) for path in names if "Display" not in path.stem]

    def image(character, font):
        sheet = Image.new("L", (300, 300))
        ImageDraw.Draw(sheet).text((150, 150), character, fill=255, font=font, anchor="mm")
        return ink.to_mnist(np.asarray(sheet))

    return {character: np.stack([image(character, font) for font in fonts]) for character in characters}


def joined(images, rng, each=200):
    """{kind: images (each, 28, 28)} made of MNIST's digits: two that touch, one with a piece of a printed line under it
    or beside it, and one in a frame.
    """
    def cropped():
        image = images[rng.integers(len(images))]
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    def pair():
        left, right = cropped(), cropped()
        page = np.zeros((40, 60), np.uint8)
        step, top = left.shape[1] - rng.integers(0, 4), rng.integers(0, 8)
        page[10 : 10 + len(left), 8 : 8 + left.shape[1]] = left
        place = page[6 + top : 6 + top + len(right), 8 + step : 8 + step + right.shape[1]]
        np.maximum(place, right, out=place)
        return page

    def lined(upright):
        digit = cropped()
        page = np.zeros((80, 80), np.uint8)
        page[30 : 30 + len(digit), 30 : 30 + digit.shape[1]] = digit
        at = rng.integers(30 + len(digit) - 1, 30 + len(digit) + 3)
        start = rng.integers(0, 20)
        page[at : at + rng.integers(1, 4), start : start + rng.integers(45, 60)] = 255
        return page.T if upright else page

    def framed():
        digit = cropped()
        page = np.zeros((60, 60), np.uint8)
        gap, pen = rng.integers(2, 7), rng.integers(1, 4)
        low, high = 30 - 10 - gap - pen, 30 + 10 + gap + pen
        page[low:high, low:high] = 255
        page[low + pen : high - pen, low + pen : high - pen] = 0
        top, left = 30 - len(digit) // 2, 30 - digit.shape[1] // 2
        place = page[top : top + len(digit), left : left + digit.shape[1]]
        np.maximum(place, digit, out=place)
        return page

    makers = {"two digits": pair, "digit on a line": lambda: lined(False), "digit beside a line": lambda: lined(True),
              "digit in a frame": framed}  # fmt: skip
    return {name: np.stack([ink.to_mnist(make()) for _ in range(each)]) for name, make in makers.items()}


def kinds(images, seed=0):
    """{kind: images (n, 28, 28)}: all of the above; a letter or a sign is a kind in itself, those LIKE_DIGITS left out.
    `images` are MNIST's, for `joined`.
    """
    rng = np.random.default_rng(seed)
    letters = [letter for letter in string.ascii_letters if letter not in LIKE_DIGITS]
    return marks(rng) | {f"typed {c}": a for c, a in typed([*letters, *SIGNS]).items()} | joined(images, rng)
