"""Every key of the window in one table: what it is called, what it does, and what the help says of it."""

from collections.abc import Callable
from typing import NamedTuple

import pygame

from window.actions import ask, backward, descend, draw, files, look, move, teach, train, views, whatif, why


class Binding(NamedTuple):
    keys: tuple[str, ...]
    action: Callable  # called with the App
    help: str
    group: str
    with_key: bool = False  # whether the action is called with the key's name, too
    repeats: bool = False  # whether a key that is held down does it again and again

    @property
    def shown(self):
        """The keys as the help names them; one of two, if both would be too long."""
        both = " or ".join(self.keys)
        return {10: "0 … 9", 4: "Arrows"}.get(len(self.keys), both if len(both) < 12 else self.keys[0])


TABLE = (
    Binding(("Ctrl+Z",), draw.undo, "undo", "Draw", repeats=True),
    Binding(("Ctrl+Y", "Ctrl+Shift+Z"), draw.redo, "redo", "Draw", repeats=True),
    Binding(("C", "Delete"), draw.clear, "clear the pad", "Draw"),
    Binding(("[",), draw.thinner, "thinner pen", "Draw", repeats=True),
    Binding(("]",), draw.thicker, "thicker pen", "Draw", repeats=True),
    Binding(("E",), draw.eraser, "pen or eraser", "Draw"),
    Binding(("Left", "Right", "Up", "Down"), move.step, "move the nib or the cell", "Draw", True, True),
    Binding(("Space",), ask.predict, "answer now", "Ask"),
    Binding(("I",), ask.how_read, "how it was read", "Ask"),
    Binding(("L",), ask.live, "answer while you draw", "Ask"),
    Binding(("R",), ask.random, "a digit of the test set", "Ask"),
    Binding(("M",), ask.mistake, "the next mistake on it", "Ask"),
    Binding(("O",), files.ask, "open a picture or session", "Ask"),
    Binding(("PageDown",), files.following, "next file", "Ask", repeats=True),
    Binding(("PageUp",), files.previous, "previous file", "Ask", repeats=True),
    Binding(("H",), look.heat, "what the answer rests on", "Look"),
    Binding(("P",), look.plain, "without preprocessing", "Look"),
    Binding(("N",), train.view, "watch a network learn", "Views"),
    Binding((",",), train.earlier, "an earlier moment of it", "Look", repeats=True),
    Binding((".",), train.later, "a later moment of it", "Look", repeats=True),
    Binding(("B",), views.backward, "forward or backward", "Views"),
    Binding(("Y",), why.view, "why this and not that", "Views"),
    Binding(("X",), whatif.view, "what if: paint, filters off", "Views"),
    Binding(("V",), look.turn_over, "what has no room here", "Views"),
    Binding(("T",), look.theme, "light or dark", "Look"),
    Binding(("F11",), look.fullscreen, "full screen", "Look"),
    Binding(("F1",), look.help, "this help", "Look"),
    Binding(tuple("0123456789"), teach.label, "keep it as this digit", "Your hand", with_key=True),
    Binding(("F",), teach.learn, "learn my hand", "Your hand"),
    Binding(("K",), teach.keep, "keep what was learned", "Your hand"),
    Binding(("D",), teach.discard, "drop what was learned", "Your hand"),
    Binding(("W",), teach.weights, "shipped weights or yours", "Your hand"),
    Binding(("S",), files.save, "save a picture of this", "Window"),
    Binding(("Ctrl+S",), files.save_session, "save the strokes", "Window"),
    Binding(("Tab",), move.focus_next, "next control", "Window", repeats=True),
    Binding(("Shift+Tab",), move.focus_previous, "previous control", "Window", repeats=True),
    Binding(("Enter",), move.enter, "press; nib down or up", "Window"),
    Binding(("Esc",), move.escape, "close, cancel, let go", "Window"),
    Binding(("Ctrl+Q",), look.quit, "quit", "Window"),
)
VIEW_TABLES = {  # what keys do in one view alone, in place of what they do elsewhere
    "forward": (),
    "train": (),
    "why": (
        Binding(tuple("0123456789"), why.choose_against, "the digit to compare with", "Why", with_key=True),
    ),
    "whatif": (
        Binding(("E",), whatif.rubber, "brush or rubber", "What if"),
        Binding(("Ctrl+Z",), whatif.undo, "take the brush's stroke back", "What if", repeats=True),
        Binding(("G",), whatif.all_on, "all filters on", "What if"),
    ),
    "backward": (
        Binding(tuple("0123456789"), backward.truth, "the true digit", "Backward", with_key=True),
        Binding(("Enter",), backward.accept, "the answer is right; press", "Backward"),
        Binding(("Left", "Right", "Up", "Down"), backward.arrow, "one layer back or nearer", "Backward", True, True),
        Binding((",",), backward.further, "one layer further back", "Backward", repeats=True),
        Binding((".",), backward.nearer, "one layer nearer", "Backward", repeats=True),
        Binding(("A",), backward.whole, "all the way back", "Backward"),
        Binding(("G",), descend.take, "take one step", "Backward"),
        Binding(("J",), descend.repeat, "repeat steps, or stop", "Backward"),
        Binding(("U",), descend.undo, "undo a step", "Backward", repeats=True),
        Binding(("-",), descend.lower, "a lower rate", "Backward", repeats=True),
        Binding(("+", "="), descend.higher, "a higher rate", "Backward", repeats=True),
    ),
}
BOUND = {key: binding for binding in TABLE for key in binding.keys}
IN_VIEW = {view: {key: binding for binding in table for key in binding.keys} for view, table in VIEW_TABLES.items()}
KNOWN = set(BOUND).union(*IN_VIEW.values())

_NAMES = {
    pygame.K_SPACE: "Space", pygame.K_TAB: "Tab", pygame.K_RETURN: "Enter", pygame.K_KP_ENTER: "Enter",
    pygame.K_ESCAPE: "Esc", pygame.K_DELETE: "Delete", pygame.K_F1: "F1", pygame.K_F11: "F11",
    pygame.K_LEFT: "Left", pygame.K_RIGHT: "Right", pygame.K_UP: "Up", pygame.K_DOWN: "Down",
    pygame.K_PAGEUP: "PageUp", pygame.K_PAGEDOWN: "PageDown", pygame.K_BACKSPACE: "Backspace",
    pygame.K_HOME: "Home", pygame.K_END: "End",
}


# What stands at a place of an American keyboard, by its scancode: for layouts that have no such letter there.
_PLACES = {
    **{pygame.KSCAN_A + i: letter for i, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
    **{pygame.KSCAN_1 + i: digit for i, digit in enumerate("1234567890")},
    **{pygame.KSCAN_KP_1 + i: digit for i, digit in enumerate("1234567890")},
    pygame.KSCAN_LEFTBRACKET: "[", pygame.KSCAN_RIGHTBRACKET: "]",
}


def name(event):
    """What the key of a KEYDOWN event is called in the table: "C", "Ctrl+Z", "Shift+Tab", "[".

    A key is known by what the layout makes of it. Where that means nothing here (a Cyrillic letter, the & that stands
    for 1 on a French keyboard) it is known by its place.
    """
    mod, typed = getattr(event, "mod", 0), getattr(event, "unicode", "")
    place = _PLACES.get(getattr(event, "scancode", None), "")
    graph = mod & (pygame.KMOD_RALT | pygame.KMOD_MODE)  # AltGr, which Windows reports as Ctrl and Alt
    ctrl = "Ctrl+" if mod & (pygame.KMOD_CTRL | pygame.KMOD_META) else ""
    shift = "Shift+" if mod & pygame.KMOD_SHIFT else ""
    if event.key in _NAMES:
        return ctrl + shift + _NAMES[event.key]
    if typed.isprintable() and typed.strip() and (graph or not ctrl):
        known = typed.upper()  # what the keyboard's layout made of the key, and of Shift
        return known if known in KNOWN or not place else place
    letter = chr(event.key).upper() if 32 < event.key < 127 else place
    return ctrl + shift + letter if ctrl else letter
