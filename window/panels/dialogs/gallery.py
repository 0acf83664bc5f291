"""What the user has kept, by digit: how many, how they look, and which to take out again."""

from window.actions import teach
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 64, 36
CONTROLS = {
    "kept": Control("", "", teach.remove),
    "put_back": Control("Put back", "", teach.put_back, lambda app: bool(app.teaching.removed)),
    "close": Control("Close  Esc", "", teach.close),
}


def place(app, box):
    text = app.layout.within(SIZE)
    inner = box.inset(2 * text)
    high = (inner.h - 6 * text) // 10
    parts = {}
    for digit in range(10):
        side, x = high - max(2, text // 4), inner.x + 7 * text
        for index, sample in enumerate(app.teaching.shelf):
            if sample.label == digit and x + side <= inner.right - 5 * text:
                parts[f"kept {index}"] = Rect(x, inner.y + 3 * text + digit * high, side, side)
                x += high
    row = Rect(inner.right - 8 * text, inner.bottom - 2 * text, 8 * text, 2 * text)
    parts["close"] = row
    if app.teaching.removed:
        parts["put_back"] = row._replace(x=row.x - 9 * text)
    return parts


def type_key(app, key):
    return False


def draw(surface, app, box, parts):
    theme, text, shelf = app.theme, app.layout.within(SIZE), app.teaching.shelf
    widgets.text(surface, "What you kept", box._replace(h=2 * text), text * 1.5, theme.text, "bold")
    hint = "A click on a drawing removes it."
    widgets.text(surface, hint, box._replace(h=2 * text), text, theme.muted, align="right")
    high = (box.h - 6 * text) // 10
    for digit in range(10):
        count = sum(sample.label == digit for sample in shelf)
        line = Rect(box.x, box.y + 3 * text + digit * high, 7 * text, high)
        widgets.text(surface, str(digit), line, text * 1.3, theme.text, "bold")
        colour = theme.text if count else theme.muted
        widgets.text(surface, str(count) if count else "none", line._replace(x=line.x + 2 * text), text, colour)
        in_sight = sum(name.startswith("kept") and shelf[int(name.split()[1])].label == digit for name in parts)
        if count > in_sight:
            older = Rect(box.right - 5 * text, line.y, 5 * text, high)
            widgets.text(surface, f"+{count - in_sight} older", older, text * 0.9, theme.muted, align="right")
    for name, where in parts.items():
        over = app.pointed_part == name
        if not name.startswith("kept"):
            widgets.button(surface, where, CONTROLS[name].words, theme, text, pointed=over)
            continue
        image = shelf[int(name.split()[1])].image
        widgets.picture(surface, widgets.coloured(image, theme.ink_scale), where)
        widgets.outline(surface, where, theme.warning if over else theme.line, 2 if over else 1)
        if over:
            widgets.text(surface, "×", where, text * 1.4, theme.warning, "bold", "centre")
