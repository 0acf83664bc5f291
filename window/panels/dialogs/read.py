"""How the ink on the pad was read: the paper, what was taken for ink, the digits found in it, and what was left out."""

import pygame

from nn.ink import shown
from window.actions import ask
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 70, 42
CONTROLS = {"close": Control("Close  Esc", "", ask.how_read)}
NAMES = "The paper", "Its ink: each digit in a colour, red what was left out"
NOTES = 6  # lines of text under the pictures


def place(app, box):
    text = app.layout.within(SIZE)
    inner = box.inset(2 * text)
    return {"close": Rect(inner.right - 8 * text, inner.bottom - 2 * text, 8 * text, 2 * text)}


def type_key(app, key):
    return False


def draw(surface, app, box, parts):
    theme, text = app.theme, app.layout.within(SIZE)
    widgets.button(surface, parts["close"], CONTROLS["close"].words, theme, text, pointed=app.pointed_part == "close")
    if not ask.readable(app):
        widgets.text(surface, "The ink has changed.", box._replace(h=2 * text), text, theme.text)
        return
    colours, reading = app.pad.how_read()
    widgets.text(surface, "How it was read", box._replace(h=2 * text), text * 1.5, theme.text, "bold")
    pitch = round(1.4 * text)
    notes, top = box.bottom - 5 * text // 2 - NOTES * pitch, box.y + 3 * text
    height, width = reading.ink.shape
    side_by_side = width < 2 * height  # else one below the other
    across, down = (2, 1) if side_by_side else (1, 2)
    wide, high = (box.w - text) // across, (notes - top) // down - pitch - text
    images = shown.beside(colours, reading, app.reading.network.threshold, (wide, high))
    for n, (name, image) in enumerate(zip(NAMES, images, strict=True)):
        x, y = (box.x + n * (wide + text), top) if side_by_side else (box.x, top + n * (high + pitch + text))
        widgets.text(surface, name, Rect(x, y, wide, pitch), text, theme.muted)
        surface.blit(pygame.image.frombytes(image.tobytes(), image.size, "RGB"), (x, y + pitch))
        widgets.outline(surface, Rect(x, y + pitch, *image.size), theme.line)
    lines = shown.told(reading, app.reading.network.threshold)
    rest = len(lines) - NOTES
    lines = lines if rest <= 0 else [*lines[: NOTES - 1], f"And {rest + 1} lines more."]
    for n, line in enumerate(lines):
        where = Rect(box.x, notes + n * pitch, box.w, pitch)
        colour = theme.muted if n else theme.text
        widgets.text(surface, line, where, widgets.fitted_size(line, where, text), colour)
