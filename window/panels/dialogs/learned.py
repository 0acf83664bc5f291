"""What learning did, and the question whether to keep it."""

from window.actions import teach
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 44, 17
CONTROLS = {
    "keep": Control("Keep K", "", teach.keep),
    "discard": Control("Discard D", "", teach.discard),
}


def place(app, box):
    text = app.layout.within(SIZE)
    row = Rect(box.x + 2 * text, box.bottom - 4 * text, (box.w - 5 * text) // 2, 2 * text)
    return {"keep": row, "discard": row._replace(x=row.right + text)}


def type_key(app, key):
    return False


def draw(surface, app, box, parts):
    theme, text, learned = app.theme, app.layout.within(SIZE), app.teaching.learned
    widgets.text(surface, "What learning did", box._replace(h=2 * text), text * 1.3, theme.text, "bold")
    rows = [
        ("", "shipped", "learned"),
        (f"your {learned.held_out} held-out drawings, wrong", *map(str, learned.mine)),
        (f"MNIST's {learned.tests:,} test images, wrong", *map(str, learned.mnist)),
    ]
    for n, (name, before, after) in enumerate(rows):
        line = Rect(box.x, box.y + (3 + 2 * n) * text, box.w, 2 * text)
        colour = theme.text if n else theme.muted
        widgets.text(surface, name, line, text, colour)
        widgets.text(surface, before, line._replace(w=int(box.w * 0.82)), text, colour, align="right")
        widgets.text(surface, after, line, text, colour, "bold" if n else "", "right")
    for name, where in parts.items():
        over = app.pointed_part == name
        widgets.button(surface, where, CONTROLS[name].words, theme, text, primary=name == "keep", pointed=over)
