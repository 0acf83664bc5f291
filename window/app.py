"""The window: its state, and the three things that happen to it: an event, the passing of time, being drawn.

    app = App(network)
    app.handle(event)      # a pygame event; nothing is ever read from the mouse or the keyboard themselves
    app.update(seconds)
    app.draw(surface)

What the user can do is in actions/, what is drawn in panels/, and the state in the groups of state/.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pygame

from nn.words import article
from window.actions import backward, descend, draw, files, keys, nearest, train, views, whatif
from window.data import anatomy
from window.data.answer import effects, occlusion, percent
from window.data.jobs import Jobs
from window.data.strokes import THICKEST, THINNEST
from window.panels import arithmetic, arrange, control, dialogs, how, pad, receives, status, thinks, widgets
from window.panels.layout import OPENING
from window.panels.theme import THEMES
from window.state.backward import Backward
from window.state.dialogs import Dialogs
from window.state.learning import Learning
from window.state.looking import Looking
from window.state.nearest import Nearest
from window.state.pad import Pad
from window.state.reading import Reading
from window.state.teaching import Teaching
from window.state.whatif import WhatIf
from window.state.why import Why

PAUSE = 1 / 30  # seconds between two answers while drawing
NEWS = 1 / 31  # seconds between two pictures of what goes on in the background
DWELL = 0.4  # seconds on a control after which its line of help is shown
REST = 0.15  # seconds without new ink after which occlusion, which is slower, is worth its time


@dataclass
class Message:
    words: str
    bad: bool = False
    passing: bool = False  # whether a reading may take its place: the pen moved since it was said


class App:
    """Everything that the window knows, in groups, and who may touch it.

    network: a nn.network.Network, or None as long as it is being loaded; call `use` then.
    samples: the user's folder, for drawings, pictures, sessions and learned weights.
    name: what the network's file is called.
    """

    def __init__(self, network=None, *, size=OPENING, scale=1.0, theme="dark", samples="digits", name="digits.npz"):
        self.running, self.fullscreen = True, False
        self.clock = 0.0  # seconds since the start, as update() was told
        self.changed = True  # whether there is anything new to draw
        self.news, self.drawn = False, -math.inf  # whether the background brought any, and when all was drawn last
        self.scale, self.theme, self.name = scale, THEMES[theme], name
        self.message = Message(draw.READY, passing=True)
        self.sight = "forward"  # which of the VIEWS is in sight
        self.pad, self.reading, self.looking = Pad(), Reading(), Looking()
        self.teaching, self.dialogs, self.jobs = Teaching(Path(samples)), Dialogs(), Jobs()
        self.learning = Learning()
        self.backward = Backward()
        self.why, self.nearest, self.whatif = Why(), Nearest(), WhatIf()
        self.held = set()  # the keys that are down
        self.resize(size)
        if network:
            self.use(network)

    def use(self, network):
        """Read with this network from now on."""
        self.reading.use(network)
        self.reading.stale = bool(self.pad.marks)
        self.looking.pinned = None
        self.resize(self.layout.size)

    @property
    def answer(self):
        return self.reading.answer

    @property
    def explained(self):
        """The digit whose score is explained: one that was asked for, or the answer."""
        return self.answer.digit if self.looking.explained is None else self.looking.explained

    @property
    def title(self):
        reading = self.reading
        return f"{reading.number} · {percent(reading.confidence)}" if reading.answers else "Draw a digit"

    @property
    def pointed(self):
        """(stage, cell, place) under the pointer or at the keyboard's cursor, or None."""
        looking = self.looking
        if self.answer is None:
            return None
        if looking.pointer and (found := self.layout.cell_at(looking.pointer)):
            stage, cell = found
            box, maps = self.layout.cell(stage, cell), anatomy.shown(self.reading.stages[stage], self.answer.values)
            row = (looking.pointer[1] - box.y) * maps.shape[1] // box.h
            column = (looking.pointer[0] - box.x) * maps.shape[2] // box.w
            return stage, cell, (row, column)
        if looking.stage is not None:
            maps = anatomy.shown(self.reading.stages[looking.stage], self.answer.values)
            cell = looking.cursor % len(maps)
            place = np.unravel_index(maps[cell].argmax(), maps[cell].shape)
            return looking.stage, cell, tuple(int(i) for i in place)
        return None

    @property
    def pointed_part(self):
        """The part under the pointer, or with the keyboard's focus."""
        if self.looking.pointer is None:
            return self.looking.focus
        if self.dialogs.open:
            return dialogs.part_at(self, self.looking.pointer)
        return self.layout.part_at(self.looking.pointer) or self.looking.focus

    @property
    def hint(self):
        """The line of help of the control that has been pointed at for a moment."""
        if self.dialogs.open or self.pointed_part is None or self.clock - self.looking.since < DWELL:
            return ""
        found, _ = control(self.sight, self.pointed_part)
        return found.help if found and found.there(self) else ""

    def say(self, words, bad=False):
        self.message = Message(words, bad)

    def resize(self, size):
        channels = tuple(stage.channels for stage in self.reading.stages) or how.CHANNELS
        self.layout = arrange(size, self.scale, channels, self.sight)
        if self.looking.pressed not in self.layout.parts:
            self.looking.pressed = None  # it was pressed in another view

    # --- ink --------------------------------------------------------------------------------------------------

    def touch(self, x, y, erases):
        self.message.passing = True
        self.pad.touch(x, y, self.clock, erases)

    def replay(self, strokes):
        """Draw a session again, in its own time."""
        self.message.passing = True
        self.pad.replay(strokes, self.clock)

    def show_example(self, strokes):
        self.pad.show_example(strokes, self.clock)
        self.say("An example. Draw on the pad whenever you like: it is yours.")

    def read(self):
        """Ask the network what is on the pad."""
        reading = self.reading
        reading.read(self.pad)
        if not reading.answers:
            self.looking.pinned = None
        if len(reading.answers) > 1:
            more = " PageDown: the next file." if len(self.dialogs.files) > 1 else ""
            words = f"Read as {reading.number}. A click on one or the arrow keys choose a digit.{more}"
            self.message = Message(words, passing=self.message.passing)
        elif self.message.passing:
            self.message = Message(self._reading(), passing=True)
        self.changed = True

    def _reading(self):
        """What the message line says of ink just read."""
        if not self.answer:
            return "Keep going." if self.pad.dot else draw.READY
        if self.sight == "backward":
            return views.question(self)
        sure = self.answer.verdict in ("sure", "likely")
        said = f"Read as {article(self.answer.digit)}." if sure else self.answer.sentence
        return f"{said} If that is wrong, press the right digit, and it can learn it." if self.pad.own else said

    @property
    def pointed_digit(self):
        """Which digit of the number is under the pointer, or None."""
        return thinks.number_at(self, self.looking.pointer) if self.looking.pointer else None

    def choose(self, index):
        """Show another of several digits."""
        self.reading.choose(index, REST)
        self.changed = True

    # --- time -------------------------------------------------------------------------------------------------

    def update(self, seconds):
        """Let time pass: replay, collect what the jobs did, answer if the ink has changed."""
        reading = self.reading
        before, self.clock = self.clock, self.clock + seconds
        if before - self.looking.since < DWELL <= self.clock - self.looking.since:
            self.changed = True  # the help of what is pointed at appears
        reading.since_answer += seconds
        reading.since_ink += seconds
        self.pad.play(self.clock)
        if self.pad.example_until is not None and self.clock > self.pad.example_until:
            self.pad.end_example()
            self.say("Now you: draw a digit on the pad.")
        self.news |= self.jobs.collect()
        if self.news and self.clock - self.drawn >= NEWS:
            self.changed = True
        if self.sight == "why":
            nearest.follow(self)
        elif self.sight == "whatif" and whatif.follow(self):
            self.changed = True
        if self.pad.follow():
            reading.stale = self.changed = True
            reading.since_ink = 0.0
        if reading.network is None:
            return
        due = reading.live and reading.since_answer >= PAUSE
        if reading.stale and (due or not self.pad.marks):
            self.read()
        elif self._waited_for and reading.occluded is None and not reading.stale and reading.since_ink >= REST:
            reading.occluded = occlusion(reading.network, self.answer.image)
            self._work_out_effects()
            self.changed = True
        if self.sight == "backward" and not reading.stale:
            backward.pass_time(self)
            descend.pass_time(self)

    @property
    def _waited_for(self):
        """Whether what takes longer than an answer is in sight."""
        return self.answer is not None and receives in self.layout.view

    def _work_out_effects(self):
        of = self.answer

        def each(found):
            if found and self.answer is of:
                self.reading.effects = found

        self.jobs.start("effects", effects(self.reading.network.replica(), of.image), each)

    # --- events -----------------------------------------------------------------------------------------------

    def handle(self, event):
        """Take a pygame event."""
        self._take(event)
        self.changed = True

    def _take(self, event):
        if self.pad.example_until is not None:
            self._hand_over(event)
        match event.type:
            case pygame.QUIT:
                self.running = False
            case pygame.VIDEORESIZE:
                self.resize((max(event.w, 1), max(event.h, 1)))
            case pygame.WINDOWLEAVE:
                self.looking.pointer = None
            case pygame.WINDOWFOCUSLOST:
                self.let_go()
                self.held.clear()
            case pygame.MOUSEMOTION:
                if not any(event.buttons):
                    self.let_go()  # it was released where the window couldn't see it
                self._motion(event.pos)
            case pygame.MOUSEBUTTONDOWN if event.button in (1, 3):
                self._motion(event.pos)
                self._down(event.pos, event.button == 3)
            case pygame.MOUSEBUTTONUP if event.button in (1, 3):
                self._motion(event.pos)
                self._up(event.pos)
            case pygame.MOUSEWHEEL if not self.dialogs.open:
                draw.widen(self, event.y)
            case pygame.TEXTINPUT if self.dialogs.open == "open" and self.dialogs.opening.typing:
                self.dialogs.opening.insert(event.text)
            case pygame.KEYDOWN:
                again = event.key in self.held
                self.held.add(event.key)
                self._key(keys.name(event), again)
            case pygame.KEYUP:
                self.held.discard(event.key)
            case pygame.DROPBEGIN:
                self.dialogs.files = []
            case pygame.DROPFILE:
                files.add(self, event.file)

    def _hand_over(self, event):
        """End the example when the user begins to draw or presses a key; a click elsewhere lets it stay."""
        if event.type in (pygame.KEYDOWN, pygame.DROPFILE):
            self.pad.end_example()
        elif event.type == pygame.MOUSEBUTTONDOWN:
            if self.layout.parts["pad"].holds(event.pos):
                self.pad.end_example()
            else:
                self.pad.example_until = math.inf

    def let_go(self):
        """End what a button began, without doing it."""
        if self.looking.pressed == "pad" and not self.pad.replaying:
            self.pad.drawing.lift()
        elif self.looking.pressed == "paint":
            whatif.lift(self)
        self.looking.pressed = None

    def _on_pad(self, point):
        box = self.layout.parts["pad"]
        return (point[0] - box.x) / box.w, (point[1] - box.y) / box.h

    def _motion(self, point):
        if self.looking.pointer is None or self.layout.part_at(point) != self.layout.part_at(self.looking.pointer):
            self.looking.since = self.clock
        self.looking.pointer = point
        if self.looking.pressed == "pad":
            self.pad.drawing.move(*self._on_pad(point), self.clock)
        elif self.looking.pressed == "width":
            box = self.layout.parts["width"]
            share = min(max((point[0] - box.x) / box.w, 0), 1)
            self.pad.set_pen(THINNEST + share * (THICKEST - THINNEST))
        elif self.looking.pressed == "paint":
            whatif.go_on(self, whatif.spot(self, point))
        elif self.looking.pressed in train.TIMES:
            train.scrub_to(self, point)

    def _down(self, point, second):
        looking = self.looking
        if self.dialogs.open:
            looking.pressed = dialogs.part_at(self, point)
            return
        if (card := arithmetic.card(self)) and card.holds(point):
            looking.pinned = None
            return
        part = self.layout.part_at(point)
        if second and part not in ("pad", "paint"):
            return  # the right button erases, and does nothing else
        looking.focus, looking.pressed = None, part
        if part == "pad" and (picked := pad.digit_at(self, point)) is not None and not second:
            self.choose(picked)
            looking.pressed = None
        elif part == "pad":
            self.touch(*self._on_pad(point), erases=second or self.pad.erasing)
        elif part == "paint":
            whatif.begin(self, whatif.spot(self, point), second)
        elif part == "width" or part in train.TIMES:
            self._motion(point)

    def _up(self, point):
        if not self.pad.replaying:
            self.pad.drawing.lift()
        if self.looking.pressed == "paint":
            whatif.lift(self)
        part, self.looking.pressed = self.looking.pressed, None
        if part is None:
            return
        if self.dialogs.open:
            if part == dialogs.part_at(self, point):
                found, arguments = dialogs.control(self, part)
                if found.action and found.there(self):
                    found.action(self, *arguments)
        elif part == self.layout.part_at(point):
            self.press(part)

    def press(self, part):
        """What clicking on a part, or Enter on it, does."""
        found, arguments = control(self.sight, part)
        if found and found.action and found.there(self):
            found.action(self, *arguments)

    def focusable(self):
        """The parts that the keyboard reaches, panel by panel, as one reads."""
        parts = sorted(self.layout.parts, key=lambda part: self.layout.panel_of(part)[1::-1])
        found = ((part, control(self.sight, part)[0]) for part in parts)
        return [part for part, its in found if its and its.focusable and its.there(self)]

    def _key(self, key, again):
        binding = keys.IN_VIEW.get(self.sight, {}).get(key) or keys.BOUND.get(key)
        if dialogs.type_key(self, key) or binding is None or (again and not binding.repeats):
            return
        if dialogs.takes(self, binding.action):
            binding.action(self, *([key] if binding.with_key else ()))

    # --- looks ------------------------------------------------------------------------------------------------

    def draw(self, surface):
        """Draw everything onto a surface of the layout's size."""
        self.changed, self.news, self.drawn = False, False, self.clock
        surface.fill(self.theme.background)
        for panel in reversed(self.layout.view):
            panel.draw(surface, self)
        if arithmetic.card(self):
            arithmetic.draw(surface, self)
        if self.looking.focus:
            widgets.outline(surface, self.layout.parts[self.looking.focus].inset(-2), self.theme.text, 2)
        if self.dialogs.open:
            dialogs.draw(surface, self)
            status.draw(surface, self)  # what goes wrong while something is open isn't to lie under its veil
