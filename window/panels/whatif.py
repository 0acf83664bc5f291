"""The middle panel of What if: the 28x28 to paint in, and what the answer and the test set make of the changes."""

import pygame

from nn.words import order
from window.actions import whatif
from window.data.answer import percent
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured

CONTROLS = {
    "paint": Control("", "Paint in what the network receives; the right button erases. Arrows and Enter do, too.",
                     whatif.dot),
    "brush": Control("Brush", "The mouse adds ink to the 28 x 28.", whatif.brush),
    "rubber": Control("Rubber", "The mouse takes ink off the 28 x 28; so does its right button.", whatif.rubber),
    "unpaint": Control("Undo", "Take the last stroke of the brush back.", whatif.undo),
    "drawn": Control("As drawn", "Your drawing's own picture again.", whatif.as_drawn, whatif.changed),
    "on": Control("All on", "Switch all filters and units on again.", whatif.all_on, whatif.some_off),
}
LINES = 6


def place(layout):
    """The picture as large as the height or the width allows, with the buttons at its side."""
    gap, half, parts = layout.gap, layout.half, layout.parts
    inner, pitch, button = layout.free.inset(gap), round(layout.text * 1.35), layout.text * 6
    widest = int((layout.free.w - gap) * 0.56) - 3 * gap - button
    side = min(widest, inner.h - layout.heading - LINES * pitch - gap)
    layout.needs((side, 14))
    width = max(side + gap + button, int(widest * 0.9) + gap + button)
    layout.left("receives", width + 2 * gap)  # in its place: what is enlarged keeps off it
    parts["what if title"] = Rect(inner.x, inner.y, width, layout.heading)
    top = inner.y + layout.heading
    parts["paint"] = Rect(inner.x, top, side, side)
    for n, name in enumerate(("brush", "rubber", "unpaint", "drawn", "on")):
        parts[name] = Rect(inner.x + side + gap, top + n * (layout.row + half), button, layout.row)
    parts["said"] = Rect(inner.x, top + side + gap, width, inner.bottom - top - side - gap)


def draw(surface, app):
    layout, theme, parts, size = app.layout, app.theme, app.layout.parts, app.layout.text
    widgets.card(surface, layout.panels["receives"], theme, layout.gap)
    widgets.title(surface, "What if: paint, switch filters off", parts["what if title"], theme, size)
    box, answer = parts["paint"], app.answer
    pygame.draw.rect(surface, theme.paper, box)
    if answer:
        widgets.picture(surface, coloured(answer.image, theme.ink_scale), box)
    widgets.outline(surface, box, theme.warning if answer and answer.painted else theme.line)
    if app.looking.focus == "paint":
        (x, y), pixel = app.whatif.nib, box.w / 28
        spot = Rect(box.x + round(x * pixel), box.y + round(y * pixel), round(pixel) + 1, round(pixel) + 1)
        widgets.outline(surface, spot, theme.accent, 2)
    on = {"brush": not app.whatif.erasing, "rubber": app.whatif.erasing}
    for name, control in CONTROLS.items():
        if name != "paint":
            widgets.button(surface, parts[name], control.words, theme, round(size * 0.9), on=on.get(name, False),
                           pointed=app.pointed_part == name, ready=control.there(app))  # fmt: skip
    pitch, where = round(size * 1.35), parts["said"]
    for words, colour in _said(app):
        for line in widgets.wrapped(words, where.w, size * 0.92):
            widgets.text(surface, line, where._replace(h=pitch), size * 0.92, colour)
            where = where._replace(y=where.y + pitch)


def _said(app):
    """The lines under the picture, each with its colour."""
    theme, reading, answer = app.theme, app.reading, app.answer
    if answer is None:
        return [("Draw a digit first; then paint in its 28 x 28.", theme.muted)]
    lines = []
    if answer.painted or reading.off:
        before = reading.whole.predict(answer.steps.image[None])[0]
        was, share = order(before)[0], percent(before.max())
        lines.append((f"As it was: {was}, {share}. Now: {answer.digit}, {percent(answer.confidence)}.", theme.text))
    if answer.painted:
        lines.append((whatif.painted_over(app), theme.warning))
    else:
        lines.append(("Paint here; the right button erases.", theme.muted))
    if not reading.off:
        lines.append(("A click on a cell below switches it off.", theme.muted))
    return lines + _scored(app)


def _scored(app):
    """How the network does on the test set without what is off, and as a whole."""
    state, reading, theme = app.whatif, app.reading, app.theme
    if not reading.off:
        return []
    if state.refused:
        return [(f"No test images: {state.refused}", theme.warning)]
    lines, count = [], len(reading.off)
    these = "Without it" if count == 1 else f"Without these {count}"
    for name, network in (("Whole", reading.whole), (these, reading.network)):
        score = state.scores.get(network)
        if score is None or not score.done:
            lines.append((f"{name}: {score.asked if score else 0:,} test images asked …", theme.muted))
        else:
            wrong = f"{score.of - score.right:,} of {score.of:,} wrong"
            lines.append((f"{name}: {100 * score.right / score.of:.2f} % of the test set ({wrong})", theme.text))
    return lines
