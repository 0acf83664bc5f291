"""What the way back is of: a drawing, its true digit, and the gradients worked out for them."""

import numpy as np

from window.data.backward import Stuck, backward


class Backward:
    def __init__(self):
        self.label = None  # the true digit, once it is given
        self.trouble = ""  # why there is no way back through this network
        self._image = None  # that the label is of
        self._of, self._way = (None, None, None), None  # network, image and label, and the Way worked out for them

    def way(self, reading):
        """The Way of the answer in sight, or None as long as there is none."""
        answer = reading.answer
        of = (reading.network, answer.image, self.label) if answer else (None, None, None)
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

    def follow(self, reading, picture):
        """Work the way out for what is in sight now, if it isn't yet. Returns whether anything changed."""
        answer = reading.answer
        label = self.label_of(reading, picture)
        image = answer.image if answer else None
        of = reading.network, image, label
        if all(a is b for a, b in zip(of, self._of, strict=True)):
            return False
        self.label, self._image, self._of, self._way, self.trouble = label, image, of, None, ""
        if label is not None:
            try:
                self._way = backward(reading.network, image, label)
            except Stuck as error:
                self.trouble = str(error)
        return True
