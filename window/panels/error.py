"""The right panel of Backward: the true digit, the loss, p - y as ten signed bars, and steps down the gradient."""

import numpy as np
import pygame

from window.actions import backward, descend
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "true": Control("", "Say that the drawing is this digit: the way back starts there. Its key does the same.",
                    backward.truth, lambda app: app.answer is not None),
    "lower": Control("−", "A smaller step: the rate is what the gradient is multiplied by. Key −.", descend.lower),
    "higher": Control("+", "A larger step: the rate is what the gradient is multiplied by. Key +.", descend.higher),
    "take": Control("Take one step  G", "Every weight of a copy moves by −rate × its gradient. Nothing else changes.",
                    descend.take, backward.there),
    "repeat": Control("Repeat  J", "Four steps a second, until it is pressed again: it learns this drawing alone.",
                      descend.repeat, backward.there),
    "back": Control("Undo  U", "Take the last step back.", descend.undo, lambda app: bool(app.backward.steps)),
}  # fmt: skip


def place(layout):
    layout.panels["error"] = layout.free
    layout.needs((layout.free.w, 19.5), (layout.free.h, 27))
    inner, parts, half, row = layout.free.inset(layout.gap), layout.parts, layout.half, layout.row
    parts["error title"] = inner._replace(h=layout.heading)
    parts["loss"] = Rect(inner.x, inner.y + layout.heading, inner.w, round(layout.text * 2.8))
    parts["as they are"] = Rect(inner.x, parts["loss"].bottom, inner.w, round(layout.text * 2.4))
    y, wide = inner.bottom - row, (inner.w - 2 * half) // 3
    parts["repeat"] = Rect(inner.x, y, (inner.w - half) // 2, row)
    parts["back"] = Rect(parts["repeat"].right + half, y, inner.right - parts["repeat"].right - half, row)
    y -= row + half
    parts["lower"] = Rect(inner.x, y, row, row)
    parts["rate"] = Rect(inner.x + row, y, wide + half - row, row)
    parts["higher"] = Rect(parts["rate"].right, y, row, row)
    parts["take"] = Rect(parts["higher"].right + half, y, inner.right - parts["higher"].right - half, row)
    parts["error head"] = Rect(inner.x, parts["as they are"].bottom, inner.w, layout.caption)
    top, bottom = parts["error head"].bottom, y - half
    for digit in range(10):
        y, end = (top + (bottom - top) * n // 10 for n in (digit, digit + 1))
        parts[f"true {digit}"] = Rect(inner.x, y, inner.w, end - y)


def draw(surface, app):
    layout, theme, parts, size, state = app.layout, app.theme, app.layout.parts, app.layout.text, app.backward
    widgets.card(surface, layout.panels["error"], theme, layout.gap)
    widgets.title(surface, "What is wrong: p − y", parts["error title"], theme, size)
    way = state.way(app.reading)
    if app.answer is None:
        words = "Draw a digit first."
    elif way is None:
        words = f"Which digit is it? Press its key or click its row. Enter: {app.answer.digit}."
    else:
        loss = f"{state.steps[0].loss:.4g} → {way.loss:.4g}" if state.steps else f"{way.loss:.4g}"
        words = f"A true {way.label}. Loss = −log p[{way.label}] = {loss}"
    widgets.paragraph(surface, words, parts["loss"], size, theme.text)
    if way and app.reading.network.temperature != 1:
        words = ("Loss and p are of the scores as they are; Forward's p is calibrated: it divides them first by the "
                 f"temperature, {app.reading.network.temperature:.2f}.")  # fmt: skip
        widgets.paragraph(surface, words, parts["as they are"], size * 0.85, theme.muted)
    columns = _columns(app, parts["true 0"])
    head, small = parts["error head"], size * 0.85
    if way:
        for name, box in (("p", columns[1]), ("p − y", columns[3])):
            widgets.text(surface, name, box._replace(y=head.y, h=head.h), small, theme.muted, align="right")
        track = columns[2]._replace(y=head.y, h=head.h)
        words = "outline: before" if state.steps else "too little · too much"
        fits = widgets.fitted_size(words, track, small)
        widgets.text(surface, words, track, fits, theme.muted, align="centre")
    for digit in range(10):
        _bar(surface, app, way, digit, parts[f"true {digit}"])
    rate, box = f"rate {state.rate:g}", parts["rate"]
    widgets.text(surface, rate, box, widgets.fitted_size(rate, box, size), theme.text, align="centre")
    ready = {"take": way is not None, "repeat": way is not None, "back": state.undoable}
    for name in ("lower", "higher", "take", "repeat", "back"):
        widgets.button(surface, parts[name], CONTROLS[name].words, theme, size, ready=ready.get(name, True),
                       primary=name == "take", on=name == "repeat" and state.repeating,
                       pointed=app.pointed_part == name)  # fmt: skip


def _columns(app, box):
    """The digit, its probability, the signed bar, p - y."""
    size = app.layout.text
    digit = box._replace(w=round(size * 1.8))
    p = Rect(digit.right, box.y, round(size * 3.6), box.h)
    value = Rect(box.right - round(size * 5), box.y, round(size * 5), box.h)
    return digit, p, Rect(p.right + size, box.y, value.x - p.right - size, box.h), value


def _bar(surface, app, way, digit, box):
    theme, size, state = app.theme, app.layout.text, app.backward
    if app.pointed_part == f"true {digit}":
        pygame.draw.rect(surface, theme.raised, box, border_radius=app.layout.half)
    chosen = way.label if way else app.answer.digit if app.answer else None  # until it is given, the answer is offered
    style = "bold" if digit == chosen else ""
    name, share, track, value = _columns(app, box)
    widgets.text(surface, str(digit), name, size, theme.text, style, "centre")
    thick = max(3, min(size * 2 // 3, box.h - 4))
    track = track._replace(y=box.middle[1] - thick // 2, h=thick)
    middle = track.middle[0]
    pygame.draw.rect(surface, theme.raised, track, border_radius=thick // 2)
    if way:
        error = float(way.p[digit]) - (digit == way.label)
        if np.isfinite(error):
            pygame.draw.rect(surface, theme.accent if error > 0 else theme.warning, _from(track, error))
        if state.steps:
            before = float(state.steps[0].p[digit]) - (digit == way.label)
            widgets.outline(surface, _from(track, before).inset(-1), theme.text)
        widgets.text(surface, f"{way.p[digit]:.3f}", share, size * 0.92, theme.text, style, "right")
        words = f"{error:+.4f}".replace("-", "−")
        widgets.text(surface, words, value, size, theme.text, style, "right")
    elif digit == chosen:
        widgets.text(surface, "answer: Enter", value._replace(x=track.x, w=box.right - track.x), size * 0.92,
                     theme.accent, align="centre")  # fmt: skip
    if way:
        pygame.draw.line(surface, theme.faint, (middle, box.y), (middle, box.bottom - 1))


def _from(track, error):
    """The bar of a signed number from the track's middle, a whole half being 1."""
    length = round(min(abs(error), 1) * track.w / 2)
    return track._replace(x=track.middle[0] - (length if error < 0 else 0), w=max(length, 1))
