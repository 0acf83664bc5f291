"""Every key of the window in one table: what it is called, what it does, and what the help says of it."""

from typing import NamedTuple

import pygame


class Binding(NamedTuple):
    keys: tuple[str, ...]
    action: str  # the function of actions.py, and after a space its argument; {key} is the key's name
    help: str
    group: str

    @property
    def shown(self):
        """The keys as the help names them; one of two, if both would be too long."""
        both = " or ".join(self.keys)
        return {10: "0 … 9", 4: "Arrows"}.get(len(self.keys), both if len(both) < 12 else self.keys[0])


TABLE = (
    Binding(("Ctrl+Z",), "undo", "undo", "Draw"),
    Binding(("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "redo", "Draw"),
    Binding(("C", "Delete"), "clear", "clear the pad", "Draw"),
    Binding(("[",), "thinner", "thinner pen", "Draw"),
    Binding(("]",), "thicker", "thicker pen", "Draw"),
    Binding(("E",), "eraser", "pen or eraser", "Draw"),
    Binding(("Left", "Right", "Up", "Down"), "step {key}", "move the nib or the cell", "Draw"),
    Binding(("Space",), "predict", "answer now", "Ask"),
    Binding(("L",), "live", "answer while you draw", "Ask"),
    Binding(("R",), "random", "a digit of the test set", "Ask"),
    Binding(("M",), "mistake", "the next mistake on it", "Ask"),
    Binding(("O",), "open", "open a picture or session", "Ask"),
    Binding(("PageDown",), "next_file", "next file", "Ask"),
    Binding(("PageUp",), "previous_file", "previous file", "Ask"),
    Binding(("H",), "heat", "what the answer rests on", "Look"),
    Binding(("P",), "plain", "without preprocessing", "Look"),
    Binding(("T",), "theme", "light or dark", "Look"),
    Binding(("F11",), "fullscreen", "full screen", "Look"),
    Binding(("F1",), "help", "this help", "Look"),
    Binding(tuple("0123456789"), "label {key}", "keep it as this digit", "Your hand"),
    Binding(("F",), "learn", "learn my hand", "Your hand"),
    Binding(("K",), "keep", "keep what was learned", "Your hand"),
    Binding(("D",), "discard", "drop what was learned", "Your hand"),
    Binding(("W",), "weights", "shipped weights or yours", "Your hand"),
    Binding(("S",), "save", "save a picture of this", "Window"),
    Binding(("Ctrl+S",), "save_session", "save the strokes", "Window"),
    Binding(("Tab",), "focus_next", "next control", "Window"),
    Binding(("Shift+Tab",), "focus_previous", "previous control", "Window"),
    Binding(("Enter",), "enter", "press; nib down or up", "Window"),
    Binding(("Esc",), "escape", "close, cancel, let go", "Window"),
    Binding(("Ctrl+Q",), "quit", "quit", "Window"),
)
ACTIONS = {key: binding.action.format(key=key) for binding in TABLE for key in binding.keys}

_NAMES = {
    pygame.K_SPACE: "Space", pygame.K_TAB: "Tab", pygame.K_RETURN: "Enter", pygame.K_KP_ENTER: "Enter",
    pygame.K_ESCAPE: "Esc", pygame.K_DELETE: "Delete", pygame.K_F1: "F1", pygame.K_F11: "F11",
    pygame.K_LEFT: "Left", pygame.K_RIGHT: "Right", pygame.K_UP: "Up", pygame.K_DOWN: "Down",
    pygame.K_PAGEUP: "PageUp", pygame.K_PAGEDOWN: "PageDown", pygame.K_BACKSPACE: "Backspace",
}


def name(event):
    """What the key of a KEYDOWN event is called in the table: "C", "Ctrl+Z", "Shift+Tab", "["."""
    mod = getattr(event, "mod", 0)
    typed = getattr(event, "unicode", "")
    prefix = "Ctrl+" if mod & (pygame.KMOD_CTRL | pygame.KMOD_META) else ""
    if not prefix and event.key not in _NAMES and typed.isprintable() and typed:
        return typed.upper()  # what the keyboard's layout made of the key, and of Shift
    prefix += "Shift+" if mod & pygame.KMOD_SHIFT else ""
    if event.key in _NAMES:
        return prefix + _NAMES[event.key]
    return prefix + chr(event.key).upper() if 32 < event.key < 127 else ""
