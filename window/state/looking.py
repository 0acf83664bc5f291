"""What the window shows, and what the pointer and the keyboard are at."""


class Looking:
    def __init__(self):
        self.view = "pixels"  # of the large picture: pixels, effect, slope, occlusion or plain
        self.explained = None  # the digit whose score is explained, if not the answer's
        self.pinned = None  # (stage, cell, place) whose arithmetic is shown
        self.pointer = None  # where the mouse is
        self.since = 0.0  # when the pointer came to the part that it is at
        self.pressed = None  # the part that a button went down on
        self.focus = None  # the part that Enter presses
        self.cursor = 0  # the cell that the arrow keys are at, if the focus is on a stage

    @property
    def stage(self):
        """The stage that the keyboard's focus is on, or None."""
        return int(self.focus.split()[1]) if self.focus and self.focus.startswith("stage") else None
