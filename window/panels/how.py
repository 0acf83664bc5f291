"""The bottom panel: how the answer came about, from the first feature maps to the ten outputs."""

import numpy as np
import pygame

from window.actions import look
from window.data import anatomy
from window.data.anatomy import name_of
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured, signed

ABOVE = 27  # heights of text, that the panels above need
CAPTION = 7.8  # heights of text, that a caption needs
CHANNELS = (32, 32, 64, 64, 64, 64, 10)  # cells of each stage of the digit network
CONTROLS = {"stage": Control("", "Point at a cell to enlarge it; click it for its arithmetic.", look.pin,
                             lambda app: app.answer is not None)}  # fmt: skip


def place(layout):
    """The feature maps take the whole width, and what height that and the panels above leave them.

    Each has a column of the width, as wide as its grid or its caption, with an equal share of what is left over.
    """
    gap, heading, caption, parts, text = layout.gap, layout.heading, layout.caption, layout.parts, layout.text
    arrow, stages = gap + layout.half, range(len(layout.channels))
    spans = [layout.columns(stage) / layout.rows(stage) for stage in stages[:-1]] + [0.95]
    inner = layout.free.w - 2 * gap - arrow * (len(stages) - 1)
    above = ABOVE * text + gap + 2 * gap + heading + 2 * caption
    side = max(int(min(inner / sum(spans), layout.free.h * 0.31, max(layout.free.h - above, 5.5 * text))), 1)
    wide = lambda side: [max(side * span, CAPTION * text) for span in spans]  # noqa: E731
    while side > 1 and sum(wide(side)) > inner:
        side -= 1
    layout.needs((side, 5.5))
    panel = layout.bottom("how", 2 * gap + heading + 2 * caption + side, gap)
    x, spare = panel.x + gap, (inner - sum(wide(side))) / len(stages)
    for stage, (span, w) in enumerate(zip(spans, wide(side), strict=True)):
        column, grid = int(w + spare), max(int(side * span), 1)
        parts[f"caption {stage}"] = Rect(round(x), panel.y + gap + heading, column, 2 * caption)
        parts[f"stage {stage}"] = Rect(round(x), panel.y + gap + heading + 2 * caption, grid, side)
        x += w + spare + arrow
    parts["how title"] = Rect(panel.x + gap, panel.y + gap, panel.w - 2 * gap, heading)


def draw(surface, app, hint="Point at a cell to enlarge it; click it for its arithmetic."):
    layout, theme, parts = app.layout, app.theme, app.layout.parts
    widgets.card(surface, layout.panels["how"], theme, layout.gap)
    heading = parts["how title"]
    widgets.title(surface, "How it got there", heading, theme, layout.text)
    width = widgets.text_size("How it got there", layout.text, "bold")[0] + 2 * layout.gap
    line = Rect(heading.x + width, heading.y, heading.w - width, round(layout.text * 1.4))
    line = line._replace(w=_legend(surface, app, line) - line.x)
    if widgets.text_size(hint, layout.text * 0.92)[0] <= line.w:
        widgets.text(surface, hint, line, layout.text * 0.92, theme.muted)
    for number in range(len(layout.channels)):
        _stage(surface, app, number)
    if app.pointed and not app.looking.pinned:
        _enlarged(surface, app, *app.pointed)


def _legend(surface, app, box):
    """What the colours mean, at the right of the heading. Returns where it begins."""
    theme, size = app.theme, round(app.layout.text * 0.85)
    x = box.right
    for (low, high), scale in ((("against", "for"), theme.signed_scale), (("0", "most"), theme.heat_scale)):
        for label, ramp in ((high, None), ("", scale), (low, None)):
            w = size * 5 if ramp is not None else widgets.text_size(label, size)[0] + size // 2
            x -= w
            where = Rect(x, box.y, w, box.h)
            if ramp is None:
                widgets.text(surface, label, where, size, theme.muted, align="centre")
            else:
                bar = Rect(x, box.y + box.h // 3, w, box.h // 3)
                image = pygame.surfarray.make_surface(ramp[:, None])
                surface.blit(pygame.transform.smoothscale(image, (bar.w, bar.h)), (bar.x, bar.y))
                widgets.outline(surface, bar, theme.line)
        x -= 2 * size
    return x


def _stage(surface, app, number):
    layout, theme = app.layout, app.theme
    box, caption = layout.parts[f"stage {number}"], layout.parts[f"caption {number}"]
    size = layout.text * 0.85
    if number:
        x, y, half = box.x - layout.gap, box.middle[1], max(3, layout.text // 3)
        pygame.draw.aalines(surface, theme.muted, False, [(x, y - half), (x + half, y), (x, y + half)])
    if app.reading.stages:
        stage = app.reading.stages[number]
        line = caption._replace(h=caption.h // 2)
        last = number == len(app.reading.stages) - 1
        widgets.text(surface, name_of(app.reading.stages, number), line, size, theme.text)
        shape = " × ".join(map(str, stage.shape)) if not last else "scores"
        widgets.text(surface, shape, line._replace(y=line.bottom), size, theme.muted)
    if app.answer is None:
        widgets.outline(surface, box, theme.line)
        return
    maps = anatomy.shown(app.reading.stages[number], app.answer.values)
    colours = colours_of(maps, theme, number == len(app.reading.stages) - 1)
    surface.blit(mosaic(colours, layout, number, theme), (box.x, box.y))
    if number == len(app.reading.stages) - 1:
        _outputs(surface, app, maps[:, 0, 0])
    for chosen, colour in ((app.pointed, theme.text), (app.looking.pinned, theme.warning)):
        if chosen and chosen[0] == number:
            widgets.outline(surface, layout.cell(number, chosen[1]).inset(-1), colour, 2)


def colours_of(maps, theme, outputs=False):
    """Activations as colours, one scale for all of a stage, signed for outputs: (C, H, W) -> (C, H, W, 3)."""
    if outputs or maps.min() < 0:
        return coloured(signed(maps), theme.signed_scale)
    return coloured(maps / max(maps.max(), 1e-9), theme.heat_scale)


def mosaic(colours, layout, number, theme):
    """All of a stage's maps (C, H, W, 3) in their grid, a gap of one pixel of the panel's colour between them."""
    box, (columns, rows) = layout.parts[f"stage {number}"], (layout.columns(number), layout.rows(number))
    count, height, width, _ = colours.shape
    times = max(1, 12 // height)  # a unit, or a tiny map, is enlarged so that the gap stays thin
    pixels = colours.repeat(times, axis=1).repeat(times, axis=2)
    height, width = height * times + 1, width * times + 1
    whole = np.empty((rows * columns, height, width, 3), np.uint8)
    whole[:] = theme.panel
    whole[:count, 1:, 1:] = pixels
    whole = whole.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    surface = pygame.Surface((box.w, box.h), depth=32)
    widgets.picture(surface, whole, Rect(0, 0, box.w, box.h))
    return surface


def _outputs(surface, app, scores):
    """The digits, written into the cells of the ten outputs."""
    number = len(app.reading.stages) - 1
    colours = colours_of(scores[:, None, None], app.theme, outputs=True)[:, 0, 0]
    for digit, colour in enumerate(colours):
        bright = colour @ [0.299, 0.587, 0.114] > 120
        box = app.layout.cell(number, digit)
        style = "bold" if digit == app.answer.digit else ""
        ink = (12, 14, 18) if bright else (245, 247, 250)
        size = min(app.layout.text, box.h * 0.8)
        left = box._replace(x=box.x + box.w // 12, w=box.w // 3)
        widgets.text(surface, str(digit), left, size, ink, style)
        value = Rect(left.right, box.y, box.right - left.right - box.w // 16, box.h)
        words = f"{scores[digit]:+.{abs(scores[digit]) < 9.95:d}f}".replace("-", "−")
        widgets.text(surface, words, value, widgets.fitted_size(words, value, size * 0.85, style), ink, style, "right")


def _enlarged(surface, app, number, cell, place):
    """A card above the cell: its map enlarged, its filter, and what its numbers are."""
    layout, theme, size = app.layout, app.theme, app.layout.text
    stage = app.reading.stages[number]
    maps = anatomy.shown(stage, app.answer.values)
    gap, side = layout.gap, size * 8
    at = layout.cell(number, cell)
    card = Rect(0, 0, side * 2 + size * 6 + 3 * gap, side + 2 * gap)
    # beside the image, never over it, as its receptive field is being shown there
    image, leftmost, rightmost = layout.panels.get("receives"), gap, layout.size[0] - card.w - gap
    if image is None:
        pass
    elif at.middle[0] < layout.size[0] // 2:
        rightmost = image.x - card.w - gap
    else:
        leftmost = image.right + gap
    x = max(min(at.middle[0] - card.w // 2, rightmost), min(leftmost, layout.size[0] - card.w - gap))
    card = card._replace(x=x, y=layout.panels["how"].y - card.h - gap)
    pygame.draw.rect(surface, theme.raised, card, border_radius=gap)
    pygame.draw.rect(surface, theme.faint, card, 1, border_radius=gap)
    inner = card.inset(gap)
    enlarged = Rect(inner.x, inner.y, side, side)
    widgets.picture(surface, colours_of(maps, theme)[cell], enlarged)
    _, height, width = maps.shape
    spot = Rect(
        enlarged.x + side * place[1] // width, enlarged.y + side * place[0] // height,
        max(3, side // width), max(3, side // height),
    )
    widgets.outline(surface, spot, theme.warning, 2)
    words = Rect(enlarged.right + gap, inner.y, inner.right - enlarged.right - gap, side)
    lines = [
        (f"{stage.title}", theme.text), (f"cell {cell} of {stage.channels}", theme.muted),
        (f"value {maps[cell][place]:.3f}", theme.text),
    ]
    if height > 1:
        lines.append((f"row {place[0]}, column {place[1]}", theme.muted))
    for i, (line, colour) in enumerate(lines):
        widgets.text(surface, line, words._replace(y=words.y + i * size * 4 // 3, h=size * 4 // 3), size * 0.92, colour)
    kernel = app.reading.network.layers[stage.first].kernel(cell)
    if kernel is not None:
        small = Rect(words.x, words.y + len(lines) * size * 4 // 3 + gap // 2, size * 2, size * 2)
        widgets.picture(surface, coloured(signed(kernel), theme.signed_scale), small)
        inputs = app.answer.values[stage.first].shape[-1]
        note = "its filter" if inputs == 1 else "mean filter"
        widgets.text(surface, note, small._replace(x=small.right + gap // 2, w=words.w), size * 0.85, theme.muted)
