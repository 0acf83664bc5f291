"""Where everything in the window is: plain rectangles, from the window's size, its scale and the network's channels.

The smallest size that it is made for is 900 x 600; in a smaller window everything shrinks in proportion, down to
a half. Below that the window shows a part of it.
In larger ones text grows more slowly than the rest. `scale` makes of a window what it would be at a `scale`-th of its
size, enlarged. Where that is less than 900 x 600 the pictures give way to the text.
"""

import math
from typing import NamedTuple

SMALLEST = (900, 600)
OPENING = (1280, 800)
TEXT = 12  # pixels, in the smallest window
WIDEST, TALLEST = 1.95, 0.95  # times its other side, that panels are spread over; the rest of a window stays empty


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


def clipped(size):
    """The size that is laid out for a window's: below half of SMALLEST the window shows a part of it."""
    return tuple(max(side, least // 2) for side, least in zip(size, SMALLEST, strict=True))


def text_heights(size, scale):
    """Heights of text, in pixels: what `scale` asks for in a window of this size, and what always has room."""
    growth = min(side / least for side, least in zip(size, SMALLEST, strict=True))
    sure = max(1, int(TEXT * min(growth, growth**0.7)))
    if growth >= scale:
        return max(1, int(TEXT * scale * (growth / scale) ** 0.7)), sure
    return max(int(TEXT * scale), sure) if scale > 1 else sure, sure


class Layout:
    """The measures that all panels share, and the rectangles that they have placed so far.

    size: of the window; text: height of body text; gap: the spacing grid, every distance is a half, one or two of it
    panels: {name: Rect}; parts: {name: Rect}, everything in the panels, no two overlapping
    free: the room that no panel has taken yet
    fits: whether every panel placed so far has got the room that its text needs
    view: the panels that are placed; whole: whether no other one was left out for want of room
    """

    def __init__(self, size, text, channels, view, whole):
        self.size, self.text, self.view, self.whole, self.fits = size, text, view, whole, True
        self.gap = max(1, round(self.text * 0.66))
        self.half = self.gap // 2
        self.row, self.heading, self.caption = self.text * 2, round(self.text * 1.7), round(self.text * 1.25)
        self.channels = tuple(channels)  # cells of each stage
        self.panels, self.parts = {}, {}
        width, height = min(size[0], int(WIDEST * size[1])), min(size[1], int(TALLEST * size[0]))
        self.free = Rect((size[0] - width) // 2, (size[1] - height) // 2, width, height).inset(self.gap)
        for panel in view:
            panel.place(self)

    def needs(self, *lengths):
        """Note whether there is as much room as is needed: pairs (what there is, heights of text that are needed)."""
        self.fits = self.fits and all(there >= needed * self.text for there, needed in lengths)

    def within(self, size):
        """The height of text for a dialog of `size`, which is in heights of text: it all fits the window."""
        return max(1, min(self.text, *(int(side / (n + 3)) for side, n in zip(self.size, size, strict=True))))

    def bottom(self, name, height, gap):
        """Cut a panel from the bottom of the free room; `gap` is left above it."""
        free = self.free
        self.panels[name] = Rect(free.x, free.bottom - height, free.w, height)
        self.free = free._replace(h=free.h - height - gap)
        return self.panels[name]

    def left(self, name, width):
        """Cut a panel from the left of the free room."""
        free = self.free
        self.panels[name] = free._replace(w=width)
        self.free = Rect(free.x + width + self.gap, free.y, free.w - width - self.gap, free.h)
        return self.panels[name]

    def columns(self, stage):
        """The columns of a stage's grid of cells: as wide as high or twice that, and two for the outputs."""
        count = self.channels[stage]
        return 2 if stage == len(self.channels) - 1 else -(-count // 2 ** int(math.log2(math.sqrt(count))))

    def rows(self, stage):
        return -(-self.channels[stage] // self.columns(stage))

    def cell(self, stage, index):
        """The rectangle of one cell of a stage's grid."""
        box, columns, rows = self.parts[f"stage {stage}"], self.columns(stage), self.rows(stage)
        column, row = index % columns, index // columns
        x, y = box.x + box.w * column // columns, box.y + box.h * row // rows
        right, bottom = box.x + box.w * (column + 1) // columns, box.y + box.h * (row + 1) // rows
        return Rect(x, y, right - x, bottom - y)

    def cell_at(self, point):
        """The (stage, index) of the cell under a point, or None."""
        for stage, count in enumerate(self.channels):
            box, columns = self.parts.get(f"stage {stage}"), self.columns(stage)
            if box and box.holds(point):
                column = ((point[0] - box.x + 1) * columns - 1) // box.w
                row = ((point[1] - box.y + 1) * self.rows(stage) - 1) // box.h
                index = row * columns + column
                return (stage, index) if index < count else None
        return None

    def panel_of(self, part):
        return next(panel for panel in self.panels.values() if panel.holds(self.parts[part].middle))

    def part_at(self, point):
        return next((name for name, rect in self.parts.items() if rect.holds(point)), None)
