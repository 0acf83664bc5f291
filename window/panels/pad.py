"""The left panel: the ink, and the tools under it."""

import pygame

from window.actions import ask, files, look, whatif
from window.actions import draw as ink
from window.data.page import SIDE, frame
from window.data.strokes import ERASER, THICKEST, THINNEST, pen_in_box
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "more": Control("More V", "Text this large leaves no room for all: this turns to what is not in sight.",
                    look.turn_over, look.turns),
    "pad": Control("", "Draw here. The right button erases, the wheel sets the pen's width."),
    "read": Control("How read I", "How this was read: the paper, its ink, the digits, what was left out.", ask.how_read,
                    ask.readable),
    "pen": Control("Pen", "The mouse draws.", ink.pen),
    "eraser": Control("Eraser", "The mouse erases; so does its right button at any time.", ink.eraser),
    "width": Control("", "The pen's width, on the scale of the pens that MNIST was written with.", focusable=False),
    "undo": Control("Undo", "Take back the last stroke, or the keeping of a drawing.", ink.undo),
    "redo": Control("Redo", "Do again what was undone.", ink.redo),
    "clear": Control("Clear", "Empty the pad.", ink.clear),
    "live": Control("Live", "Whether the answer follows the pen.", ask.live),
    "predict": Control("Predict", "Ask the network now; while Live is on, it is asked all the time.", ask.predict),
    "random": Control("Test digit", "Show a digit of MNIST's test set.", ask.random),
    "mistake": Control("Its mistakes", "Show the next test digit that this network gets wrong.", ask.mistake),
    "open": Control("Open", "Open a picture or a saved session.", files.ask),
}
TOOLS = (  # the rows of controls under the pad, left to right, and their shares of the width, as their words need it
    (("pen", 5), ("eraser", 5), ("width", 11)),
    (("undo", 5), ("redo", 5), ("clear", 5), ("live", 5)),
    (("predict", 5), ("random", 5.5), ("mistake", 7), ("open", 3.8)),
)
NARROWEST = 22  # heights of text, that the words of the tools need
# Pen widths in MNIST, in pixels of the 20-pixel box: 5 % are thinner, 5 % thicker, half lie between the middle two.
THIN, TYPICAL_FROM, TYPICAL_TO, THICK = 1.67, 2.0, 3.0, 4.0


def place(layout):
    """The pad is a square, as large as the height or a third of the width allow; the tools are never too narrow."""
    gap, half, row, parts = layout.gap, layout.half, layout.row, layout.parts
    tools = len(TOOLS) * row + (len(TOOLS) - 1) * half
    side = int(min(layout.free.h - 3 * gap - layout.heading - tools, (layout.free.w + 2 * gap) * 0.345 - 2 * gap))
    wide = max(side, int(min(NARROWEST * layout.text, layout.free.w * 0.45)))
    if layout.view[-1].place is place:
        wide = layout.free.w - 2 * gap
    side = max(side, 1)
    layout.needs((side, 10), (wide, NARROWEST))
    panel = layout.left("ink", wide + 2 * gap)
    inner, x = panel.inset(gap), panel.right - gap
    for name, words in (("read", 7), ("more", 5)):
        x -= words * layout.text
        parts[name] = Rect(x, inner.y - half // 2, words * layout.text, layout.heading)
        x -= half
    parts["ink title"] = Rect(inner.x, inner.y, x - inner.x, layout.heading)
    parts["pad"] = Rect(inner.x + (wide - side) // 2, inner.y + layout.heading, side, side)
    y = parts["pad"].bottom + gap
    for tools_row in TOOLS:
        x, unit = inner.x, (wide - half * (len(tools_row) - 1)) / sum(share for _, share in tools_row)
        for name, share in tools_row:
            parts[name] = Rect(round(x), y, round(x + unit * share) - round(x), row)
            x += unit * share + half
        y += row + half


def draw(surface, app):
    layout, theme, parts = app.layout, app.theme, app.layout.parts
    panel = layout.panels["ink"]
    widgets.card(surface, panel, theme, layout.gap)
    widgets.title(surface, "Your ink", parts["ink title"], theme, layout.text)
    for name in ("more", "read"):
        if CONTROLS[name].there(app):
            widgets.button(surface, parts[name], CONTROLS[name].words, theme, layout.text * 0.9,
                           pointed=app.pointed_part == name)  # fmt: skip
    _ink(surface, app, parts["pad"])
    drawing = app.pad.drawing
    ready = {
        "undo": drawing.now > 0, "redo": drawing.now + 1 < len(drawing.states),
        "clear": bool(drawing.marks), "predict": app.reading.network is not None and not app.reading.live,
    }
    on = {"pen": not app.pad.erasing, "eraser": app.pad.erasing, "live": app.reading.live}
    for row in TOOLS:
        for name, _ in row:
            if name == "width":
                _width(surface, app, parts[name])
            else:
                widgets.button(
                    surface, parts[name], CONTROLS[name].words, theme, layout.text, on=on.get(name, False),
                    primary=name == "predict", pointed=app.pointed_part == name, ready=ready.get(name, True),
                )


def _ink(surface, app, box):
    theme = app.theme
    widgets.kept(surface, "ink", box, (theme.name, app.pad.page.ink.tobytes()), lambda picture: _page(picture, app))
    if not app.pad.drawing.marks and app.reading.network is not None:
        hint = Rect(box.x, box.y + box.h * 2 // 5, box.w, box.h // 5)
        size = app.layout.text
        widgets.text(surface, "Draw a digit here", hint, size * 1.25, theme.muted, align="centre")
    if len(app.reading.answers) > 1 and not app.reading.stale:
        for index, answer in enumerate(app.reading.answers):
            surface.set_clip(box)  # a box is a square around the ink, and may reach beyond the pad
            _boxed(surface, app, index, answer)
            surface.set_clip(None)
    widgets.outline(surface, box, theme.line)
    _said(surface, app, box)
    if app.looking.focus == "pad":
        x, y = box.x + app.pad.nib[0] * box.w, box.y + app.pad.nib[1] * box.h
        radius = max(3, app.pad.pen * box.w / 2)
        pygame.draw.circle(surface, theme.accent, (x, y), radius, 2)
    elif app.looking.pointer and box.holds(app.looking.pointer):
        radius = max(2, app.pad.pen * box.w / 2 * (ERASER if app.pad.erasing else 1))
        surface.set_clip(box)
        pygame.draw.aacircle(surface, theme.muted, app.looking.pointer, radius, 1)
        surface.set_clip(None)


def _page(surface, app):
    """The ink alone, over the whole of a surface."""
    page = pygame.image.frombuffer(app.pad.page.ink, (SIDE, SIDE), "P")
    page.set_palette([tuple(colour) for colour in app.theme.ink_scale.tolist()])
    whole = pygame.Surface((SIDE, SIDE), depth=24)
    whole.blit(page, (0, 0))
    surface.blit(pygame.transform.smoothscale(whole, surface.get_size()), (0, 0))


def _said(surface, app, box):
    """What concerns the ink, said at the ink: an error, or that a part of it is outside."""
    words = ""
    if app.message.bad:
        words = app.message.words
    elif app.answer and app.pad.outside:
        words = "A part of it is outside of the pad."
    elif app.sight != "whatif" and (words := whatif.standing(app)) and app.sight == "train":
        words += " Train asks about your drawing, by its own network."
    if not words:
        return
    size = app.layout.text
    lines = min(len(widgets.wrapped(words, box.w - size, size)), 4)
    high = lines * round(size * 1.35) + size
    where = Rect(box.x, box.bottom - high, box.w, high)
    pygame.draw.rect(surface, app.theme.panel, where)
    pygame.draw.rect(surface, app.theme.warning, where, 1)
    widgets.paragraph(surface, words, where.inset(size // 2), size, app.theme.warning)


def _boxed(surface, app, index, answer):
    theme, chosen = app.theme, index == app.reading.chosen
    widgets.outline(surface, digit_box(app, index), theme.accent if chosen else theme.muted, 2 if chosen else 1)
    tag = digit_tag(app, index)
    pygame.draw.rect(surface, theme.accent if chosen else theme.raised, tag)
    colour = theme.on_accent if chosen else theme.text
    widgets.text(surface, str(answer.digit), tag, app.layout.text, colour, "bold", "centre")


def digit_box(app, index):
    """Where one of several digits of a picture stands on the pad."""
    pad = app.layout.parts["pad"]
    steps = app.reading.answers[index].steps
    left, top, side = steps.box
    shape = steps.page.shape  # the picture's
    y, x, height, _ = frame(shape)
    to_page, to_pad = height / shape[0], pad.w / SIDE
    box = Rect(*(round(n * to_pad) for n in (x + left * to_page, y + top * to_page, side * to_page, side * to_page)))
    return box._replace(x=box.x + pad.x, y=box.y + pad.y)


def digit_tag(app, index):
    """The label on a digit's box, which a click chooses it by."""
    pad, box, side = app.layout.parts["pad"], digit_box(app, index), app.layout.text * 3 // 2
    return Rect(min(max(box.x, pad.x), pad.right - side), max(pad.y, box.y - side), side, side)


def digit_at(app, point):
    """Which of several digits is at a point: by its label, and in a picture anywhere in its box. None elsewhere: on the
    user's own ink a press draws.
    """
    if len(app.reading.answers) < 2 or app.reading.stale:
        return None
    places = (digit_tag, digit_box) if app.pad.drawing.picture else (digit_tag,)
    return next((i for place in places for i in range(len(app.reading.answers)) if place(app, i).holds(point)), None)


def _width(surface, app, box):
    """The pen's width: a slider, on a scale that says how MNIST's writers' pens compare."""
    theme, size = app.theme, app.layout.text
    ruler = Rect(box.x, box.y + box.h // 4, box.w, max(4, box.h // 5))
    at = pen_in_box(app.pad.drawing.strokes, app.pad.pen)

    def x(pixels):  # of a pen this wide in the 20-pixel box, on the slider
        share = (pixels * app.pad.pen / at - THINNEST) / (THICKEST - THINNEST)
        return ruler.x + int(min(max(share, 0), 1) * ruler.w)

    pygame.draw.rect(surface, theme.raised, ruler, border_radius=ruler.h // 2)
    for low, high, colour in ((THIN, THICK, theme.line), (TYPICAL_FROM, TYPICAL_TO, theme.faint)):
        pygame.draw.rect(surface, colour, (x(low), ruler.y, x(high) - x(low), ruler.h))
    knob = ruler.x + int((app.pad.pen - THINNEST) / (THICKEST - THINNEST) * ruler.w)
    pygame.draw.circle(surface, theme.accent, (knob, ruler.middle[1]), ruler.h)
    typical = TYPICAL_FROM <= at <= TYPICAL_TO
    bit = "a bit thin" if at < TYPICAL_FROM else "a bit thick"
    words = "thin" if at < THIN else "thick" if at > THICK else "typical" if typical else bit
    where = Rect(box.x, ruler.bottom + ruler.h // 2, box.w, box.bottom - ruler.bottom - ruler.h // 2)
    colour = theme.warning if words in ("thin", "thick") else theme.muted
    widgets.text(surface, f"{words} for MNIST", where, size * 0.85, colour, align="centre")
