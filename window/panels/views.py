"""The strip at the top: the views to choose from, and what concerns all of them. Each has a key of its own, so that Tab
begins at the pad.
"""

import pygame

from window.actions import look, views
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

TABS = {"forward": "Forward", "backward": "Backward  B", "train": "Train  N", "why": "Why  Y", "whatif": "What if  X"}
CONTROLS = {
    "view": Control("", "Forward: how the answer comes about. Backward: what the loss makes of every number. "
                    "Train: a network learns. Why: this digit and not that. What if: paint, switch off.",
                    views.go, focusable=False),
    "theme": Control("", "Light or dark colours.", look.theme, focusable=False),
    "help": Control("Help F1", "What you are looking at, and all keys.", look.help, focusable=False),
}  # fmt: skip


def place(layout):
    free, text, half = layout.free, layout.text, layout.half
    row = layout.heading
    layout.panels["views"] = free._replace(h=row)
    wide = min(8 * text, (free.w - 11 * text) // len(TABS) - half)
    layout.needs((wide, 6.4))
    for i, name in enumerate(TABS):
        layout.parts[f"view {name}"] = Rect(free.x + i * (wide + half), free.y, max(wide, 1), row)
    for i, name in enumerate(("help", "theme"), 1):
        layout.parts[name] = Rect(free.right - i * 5 * text - (i - 1) * half, free.y, 5 * text, row)
    layout.free = Rect(free.x, free.y + row + half, free.w, free.h - row - half)


def draw(surface, app):
    theme, parts, size = app.theme, app.layout.parts, round(app.layout.text * 0.9)
    words = {f"view {name}": words for name, words in TABS.items()}
    words |= {"help": "Help F1", "theme": "Light" if theme.name == "dark" else "Dark"}
    sight = "forward" if app.sight in look.TURNED else app.sight
    for part, said in words.items():
        pygame.draw.rect(surface, theme.line, parts[part].inset(-1), border_radius=parts[part].h // 4)
        widgets.button(surface, parts[part], said, theme, size, on=part == f"view {sight}",
                       pointed=app.pointed_part == part)  # fmt: skip
