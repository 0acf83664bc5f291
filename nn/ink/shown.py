"""A picture of how a page was read: the picture itself, and its ink, each digit's in a colour of its own."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn import words
from nn.files import write_whole
from nn.ink.strokes import INK

SIDE = 640  # pixels of the longer side of each half
DIGITS = ((32, 96, 255), (0, 140, 70), (150, 60, 190), (200, 120, 0))  # in turn
LEFT_OUT, PAPER, TEXT = (208, 48, 48), (0, 150, 150), (32, 32, 32)
MOST_LINES = 12  # of reasons


def tinted(reading):
    """The ink of a `Reading` (H, W, 3) uint8 on white: each digit in the next of DIGITS, so that cuts and joins show;
    red what was left out; grey what is too weak to count.
    """
    strength = reading.ink.astype(float)[..., None] / 255
    colours = np.empty((*reading.ink.shape, 3))
    colours[:] = 128
    colours[reading.ink >= INK] = LEFT_OUT
    for digit in reading.digits:
        left, top, right, bottom = digit.box
        own = digit.page[top:bottom, left:right] > 0
        colours[top:bottom, left:right][own] = DIGITS[digit.place % len(DIGITS)]
    return np.rint(255 - strength * (255 - colours)).astype(np.uint8)


def told(reading, threshold):
    """How a `Reading` came about, in lines for people: as what, seen how, what is in doubt and what was left out."""
    lines = [f"Read as {reading.number or 'nothing'}, seen as {reading.view or 'ink'}. {reading.note}".strip()]
    lines += [f"In doubt: {reading.doubt}."] if reading.doubt else []
    for digit in reading.digits:
        made = [f"joined of {digit.pieces} pieces"] if digit.pieces > 1 else []
        made += ["cut from the digit before it"] if digit.cut else []
        if made or words.verdict(digit.probabilities, threshold) != "sure":
            said = words.sentence(digit.probabilities, threshold)
            lines.append(f"Digit {digit.place + 1}, {digit.digit}: {', '.join([said.rstrip('.').lower(), *made])}.")
    reasons = {}
    for _, why in reading.left_out:
        reasons[why] = reasons.get(why, 0) + 1
    lines += [f"Left out: {why}" + (f", {count} times" if count > 1 else "") + "." for why, count in reasons.items()]
    rest = len(lines) - MOST_LINES
    return lines if rest <= 1 else [*lines[:MOST_LINES], f"And {rest} lines more."]


def near(reading):
    """The box (left, top, right, bottom) on the page around all digits and what was left out of their size."""
    height, width = reading.ink.shape
    boxes = [digit.box for digit in reading.digits]
    if not boxes:
        return 0, 0, width, height
    usual = np.median([bottom - top for _, top, _, bottom in boxes])
    boxes += [box for box, _ in reading.left_out if box[3] - box[1] > usual / 4]
    left, top, right, bottom = np.array(boxes).T
    room = int(usual)
    return (int(max(left.min() - room, 0)), int(max(top.min() - room, 0)),
            int(min(right.max() + room, width)), int(min(bottom.max() + room, height)))  # fmt: skip


def explain(path, page, reading, threshold):
    """Write a PNG file that shows how a `Page` was read: `beside`'s two pictures, and under them `told`'s lines.

    Raises OSError where `path` can't be written.
    """
    left, right = beside(page.levels.colours.astype(np.uint8), reading, threshold)
    lines, high = told(reading, threshold), max(left.height, right.height)
    whole = Image.new("RGB", (2 * SIDE + 8, high + 22 * len(lines) + 12), "white")
    whole.paste(left, (0, 0))
    whole.paste(right, (SIDE + 8, 0))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(16)
    pen.line([(SIDE + 4, 0), (SIDE + 4, high)], "lightgrey")
    pen.line([(0, high), (whole.width, high)], "lightgrey")
    for k, line in enumerate(lines):
        pen.text((6, high + 6 + 22 * k), line, TEXT, font)
    file = io.BytesIO()
    whole.save(file, "PNG")
    write_whole(path, file.getvalue())


def beside(colours, reading, threshold, sides=(SIDE, SIDE)):
    """Two PIL images, each as large as fits `sides` (width, height), of a picture's `colours` (H, W, 1 or 3) uint8.

    The first is the picture, with a green frame around its paper where that is a part of it, and a grey one around what
    the second enlarges: the ink, each digit in a colour of its own and in a box, red what was left out.
    """
    picture = Image.fromarray(colours if colours.shape[2] == 3 else colours[..., 0]).convert("RGB")
    area = near(reading)
    left, scale = _enlarged(picture, sides)
    pen = ImageDraw.Draw(left)
    for box, colour in ((area, "grey"), (reading.paper, PAPER)):
        if box:
            pen.rectangle([round(side * scale) for side in box], outline=colour, width=2)
    right, scale = _enlarged(Image.fromarray(tinted(reading)).crop(area), sides)
    pen, font = ImageDraw.Draw(right), ImageFont.load_default(16)

    def frame(box, colour):
        box = [round((side - area[k % 2]) * scale) for k, side in enumerate(box)]
        pen.rectangle(box, outline=colour)
        return box

    for box, _ in reading.left_out:
        frame(box, LEFT_OUT)
    for digit in reading.digits:
        colour = DIGITS[digit.place % len(DIGITS)]
        x, y, _, _ = frame(digit.box, colour)
        doubt = words.verdict(digit.probabilities, threshold, reading.doubt) in ("unsure", "no digit")
        pen.text((x + 2, max(y - 19, 0)), f"{digit.digit}{'?' if doubt else ''}", colour, font, stroke_width=2,
                 stroke_fill="white")  # fmt: skip
    return left, right


def _enlarged(picture, sides):
    """A picture as large as fits `sides` (width, height), and how many times as large it is."""
    scale = min(most / side for most, side in zip(sides, picture.size, strict=True))
    size = [max(round(side * scale), 1) for side in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST), scale
