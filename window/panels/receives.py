"""The middle panel: what the network receives, step by step, and what its answer depends on."""

import numpy as np
import pygame

from window.actions import look
from window.data import anatomy
from window.data.answer import percent
from window.data.steps import sentence
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured, picture, signed

CAPTIONS = ("ink", "box", "20 × 20", "centred", "28 × 28")
STEPS = len(CAPTIONS)  # pictures in the strip of steps
TILES = {"effect": "What ink does", "occlusion": "What it relies on", "plain": "Without preprocessing"}  # small views
CONTROLS = {
    "step": Control("", "A step from your ink to the 28 x 28 pixels: a click shows it large, and what happened.",
                    look.step),
    "large": Control("", "Point at a pixel for its number.", focusable=False),
    "effect": Control("", "What ink at each pixel really does to the score, tried out one by one.", look.effect),
    "occlusion": Control("", "How much of its probability the answer loses if a part is covered.", look.occlusion),
    "plain": Control("", "The whole pad shrunk: what the network gets in programs without these steps.", look.plain),
}
EXPLAINED = {
    "pixels": "The 28 × 28 numbers that the network receives. Point at one for its value.",
    "effect": "Blue: ink there speaks for {0}. Orange: against it. All 784 pixels were tried out.",
    "slope": "The slope of {0}'s score, by backprop, where there is one: bare paper has ties.",
    "occlusion": "How much of its probability the answer loses if this is covered.",
    "plain": "The whole pad shrunk, as programs without these steps do it.",
}


def place(layout):
    """The steps in a row, the large view under them with the small ones beside it, and a line of text.

    The small views beside the large one are together as high as it is, and their column is as wide as their captions
    need. With that the panel is `large + column + gap` wide, and a step's side a STEPS-th of it.
    """
    gap, half, caption, parts, text = layout.gap, layout.half, layout.caption, layout.parts, layout.text
    share = 1 if layout.view[-1].place is place else 0.52  # of the room, if it isn't the last panel
    inner = layout.free.inset(gap)._replace(w=int((layout.free.w - gap) * share) - 2 * gap)
    readout, count, below = text * 3, len(TILES), 2 * caption
    captions = below + half * (count - 1) / count
    least = gap + text * 6  # of the column and the gap beside it
    spare = inner.h - layout.heading - caption - gap - readout + half * (STEPS - 1) / STEPS
    large = int(min(inner.w - least, (spare - least / STEPS) * STEPS / (STEPS + 1), text * 60))
    tile = int(large / count - captions)
    if tile > least - gap:
        large = int(min((inner.w - gap + captions) / (1 + 1 / count),
                        (spare - (gap - captions) / STEPS) / (1 + (1 + 1 / count) / STEPS)))  # fmt: skip
        tile = int(large / count - captions)
    tile, column = max(tile, 1), max(tile, int(least) - gap)
    layout.needs((large, 14.5), (tile, 1.9))
    width = large + gap + column
    panel = layout.left("receives", layout.free.w if share == 1 else width + 2 * gap)
    inner = inner._replace(x=panel.x + (panel.w - width) // 2)
    parts["receives title"] = Rect(inner.x, inner.y, width, layout.heading)

    y, side = inner.y + layout.heading, (width - half * (STEPS - 1)) // STEPS
    for step in range(STEPS):
        parts[f"step {step}"] = Rect(inner.x + (width - side) * step // (STEPS - 1), y, side, side + caption)
    y += side + caption + gap
    parts["large"] = Rect(inner.x, y, large, large)
    for i, name in enumerate(TILES):
        down = (large - tile - below) * i // (count - 1)
        parts[name] = Rect(inner.x + large + gap, y + down, column, tile + below)
    parts["readout"] = Rect(inner.x, y + large, width, readout)


def draw(surface, app):
    layout, theme, parts = app.layout, app.theme, app.layout.parts
    widgets.card(surface, layout.panels["receives"], theme, layout.gap)
    widgets.title(surface, "What the network receives", parts["receives title"], theme, layout.text)
    for step in range(STEPS):
        _step(surface, app, step, parts[f"step {step}"])
    _view(surface, app, app.looking.view, parts["large"])
    _overlay(surface, app, parts["large"])
    for name, words in TILES.items():
        box = parts[name]
        side = box.h - 2 * layout.caption
        square = Rect(box.x + (box.w - side) // 2, box.y, side, side)
        _view(surface, app, name, square)
        chosen = app.looking.view == name
        widgets.outline(surface, square, theme.accent if chosen else theme.line, 2 if chosen else 1)
        _caption(surface, app, words, box._replace(y=square.bottom, h=box.bottom - square.bottom), chosen)
    lines = parts["readout"]._replace(y=parts["readout"].y + layout.gap // 2)
    widgets.paragraph(surface, readout(app), lines, layout.text * 0.92, theme.muted)


def _caption(surface, app, words, box, chosen=False):
    where = Rect(box.x - app.layout.half, box.y, box.w + 2 * app.layout.half, box.h)
    colour, size = app.theme.accent if chosen else app.theme.muted, app.layout.text * 0.85
    lines = widgets.wrapped(words, where.w, size)
    size = min(widgets.fitted_size(line, where, size) for line in lines)
    pitch = round(app.layout.text * 1.1)
    for n, line in enumerate(lines):
        widgets.text(surface, line, where._replace(y=where.y + n * pitch, h=pitch), size, colour, align="centre")


def _step(surface, app, step, box):
    theme, square = app.theme, box._replace(h=box.w)
    pygame.draw.rect(surface, theme.paper, square)
    if app.answer:
        _step_picture(surface, app, step, square)
    chosen = app.looking.view == ("pixels" if step == STEPS - 1 else f"step {step}")
    widgets.outline(surface, square, theme.accent if chosen else theme.line, 2 if chosen else 1)
    _caption(surface, app, CAPTIONS[step], box._replace(y=square.bottom, h=box.bottom - square.bottom), chosen)


def _step_picture(surface, app, step, square):
    steps, colours = app.answer.steps, app.theme.ink_scale
    if step < 2:
        _page_and_box(surface, app, steps, square, with_box=step == 1)
    elif step == 2:
        picture(surface, coloured(steps.stretched, colours), square)
    else:
        picture(surface, coloured(steps.image if step == 3 else app.answer.image, colours), square)
    if step == 3:
        _shift(surface, app, steps, square)


def _page_and_box(surface, app, steps, square, with_box):
    height, width = steps.page.shape
    scale = square.w / max(height, width)
    small = Rect(
        square.x + int((square.w - width * scale) / 2), square.y + int((square.h - height * scale) / 2),
        max(1, int(width * scale)), max(1, int(height * scale)),
    )
    every = max(1, max(height, width) // (2 * square.w))  # a thumbnail needs no more
    pixels = coloured(steps.page[::every, ::every], app.theme.ink_scale)
    if min(pixels.shape[:2]) > small.w:
        image = pygame.surfarray.make_surface(pixels.swapaxes(0, 1))
        surface.blit(pygame.transform.smoothscale(image, (small.w, small.h)), (small.x, small.y))
    else:
        picture(surface, pixels, small)
    if with_box:
        left, top, side = (int(n * scale) for n in steps.box)
        surface.set_clip(square)
        widgets.outline(surface, Rect(small.x + left, small.y + top, max(side, 3), max(side, 3)), app.theme.accent, 2)
        surface.set_clip(None)


def _shift(surface, app, steps, square):
    """The middle of the image, and from where the centre of mass was moved to it."""
    pixel = square.w / 28
    x, y = (square.x + 14.5 * pixel, square.y + 14.5 * pixel)
    pygame.draw.line(surface, app.theme.faint, (x, square.y), (x, square.bottom - 1))
    pygame.draw.line(surface, app.theme.faint, (square.x, y), (square.right - 1, y))
    # in the middle of the 28x28 the 20x20 would begin at 4: what differs from that is the shift
    dx, dy = steps.shift[0] - 4, steps.shift[1] - 4
    start = (x - dx * pixel, y - dy * pixel)
    pygame.draw.line(surface, app.theme.accent, start, (x, y), min(max(2, square.w // 30), 5))
    pygame.draw.circle(surface, app.theme.accent, (x, y), min(max(2, square.w // 18), 9))


def _view(surface, app, name, square):
    """One of the views of the chosen answer, or a step of how its image was made."""
    theme, answer = app.theme, app.answer
    pygame.draw.rect(surface, theme.paper, square)
    if answer is None:
        return
    if name == "pixels":
        picture(surface, coloured(answer.image, theme.ink_scale), square)
    elif name.startswith("step"):
        _step_picture(surface, app, int(name.split()[1]), square)
    elif name == "plain":
        picture(surface, coloured(answer.plain, theme.ink_scale), square)
    else:
        heat = heat_of(app, name)
        if heat is None:
            widgets.text(surface, "…", square, app.layout.text, theme.muted, align="centre")
        else:
            colours = coloured(signed(np.nan_to_num(heat)), theme.signed_scale)
            picture(surface, _over_ink(colours, answer.image, theme), square)


def heat_of(app, name):
    """The signed numbers (28, 28) of a view, or None as long as they are being worked out."""
    reading = app.reading
    if name == "occlusion":
        return reading.occluded
    maps = reading.effects and (reading.effects.ink if name == "effect" else reading.effects.slope)
    return None if maps is None else maps[..., app.explained]


def _over_ink(colours, image, theme):
    """Colours (28, 28, 3) with the image shining through, so that one sees what the heat lies on."""
    ink = (image / 255 * 0.22)[..., None]
    return (colours * (1 - ink) + np.array(theme.ink) * ink).astype(np.uint8)


def _overlay(surface, app, large):
    """The frame of the large view, the pixel under the pointer, and what the chosen feature sees."""
    theme, pixel = app.theme, large.w / 28
    widgets.outline(surface, large, theme.line)
    if app.answer is None:
        return
    if app.looking.view == "plain" or app.looking.view.startswith("step"):
        return
    if chosen := app.looking.pinned or app.pointed:
        stage, _, place = chosen
        top, left, bottom, right = anatomy.receptive_field(
            app.reading.network, app.answer.values, app.reading.stages[stage], place
        )
        field = Rect(
            large.x + round(left * pixel), large.y + round(top * pixel),
            round((right - left) * pixel), round((bottom - top) * pixel),
        )
        widgets.outline(surface, field, theme.warning, max(2, app.layout.text // 5))
    elif at := pixel_at(app):
        row, column = at
        spot = Rect(large.x + round(column * pixel), large.y + round(row * pixel), round(pixel) + 1, round(pixel) + 1)
        widgets.outline(surface, spot, theme.accent, 2)


def pixel_at(app):
    """Row and column of the 28x28's pixel under the pointer, or None."""
    large = app.layout.parts["large"]
    if app.looking.pointer is None or not large.holds(app.looking.pointer):
        return None
    return (app.looking.pointer[1] - large.y) * 28 // large.h, (app.looking.pointer[0] - large.x) * 28 // large.w


def readout(app):
    """The line under the large view."""
    if app.answer is None:
        return ""
    if app.looking.view.startswith("step"):
        return sentence(app.answer.steps, int(app.looking.view.split()[1]))
    if (at := pixel_at(app)) is None:
        if app.looking.view == "plain":
            plain = app.answer.plain_probabilities
            return f"Without these steps: {plain.argmax()}, {percent(plain.max())} (marked in the bars). " \
                   f"With them: {app.answer.digit}, {percent(app.answer.confidence)}."
        if app.answer.painted and app.looking.view == "pixels":
            return "Painted over in What if: this is not your drawing's own picture."
        if app.looking.view in ("effect", "slope", "occlusion") and heat_of(app, app.looking.view) is None:
            return "Being worked out …"
        return EXPLAINED[app.looking.view].format(app.explained)
    place = f"row {at[0]}, column {at[1]}: "
    if app.looking.view in ("effect", "slope", "occlusion"):
        heat = heat_of(app, app.looking.view)
        if heat is None:
            return place + "being worked out …"
        if app.looking.view == "occlusion":
            return place + f"covering it costs {100 * heat[at]:.1f} points"
        if app.looking.view == "slope":
            slope = f"slope {heat[at]:+.3f} of {app.explained}'s score, for a pixel from paper to full ink"
            return place + ("no one slope: max pooling has a tie here" if np.isnan(heat[at]) else slope)
        way = "adds" if heat[at] >= 0 else "takes"
        return place + f"full ink here {way} {abs(heat[at]):.3f} {'to' if heat[at] >= 0 else 'from'} the score of " \
                       f"{app.explained}, against bare paper"
    image = app.answer.plain if app.looking.view == "plain" else app.answer.image
    return place + f"{image[at]} of 255"
