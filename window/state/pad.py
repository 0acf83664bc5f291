"""The ink on the pad, the pen that draws it, and a session that is being replayed onto it."""

from nn import ink
from window.data.page import Page, parts
from window.data.strokes import ERASER, PEN, THICKEST, THINNEST, Drawing, Picture, Stroke, extent, is_dot

AT_ONCE = 500  # events of a replayed session in one frame
EXAMPLE_STAYS = 3.0  # seconds


class Pad:
    def __init__(self):
        self.drawing, self.page = Drawing(), Page()
        self.pen, self.erasing = PEN, False  # the pen's diameter in sides of the pad
        self.nib = (0.5, 0.5)  # where the keyboard's pen is, in the unit square
        self.example_until = None  # seconds until which what is on the pad is an example
        self.read = None  # the nn.ink.Reading of what is on the pad, or None
        self.papers = None  # (Picture, colours (H, W, 1 or 3) uint8 of its file, Reading) of the file shown last
        self.replaying = []  # (seconds, function, arguments) still to come of a session being replayed

    @property
    def marks(self):
        return self.drawing.marks

    @property
    def dot(self):
        """Whether there is no more on the pad than a dot."""
        return all(isinstance(mark, Stroke) for mark in self.marks) and is_dot(self.drawing.strokes)

    @property
    def own(self):
        """Whether all that is on the pad was drawn by the user."""
        return self.example_until is None and not any(isinstance(mark, Picture) for mark in self.marks)

    @property
    def outside(self):
        """Whether a part of the pen's ink is beyond the pad's edge."""
        box = extent(self.drawing.strokes)
        pen = max((stroke.width for stroke in self.drawing.strokes if not stroke.erases), default=0) / 4
        return box is not None and (min(box[:2]) < -pen or max(box[2:]) > 1 + pen)

    def follow(self):
        """Bring the page up to date with the drawing. Returns whether anything changed."""
        return self.page.follow(self.marks)

    def pages(self, network):
        """The pages of ink to be read, one a digit, in the order of the number; `least` of to_mnist; and the doubt."""
        picture = self.drawing.picture
        self.read = None
        if picture is None and self.dot:
            return [], None, ""
        page = self.page.ink if picture is None else picture.ink  # a picture has its own resolution
        found = self.read = ink.read_page(network, page)
        if picture is None:
            return parts(page, found)
        return [digit.page for digit in found.digits], 1, picture.doubt or found.doubt

    def how_read(self):
        """What `read` was read from, as colours (H, W, 1 or 3) uint8, and the Reading; None without one."""
        picture = self.drawing.picture
        if picture and self.papers and self.papers[0] is picture:
            return self.papers[1:]
        return self.read and ((255 - (picture.ink if picture else self.page.ink))[..., None], self.read)

    def set_pen(self, width):
        self.pen = min(max(width, THINNEST), THICKEST)

    def touch(self, x, y, seconds, erases):
        self.replaying = []
        self.drawing.touch(x, y, seconds, self.pen * (ERASER if erases else 1), erases)

    def show(self, picture, paper=None, reading=None):
        """Put a picture on the pad in place of what is there. paper: the colours of the file that it is from."""
        self.replaying = []
        self.papers = None if reading is None else (picture, paper, reading)
        self.drawing.become([picture])

    def clear(self):
        self.replaying = []
        self.drawing.clear()

    def replay(self, strokes, now):
        """Draw a session again, in its own time, which begins now."""
        self.drawing.clear()
        drawing, self.replaying = self.drawing, []
        for stroke in strokes:
            (x, y, t), *rest = stroke.points
            self.replaying.append((now + t, drawing.touch, (x, y, now + t, stroke.width, stroke.erases)))
            self.replaying += [(now + t, drawing.move, (x, y, now + t)) for x, y, t in rest]
            self.replaying.append((now + stroke.points[-1][2], drawing.lift, ()))

    def show_example(self, strokes, now):
        """Replay strokes that leave no trace behind: they go when their time is over, or when the user begins."""
        self.replay(strokes, now)
        self.example_until = now + max(stroke.points[-1][2] for stroke in strokes) + EXAMPLE_STAYS

    def end_example(self):
        self.drawing, self.replaying, self.example_until = Drawing(), [], None

    def play(self, now):
        """Draw what is due of a session being replayed: as much as a frame has time for, the rest in the next ones."""
        due = next((i for i, (at, *_) in enumerate(self.replaying[:AT_ONCE]) if at > now), AT_ONCE)
        now_due, self.replaying = self.replaying[:due], self.replaying[due:]
        for _, function, arguments in now_due:
            function(*arguments)
