"""The left panel: the ink, and the tools under it."""

import pygame

from window import widgets
from window.layout import TOOLS, Rect
from window.page import SIDE, frame
from window.strokes import ERASER, THICKEST, THINNEST, pen_in_box

# Pen widths in MNIST, in pixels of the 20-pixel box: 5 % are thinner, 5 % thicker, half lie between the middle two.
THIN, TYPICAL_FROM, TYPICAL_TO, THICK = 1.67, 2.0, 3.0, 4.0
WORDS = {
    "undo": "Undo", "redo": "Redo", "clear": "Clear", "live": "Live", "predict": "Predict", "pen": "Pen",
    "eraser": "Eraser", "random": "Random", "mistake": "Mistake", "open": "Open",
}


def draw(surface, app):
    layout, theme, parts = app.layout, app.theme, app.layout.parts
    panel = layout.panels["ink"]
    widgets.card(surface, panel, theme, layout.gap)
    widgets.title(surface, "Your ink", parts["ink title"], theme, layout.text)
    _ink(surface, app, parts["pad"])
    ready = {
        "undo": app.drawing.now > 0, "redo": app.drawing.now + 1 < len(app.drawing.states),
        "clear": bool(app.drawing.marks), "predict": app.network is not None,
    }
    on = {"pen": not app.erasing, "eraser": app.erasing, "live": app.live}
    for row in TOOLS:
        for name, _ in row:
            if name == "width":
                _width(surface, app, parts[name])
            else:
                widgets.button(
                    surface, parts[name], WORDS[name], theme, layout.text, on=on.get(name, False),
                    primary=name == "predict", pointed=app.pointed_part == name, ready=ready.get(name, True),
                )


def _ink(surface, app, box):
    theme = app.theme
    page = pygame.image.frombuffer(app.page.ink, (SIDE, SIDE), "P")
    page.set_palette([tuple(colour) for colour in theme.ink_scale.tolist()])
    whole = pygame.Surface((SIDE, SIDE), depth=24)
    whole.blit(page, (0, 0))
    surface.blit(pygame.transform.smoothscale(whole, (box.w, box.h)), (box.x, box.y))
    if not app.drawing.marks and app.network is not None:
        hint = Rect(box.x, box.y + box.h * 2 // 5, box.w, box.h // 5)
        size = app.layout.text
        widgets.text(surface, "Draw a digit here", hint, size * 1.25, theme.muted, align="centre")
    if len(app.answers) > 1 and not app.stale:
        for index, answer in enumerate(app.answers):
            _boxed(surface, app, digit_box(app, index), answer, index == app.chosen)
    widgets.outline(surface, box, theme.line)
    if app.focus == "pad":
        x, y = box.x + app.nib[0] * box.w, box.y + app.nib[1] * box.h
        radius = max(3, app.pen * box.w / 2)
        pygame.draw.circle(surface, theme.accent, (x, y), radius, 2)
    elif app.pointer and box.holds(app.pointer):
        radius = max(2, app.pen * box.w / 2 * (ERASER if app.erasing else 1))
        surface.set_clip(box)
        pygame.draw.aacircle(surface, theme.muted, app.pointer, radius, 1)
        surface.set_clip(None)


def _boxed(surface, app, box, answer, chosen):
    colour = app.theme.accent if chosen else app.theme.muted
    widgets.outline(surface, box, colour, 2 if chosen else 1)
    high = app.layout.text * 3 // 2
    label = Rect(box.x, max(app.layout.parts["pad"].y, box.y - high), box.w, high)
    widgets.text(surface, str(answer.digit), label, app.layout.text, colour, "bold", "centre")


def digit_box(app, index):
    """Where one of several digits of a picture stands on the pad."""
    pad = app.layout.parts["pad"]
    steps = app.answers[index].steps
    left, top, side = steps.box
    shape = steps.page.shape  # the picture's
    y, x, height, _ = frame(shape)
    to_page, to_pad = height / shape[0], pad.w / SIDE
    box = Rect(*(round(n * to_pad) for n in (x + left * to_page, y + top * to_page, side * to_page, side * to_page)))
    return box._replace(x=box.x + pad.x, y=box.y + pad.y)


def digit_at(app, point):
    """Which of several digits of a picture is under a point, or None."""
    if len(app.answers) < 2 or app.stale:
        return None
    return next((i for i in range(len(app.answers)) if digit_box(app, i).holds(point)), None)


def _width(surface, app, box):
    """The pen's width: a slider, on a scale that says how MNIST's writers' pens compare."""
    theme, size = app.theme, app.layout.text
    ruler = Rect(box.x, box.y + box.h // 4, box.w, max(4, box.h // 5))
    at = pen_in_box(app.drawing.strokes, app.pen)

    def x(pixels):  # of a pen this wide in the 20-pixel box, on the slider
        share = (pixels * app.pen / at - THINNEST) / (THICKEST - THINNEST)
        return ruler.x + int(min(max(share, 0), 1) * ruler.w)

    pygame.draw.rect(surface, theme.raised, ruler, border_radius=ruler.h // 2)
    for low, high, colour in ((THIN, THICK, theme.line), (TYPICAL_FROM, TYPICAL_TO, theme.faint)):
        pygame.draw.rect(surface, colour, (x(low), ruler.y, x(high) - x(low), ruler.h))
    knob = ruler.x + int((app.pen - THINNEST) / (THICKEST - THINNEST) * ruler.w)
    pygame.draw.circle(surface, theme.accent, (knob, ruler.middle[1]), ruler.h)
    typical = TYPICAL_FROM <= at <= TYPICAL_TO
    words = "thin" if at < THIN else "thick" if at > THICK else "typical" if typical else "fine"
    where = Rect(box.x, ruler.bottom + ruler.h // 2, box.w, box.bottom - ruler.bottom - ruler.h // 2)
    colour = theme.warning if words in ("thin", "thick") else theme.muted
    widgets.text(surface, f"{words} for MNIST", where, size * 0.85, colour, align="centre")
