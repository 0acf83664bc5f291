"""The window's state, and the three things that happen to it: an event, the passing of time, being drawn.

    app = App(network)
    app.handle(event)      # a pygame event; nothing is ever read from the mouse or the keyboard themselves
    app.update(seconds)
    app.draw(surface)

What the user can do is in actions.py, what is drawn in the panels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pygame

from nn import ink
from window import actions, anatomy, hand, how, keys, overlays, pad, receives, thinks, widgets
from window.answer import answer, article, occlusion, percent
from window.jobs import Job
from window.layout import CHANNELS, OPENING, layout
from window.page import Page
from window.strokes import ERASER, PEN, THICKEST, THINNEST, Drawing, Picture, Stroke, is_dot
from window.theme import THEMES

PAUSE = 1 / 30  # seconds between two answers while drawing
REST = 0.15  # seconds without new ink after which occlusion, which is slower, is worth its time


@dataclass
class Message:
    words: str
    bad: bool = False


class App:
    """Everything that the window knows.

    network: a nn.network.Network, or None as long as it is being loaded; assign `app.network` then.
    samples: the user's folder, for drawings, pictures, sessions and learned weights.
    name: what the network's file is called.
    """

    def __init__(self, network=None, *, size=OPENING, scale=1.0, theme="dark", samples="digits", name="digits.npz"):
        self.running, self.fullscreen = True, False
        self.clock = 0.0  # seconds since the start, as update() was told
        self.changed = True  # whether there is anything new to draw
        self.scale, self.samples, self.theme, self.name = scale, Path(samples), THEMES[theme], name

        self.drawing, self.page = Drawing(), Page()
        self.pen, self.erasing, self.live = PEN, False, True
        self.nib = (0.5, 0.5)  # where the keyboard's pen is, in the unit square
        self.replaying = []  # (seconds, function, arguments) still to come of a session being replayed

        self.answers = []  # one for each digit in sight, left to right
        self.chosen = 0  # the answer that the panels show
        self.stale = False  # whether the ink has changed since it was read
        self.since_answer = self.since_ink = 0.0
        self.occluded = None  # the occlusion map of the chosen answer

        self.view = "pixels"  # of the large picture: pixels, gradient, occlusion or plain
        self.pinned = None  # (stage, cell, place) whose arithmetic is shown
        self.pointer = None  # where the mouse is
        self.pressed = None  # the part that a button went down on
        self.focus = None  # the part that Enter presses
        self.cursor = 0  # the cell that the arrow keys are at, if the focus is on a stage
        self.helping = False
        self.prompt = None  # the path being typed, while a file is asked for
        self.typing = False  # whether a key went down since then: the O that asked for it comes as text, too
        self.files, self.file = [], 0
        self.message = Message(actions.READY)
        self.following = True  # whether the pen moved since, so that a reading may take the message's place

        self.kept = hand.count(samples)  # drawings in the user's folder
        self.kept_at = {}  # number of the drawing's state: the file that was kept there, or None if it was taken back
        self.jobs = {}  # name: (Job, what takes its events, what is called at its end)
        self.progress = None  # the last event of learning
        self.learned = None  # what learning made, until it is kept or discarded
        self.networks = {}  # "shipped", which the window was opened with, and "yours"
        self.tests = None  # MNIST's test set, once it is needed
        self.mistakes = None  # numbers of the test images that the network gets wrong
        self.stages = []  # of the network: see anatomy.py
        self.resize(size)
        self.network = network

    @property
    def network(self):
        return self._network

    @network.setter
    def network(self, network):
        self._network = network
        self.stages = anatomy.stages(network) if network else []
        self.mistakes = self.pinned = None
        self.answers, self.stale = [], bool(self.drawing.marks)
        if network:
            self.networks.setdefault("shipped", network)
        self.resize(self.layout.size)

    @property
    def answer(self):
        return self.answers[self.chosen] if self.answers else None

    @property
    def number(self):
        """The digits in sight as one number, "4071", or ""."""
        return "".join(str(answer.digit) for answer in self.answers)

    @property
    def confidence(self):
        """That all of them are right."""
        return float(np.prod([answer.confidence for answer in self.answers]))

    @property
    def dot(self):
        """Whether there is no more on the pad than a dot."""
        return all(isinstance(mark, Stroke) for mark in self.drawing.marks) and is_dot(self.drawing.strokes)

    @property
    def just_kept(self):
        """The file of the drawing whose keeping is the last thing that undo can take back, or None."""
        return None if self.drawing.marks else self.kept_at.get(self.drawing.now)

    @property
    def title(self):
        return f"{self.number} · {percent(self.confidence)}" if self.answers else "Draw a digit"

    @property
    def pointed(self):
        """(stage, cell, place) under the pointer or at the keyboard's cursor, or None."""
        if self.answer is None:
            return None
        if self.pointer and (found := self.layout.cell_at(self.pointer)):
            stage, cell = found
            box, maps = self.layout.cell(stage, cell), anatomy.shown(self.stages[stage], self.answer.values)
            row = (self.pointer[1] - box.y) * maps.shape[1] // box.h
            column = (self.pointer[0] - box.x) * maps.shape[2] // box.w
            return stage, cell, (row, column)
        if self.focus and self.focus.startswith("stage"):
            stage = int(self.focus.split()[1])
            maps = anatomy.shown(self.stages[stage], self.answer.values)
            cell = self.cursor % len(maps)
            place = np.unravel_index(maps[cell].argmax(), maps[cell].shape)
            return stage, cell, tuple(int(i) for i in place)
        return None

    @property
    def pointed_part(self):
        """The part under the pointer, or with the keyboard's focus."""
        return (self.pointer and self.layout.part_at(self.pointer)) or self.focus

    def say(self, words, bad=False):
        self.message, self.following = Message(words, bad), False

    def resize(self, size):
        channels = tuple(stage.channels for stage in self.stages) or CHANNELS
        self.layout = layout(size, self.scale, channels)

    # --- ink --------------------------------------------------------------------------------------------------

    def touch(self, x, y, erases):
        self.replaying, self.following = [], True
        self.drawing.touch(x, y, self.clock, self.pen * (ERASER if erases else 1), erases)

    def show(self, picture):
        """Put a picture on the pad in place of what is there."""
        self.replaying = []
        self.drawing.become([picture])

    def replay(self, strokes):
        """Draw a session again, in its own time."""
        self.drawing.clear()
        drawing, self.replaying, self.following, start = self.drawing, [], True, self.clock
        for stroke in strokes:
            (x, y, t), *rest = stroke.points
            first = (x, y, start + t, stroke.width, stroke.erases)
            self.replaying.append((start + t, drawing.touch, first))
            self.replaying += [(start + t, drawing.move, (x, y, start + t)) for x, y, t in rest]
            self.replaying.append((start + stroke.points[-1][2], drawing.lift, ()))

    def read(self):
        """Ask the network what is on the pad."""
        self.page.follow(self.drawing.marks)
        self.stale, self.since_answer, self.occluded, self.chosen = False, 0.0, None, 0
        picture = self.drawing.picture
        if picture is not None:
            pages = ink.split(picture.ink)  # at its own resolution, and perhaps of several digits
        elif self.dot:
            pages = []
        else:
            pages = [self.page.ink]
        self.answers = [found for page in pages if (found := answer(self.network, page))]
        if not self.answers:
            self.pinned = None
        if len(self.answers) > 1:
            more = " PageDown: the next file." if len(self.files) > 1 else ""
            self.message = Message(f"{picture.name}: read as {self.number}. A click or the arrow keys choose.{more}")
        elif self.following:
            self.message = Message(self._reading())
        self.changed = True

    def _reading(self):
        """What the message line says of ink just read."""
        if not self.answers:
            return "Keep going." if self.dot else actions.READY
        sure = self.answer.looks_like_digit
        words = f"Read as {article(self.answer.digit)}." if sure else "This doesn't look like a digit."
        if any(isinstance(mark, Picture) for mark in self.drawing.marks):
            return words  # a picture, drawn over perhaps, isn't kept
        advice = "If that is wrong, press or click the right digit." if sure else "If it is one, press or click which."
        return f"{words} {advice}"

    def choose(self, index):
        """Show another of several digits."""
        self.chosen, self.occluded, self.since_ink = index % len(self.answers), None, REST
        self.changed = True

    # --- time -------------------------------------------------------------------------------------------------

    def update(self, seconds):
        """Let time pass: replay, collect what the jobs did, answer if the ink has changed."""
        self.clock += seconds
        self.since_answer += seconds
        self.since_ink += seconds
        while self.replaying and self.replaying[0][0] <= self.clock:
            _, function, arguments = self.replaying.pop(0)
            function(*arguments)
        for name in list(self.jobs):
            self._collect(name)
        if self.page.follow(self.drawing.marks):
            self.stale = self.changed = True
            self.since_ink = 0.0
        if self.network is None:
            return
        due = self.live and self.since_answer >= PAUSE
        if self.stale and (due or not self.drawing.marks):
            self.read()
        elif self.answer and self.occluded is None and not self.stale and self.since_ink >= REST:
            self.occluded = occlusion(self.network, self.answer.image)
            self.changed = True

    def start(self, name, generator, each, end=lambda error: None):
        """Run a generator in the background: `each(event)` for what it yields, `end(error or None)` after it."""
        self.jobs[name] = Job(generator), each, end

    def _collect(self, name):
        job, each, end = self.jobs[name]
        done = job.done  # asked first, so that no event comes after it
        for event in job.poll():
            each(event)
            self.changed = True
        if done:
            if self.jobs.get(name, (None,))[0] is job:
                del self.jobs[name]
            end(job.error)
            self.changed = True

    # --- events -----------------------------------------------------------------------------------------------

    def handle(self, event):
        """Take a pygame event."""
        self._take(event)
        self.changed = True

    def _take(self, event):
        match event.type:
            case pygame.QUIT:
                self.running = False
            case pygame.VIDEORESIZE:
                self.resize((max(event.w, 1), max(event.h, 1)))
            case pygame.WINDOWLEAVE:
                self.pointer = None
            case pygame.MOUSEMOTION:
                self._motion(event.pos)
            case pygame.MOUSEBUTTONDOWN if event.button in (1, 3):
                self._motion(event.pos)
                self._press(event.pos, event.button == 3)
            case pygame.MOUSEBUTTONUP if event.button in (1, 3):
                self._motion(event.pos)
                self._release(event.pos)
            case pygame.MOUSEWHEEL:
                actions.widen(self, event.y)
            case pygame.TEXTINPUT if self.prompt is not None and self.typing:
                self.prompt += event.text
            case pygame.KEYDOWN:
                self._key(keys.name(event))
            case pygame.DROPBEGIN:
                self.files = []
            case pygame.DROPFILE:
                actions.add_file(self, event.file)

    def _on_pad(self, point):
        box = self.layout.parts["pad"]
        return (point[0] - box.x) / box.w, (point[1] - box.y) / box.h

    def _motion(self, point):
        self.pointer = point
        if self.pressed == "pad":
            self.drawing.move(*self._on_pad(point), self.clock)
        elif self.pressed == "width":
            box = self.layout.parts["width"]
            share = min(max((point[0] - box.x) / box.w, 0), 1)
            self.pen = THINNEST + share * (THICKEST - THINNEST)

    def _press(self, point, second):
        if overlays.is_open(self):
            self.pressed = overlays.part_at(self, point)
            return
        if self.pinned and how.card_box(self).holds(point):
            self.pinned = None
            return
        part = self.layout.part_at(point)
        if second and part != "pad":
            return  # the right button erases, and does nothing else
        self.focus, self.pressed = None, part
        if part == "pad" and (picked := pad.digit_at(self, point)) is not None and not second:
            self.choose(picked)
            self.pressed = None
        elif part == "pad":
            self.touch(*self._on_pad(point), erases=second or self.erasing)
        elif part == "width":
            self._motion(point)

    def _release(self, point):
        if not self.replaying:
            self.drawing.lift()
        part, self.pressed = self.pressed, None
        if overlays.is_open(self):
            if part and part == overlays.part_at(self, point):
                actions.do(self, part)
        elif part and part == self.layout.part_at(point):
            actions.press(self, part)

    def _key(self, key):
        if self.prompt is not None:
            overlays.type_key(self, key)
        elif key in keys.ACTIONS and (not overlays.is_open(self) or overlays.takes(self, keys.ACTIONS[key])):
            actions.do(self, keys.ACTIONS[key])

    # --- looks ------------------------------------------------------------------------------------------------

    def draw(self, surface):
        """Draw everything onto a surface of the layout's size."""
        self.changed = False
        surface.fill(self.theme.background)
        for panel in (pad, receives, thinks, how):
            panel.draw(surface, self)
        if self.focus:
            widgets.outline(surface, self.layout.parts[self.focus].inset(-2), self.theme.text, 2)
        overlays.draw(surface, self)
        if overlays.is_open(self):
            how.status(surface, self)  # what goes wrong while something is open isn't to lie under its veil
