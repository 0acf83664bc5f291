"""A picture of how a page was read: the picture, and beside it its ink, the digits' boxes and what was left out."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn import words
from nn.files import write_whole

SIDE = 640  # pixels of the longer side of each half
LEFT_OUT, FOUND, TEXT = "#c04040", "#2060ff", "#202020"


def explain(path, page, reading, threshold):
    """Write a PNG file that shows how a `Page` was read: left the picture, right what was taken for ink.

    Blue boxes are digits, with their word of doubt; red ones are what was left out, with the reasons below.
    Raises OSError where `path` can't be written.
    """
    colours = page.levels.colours.astype(np.uint8)
    height, width = page.ink.shape
    scale = SIDE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    left = Image.fromarray(colours if colours.shape[2] == 3 else colours[..., 0]).convert("RGB").resize(size)
    right = Image.fromarray(255 - reading.ink).convert("RGB").resize(size)
    font = ImageFont.load_default(14)
    pen = ImageDraw.Draw(right)
    reasons = {}
    for box, why in reading.left_out:
        reasons[why] = reasons.get(why, 0) + 1
        pen.rectangle([side * scale for side in box], outline=LEFT_OUT)
    for digit in reading.digits:
        x, y, *end = (side * scale for side in digit.box)
        pen.rectangle([x, y, *end], outline=FOUND, width=2)
        pen.text((x, max(y - 17, 0)), f"{digit.digit} {words.verdict(digit.probabilities, threshold)}", FOUND, font)
    lines = [f"Read as {reading.number or 'nothing'}, by: {reading.view or 'the ink as it is'}. {page.note}"]
    lines += [f"Left out: {why}" + (f" ({count} times)" if count > 1 else "") for why, count in reasons.items()]
    whole = Image.new("RGB", (max(2 * size[0] + 8, SIDE), size[1] + 20 * len(lines) + 12), "white")
    whole.paste(left, (0, 0))
    whole.paste(right, (size[0] + 8, 0))
    for k, line in enumerate(lines):
        ImageDraw.Draw(whole).text((6, size[1] + 6 + 20 * k), line, TEXT, font)
    file = io.BytesIO()
    whole.save(file, "PNG")
    write_whole(path, file.getvalue())
