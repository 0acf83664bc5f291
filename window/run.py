"""The window on a screen: opens it, loads the network behind it, and hands events to the App until it is closed.

The window is drawn before the network is loaded: importing Numba takes half a second, and on a machine that never
ran it the kernels are compiled first.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import pygame
from threadpoolctl import threadpool_limits

from nn import stopping
from nn.files import write_whole
from window.actions import draw, train
from window.actions import files as opened
from window.app import App
from window.data import hand, strokes
from window.data.answer import answer, occlusion
from window.panels.layout import OPENING

EXAMPLE = Path(__file__).with_name("example.json")
FRAMES = 60  # a second
BARS = (16, 112)  # pixels of a desktop that borders, title bar and task bar take, at most
UNSEEN = ("offscreen", "dummy", "evdev")  # what SDL falls back to, silently, where there is no display


class NoDisplay(Exception):
    """There is no screen to open a window on."""


def open_window(weights, *, own=True, files=(), session=None, samples, scale=1.0, theme="dark"):
    """Show the window until it is closed. Raises NoDisplay, and ValueError or OSError for unusable weights.

    own: whether it begins with the weights that the user has taught, if any, in place of `weights`
    """
    asked = os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER")
    try:
        pygame.display.init()
    except pygame.error as error:
        raise NoDisplay(str(error)) from None
    if pygame.display.get_driver() in UNSEEN and not asked:
        raise NoDisplay("SDL found no screen")
    pygame.font.init()
    desktop = pygame.display.get_desktop_sizes()[0]
    size, whole = opening_size(desktop, scale)
    screen = pygame.display.set_mode(size, pygame.RESIZABLE)
    if whole:  # all that title bar and task bar leave: the window manager knows how much that is
        pygame.Window.from_display_module().maximize()
    pygame.key.set_repeat(300, 40)
    app = App(size=screen.get_size(), scale=scale, theme=theme, samples=samples, name=Path(weights).name)
    app.say("Loading the network; on its first start it is compiled, which takes a few seconds.")
    refused = []

    def each(event):
        name, what = event
        if name == "refused":
            app.say(what, bad=True)
            return
        app.reading.networks[name] = what
        if name == "shipped" or own:
            app.use(what)
            words = {"shipped": draw.READY, "yours": f"These are your own weights; W brings {app.name} back."}
            if not app.pad.marks and not app.message.bad:
                app.say(words[name])
                if not app.teaching.samples.exists():  # the first time that somebody looks at it
                    app.show_example(strokes.load(EXAMPLE))

    def end(error):
        if error:
            refused.append(error)
            app.running = False

    begin(app, files, session)
    clock, title, full = pygame.time.Clock(), None, False
    while app.running and not stopping.asked():
        if app.fullscreen != full:
            full = app.fullscreen
            size = pygame.display.get_window_size() if full else size
            pygame.display.set_mode(desktop if full else size, pygame.FULLSCREEN if full else pygame.RESIZABLE)
            app.resize(pygame.display.get_window_size())
        if app.changed:
            app.draw(pygame.display.get_surface())
            pygame.display.flip()
        if app.title != title:
            title = app.title
            pygame.display.set_caption(title)
        if app.reading.network is None and not app.jobs:  # the first frame is on the screen
            app.jobs.start("network", networks(weights, app.teaching.samples), each, end)
        seconds = clock.tick(FRAMES) / 1000
        for event in pygame.event.get():
            app.handle(event)
        app.update(seconds)
    for lost in train.keep_unsaved(app):
        print(lost, file=sys.stderr)
    pygame.quit()
    if refused:
        raise refused[0]


def opening_size(desktop, scale):
    """The window's size on a desktop, and whether it should rather be maximised: it can't be as large as is wanted."""
    room = [side - bars for side, bars in zip(desktop, BARS, strict=True)]
    wanted = [int(side * scale) for side in OPENING]
    size = tuple(max(min(side, most), 1) for side, most in zip(wanted, room, strict=True))
    return size, list(size) != wanted


def screenshot(path, weights, *, own=True, files=(), session=None, samples, scale=1.0, theme="dark"):
    """Draw the window once, without a screen, with the files or the session in it, and write it to `path`.

    Raises ValueError or OSError, with nothing written, for what can't be used.
    """
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"{path}: the picture's name must end in .png")
    pygame.font.init()
    size = tuple(int(side * scale) for side in OPENING)
    app = App(size=size, scale=scale, theme=theme, samples=samples, name=Path(weights).name)
    for name, network in networks(weights, app.teaching.samples):
        if name == "shipped" or (name == "yours" and own):
            app.reading.networks[name] = network
            app.use(network)
    begin(app, files, session)
    while app.pad.replaying:
        app.update(max(app.pad.replaying[0][0] - app.clock, 0))
    for _ in range(3):  # the answer, then what takes a rest of the pen
        app.update(1.0)
    while len(app.jobs):  # what ink does, in the background
        time.sleep(0.01)
        app.update(0.0)
    if app.message.bad:
        raise ValueError(app.message.words)
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    write_whole(path, opened.png(surface))


def begin(app, files, session):
    """What stands on the pad when the window opens."""
    for file in files:
        app.dialogs.files.append(str(file))
    if app.dialogs.files:
        opened.show(app, 0)
    if session is not None:
        app.replay(strokes.load(session))


def networks(weights, samples):
    """Yields ("shipped", network), warm, and then ("yours", network) if the user has taught one.

    A network of the user's that can't be used yields ("refused", why). Raises ValueError or OSError if the first
    can't be.
    """
    yield "shipped", usable(weights)
    own = Path(samples, hand.WEIGHTS)
    if own.exists():
        try:
            yield "yours", usable(own)
        except (ValueError, OSError) as error:
            yield "refused", f"{error}; {Path(weights).name} is used"


def usable(weights):
    """A network from a file, its kernels compiled. Raises ValueError if it doesn't read digits."""
    from nn.network import load_digit_net

    threadpool_limits(1, user_api="blas")  # one image's products are small: waiting threads would only slow the pen
    network = load_digit_net(weights)
    page = np.zeros((28, 28), np.uint8)
    page[4:24, 13:15] = 255
    occlusion(network, answer(network, page).image)
    return network
