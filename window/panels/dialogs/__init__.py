"""What lies over the window for a while, each dialog a file; one is open at a time.

A dialog is a module with
    SIZE                    its width and height in heights of text
    CONTROLS                {part: Control}, as of a panel; these and `escape` are all that works while it is open
    place(app, box)         {part: Rect} inside its rectangle
    draw(surface, app, box, parts)
    type_key(app, key)      takes a key, and says whether it has used it
"""

import pygame

from window.actions import look, move
from window.panels.dialogs import gallery, help, opening, read
from window.panels.layout import Rect

DIALOGS = {"help": help, "open": opening, "gallery": gallery, "read": read}
ALWAYS = (move.escape, look.quit, look.theme, look.fullscreen)  # what works while any of them is open


def opened(app):
    """The dialog that is open, its rectangle and its parts, or None."""
    if app.dialogs.open is None:
        return None
    dialog = DIALOGS[app.dialogs.open]
    width, height = (n * app.layout.within(dialog.SIZE) for n in dialog.SIZE)
    box = Rect((app.layout.size[0] - width) // 2, (app.layout.size[1] - height) // 2, width, height)
    return dialog, box, dialog.place(app, box)


def part_at(app, point):
    _, _, parts = opened(app)
    return next((name for name, box in parts.items() if box.holds(point)), None)


def control(app, part):
    kind, *arguments = part.split()
    return DIALOGS[app.dialogs.open].CONTROLS[kind], arguments


def takes(app, action):
    """Whether an action's key works now: with a dialog open, what it is about and what closes it."""
    if app.dialogs.open is None:
        return True
    controls = DIALOGS[app.dialogs.open].CONTROLS.values()
    return action in ALWAYS or any(control.action is action for control in controls)


def type_key(app, key):
    return app.dialogs.open is not None and DIALOGS[app.dialogs.open].type_key(app, key)


def draw(surface, app):
    theme, text = app.theme, app.layout.text
    veil = pygame.Surface(app.layout.size, pygame.SRCALPHA)
    veil.fill((*theme.background, 190))
    surface.blit(veil, (0, 0))
    dialog, box, parts = opened(app)
    pygame.draw.rect(surface, theme.panel, box, border_radius=text)
    pygame.draw.rect(surface, theme.line, box, 1, border_radius=text)
    dialog.draw(surface, app, box.inset(2 * text), parts)
