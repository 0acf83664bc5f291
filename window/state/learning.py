"""The trainings that are looked at: what was learned, their kept moments, and which of them is shown."""

from array import array

import numpy as np

from window.data import live, looks

MOST = 4  # runs side by side
LATELY = 20  # batches over which a loss is judged
SOON = 512  # images: until then the axis of time is nearly linear, and logarithmic after


def along(images, total):
    """Where on the axis of time, 0 to 1, so many learned images are."""
    return np.log1p(np.asarray(images) / SOON) / np.log1p(max(total, 1) / SOON)


class Run:
    """One training. choices and controls: as in data/live.py; shown: the index of a moment, or None for the latest.

    hand: whether it teaches the user's hand to a network that knows digits, in place of random weights
    """

    def __init__(self, number, choices, controls, hand=False):
        self.number, self.choices, self.controls, self.hand = number, choices, controls, hand
        self.digits = self.last = None  # the Digits that it is looked at with, and its last Point
        self.images, self.losses = array("q"), array("d")  # after each batch
        self.changes = []  # the Points whose Settings were others than before; the first tells what it began with
        self.moments, self.news, self.shown = [], None, None
        self.judged = {}  # {Moment: Judged}, as far as they are worked out
        self.failed, self.over = "", False
        self.saved = None  # the Moment that was saved last
        self._image, self._ribbon, self._stale = None, np.zeros((0, 10)), []
        self._look = None, None, None

    def take(self, event):
        """Take what live.learn yields."""
        if isinstance(event, live.Digits):
            self.digits = event
        elif isinstance(event, live.Point):
            if self.last is None or event.settings != self.last.settings:
                self.changes.append(event)
            self.last = event
            self.images.append(event.images)
            self.losses.append(event.loss)
        elif isinstance(event, live.Moment) and event.kept:
            self._stale.append(len(self.moments))
            self.moments.append(event)
        if isinstance(event, live.Moment):
            if self.news is not None and not self.news.kept:
                self.judged.pop(self.news, None)
            self.news = event

    @property
    def total(self):
        return self.digits.total if self.digits else 1

    @property
    def moment(self):
        """The Moment that is shown: the latest, or the one that was scrubbed to."""
        return self.news if self.shown is None else self.moments[self.shown]

    @property
    def rising(self):
        """Whether the loss has lately been higher than at the start: the rate is too high."""
        if len(self.losses) <= LATELY:
            return False
        return bool(np.mean(self.losses[-LATELY:]) > 1.15 * max(self.losses[0], np.log(10)))

    def scrub(self, by):
        """Show an earlier or a later moment; after the last one comes what is now."""
        if self.moments:
            at = len(self.moments) if self.shown is None else self.shown
            at = max(at + by, 0)
            self.shown = None if at >= len(self.moments) else at

    def scrub_to(self, share, total):
        """Show the moment at a place, 0 to 1, on an axis of time that ends at `total` images; right of all: now."""
        if self.moments:
            places = along([moment.images for moment in self.moments], total)
            at = int(np.abs(places - share).argmin())
            self.shown = at if share < places[-1] + 0.01 else None

    def unjudged(self, seen=True):
        """The Moment to be judged next: the one shown, if anybody sees it, then the others from the latest; or None."""
        wanted = [self.moment, *reversed(self.moments)] if seen else reversed(self.moments)
        return next((moment for moment in wanted if moment is not None and moment not in self.judged), None)

    def judge(self, moment, judged):
        """Keep what was worked out of a moment, unless it is gone."""
        if moment.kept or moment is self.news:
            self.judged[moment] = judged

    def look(self, image):
        """The Look of the moment shown at an image."""
        moment, before, look = self._look
        if moment is not self.moment or before is not image:
            look = looks.look(self.moment.network, image)
            self._look = self.moment, image, look
        return look

    def follow(self, image, most=3):
        """The probabilities (moments, 10) of an image at each kept moment; a call works out `most` of them.

        Those of the image before stay until their turn comes, so that the ribbon never flickers.
        """
        count = len(self.moments)
        if count > len(self._ribbon):
            self._ribbon = np.concatenate([self._ribbon, np.zeros((count - len(self._ribbon), 10))])
        if image is not self._image:
            first = self._stale[0] if self._stale else 0  # so that all get their turn while a drawing goes on changing
            self._image, self._stale = image, [*range(first, count), *range(first)]
        now, self._stale = self._stale[:most], self._stale[most:]
        for at in now:
            with np.errstate(all="ignore"):
                self._ribbon[at] = np.nan_to_num(self.moments[at].network.predict(image[None])[0])
        return self._ribbon


class Learning:
    """All runs. chosen: the one in sight, or None while the choices of a new one are made."""

    def __init__(self):
        self.runs, self.chosen, self.begun = [], None, 0
        self._choices, self._controls = live.Choices(), live.Controls()

    @property
    def choices(self):
        return self.chosen.choices if self.chosen else self._choices

    @property
    def controls(self):
        return self.chosen.controls if self.chosen else self._controls

    @property
    def moment(self):
        return self.chosen.moment if self.chosen else None

    @property
    def going(self):
        """Whether the run in sight is learning."""
        return bool(self.chosen) and not self.chosen.over and self.controls.batches != 0

    @property
    def total(self):
        """Images at the right end of the axis of time, which all runs share."""
        return max((run.total for run in self.runs), default=1)

    def prepare(self, choices):
        """Make room for a new run with these choices."""
        before, self._controls = self.controls, live.Controls(self.controls.rate)
        for name in ("augment", "slow", "optimizer"):
            setattr(self._controls, name, getattr(before, name))
        self._choices, self.chosen = choices, None

    def begin(self, hand=False):
        """A new Run with the choices that were prepared, which is looked at from now on."""
        self.begun += 1
        self.chosen = Run(self.begun, self._choices, self._controls, hand)
        self.runs.append(self.chosen)
        return self.chosen

    def drop(self):
        """Forget the run in sight. The one before it comes in sight."""
        self.chosen.controls.stop()
        self.runs.remove(self.chosen)
        choices = self.chosen.choices
        if not self.runs:
            self.prepare(choices)
        else:
            self.chosen = self.runs[-1]
