"""A training that is looked at: its curves, its kept moments, and which of them is shown."""

import numpy as np

from window.data import live


class Learning:
    def __init__(self):
        self.choices, self.controls = live.Choices(), live.Controls()
        self.runs = []  # the losses of the run before, for its curve
        self.labels = None  # of the digits in the plane
        self.begin(None)

    def begin(self, network):
        """Look at a new run of this network."""
        self.network, self.points, self.moments, self.shown, self.failed = network, [], [], None, ""
        self.image, self.ribbon = None, []

    def take(self, event):
        (self.moments if isinstance(event, live.Moment) else self.points).append(event)

    @property
    def moment(self):
        """The Moment that is shown: the latest, or the one that was scrubbed to."""
        if not self.moments:
            return None
        return self.moments[-1 if self.shown is None else self.shown]

    def follow(self, image, most=3):
        """The probabilities (moments, 10) of an image so far; `most` new moments are answered in a call."""
        if image is not self.image:
            self.image, self.ribbon = image, []
        for moment in self.moments[len(self.ribbon) : len(self.ribbon) + most]:
            self.ribbon.append(live.at(self.network, moment).predict(image[None])[0])
        return np.array(self.ribbon).reshape(-1, 10)
