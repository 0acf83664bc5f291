"""What is painted into the 28x28, and how the network does on the test set with and without some filters."""

from weakref import WeakKeyDictionary


class WhatIf:
    def __init__(self):
        self.erasing = False
        self.nib = (14, 14)  # x, y of the keyboard's brush, in pixels
        self.before = self.image = None  # the image before the stroke under way, and by now
        self.at, self.erases = None, False  # where the brush is, and whether it takes ink off
        self.done = []  # the images before each stroke, to be taken back
        self._of = None  # the drawing that they are of
        self.scores = WeakKeyDictionary()  # network: Score on the test set
        self.refused = ""  # why they can't be had

    def follow(self, answer):
        """Forget the strokes once there is another drawing."""
        steps = answer and answer.steps
        if steps is not self._of:
            self._of, self.done, self.before = steps, [], None
