"""Where everything in the window is: plain rectangles, from the window's size, its scale and the network's channels.

The smallest size that it is made for is 900 x 600; in a smaller window everything shrinks in proportion, down to
a half. Below that the window shows a part of it.
In larger ones text grows more slowly than the rest, unless `scale` asks for more.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

SMALLEST = (900, 600)
OPENING = (1280, 800)
TEXT = 12  # pixels, in the smallest window
TOOLS = (  # the rows of controls under the pad, left to right
    (("pen", 1), ("eraser", 1), ("width", 2)),
    (("undo", 1), ("redo", 1), ("clear", 1), ("live", 1)),
    (("predict", 1), ("random", 1), ("mistake", 1), ("open", 1)),
)
STEPS = 5  # pictures in the strip of steps
TILES = ("gradient", "occlusion", "plain")  # small views beside the large one
CHANNELS = (32, 32, 64, 64, 64, 64, 10)  # cells of each stage of the digit network


class Rect(NamedTuple):
    x: int
    y: int
    w: int
    h: int

    @property
    def right(self):
        return self.x + self.w

    @property
    def bottom(self):
        return self.y + self.h

    @property
    def middle(self):
        return self.x + self.w // 2, self.y + self.h // 2

    def holds(self, point):
        return self.x <= point[0] < self.right and self.y <= point[1] < self.bottom

    def inset(self, by):
        return Rect(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)


@dataclass(frozen=True)
class Layout:
    size: tuple[int, int]
    text: int  # height of body text
    gap: int  # the spacing grid: every distance is a half, one or two of it
    panels: dict[str, Rect]  # ink, receives, thinks, how, status
    parts: dict[str, Rect]  # everything in the panels; no two overlap
    channels: tuple[int, ...]  # cells of each stage

    def cell(self, stage, index):
        """The rectangle of one cell of a stage's grid."""
        box, (columns, rows) = self.parts[f"stage {stage}"], grid(self.channels, stage)
        column, row = index % columns, index // columns
        x, y = box.x + box.w * column // columns, box.y + box.h * row // rows
        right, bottom = box.x + box.w * (column + 1) // columns, box.y + box.h * (row + 1) // rows
        return Rect(x, y, right - x, bottom - y)

    def cell_at(self, point):
        """The (stage, index) of the cell under a point, or None."""
        for stage, count in enumerate(self.channels):
            box, (columns, rows) = self.parts[f"stage {stage}"], grid(self.channels, stage)
            if box.holds(point):
                column = ((point[0] - box.x + 1) * columns - 1) // box.w
                row = ((point[1] - box.y + 1) * rows - 1) // box.h
                index = row * columns + column
                return (stage, index) if index < count else None
        return None

    def part_at(self, point):
        return next((name for name, rect in self.parts.items() if rect.holds(point)), None)


def grid(channels, stage):
    """Columns and rows of a stage's cells: as wide as high or twice that, and two columns for the outputs."""
    count = channels[stage]
    if stage == len(channels) - 1:
        return 2, -(-count // 2)
    rows = 2 ** int(math.log2(math.sqrt(count)))
    return -(-count // rows), rows


def layout(size, scale=1.0, channels=CHANNELS):
    """The Layout of a window of `size` (width, height) in pixels."""
    width, height = (max(side, least // 2) for side, least in zip(size, SMALLEST, strict=True))
    growth = min(width / SMALLEST[0], height / SMALLEST[1])
    text = max(1, int(TEXT * min(growth, max(growth, 1) ** 0.7 * scale)))
    gap = max(1, round(text * 0.66))
    half, row, heading, caption = gap // 2, text * 2, round(text * 1.7), round(text * 1.25)
    parts = {}

    # the feature maps take the whole width, and what height that leaves them
    arrow = gap + half
    shapes = [grid(channels, stage) for stage in range(len(channels))]
    spans = [columns / rows for columns, rows in shapes[:-1]] + [0.6]
    inner = width - 4 * gap - arrow * (len(channels) - 1)
    side = int(min(inner / sum(spans), height * 0.3))
    how_height = 2 * gap + heading + 2 * caption + side
    status = Rect(gap, height - 2 * text - half, width - 2 * gap, 2 * text)
    how = Rect(gap, status.y - half - how_height, width - 2 * gap, how_height)
    x = how.x + gap + int(inner - side * sum(spans)) // 2
    for stage, span in enumerate(spans):
        w = int(side * span)
        parts[f"caption {stage}"] = Rect(x, how.y + gap + heading, w, 2 * caption)
        parts[f"stage {stage}"] = Rect(x, how.y + gap + heading + 2 * caption, w, side)
        x += w + arrow
    parts["how title"] = Rect(how.x + gap, how.y + gap, how.w - 2 * gap, heading)

    # the pad is a square, as large as the height or 37 % of the width allow
    top, tall = gap, how.y - 2 * gap
    tools = len(TOOLS) * row + (len(TOOLS) - 1) * half
    pad = int(min(tall - 2 * gap - heading - gap - tools, width * 0.37 - 2 * gap))
    ink = Rect(gap, top, pad + 2 * gap, tall)
    parts["ink title"] = Rect(ink.x + gap, ink.y + gap, pad, heading)
    parts["pad"] = Rect(ink.x + gap, ink.y + gap + heading, pad, pad)
    y = parts["pad"].bottom + gap
    for tools_row in TOOLS:
        x, units = ink.x + gap, sum(share for _, share in tools_row)
        for name, share in tools_row:
            w = (pad - half * (units - 1)) * share // units + half * (share - 1)
            parts[name] = Rect(x, y, w, row)
            x += w + half
        y += row + half

    # of the two other panels, the middle one takes what its pictures can use
    rest = width - ink.right - 3 * gap
    block = _receives(parts, Rect(ink.right + 2 * gap, top + gap, int(rest * 0.54) - 2 * gap, tall - 2 * gap),
                      gap, heading, caption, text)  # fmt: skip
    receives = Rect(ink.right + gap, top, block + 2 * gap, tall)
    thinks = Rect(receives.right + gap, top, rest - receives.w, tall)
    _thinks(parts, thinks.inset(gap), gap, heading, row, text)

    w = int(status.w * 0.6)
    parts["message"] = Rect(status.x, status.y, w, status.h)
    parts["model"] = Rect(status.x + w, status.y, status.w - w, status.h)
    panels = {"ink": ink, "receives": receives, "thinks": thinks, "how": how, "status": status}
    return Layout((width, height), text, gap, panels, parts, tuple(channels))


def _receives(parts, inner, gap, heading, caption, text):
    """The parts of the middle panel, in a rectangle that may be wider than they need. Returns the width they take."""
    half, readout, count = gap // 2, text * 3, len(TILES)
    # The small views beside the large one are together as high as it is: tile = large / count - captions. So the
    # width is large (1 + 1 / count) + extra, a step's side a STEPS-th of that, and both must fit what there is.
    captions = caption + half * (count - 1) / count
    extra, gaps = gap - captions, half * (STEPS - 1)
    widest = (inner.w - extra) / (1 + 1 / count)
    spare = inner.h - heading - caption - gap - readout - (extra - gaps) / STEPS
    highest = spare / (1 + (1 + 1 / count) / STEPS)
    large = int(min(widest, highest))
    tile = int(large / count - captions)
    width = large + gap + tile
    parts["receives title"] = Rect(inner.x, inner.y, width, heading)

    y, side = inner.y + heading, (width - half * (STEPS - 1)) // STEPS
    for step in range(STEPS):
        parts[f"step {step}"] = Rect(inner.x + (width - side) * step // (STEPS - 1), y, side, side + caption)
    y += side + caption + gap
    parts["large"] = Rect(inner.x, y, large, large)
    for i, name in enumerate(TILES):
        down = (large - tile - caption) * i // (count - 1)
        parts[name] = Rect(inner.x + large + gap, y + down, tile, tile + caption)
    parts["readout"] = Rect(inner.x, y + large, width, readout)
    return width


def _thinks(parts, inner, gap, heading, row, text):
    half = gap // 2
    button = text * 5
    parts["thinks title"] = Rect(inner.x, inner.y, inner.w - 2 * button - half, heading)
    parts["theme"] = Rect(inner.right - 2 * button - half, inner.y - half // 2, button, heading)
    parts["help"] = Rect(inner.right - button, inner.y - half // 2, button, heading)
    parts["learn"] = Rect(inner.x, inner.bottom - row, inner.w, row)
    parts["hand"] = Rect(inner.x, parts["learn"].y - half - 3 * text, inner.w, 3 * text)
    top, bottom = inner.y + heading + half, parts["hand"].y - gap
    answer = int((bottom - top) * 0.38)
    digit = min(answer, int(inner.w * 0.45))
    parts["digit"] = Rect(inner.x, top, digit, answer)
    parts["verdict"] = Rect(inner.x + digit + gap, top, inner.w - digit - gap, answer)
    bars = Rect(inner.x, top + answer + half, inner.w, bottom - top - answer - half)
    for digit in range(10):
        y = bars.y + bars.h * digit // 10
        parts[f"bar {digit}"] = Rect(bars.x, y, bars.w, bars.y + bars.h * (digit + 1) // 10 - y)
