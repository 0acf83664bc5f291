"""The right panel of Backward: the true digit, the loss, and p - y as ten signed bars, where the way back starts."""

import pygame

from window.actions import backward
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "true": Control("", "Say that the drawing is this digit: the way back starts there.", backward.truth,
                    lambda app: app.answer is not None),
}  # fmt: skip


def place(layout):
    layout.panels["error"] = layout.free
    layout.needs((layout.free.w, 22), (layout.free.h, 24))
    inner, parts = layout.free.inset(layout.gap), layout.parts
    parts["error title"] = inner._replace(h=layout.heading)
    parts["loss"] = Rect(inner.x, inner.y + layout.heading + layout.gap, inner.w, layout.text * 4)
    top = parts["loss"].bottom + layout.gap
    for digit in range(10):
        y, end = (top + (inner.bottom - top) * n // 10 for n in (digit, digit + 1))
        parts[f"true {digit}"] = Rect(inner.x, y, inner.w, end - y)


def draw(surface, app):
    layout, theme, parts, size = app.layout, app.theme, app.layout.parts, app.layout.text
    widgets.card(surface, layout.panels["error"], theme, layout.gap)
    widgets.title(surface, "What is wrong: p − y", parts["error title"], theme, size)
    way = app.backward.way(app.reading)
    if app.answer is None:
        words = "Draw a digit first."
    elif way is None:
        words = app.backward.trouble or f"Which digit is it? Press its key or click its row; Enter: {app.answer.digit}."
    else:
        words = f"True digit {way.label}. Loss = −log p[{way.label}] = {way.loss:.4g}."
    widgets.paragraph(surface, words, parts["loss"], size, theme.text)
    for digit in range(10):
        _bar(surface, app, way, digit, parts[f"true {digit}"])


def _bar(surface, app, way, digit, box):
    theme, size = app.theme, app.layout.text
    if app.pointed_part == f"true {digit}":
        pygame.draw.rect(surface, theme.raised, box, border_radius=app.layout.half)
    chosen = way.label if way else app.answer.digit if app.answer else None  # until it is given, the answer is offered
    style = "bold" if digit == chosen else ""
    widgets.text(surface, str(digit), box._replace(w=size * 2), size, theme.text, style, "centre")
    track = Rect(box.x + size * 2, box.middle[1] - size // 3, box.w - size * 8, max(3, size * 2 // 3))
    middle = track.middle[0]
    if way:
        error = float(way.gradients[-1][0, digit])
        length = round(abs(error) * track.w / 2)
        bar = track._replace(x=middle if error > 0 else middle - length, w=length)
        pygame.draw.rect(surface, theme.accent if error > 0 else theme.warning, bar)
        value = Rect(track.right, box.y, box.right - track.right, box.h)
        widgets.text(surface, f"{error:+.2g}".replace("-", "−"), value, size, theme.text, style, "right")
    pygame.draw.line(surface, theme.line, (middle, box.y), (middle, box.bottom))
