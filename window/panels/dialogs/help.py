"""The help: every key of the window."""

from window.actions import keys, look
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 70, 33
CONTROLS = {"help": Control("", "", look.help)}


def place(app, box):
    return {"help": Rect(0, 0, *app.layout.size)}  # it closes wherever it is clicked


def type_key(app, key):
    return False


def draw(surface, app, box, parts):
    theme, text = app.theme, app.layout.text
    widgets.text(surface, "Keys", box._replace(h=2 * text), text * 1.5, theme.text, "bold")
    close = "Esc or a click closes this"
    widgets.text(surface, close, box._replace(h=2 * text), text, theme.muted, align="right")
    groups = {}
    for binding in keys.TABLE:
        groups.setdefault(binding.group, []).append(binding)
    columns = [["Draw", "Your hand"], ["Ask", "Look"], ["Window"]]
    wide = (box.w - 2 * 2 * text) // 3
    for n, names in enumerate(columns):
        y, x = box.y + 3 * text, box.x + n * (wide + 2 * text)
        for name in names:
            widgets.text(surface, name, Rect(x, y, wide, round(text * 1.6)), text, theme.accent, "bold")
            y += round(text * 1.8)
            for binding in groups[name]:
                key = Rect(x, y, int(wide * 0.38), round(text * 1.6))
                widgets.text(surface, binding.shown, key, text * 0.92, theme.text, "bold")
                widgets.text(surface, binding.help, Rect(key.right, y, wide - key.w, key.h), text * 0.92, theme.muted)
                y += key.h
            y += text
    hints = "The mouse draws, its right button erases, its wheel sets the pen's width. Drop files on the window."
    widgets.text(surface, hints, Rect(box.x, box.bottom - text, box.w, 2 * text), text * 0.92, theme.muted)
