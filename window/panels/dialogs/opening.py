"""The question for a file: a path with a caret, what was wrong with it, and the files that it may be."""

from bisect import bisect_left

import pygame

from window.actions import files
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 52, 24
CONTROLS = {
    "field": Control("", ""),
    "listed": Control("", "", files.choose),
    "open_it": Control("Open  Enter", "", files.open_typed),
    "cancel": Control("Cancel  Esc", "", files.cancel),
}


def place(app, box):
    text = app.layout.within(SIZE)
    inner = box.inset(2 * text)
    parts = {"field": Rect(inner.x, inner.y + 5 * text // 2, inner.w, 2 * text)}
    y = parts["field"].bottom + 4 * text
    for n in range(len(app.dialogs.opening.listed)):
        parts[f"listed {n}"] = Rect(inner.x, y + n * round(1.6 * text), inner.w, round(1.6 * text))
    parts["cancel"] = Rect(inner.right - 8 * text, inner.bottom - 2 * text, 8 * text, 2 * text)
    parts["open_it"] = parts["cancel"]._replace(x=parts["cancel"].x - 9 * text)
    return parts


def type_key(app, key):
    """A key pressed while a path is being typed. The letters themselves come as TEXTINPUT."""
    opening = app.dialogs.opening
    opening.typing = True
    match key:
        case "Esc":
            files.cancel(app)
        case "Enter":
            files.open_typed(app)
        case "Backspace":
            opening.erase()
        case "Delete":
            opening.erase(after=True)
        case "Left" | "Right":
            opening.move(1 if key == "Right" else -1)
        case "Home" | "End":
            opening.move(len(opening.text) if key == "End" else -len(opening.text))
        case "Tab":
            opening.complete()
        case "Ctrl+V":
            opening.insert(clipboard())
    return True


def clipboard():
    """The text on the clipboard, "" if there is none or its owner has gone away."""
    try:
        return pygame.scrap.get_text() if pygame.display.get_init() else ""
    except pygame.error:
        return ""


def draw(surface, app, box, parts):
    theme, text, opening, field = app.theme, app.layout.within(SIZE), app.dialogs.opening, parts["field"]
    widgets.text(surface, "Open a picture or a session", box._replace(h=2 * text), text * 1.2, theme.text, "bold")
    pygame.draw.rect(surface, theme.paper, field, border_radius=text // 3)
    pygame.draw.rect(surface, theme.warning if opening.error else theme.accent, field, 2, border_radius=text // 3)
    inner = field.inset(text // 2)._replace(y=field.y, h=field.h)
    _typed(surface, app, inner)
    hint, colour = "Tab completes. Several lines, quotes and file:// are understood.", theme.muted
    if opening.error:
        hint, colour = "! " + opening.error, theme.warning
    below = field._replace(y=field.bottom + text // 2, h=round(1.5 * text))
    widgets.text(surface, hint, below, text * 0.92, colour)
    if opening.listed:
        words = "What begins like this:" if opening.text else "Opened before:"
        widgets.text(surface, words, below._replace(y=below.bottom), text * 0.92, theme.muted)
    for name, where in parts.items():
        if name.startswith("listed"):
            if app.pointed_part == name:
                pygame.draw.rect(surface, theme.raised, where, border_radius=text // 3)
            path = opening.listed[int(name.split()[1])]
            widgets.text(surface, _ending(path, where.w - text, text), where.inset(0)._replace(x=where.x + text // 2),
                         text * 0.95, theme.text)  # fmt: skip
        elif CONTROLS[name].words:
            widgets.button(surface, where, CONTROLS[name].words, theme, text, primary=name == "open_it",
                           pointed=app.pointed_part == name)  # fmt: skip


def _typed(surface, app, inner):
    """The text around the caret, as much of it as fits; a line's end is shown as a sign."""
    opening, text = app.dialogs.opening, app.layout.within(SIZE)
    before = _ending(opening.text[: opening.caret].replace("\n", " ⏎ "), inner.w - text // 2, text)
    widgets.text(surface, before, inner, text, app.theme.text)
    x = inner.x + widgets.text_size(before, text)[0]
    pygame.draw.line(surface, app.theme.text, (x + 1, inner.y + text // 3), (x + 1, inner.bottom - text // 3), 2)
    after = opening.text[opening.caret :].replace("\n", " ⏎ ")[: inner.w]
    widgets.text(surface, after, inner._replace(x=x + 3, w=inner.right - x - 3), text, app.theme.text)


def _ending(words, width, size):
    """As much of the end of a text as fits: the end of a long path is what one types at."""
    words = words[-max(width, 1) :]  # no letter is narrower than a pixel
    if widgets.text_size(words, size)[0] <= width:
        return words
    fits = lambda start: widgets.text_size("…" + words[start:], size)[0] <= width  # noqa: E731
    return "…" + words[bisect_left(range(len(words)), True, key=fits) :]
