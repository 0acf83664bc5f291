"""The question for a file."""

import glob
import os
from bisect import bisect_left

import pygame

from window.actions import files
from window.panels import widgets
from window.panels.layout import Rect

SIZE = 44, 9
CONTROLS = {}


def place(app, box):
    return {}


def draw(surface, app, box, parts):
    theme, text = app.theme, app.layout.text
    widgets.text(surface, "Open a picture or a session", box._replace(h=2 * text), text * 1.2, theme.text, "bold")
    field = Rect(box.x, box.y + 5 * text // 2, box.w, 2 * text)
    pygame.draw.rect(surface, theme.paper, field, border_radius=text // 3)
    pygame.draw.rect(surface, theme.accent, field, 2, border_radius=text // 3)
    inner = field.inset(text // 2)._replace(y=field.y, h=field.h)
    words = (app.dialogs.path + "|")[-max(int(inner.w), 1) :]  # no letter is narrower than a pixel
    if widgets.text_size(words, text)[0] > inner.w or len(words) <= len(app.dialogs.path):
        # the end of a long path is what one types at: as much of it as fits
        fits = lambda start: widgets.text_size("…" + words[start:], text)[0] <= inner.w  # noqa: E731
        words = "…" + words[bisect_left(range(len(words)), True, key=fits) :]
    widgets.text(surface, words, inner, text, theme.text)
    hint = field._replace(y=field.bottom)
    widgets.text(surface, "Enter opens it, Tab completes, Esc cancels.", hint, text * 0.92, theme.muted)


def type_key(app, key):
    """A key pressed while a path is being typed. The letters themselves come as TEXTINPUT."""
    dialogs = app.dialogs
    dialogs.typing = True
    if key == "Esc":
        dialogs.open = None
    elif key == "Backspace":
        dialogs.path = dialogs.path[:-1]
    elif key == "Tab":
        matches = glob.glob(glob.escape(os.path.expanduser(dialogs.path)) + "*")
        if matches:
            dialogs.path = os.path.commonprefix(matches)  # noqa: RUF071 (letter by letter is what is wanted)
            if len(matches) == 1 and os.path.isdir(dialogs.path):
                dialogs.path = os.path.join(dialogs.path, "")
    elif key == "Ctrl+V":
        dialogs.type((pygame.scrap.get_text() if pygame.display.get_init() else "").strip())
    elif key == "Enter":
        path, dialogs.open = os.path.expanduser(dialogs.path.strip()), None
        if path:
            files.add(app, path)
    return True
