"""Events as a user's hand makes them, for the tests of the window."""

import time

import pygame

from window.actions import keys
from window.panels.layout import Rect

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.62, 0.45), (0.52, 0.65), (0.45, 0.85)]
ONE = [(0.52, 0.15), (0.5, 0.5), (0.48, 0.85)]


def send(app, kind, **values):
    app.handle(pygame.event.Event(kind, values))


def press(app, *names):
    """Press keys by the names that the help uses."""
    for name in names:
        *mods, key = name.split("+")
        code = next((code for code, known in keys._NAMES.items() if known == key), ord(key[0].lower()))
        mod = sum({"Ctrl": pygame.KMOD_LCTRL, "Shift": pygame.KMOD_LSHIFT}[m] for m in mods)
        send(app, pygame.KEYDOWN, key=code, mod=mod, unicode=key.lower() if len(key) == 1 and not mods else "")
        send(app, pygame.KEYUP, key=code, mod=mod)


def on_pad(app, x, y):
    pad = app.layout.parts["pad"]
    return round(pad.x + x * pad.w), round(pad.y + y * pad.h)


def draw(app, points, button=1):
    """Draw a line on the pad with the mouse, and let the window answer."""
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, *points[0]), button=button)
    for point in points[1:]:
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, *point), rel=(0, 0), buttons=(1, 0, 0))
        app.update(0.05)
    send(app, pygame.MOUSEBUTTONUP, pos=on_pad(app, *points[-1]), button=button)
    app.update(0.05)


def click(app, part, button=1):
    box = part if isinstance(part, Rect) else app.layout.parts[part]
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        send(app, kind, pos=box.middle, button=button)


def until(app, condition, seconds=60):
    """Let time pass until the background has done something."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, app.message.words
        app.update(0.02)
        time.sleep(0.005)
