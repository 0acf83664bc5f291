"""Everything that a user can do, one function each; keys.py names them, and so do the buttons.

Each takes the App first. What they are called is what the tables call them: "label 4" is `label(app, "4")`.
"""

import io
import time
from pathlib import Path

import numpy as np
import pygame

from nn import ink
from nn.files import write_whole
from window import hand, strokes, testset
from window.answer import article
from window.layout import TILES, TOOLS, grid
from window.strokes import THICKEST, THINNEST, Picture
from window.theme import THEMES

BUTTONS = (*(name for row in TOOLS for name, _ in row), "theme", "help", *TILES, "learn")
NIB_STEP = 1 / 28
READY = "Draw a digit from 0 to 9 on the pad."


def do(app, command):
    """Run an action by its name and, after a space, its argument."""
    name, *arguments = command.split()
    globals()[name](app, *arguments)


def press(app, part):
    """What clicking on a part, or Enter on it, does."""
    kind, *rest = part.split()
    if kind == "bar":
        label(app, *rest)
    elif kind == "step":
        view(app, "pixels")
    elif kind == "stage":
        app.pinned = app.pointed
    elif part == "learn" and "learn" in app.jobs:
        app.jobs["learn"][0].cancel()
    elif part in BUTTONS and part != "width":
        do(app, part)


# --- drawing --------------------------------------------------------------------------------------------------

def undo(app):
    app.replaying = []
    if app.just_kept:
        try:
            app.just_kept.unlink(missing_ok=True)
        except OSError as error:
            app.say(f"{error.filename}: {error.strerror}; the drawing stays kept", bad=True)
            return
        app.kept, app.kept_at[app.drawing.now] = hand.count(app.samples), None
        app.drawing.undo()
        app.say("Undone: the drawing is back, and not kept any more.")
    else:
        app.say("Undone." if app.drawing.undo() else "Nothing to undo.")


def redo(app):
    app.replaying = []
    if not app.drawing.redo():
        app.say("Nothing to do again.")
    elif app.drawing.marks or app.kept_at.get(app.drawing.now, app):
        app.say("Done again.")
    else:
        app.say("Done again: the pad is clear. The drawing is not kept any more.")


def clear(app):
    app.replaying = []
    app.drawing.clear()
    app.say(READY)


def pen(app):
    app.erasing = False


def eraser(app):
    app.erasing = not app.erasing


def widen(app, steps):
    app.pen = min(max(app.pen * 1.1**steps, THINNEST), THICKEST)


def thinner(app):
    widen(app, -1)


def thicker(app):
    widen(app, 1)


def step(app, key):
    """Move the chosen cell, the chosen one of several digits, or the keyboard's nib."""
    dx, dy = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}[key]
    if app.focus and app.focus.startswith("stage"):
        stage = int(app.focus.split()[1])
        app.cursor = (app.cursor + dx + dy * grid(app.layout.channels, stage)[0]) % app.layout.channels[stage]
    elif len(app.answers) > 1 and not app.stale:
        app.choose(app.chosen + dx + dy)
    else:
        app.focus = "pad"
        app.nib = tuple(min(max(at + by * NIB_STEP, 0), 1) for at, by in zip(app.nib, (dx, dy), strict=True))
        if app.pressed != "pad" and not app.replaying:  # the stroke under way is the keyboard's
            app.drawing.move(*app.nib, app.clock)


# --- asking ---------------------------------------------------------------------------------------------------

def predict(app):
    if app.network is None:
        app.say("The network is still being loaded.")
        return
    app.following = True
    app.read()
    if not app.answers and not app.dot:
        app.say("There is no ink yet. Draw a digit from 0 to 9.")


def live(app):
    app.live = not app.live
    app.say("Live: the answer follows the pen." if app.live else "Live is off: Predict answers.")


def random(app):
    """Show a digit of MNIST's test set, another one each time."""
    if _tests_ready(app, random):
        images, labels = app.tests
        number = int(np.random.default_rng(time.time_ns()).integers(len(images)))
        _show_test(app, number, f"Test image {number}, {article(labels[number])}.")


def mistake(app):
    """Show the next digit of the test set that the network gets wrong."""
    if app.network is None or not _tests_ready(app, mistake):
        return
    images, labels = app.tests
    if app.mistakes is None:
        if "mistakes" not in app.jobs:
            app.say("Looking for mistakes among the 10,000 test images …")
            network, before = app.network, app.drawing.marks

            def each(found):
                if app.network is not network:
                    app.say("The weights have changed: M looks for their mistakes.")
                    return
                app.mistakes = found
                if app.drawing.marks == before:
                    mistake(app)
                else:
                    app.say(f"{len(found)} mistakes found: M shows them.")

            app.start("mistakes", testset.mistakes(network.replica(), images, labels), each, _report(app))
    elif not app.mistakes:
        app.say("The network reads every test image right.")
    else:
        number = app.mistakes[0]
        app.mistakes = [*app.mistakes[1:], number]
        count = len(app.mistakes)
        _show_test(app, number, f"Test image {number}: it is {article(labels[number])}. One of {count} mistakes.")


def _tests_ready(app, then):
    """Whether the test set is there. If it isn't it is read in the background, and then `then` is done, unless
    somebody has begun to draw.
    """
    if app.tests is None and "tests" not in app.jobs:
        app.say("Reading MNIST's test set …")
        before = app.drawing.marks

        def each(tests):
            app.tests = tests
            if app.drawing.marks == before:
                then(app)
            else:
                app.say("MNIST's test set has been read: R shows a digit of it, M a mistake.")

        app.start("tests", testset.test_set(), each, _report(app))
    return app.tests is not None


def _report(app):
    return lambda error: error and app.say(str(error), bad=True)


def _show_test(app, number, words):
    app.show(Picture(app.tests[0][number], f"test image {number}", int(app.tests[1][number])))
    app.say(words)
    if app.network:
        app.read()


# --- files ----------------------------------------------------------------------------------------------------

def open(app):
    app.prompt, app.typing = "", False


def add_file(app, path):
    """Take a dropped file to the others and show it."""
    app.files.append(str(path))
    show_file(app, len(app.files) - 1)


def next_file(app):
    show_file(app, app.file + 1)


def previous_file(app):
    show_file(app, app.file - 1)


def show_file(app, index):
    """Show one of the files. If it can't be read the drawing stays."""
    if not app.files:
        app.say("No files yet: drop some on the window.")
        return
    app.file = index % len(app.files)
    path = app.files[app.file]
    try:
        if path.lower().endswith(".json"):
            session = strokes.load(path)
            app.say(f"{Path(path).name}: replayed.")
            app.replay(session)
        else:
            app.show(Picture(ink.read(path), Path(path).name))
            of = f" ({app.file + 1} of {len(app.files)}, PageDown for the next)" if len(app.files) > 1 else ""
            app.say(f"{Path(path).name}{of}")
    except (ValueError, OSError) as error:
        app.say(str(error).replace(path, Path(path).name), bad=True)  # a long path would hide the reason


def png(surface):
    """The bytes of a PNG file."""
    file = io.BytesIO()
    pygame.image.save(surface, file, "window.png")
    return file.getvalue()


def save(app):
    """Save a picture of the window."""
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    path = _new(app, "pictures", "png")
    try:
        write_whole(path, png(surface))
        app.say(f"Saved {path}")
    except (OSError, pygame.error) as error:
        app.say(f"{path}: {error}", bad=True)


def save_session(app):
    if not app.drawing.strokes:
        app.say("There are no strokes to save.")
        return
    path = _new(app, "sessions", "json")
    try:
        strokes.save(path, app.drawing.strokes)
        app.say(f"Saved {path}; play it again with --replay.")
    except OSError as error:
        app.say(f"{path}: {error.strerror}", bad=True)


def _new(app, folder, ending):
    return app.samples / folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.{ending}"


# --- looking --------------------------------------------------------------------------------------------------

def view(app, which):
    app.view = "pixels" if app.view == which else which


def heat(app):
    order = ("pixels", "gradient", "occlusion")
    app.view = order[(order.index(app.view) + 1) % 3] if app.view in order else "gradient"


def plain(app):
    view(app, "plain")


def gradient(app):
    view(app, "gradient")


def occlusion(app):
    view(app, "occlusion")


def theme(app):
    app.theme = THEMES["light" if app.theme.name == "dark" else "dark"]


def fullscreen(app):
    app.fullscreen = not app.fullscreen


def help(app):
    app.helping = not app.helping


# --- your hand ------------------------------------------------------------------------------------------------

def label(app, digit):
    """Keep the drawing as what it should have been, and make room for the next one."""
    if app.just_kept:
        return  # the key was held down: the drawing is kept already
    app.page.follow(app.drawing.marks)
    if any(isinstance(mark, Picture) for mark in app.drawing.marks):
        app.say("Only what you draw yourself is kept. C clears the pad.")
        return
    if not app.drawing.strokes or app.dot or (image := ink.to_mnist(app.page.ink)) is None:
        app.say(f"Draw a digit first, then {digit} keeps it as {article(int(digit))}.")
        return
    try:
        path = hand.keep(app.samples, int(digit), app.drawing.strokes, image)
    except OSError as error:
        app.say(f"{error.filename or app.samples}: {error.strerror}; the drawing was not kept", bad=True)
        return
    app.replaying = []
    app.drawing.lift()
    app.drawing.clear()
    app.kept, app.kept_at[app.drawing.now] = hand.count(app.samples), path
    count = "1 drawing" if app.kept == 1 else f"{app.kept} drawings"
    app.say(f"Kept as {article(int(digit))}; {count} in {app.samples}. Ctrl+Z brings it back.")


def learn(app):
    """Fine-tune a copy of the network on the kept drawings."""
    if app.network is None or "learn" in app.jobs or app.learned:
        return
    drawings, refused = hand.load(app.samples)
    if len(drawings) < hand.ENOUGH:
        words = f"{len(drawings)} of {hand.ENOUGH} drawings kept: draw a digit, and press what it is."
        app.say(f"{words} {refused[0]}" if refused else words, bad=bool(refused))
        return
    app.say(f"Learning from {len(drawings)} drawings; {refused[0] if refused else 'keep drawing if you like.'}")
    base = app.networks["shipped"]

    def each(event):
        app.progress = event
        if isinstance(event, hand.Learned):
            app.learned = event

    def end(error):
        app.progress = None
        if error:
            app.say(f"Learning stopped: {error}", bad=True)
        elif app.learned:
            app.say("Learned. Keep or discard?")
        else:
            app.say("Learning was cancelled; nothing has changed.")

    app.start("learn", hand.learn(base, drawings), each, end)


def keep(app):
    """Use what was learned from now on; the weights that it began with stay as they are."""
    if app.learned:
        path = app.samples / hand.WEIGHTS
        try:
            app.learned.network.save(path)
        except OSError as error:
            app.say(f"{path}: {error.strerror}", bad=True)
            return
        app.networks["yours"], app.learned = app.learned.network, None
        app.network = app.networks["yours"]
        app.say(f"Kept in {path}. W switches between {app.name} and yours.")


def discard(app):
    if app.learned:
        app.learned = None
        app.say("Discarded; nothing has changed.")


def weights(app):
    """Switch between the weights that the window was opened with and the user's."""
    if "yours" not in app.networks:
        app.say("There are no weights of your own yet: keep some drawings, then press F to learn them.")
        return
    name = "shipped" if app.network is app.networks["yours"] else "yours"
    app.network = app.networks[name]
    app.say(f"This is {app.name}." if name == "shipped" else "These are your own weights.")


# --- the window -----------------------------------------------------------------------------------------------

def focusable(app):
    stages = [f"stage {i}" for i in range(len(app.stages))] if app.answer else []
    return ["pad", *BUTTONS, *(f"bar {digit}" for digit in range(10)), *stages]


def focus_next(app, by=1):
    parts = focusable(app)
    at = parts.index(app.focus) if app.focus in parts else -1 if by > 0 else 0
    app.focus, app.cursor = parts[(at + by) % len(parts)], 0


def focus_previous(app):
    focus_next(app, -1)


def enter(app):
    """Press what has the focus; on the pad, put the nib down or lift it; without a focus, answer."""
    if app.focus is None:
        predict(app)
    elif app.focus != "pad":
        press(app, app.focus)
    elif app.drawing.stroke and not app.replaying:
        app.drawing.lift()
    else:
        app.touch(*app.nib, erases=app.erasing)


def escape(app):
    """Close whatever is open, the topmost first."""
    if not app.replaying:
        app.drawing.lift()
    if app.helping:
        app.helping = False
    elif app.learned:
        discard(app)
    elif app.pinned:
        app.pinned = None
    elif "learn" in app.jobs:
        app.jobs["learn"][0].cancel()
    elif app.focus:
        app.focus = None
    elif app.view != "pixels":
        app.view = "pixels"
    elif app.fullscreen:
        app.fullscreen = False


def quit(app):
    app.running = False
