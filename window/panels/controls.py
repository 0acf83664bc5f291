"""What a part of a panel does when it is pressed, by the mouse or by Enter."""

from collections.abc import Callable
from typing import NamedTuple


class Control(NamedTuple):
    words: str  # on it, if it is a button
    help: str  # one line, shown while it is pointed at
    action: Callable | None = None  # of actions/, called with the App and the rest of the part's name
    there: Callable = lambda app: True  # whether it is there now
    focusable: bool = True  # whether the keyboard reaches it
