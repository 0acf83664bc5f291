"""What lies over the window for a while: the help, the question for a file, the result of learning."""

import glob
import os

import pygame

from window import actions, keys, widgets
from window.layout import Rect


def is_open(app):
    return app.helping or app.prompt is not None or app.learned is not None


def _card(app):
    """The rectangle of whatever is open."""
    (width, height), text = app.layout.size, app.layout.text
    if app.helping:
        size = min(width - 4 * text, text * 70), min(height - 4 * text, text * 33)
    else:
        size = min(width - 4 * text, text * 44), text * (17 if app.learned else 9)
    return Rect((width - size[0]) // 2, (height - size[1]) // 2, *size)


def buttons(app):
    """The buttons of whatever is open: {action: rectangle}."""
    card, text = _card(app), app.layout.text
    if app.helping or app.prompt is not None or not app.learned:
        return {}
    row = Rect(card.x + 2 * text, card.bottom - 4 * text, (card.w - 5 * text) // 2, 2 * text)
    return {"keep": row, "discard": row._replace(x=row.right + text)}


def part_at(app, point):
    """The action of the button under a point; the help closes wherever it is clicked."""
    if app.helping:
        return "help"
    return next((name for name, box in buttons(app).items() if box.holds(point)), None)


def draw(surface, app):
    if not is_open(app):
        return
    theme, text = app.theme, app.layout.text
    veil = pygame.Surface(app.layout.size, pygame.SRCALPHA)
    veil.fill((*theme.background, 190))
    surface.blit(veil, (0, 0))
    card = _card(app)
    pygame.draw.rect(surface, theme.panel, card, border_radius=text)
    pygame.draw.rect(surface, theme.line, card, 1, border_radius=text)
    inner = card.inset(2 * text)
    if app.helping:
        _help(surface, app, inner)
    elif app.prompt is not None:
        _prompt(surface, app, inner)
    else:
        _result(surface, app, inner)


def _help(surface, app, box):
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


def _prompt(surface, app, box):
    theme, text = app.theme, app.layout.text
    widgets.text(surface, "Open a picture or a session", box._replace(h=2 * text), text * 1.2, theme.text, "bold")
    field = Rect(box.x, box.y + 5 * text // 2, box.w, 2 * text)
    pygame.draw.rect(surface, theme.paper, field, border_radius=text // 3)
    pygame.draw.rect(surface, theme.accent, field, 2, border_radius=text // 3)
    words = app.prompt + "|"
    inner = field.inset(text // 2)._replace(y=field.y, h=field.h)
    while widgets.text_size(words, text)[0] > inner.w and len(words) > 1:
        words = "…" + words[2:]  # the end of a long path is what one types at
    widgets.text(surface, words, inner, text, theme.text)
    hint = field._replace(y=field.bottom)
    widgets.text(surface, "Enter opens it, Tab completes, Esc cancels.", hint, text * 0.92, theme.muted)


def takes(app, action):
    """Whether an action's key works while something is open: what it is about, and closing it."""
    about = ("help",) if app.helping else ("keep", "discard")
    return action in (*about, "escape", "quit", "theme", "fullscreen")


def type_key(app, key):
    """A key pressed while a path is being typed. The letters themselves come as TEXTINPUT."""
    app.typing = True
    if key == "Esc":
        app.prompt = None
    elif key == "Backspace":
        app.prompt = app.prompt[:-1]
    elif key == "Tab":
        matches = glob.glob(glob.escape(os.path.expanduser(app.prompt)) + "*")
        if matches:
            app.prompt = os.path.commonprefix(matches)  # noqa: RUF071 (letter by letter is what is wanted)
            if len(matches) == 1 and os.path.isdir(app.prompt):
                app.prompt = os.path.join(app.prompt, "")
    elif key == "Ctrl+V":
        app.prompt += (pygame.scrap.get_text() if pygame.display.get_init() else "").strip()
    elif key == "Enter":
        path, app.prompt = os.path.expanduser(app.prompt.strip()), None
        if path:
            actions.add_file(app, path)


def _result(surface, app, box):
    theme, text, learned = app.theme, app.layout.text, app.learned
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
    for name, where in buttons(app).items():
        words = "Keep K" if name == "keep" else "Discard D"
        over = bool(app.pointer and where.holds(app.pointer))
        widgets.button(surface, where, words, theme, text, primary=name == "keep", pointed=over)
