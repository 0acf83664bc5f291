"""The bottom panel of Why: the eight training digits whose hidden units are nearest to the drawing's."""

import numpy as np
import pygame

from nn.words import article
from window.actions import nearest
from window.data.nearest import COUNT
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured

CONTROLS = {"near": Control("", "A training digit that the network finds most alike. A click puts it on the pad.",
                            nearest.show, nearest.there)}  # fmt: skip


def place(layout):
    gap, parts = layout.gap, layout.parts
    inner = layout.free.w - 2 * gap
    side = min((inner - (COUNT - 1) * gap) // COUNT, round(layout.text * 5.5))
    panel = layout.bottom("nearest", 2 * gap + layout.heading + side + layout.caption, gap)
    parts["nearest title"] = Rect(panel.x + gap, panel.y + gap, inner, layout.heading)
    for n in range(COUNT):
        x = panel.x + gap + (inner - side) * n // (COUNT - 1)
        parts[f"near {n}"] = Rect(x, panel.y + gap + layout.heading, side, side + layout.caption)


def draw(surface, app):
    layout, theme, parts, size = app.layout, app.theme, app.layout.parts, app.layout.text
    widgets.card(surface, layout.panels["nearest"], theme, layout.gap)
    heading, found = parts["nearest title"], app.nearest.of(app.reading)
    words, network = "The nearest training digits", app.reading.network
    widgets.title(surface, words, heading, theme, size)
    shift = widgets.text_size(words, size, "bold")[0] + 2 * layout.gap
    line = heading._replace(x=heading.x + shift, w=heading.w - shift, h=round(size * 1.4))
    below = Rect(heading.x, parts["near 0"].y, heading.w, parts["near 0"].h)
    if network in app.nearest.refused:
        widgets.paragraph(surface, app.nearest.refused[network], below, size, theme.muted)
    elif found is None and network in app.nearest.features:
        widgets.paragraph(surface, "Draw a digit first.", below, size, theme.muted)
    elif found is None:
        widgets.paragraph(surface, "What the network makes of every training digit is being computed, once …", below,
                          size, theme.muted)  # fmt: skip
        bar = below._replace(y=below.y + 2 * size, h=max(2, size // 2))
        pygame.draw.rect(surface, theme.raised, bar)
        pygame.draw.rect(surface, theme.accent, bar._replace(w=round(bar.w * app.nearest.share)))
    else:
        widgets.text(surface, _words(app, found), line, size * 0.92, theme.muted)
        for n, one in enumerate(found):
            _one(surface, app, one, parts[f"near {n}"], app.pointed_part == f"near {n}")


def _words(app, found):
    """What the pointed one is, or how many are of the answer's kind."""
    part = app.pointed_part or ""
    if part.startswith("near ") and int(part.split()[1]) < len(found):
        one = found[int(part.split()[1])]
        return f"number {one.number}, {article(one.label)}; its hidden units are {one.distance:.2f} away"
    labels = np.array([one.label for one in found])
    same = int((labels == app.answer.digit).sum())
    others = ", ".join(str(digit) for digit in sorted({*labels.tolist()} - {app.answer.digit}))
    words = f"{same or 'None'} of the {len(found)} are {app.answer.digit}s"
    return f"{words}{', the others ' + others if others else ''}. Below: label and distance."


def _one(surface, app, one, box, pointed):
    theme, size, square = app.theme, app.layout.text, box._replace(h=box.w)
    widgets.picture(surface, coloured(one.image, theme.ink_scale), square)
    widgets.outline(surface, square, theme.text if pointed else theme.line, 2 if pointed else 1)
    below = Rect(box.x, square.bottom, box.w, box.h - box.w)
    right = one.label == app.answer.digit
    widgets.text(surface, str(one.label), below, size, theme.accent if right else theme.warning, "bold")
    widgets.text(surface, f"{one.distance:.1f}", below, size * 0.85, theme.muted, align="right")
