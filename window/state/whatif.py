"""What is painted into the 28x28, and how the network does on the test set with and without some filters."""

from weakref import WeakKeyDictionary


class WhatIf:
    def __init__(self):
        self.erasing = False
        self.nib = (14, 14)  # x, y of the keyboard's brush, in pixels
        self.before, self.at, self.erases = None, None, False  # of the stroke under way: the image before, where it is
        self.done = []  # the images before each stroke, to be taken back
        self._of = None  # the drawing that they are of
        self.scores = WeakKeyDictionary()  # network: Score on the test set
        self.refused = ""  # why they can't be had

    def follow(self, answer):
        """Forget the strokes once there is another drawing."""
        steps = answer and answer.steps
        if steps is not self._of:
            self._of, self.done, self.before = steps, [], None
