"""A drawing as strokes: plain data, so that undo, redo, resizing and replay lose nothing.

Coordinates are those of the unit square of the pad, x right, y down. A stroke may leave the square.

A session file is JSON:

    {"format": "digit strokes", "version": 1,
     "strokes": [{"width": 0.09, "erases": false, "points": [[x, y, seconds], ...]}, ...]}

`width` is the pen's diameter, also in sides of the pad, and `seconds` count from the first touch. A session has at most
MOST_POINTS points in MOST_STROKES strokes: half an hour of drawing.
"""

import json
import math
from dataclasses import dataclass, field

import numpy as np

from nn.files import parse_json, read_bytes, write_whole

FORMAT = {"format": "digit strokes", "version": 1}
READABLE = [("digit strokes", 1), ("labelled digit", 1)]  # a kept drawing, hand.py's, holds the same strokes
PEN = 0.09  # the default pen: a digit three quarters of the pad high then gets MNIST's median pen
THINNEST, THICKEST = 0.02, 0.25
ERASER = 1.6  # the eraser's width in pens
MOST_POINTS, MOST_STROKES = 20_000, 2000  # of a session or a kept drawing
LARGEST = 4_000_000  # bytes of its file
MOST_STATES, MOST_BYTES = 200, 50_000_000  # that undo can go back to, and that their pictures take
DOT = 0.25  # ink that keeps within this many pads, and is hardly longer than wide, is a dot


@dataclass(eq=False)
class Stroke:
    """One touch of the pen or the eraser. `points` grows while the pen is down and is then left alone."""

    width: float
    erases: bool = False
    points: list[tuple[float, float, float]] = field(default_factory=list)  # x, y, seconds


@dataclass(frozen=True, eq=False)
class Picture:
    """Ink that came from elsewhere: a file, or a digit of the test set."""

    ink: np.ndarray  # (H, W) uint8, 0 paper to 255 ink
    name: str
    label: int | None = None  # the digit that it is known to show
    doubt: str = ""  # that of its file's `nn.ink.reading.Reading`


class Drawing:
    """Everything on the pad, and the last MOST_STATES states that it was in before."""

    def __init__(self):
        self.states = [()]  # tuples of marks, each a Stroke or a Picture, the first lowest
        self.now = 0
        self.forgotten = 0  # how many states before these undo can't go back to any more
        self.stroke = None  # the stroke under way

    @property
    def marks(self):
        return (*self.states[self.now], self.stroke) if self.stroke else self.states[self.now]

    @property
    def state(self):
        """The number of the present state, which stays its own when earlier ones are forgotten."""
        return self.forgotten + self.now

    @property
    def strokes(self):
        return [mark for mark in self.marks if isinstance(mark, Stroke)]

    @property
    def picture(self):
        """The picture that the pad shows untouched, or None."""
        marks = self.marks
        return marks[0] if len(marks) == 1 and isinstance(marks[0], Picture) else None

    def become(self, marks):
        """Replace the marks. What was undone before is then gone for good."""
        self.lift()
        self.states[self.now + 1 :] = [tuple(marks)]
        self.now += 1
        while len(self.states) > MOST_STATES or (self.now and self._bytes() > MOST_BYTES):
            del self.states[0]
            self.now, self.forgotten = self.now - 1, self.forgotten + 1

    def _bytes(self):
        """How much the pictures in all states take: a picture is a state's first mark, and stands in many states."""
        lowest = {state[0] for state in self.states if state}
        return sum(mark.ink.nbytes for mark in lowest if isinstance(mark, Picture))

    def touch(self, x, y, seconds, width, erases=False):
        self.lift()
        self.stroke = Stroke(width, erases, [(x, y, seconds)])

    def move(self, x, y, seconds):
        if self.stroke and (x, y) != self.stroke.points[-1][:2]:
            self.stroke.points.append((x, y, seconds))

    def lift(self):
        if self.stroke:
            stroke, self.stroke = self.stroke, None
            self.become((*self.marks, stroke))

    def clear(self):
        if self.marks:
            self.become(())

    def undo(self):
        """Go back one state. Returns whether there was one."""
        self.lift()
        self.now -= (possible := self.now > 0)
        return possible

    def redo(self):
        self.lift()
        self.now += (possible := self.now + 1 < len(self.states))
        return possible


def extent(strokes):
    """Left, top, right and bottom of what the pen drew, its width left out, or None."""
    points = [point for stroke in strokes if not stroke.erases for point in stroke.points]
    if not points:
        return None
    x, y, _ = zip(*points, strict=True)
    return min(x), min(y), max(x), max(y)


def is_dot(strokes):
    """Whether the pen has hardly moved yet."""
    box = extent(strokes)
    if box is None:
        return False
    pen = max(stroke.width for stroke in strokes if not stroke.erases)
    return max(box[2] - box[0], box[3] - box[1]) < min(pen, DOT)


def pen_in_box(strokes, width):
    """The pen's diameter in pixels of the 20-pixel box that MNIST's rule puts around the ink.

    An empty pad, or a dot, counts as if a digit three quarters of the pad high stood there.
    """
    box = extent(strokes)
    side = 0.75 if box is None or is_dot(strokes) else max(box[2] - box[0], box[3] - box[1]) + width
    return 20 * width / max(side, 10 / 128)


def to_json(strokes):
    """Strokes as plain lists and dicts, their times counted from the first touch. ValueError if they are too many."""
    check_count(len(strokes), sum(len(stroke.points) for stroke in strokes))
    start = min((stroke.points[0][2] for stroke in strokes), default=0)
    return [
        {
            "width": round(stroke.width, 5),
            "erases": stroke.erases,
            "points": [[round(x, 5), round(y, 5), round(t - start, 4)] for x, y, t in stroke.points],
        }
        for stroke in strokes
    ]


def from_json(entries):
    """The inverse of `to_json`. Raises ValueError for anything else."""
    try:
        check_count(len(entries), sum(len(entry["points"]) for entry in entries))
    except (TypeError, KeyError):
        raise ValueError("its strokes are no list of strokes") from None
    try:
        strokes = []
        for entry in entries:
            points = [(float(x), float(y), float(t)) for x, y, t in entry["points"]]
            strokes.append(Stroke(float(entry["width"]), bool(entry["erases"]), points))
    except (TypeError, KeyError, ValueError, OverflowError):
        raise ValueError("its strokes are not lists of [x, y, seconds] with a width") from None
    for stroke in strokes:
        numbers = [stroke.width, *(number for point in stroke.points for number in point)]
        sane = all(math.isfinite(number) and abs(number) < 1e6 for number in numbers)
        if not (stroke.points and sane and 0 < stroke.width <= 1):
            raise ValueError("a stroke is empty, or a number of it is out of range")
    return strokes


def check_count(strokes, points):
    """ValueError if so many strokes and points are more than are read and written."""
    if points > MOST_POINTS or strokes > MOST_STROKES:
        raise ValueError(f"{strokes:,} strokes, {points:,} points: more than {MOST_STROKES:,} and {MOST_POINTS:,}")


def save(path, strokes):
    """Write a session file, whole or not at all. ValueError if there are too many strokes for one."""
    write_whole(path, (json.dumps(FORMAT | {"strokes": to_json(strokes)}) + "\n").encode())


def load(path):
    """The strokes of a session file, or of a kept drawing. Raises ValueError("name: reason")."""
    try:
        data = parse_json(read_bytes(path, LARGEST).decode())
        if not isinstance(data, dict) or (data.get("format"), data.get("version")) not in READABLE:
            raise ValueError("not a session of this program")
        return from_json(data.get("strokes"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None
