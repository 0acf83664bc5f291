"""The terms of Why: the difference of two scores as signed bars, and the map that one hidden unit rests on."""

import numpy as np
import pygame

from window.actions import why
from window.data.why import CannotSay, rest, units
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured, signed

CONTROLS = {"terms": Control("", "The terms of the difference, sorted. A click or the arrow keys choose one.", why.look,
                             lambda app: app.answer is not None)}  # fmt: skip


def place(layout):
    panel, gap = layout.free, layout.gap
    layout.panels["why terms"] = panel
    inner, bias = panel.inset(gap), layout.text * 2
    top, foot = layout.heading, 2 * layout.caption
    layout.parts["difference"] = inner._replace(h=layout.heading)
    bars = Rect(inner.x, inner.y + top, inner.w - bias - gap, inner.h - top - foot)
    layout.parts["terms"] = bars
    layout.parts["bias"] = Rect(bars.right + gap, bars.y, bias, bars.h)
    layout.parts["readout"] = Rect(inner.x, bars.bottom, inner.w, foot)


def draw(surface, app):
    layout, theme, size = app.layout, app.theme, app.layout.text
    for name in ("why terms", "why unit"):
        widgets.card(surface, layout.panels[name], theme, layout.gap)
    heading = layout.parts["difference"]
    if app.answer is None:
        widgets.title(surface, "The difference, term by term", heading, theme, size)
        return
    a, b = app.why.pair(app.answer)
    try:
        difference = app.why.difference(app.reading)
    except CannotSay as reason:
        widgets.title(surface, "The difference, term by term", heading, theme, size)
        widgets.paragraph(surface, str(reason), layout.parts["terms"], size, theme.muted)
        return
    scores = [f"{score:.3f}" for score in app.answer.values[-1].ravel()[[a, b]]]
    words = f"Score of {a} − score of {b} = {scores[0]} − {scores[1]} = {difference.shown:+.3f}".replace("-", "−")
    widgets.title(surface, words, heading, theme, size)
    x = heading.right
    for digit, colour in ((b, theme.warning), (a, theme.accent)):
        x -= size * 4
        where = Rect(x, heading.y, size * 4, layout.caption)
        widgets.text(surface, f"for {digit}", where, size, colour, "bold", "right")
    _bars(surface, app, difference)
    _unit(surface, app, difference)


def _bars(surface, app, difference):
    theme, parts, size = app.theme, app.layout.parts, app.layout.text
    box, terms = parts["terms"], why.shown(app, difference)
    heights = difference.terms[terms]
    most, low = (max(np.max(f, initial=0), 1e-9) for f in (np.append(heights, difference.bias), -heights))
    low = max(low, -difference.bias)
    zero = box.y + round(box.h * most / (most + low))
    scale = box.h / (most + low)
    chosen, pointed = app.why.looked_at(difference), why.at(app, app.looking.pointer)
    for n, term in enumerate(terms):
        x, right = (box.x + box.w * i // len(terms) for i in (n, n + 1))
        if term in (chosen, pointed):
            pygame.draw.rect(surface, theme.hover if term == chosen else theme.raised, (x, box.y, right - x, box.h))
        _bar(surface, theme, Rect(x, box.y, max(1, right - x - 1), box.h), zero, heights[n] * scale)
        if term == chosen:
            widgets.outline(surface, Rect(x, box.y, right - x, box.h), theme.text)
    bias = parts["bias"]
    _bar(surface, theme, bias, zero, difference.bias * scale)
    pygame.draw.line(surface, theme.faint, (box.x, zero), (bias.right, zero))
    foot = parts["readout"]._replace(h=parts["readout"].h // 2)
    widgets.text(surface, "bias", foot._replace(x=bias.x - size, w=bias.w + 2 * size), size * 0.85, theme.muted,
                 align="centre")  # fmt: skip
    line = foot._replace(y=foot.bottom)
    widgets.text(surface, _sum(app, difference, terms), line, size * 0.92, theme.muted)
    shown = pointed if pointed is not None else chosen
    words = f"{_called(app, shown)}: {difference.values[shown]:.3f} × {difference.weights[shown]:+.3f} = "\
            f"{difference.terms[shown]:+.3f}".replace("-", "−")
    widgets.text(surface, words, foot._replace(w=foot.w - bias.w - 2 * size), size * 0.92, theme.text)


def _bar(surface, theme, where, zero, tall):
    """A bar up or down from the height `zero`."""
    tall = round(tall)
    bar = Rect(where.x, zero - max(tall, 0), where.w, abs(tall))
    pygame.draw.rect(surface, theme.accent if tall > 0 else theme.warning, bar)


def _sum(app, difference, terms):
    a, b = app.why.pair(app.answer)
    n, others = len(difference.terms), len(difference.terms) - len(terms)
    more = f", {others} smaller ones not drawn" if others else ""
    speaks = f"{int((difference.terms > 0).sum())} speak for {a}, {int((difference.terms < 0).sum())} for {b}"
    return f"{n} terms ({speaks}{more}) + bias {difference.bias:+.3f} = {difference.total:+.3f}".replace("-", "−")


def _called(app, term):
    stages = app.reading.stages
    if units(stages) is not None:
        return f"unit {term}"
    return f"number {term} of what the last layer receives"


def _unit(surface, app, difference):
    """What the chosen term rests on: a small picture (H, W) for each channel, and their sum over the channels."""
    layout, theme, size = app.layout, app.theme, app.layout.text
    inner, term = layout.panels["why unit"].inset(layout.gap), app.why.looked_at(difference)
    heading = inner._replace(h=layout.heading)
    try:
        found = rest(app.reading.network, app.reading.stages, app.answer.values, difference, term)
    except CannotSay as reason:
        widgets.paragraph(surface, str(reason), inner, size, theme.muted)
        return
    widgets.title(surface, found.title, heading, theme, size)
    pitch = round(size * 1.4)
    foot = inner.bottom - len(found.steps) * pitch
    for n, (name, value) in enumerate(found.steps):
        row = Rect(inner.x, foot + n * pitch, inner.w, pitch)
        widgets.text(surface, name, row, size * 0.9, theme.muted)
        widgets.text(surface, f"{value:+.3f}".replace("-", "−"), row, size * 0.9, theme.text, "mono", "right")
    H, W, C = found.products.shape
    top = heading.bottom + layout.caption
    words = f"{H} × {W} × {C}: weight × value" if C > 1 else f"{H} × {W}: weight × value"
    widgets.text(surface, words, Rect(inner.x, heading.bottom, inner.w, layout.caption), size * 0.85, theme.muted)
    room = Rect(inner.x, top, inner.w, foot - top - layout.half)
    if C == 1:
        side = min(room.w, room.h)
        _picture(surface, app, found.products[..., 0], Rect(room.x, room.y, side, side * H // W))
        return
    side = min(room.h, int(room.w * 0.68))
    _picture(surface, app, _mosaic(found.products), Rect(room.x, room.y, side, side))
    if H == W == 1:
        return
    beside = Rect(room.x + side + layout.gap, room.y, room.w - side - layout.gap, layout.caption)
    small = min(beside.w, room.h - 2 * layout.caption)
    widgets.text(surface, "by place", beside, size * 0.85, theme.muted)
    _picture(surface, app, found.products.sum(axis=2), Rect(beside.x, beside.bottom, small, small * H // W))


def _picture(surface, app, numbers, where):
    pixels = coloured(signed(np.nan_to_num(numbers)), app.theme.signed_scale)
    pixels[np.isnan(numbers)] = app.theme.panel
    widgets.picture(surface, pixels, where)
    widgets.outline(surface, where, app.theme.line)


def _mosaic(products):
    """All channels (H, W) of (H, W, C) in a grid that is about square, NaN between them."""
    H, W, C = products.shape
    columns = int(np.ceil(np.sqrt(C)))
    rows = -(-C // columns)
    times = max(1, 9 // max(H, W))  # so that the gaps stay thin
    maps = products.transpose(2, 0, 1).repeat(times, axis=1).repeat(times, axis=2)
    whole = np.full((rows * columns, H * times + 1, W * times + 1), np.nan)
    whole[:C, :-1, :-1] = maps
    return whole.reshape(rows, columns, H * times + 1, W * times + 1).swapaxes(1, 2).reshape(rows * (H * times + 1), -1)
