"""The network, and what it says of the ink on the pad."""

import numpy as np

from window.data import anatomy
from window.data.answer import answer, of_image


class Reading:
    def __init__(self):
        self.network = None  # None as long as it is being loaded
        self.whole, self.off = None, frozenset()  # the same with all filters on, and the (stage, cell)s that are off
        self.networks = {}  # "shipped", which the window was opened with, and "yours"
        self.stages = []  # of the network: see data/anatomy.py
        self.live = True  # whether the answer follows the pen
        self.answers = []  # one for each digit in sight, left to right
        self.chosen = 0  # the answer that the panels show
        self.stale = False  # whether the ink has changed since it was read
        self.since_answer = self.since_ink = 0.0  # seconds
        self.occluded = self.effects = None  # of the chosen answer: see data/answer.py; None until they are worked out
        self.tests = None  # MNIST's test set, once it is needed
        self.mistakes = None  # numbers of the test images that the network gets wrong

    def use(self, network):
        """Read with this network from now on."""
        self.network, self.whole, self.off = network, network, frozenset()
        self.stages = anatomy.stages(network) if network else []
        self.mistakes, self.answers, self.stale = None, [], True
        if network:
            self.networks.setdefault("shipped", network)

    @property
    def answer(self):
        return self.answers[self.chosen] if self.answers else None

    @property
    def number(self):
        """The digits in sight as one number, "4071", or ""."""
        return "".join(str(answer.digit) for answer in self.answers)

    @property
    def confidence(self):
        """That all of them are right."""
        return float(np.prod([answer.confidence for answer in self.answers]))

    def read(self, pad):
        """Ask the network what is on the pad."""
        pad.follow()
        self.stale, self.since_answer, self.chosen = False, 0.0, 0
        self.occluded = self.effects = None
        pages, least, doubt = pad.pages(self.network)
        self.answers = [found for page in pages if (found := answer(self.network, page, least, doubt))]

    def choose(self, index, rested):
        """Show another of several digits; nothing has to be waited for to explain it."""
        self.chosen, self.since_ink = index % len(self.answers), rested
        self.occluded = self.effects = None

    def show(self, image):
        """Answer for another image than the drawing's: what was painted over it."""
        now = self.answer
        self.answers[self.chosen] = of_image(self.network, now.steps, image, now.plain, now.doubt)
        self.occluded = self.effects = None
        self.since_ink = 0.0

    def switch(self, network, off):
        """Answer by `network`, which is the whole one without the cells of `off`."""
        self.network, self.off, self.mistakes = network, frozenset(off), None
        self.answers = [of_image(network, each.steps, each.image, each.plain, each.doubt) for each in self.answers]
        self.occluded = self.effects = None
