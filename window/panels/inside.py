"""The middle panel of Backward: what is looked at. A weight, or else the pinned cell, the one that is pointed at, what
the steps moved, or the layer that the gradient has come to.
"""

from window.actions import backward
from window.panels import backward_card, backward_story, moved, weight, widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "shut": Control("Close  Esc", "Close what is looked at.", backward.shut,
                    lambda app: app.backward.weight is not None or app.looking.pinned is not None),
    "own": Control("", "The cell's own weights; a click looks at one of them.", backward.pick_own, backward.has_own),
    "filter": Control("", "The weights that the gradient came back through; a click looks at one of them.",
                      backward.pick_filter, backward.has_filter),
}  # fmt: skip


def place(layout):
    """A title, three lines beside a cell's own filter, three squares that make an equation, and room under them."""
    gap, text, parts = layout.gap, layout.text, layout.parts
    panel = layout.left("inside", int((layout.free.w - gap) * 0.54))
    layout.needs((panel.w, 23.5), (panel.h, 27))
    inner = panel.inset(gap)
    button = 7 * text
    parts["inside title"] = Rect(inner.x, inner.y, inner.w - button, layout.heading)
    parts["shut"] = Rect(inner.right - button, inner.y - layout.half // 2, button, layout.heading)
    top, own, under = inner.y + layout.heading, round(3.4 * text), round(1.3 * text)  # its picture, and its caption
    parts["own"] = Rect(inner.right - own, top, own, own)
    parts["inside lines"] = Rect(inner.x, top, inner.w - own - gap, own + under)
    between = round(1.2 * text)
    side = min((inner.w - 2 * between) // 3, int(inner.h * 0.25))
    y = top + own + under + layout.half + layout.caption
    for i, name in enumerate(("upstream", "filter", "products")):
        parts[name] = Rect(inner.x + i * (side + between), y, side, side)
    parts["inside rest"] = Rect(inner.x, y + side + layout.half, inner.w, inner.bottom - y - side - layout.half)


def draw(surface, app):
    layout, theme = app.layout, app.theme
    widgets.card(surface, layout.panels["inside"], theme, layout.gap)
    state, way = app.backward, app.backward.way(app.reading)
    if CONTROLS["shut"].there(app) and way:
        words, pointed = CONTROLS["shut"].words, app.pointed_part == "shut"
        widgets.button(surface, layout.parts["shut"], words, theme, round(layout.text * 0.9), pointed=pointed)
    if way is None:
        backward_story.ask(surface, app)
    elif state.weight is not None:
        weight.draw(surface, app, way)
    elif app.looking.pinned is not None:
        backward_card.draw(surface, app, way)
    elif app.pointed is not None:
        backward_story.enlarged(surface, app, way, *app.pointed)
    elif state.steps:
        moved.draw(surface, app, way)
    else:
        backward_story.draw(surface, app, way)
