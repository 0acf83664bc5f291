"""What the way back is of, how far it is shown, the weight that is looked at, and the steps that were taken."""

from dataclasses import dataclass, replace

import numpy as np

from window.data.backward import Stuck, backward
from window.data.step import step

RATES = [10.0**n * m for n in range(-7, 1) for m in (1, 3)]
KEPT = 50  # steps that can be undone
PAUSE = 0.25  # seconds between two steps while it repeats them


@dataclass(frozen=True)
class Taken:
    """A step that was taken."""

    network: object  # a copy, after the step; None once it is too old to be undone to
    grads: dict  # that the step followed; None likewise
    rate: float
    loss: float  # before the step
    p: np.ndarray  # (10,) before the step


class Backward:
    def __init__(self):
        self.label = None  # the true digit, once it is given
        self.trouble = ""  # why there is no way back through this network
        self.reached = 1  # stages that show gradients, counted from the output; one more is the image
        self.weight = None  # (stage, index) of the weight that is looked at
        self.check = None  # its Check, once it is worked out
        self.checking = None  # the weight and the Way whose Check is being worked out
        self.unchecked = ""  # why it can't be
        self.rate = 3e-4
        self.steps, self.repeating, self.next = [], False, 0.0  # the seconds at which the next one is due
        self.origin = None  # the network that they began with
        self.untestable = ""  # why the test set isn't there
        self.accuracies = {}  # the share of the test set that is read right, by the number of steps
        self._image = None  # that the label is of
        self._of, self._way = (None, None, None), None  # network, image and label, and the Way worked out for them

    def network(self, reading):
        """The network that the way goes through: the one in use, or a copy of it after the steps."""
        return self.steps[-1].network if self.steps else reading.network

    def way(self, reading):
        """The Way of the answer in sight, or None as long as there is none."""
        answer = reading.answer
        of = (self.network(reading), answer.image, self.label) if answer else (None, None, None)
        return self._way if self._way and all(a is b for a, b in zip(of, self._of, strict=True)) else None

    def label_of(self, reading, picture):
        """The true digit of the answer in sight: the one that was given for this very image, or that of a test image,
        or None.
        """
        if reading.answer is None:
            return None
        if self._image is not None and np.array_equal(reading.answer.image, self._image):
            return self.label
        return picture.label if picture and len(reading.answers) == 1 else None

    def tell(self, reading, digit):
        """The true digit of the image in sight is this one."""
        self.label, self._image = digit, reading.answer.image
        self.forget()

    def forget(self):
        """Drop the steps."""
        self.steps, self.repeating, self.accuracies = [], False, {}

    def follow(self, reading, picture):
        """Work the way out for what is in sight now, if it isn't yet. Returns whether anything changed."""
        answer = reading.answer
        label = self.label_of(reading, picture)
        image = answer.image if answer else None
        if self.steps and (self.origin is not reading.network or label is None or label != self.label
                           or not np.array_equal(image, self._image)):  # fmt: skip
            self.forget()
        of = self.network(reading), image, label
        if all(a is b for a, b in zip(of, self._of, strict=True)):
            return False
        self.label, self._image, self._of, self._way, self.trouble, self.check = label, image, of, None, "", None
        self.unchecked, self.reached = "", min(self.reached, len(reading.stages) + 1)
        if label is not None:
            try:
                self._way = backward(of[0], image, label)
            except Stuck as error:
                self.trouble = str(error)
        return True

    def take(self, reading):
        """One step from the way in sight, on a copy of the network."""
        way = self.way(reading)
        if not self.steps:
            self.origin = reading.network
        self.steps.append(Taken(step(self.network(reading), way, self.rate), way.grads, self.rate, way.loss, way.p))
        if len(self.steps) > KEPT:
            self.steps[-KEPT - 1] = replace(self.steps[-KEPT - 1], network=None, grads=None)

    @property
    def undoable(self):
        return bool(self.steps) and (len(self.steps) == 1 or self.steps[-2].network is not None)

    def undo(self):
        """Take the last step back."""
        self.repeating = False
        self.accuracies.pop(len(self.steps), None)
        self.steps.pop()

    def turn(self, up):
        """The next rate up or down."""
        nearest = min(range(len(RATES)), key=lambda i: abs(np.log(RATES[i] / self.rate)))
        self.rate = RATES[min(max(nearest + (1 if up else -1), 0), len(RATES) - 1)]
