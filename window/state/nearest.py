"""The nearest training digits of the drawing: features for each network, and what was found for the answer in sight."""

from weakref import WeakKeyDictionary


class Nearest:
    def __init__(self):
        self.digits = None  # MNIST's training (images, labels), once they are read
        self.features = WeakKeyDictionary()  # network: Features, as long as the network is in use
        self.refused = WeakKeyDictionary()  # network: why there can't be any, in a sentence
        self.share = 0.0  # of the work under way that is done
        self._of = self._found = None

    def of(self, reading):
        """The Neighbours of the answer in sight, or None as long as there are none."""
        features = self.features.get(reading.network)
        if features is None or reading.answer is None:
            return None
        if self._of is None or self._of[0] is not reading.answer or self._of[1] is not features:
            hidden = reading.answer.values[reading.stages[-1].first][0]
            self._of, self._found = (reading.answer, features), features.nearest(hidden)
        return self._found
