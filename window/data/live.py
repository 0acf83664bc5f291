"""A training to look at while it goes on: what it tells, and the moments of it that are kept. Plain data, no pygame.

`learn` is a generator for a background thread (jobs.py); `Controls` is what may be changed while it learns.
"""

import threading
import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from nn import mnist

MOMENTS = 60  # kept of a training, dense at its beginning
EPOCHS = 5
SLOW = 0.5  # seconds a batch in slow motion
NEWS = 0.25  # seconds between two moments that are looked at and not kept


@dataclass(frozen=True)
class Choices:
    """What a run begins with; another choice is another run."""

    batch_size: int = 64
    batch_norm: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """What a batch is learned with, and may be changed for the next one."""

    optimizer: str  # a name in nn.optim.OPTIMIZERS
    rate: float
    augment: bool


class Controls:
    """What is changed while it learns. rate: the step size; batches: how many it may still learn, None for all.

    now: the Settings of the batch under way; what is changed meanwhile holds from the next one.
    """

    def __init__(self, rate=3e-3):
        self.rate, self.augment, self.slow = rate, True, False
        self.optimizer = "adamw"  # a name in nn.optim.OPTIMIZERS
        self.batches, self.stopped = 0, False
        self.now = self.settings
        self._changed = threading.Condition()  # a pause is not to be lost to the batch that is counted at that moment

    @property
    def settings(self):
        """The Settings of the next batch."""
        return Settings(self.optimizer, self.rate, self.augment)

    def allow(self, batches):
        """How many batches may be learned from now on: 0 pauses, None is all."""
        with self._changed:
            self.batches = batches
            self._changed.notify()

    def stop(self):
        """End the training, paused or not."""
        with self._changed:
            self.stopped = True
            self._changed.notify()

    def wait(self):
        """Wait until one more batch may be learned. False if the training is to end."""
        with self._changed:
            if self.slow:
                self._changed.wait_for(lambda: self.stopped, SLOW)
            self._changed.wait_for(lambda: self.batches != 0 or self.stopped)
            if self.batches:
                self.batches -= 1
            self.now = self.settings
            return not self.stopped


@dataclass(frozen=True)
class Digits:
    """What a training is looked at with: images (N, 28, 28) and labels (N,). total: images that it will learn."""

    tests: tuple  # of the test set, for the plane
    held: tuple  # held out of the training images, for the accuracy
    total: int


@dataclass(frozen=True)
class Point:
    """A batch was learned. images and seconds: so far, without the pauses."""

    step: int
    epoch: int
    images: int
    seconds: float
    loss: float
    settings: Settings


@dataclass(frozen=True, eq=False)  # one moment is like no other
class Moment:
    """The network after a step: a copy, with batch norm folded away. kept: or only to be looked at until the next."""

    step: int
    images: int  # that were learned until then
    network: object  # nn.network.Network
    kept: bool = True


def due(steps):
    """The steps after which a moment is kept: the start, the end, and the others ever further apart."""
    return {round(8 * n) for n in np.expm1(np.linspace(0, np.log1p(max(steps, 1) / 8), MOMENTS))}


def moment(network, step, images, kept):
    """The Moment of now."""
    with np.errstate(all="ignore"):  # its weights may be no numbers any more
        return Moment(step, images, network.folded(), kept)


def watch(events, network, steps, controls):
    """A Point for each Step that nn.training.fit yields, and Moments of `network`, which it trains in place.

    steps: how many there will be. The Epochs among the events are handed on.
    """
    kept, step, images, seconds, before = due(steps), 0, 0, 0.0, 0
    seen, shown = 0, time.perf_counter()  # the step of the last moment, and when it was
    yield moment(network, 0, 0, True)
    while True:
        if controls.batches == 0 and seen < step:  # a pause is looked at
            seen = step
            yield moment(network, step, images, False)
        if not controls.wait():
            return
        start = time.perf_counter()
        event = next(events, None)
        if hasattr(event, "validation_loss"):  # an Epoch
            yield event
            before, event = images, next(events, None)
        if event is None:
            return
        step, images = step + 1, before + event.images
        seconds += time.perf_counter() - start
        yield Point(step, event.epoch, images, seconds, event.loss, controls.now)
        if step in kept or time.perf_counter() - shown > NEWS:
            seen, shown = step, time.perf_counter()
            yield moment(network, step, images, step in kept)
            seconds += time.perf_counter() - shown


class Changeable:
    """The optimizer that the controls name; another one begins without any memory of the gradients before."""

    def __init__(self, params, weight_decay, controls):
        self.params, self.weight_decay, self.controls = params, weight_decay, controls
        self.named = None
        self._follow()

    def _follow(self):
        from nn.optim import OPTIMIZERS

        if self.named != self.controls.now.optimizer:
            self.named = self.controls.now.optimizer
            self.now = OPTIMIZERS[self.named](self.params, self.weight_decay)

    @property
    def state(self):
        return self.now.state

    def step(self, grads, lr):
        self._follow()
        self.now.step(grads, lr)


def learn(network, choices, controls, threads=2, load=mnist.load):
    """Train `network` in place on what `load` gives. Yields Digits, then Points and Moments.

    Raises nn.training.Diverged; the moments before it remain.
    """
    from nn.answers import to_input  # imports Numba, and the window is to be there before that has happened
    from nn.recipes import RECIPES
    from nn.training import fit

    quick = RECIPES["quick"]

    def warp(images, rng):
        return quick.augment(images, rng) if controls.now.augment else to_input(images)

    recipe = replace(quick, epochs=EPOCHS, batch_size=choices.batch_size, lr=1.0, batch_norm=choices.batch_norm,
                     schedule=lambda _: controls.now.rate, augment=warp,
                     optimizer=partial(Changeable, controls=controls))  # fmt: skip
    (images, labels), tests = load()
    count = len(images) - min(recipe.held_out, len(images) // 12)
    yield Digits(tests, (images[count:], labels[count:]), count * EPOCHS)
    events = fit(network, images[:count], labels[:count], recipe, choices.seed, threads)
    yield from watch(events, network, -(-count // choices.batch_size) * EPOCHS, controls)
