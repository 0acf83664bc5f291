"""Which two digits are compared, which term is looked at, and what was worked out for them."""

from window.data import why
from window.data.why import CannotSay


class Why:
    def __init__(self):
        self.chosen = None  # (for, against), once they are chosen; else the answer and the second
        self.term = None  # the index of the term that is looked at, once it is chosen; else the largest
        self._of = self._found = None  # what the Difference was worked out for, and it, or the reason why not

    def pair(self, answer):
        """The digit asked about and the one it is compared with."""
        return self.chosen or tuple(answer.order[:2])

    def difference(self, reading):
        """The Difference for the answer in sight. CannotSay, where the network does not allow it."""
        of = (reading.answer, reading.network, self.pair(reading.answer))
        if self._of is None or of[0] is not self._of[0] or of[1] is not self._of[1] or of[2] != self._of[2]:
            try:
                found = why.difference(reading.network, reading.stages, reading.answer.values, *of[2])
            except CannotSay as reason:
                found = reason
            self._of, self._found = of, found
        if isinstance(self._found, CannotSay):
            raise self._found
        return self._found

    def looked_at(self, difference):
        """The index of the term that is looked at."""
        n = len(difference.values)
        return self.term if self.term is not None and self.term < n else int(abs(difference.terms).argmax())
