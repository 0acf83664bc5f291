"""A training to look at while it goes on: its curves, and the moments of it that are kept. Plain data, no pygame.

`learn` is a generator for a background thread (jobs.py); `Controls` is what may be changed while it learns.
"""

import threading
import time
from dataclasses import dataclass, replace

import numpy as np

MOMENTS = 60  # kept of a training, dense at its beginning
DIGITS = 500  # of the test set, in the plane
EPOCHS = 5
SLOW = 0.5  # seconds a batch in slow motion


@dataclass(frozen=True)
class Choices:
    """What a run begins with; another choice is another run."""

    batch_size: int = 64
    batch_norm: bool = True
    augment: bool = True
    seed: int = 0


class Controls:
    """What is changed while it learns. rate: the step size; batches: how many it may still learn, None for all."""

    def __init__(self, rate=3e-3):
        self.rate, self.batches, self.slow, self.stopped = rate, 0, False, False
        self._lock = threading.Lock()  # a pause is not to be lost to the batch that is counted at that moment

    def allow(self, batches):
        """How many batches may be learned from now on: 0 pauses, None is all."""
        with self._lock:
            self.batches = batches

    def wait(self):
        """Wait until one more batch may be learned. False if the training is to end."""
        if self.slow:
            time.sleep(SLOW)
        while self.batches == 0 and not self.stopped:
            time.sleep(0.02)
        with self._lock:
            if self.batches:
                self.batches -= 1
        return not self.stopped


@dataclass(frozen=True)
class Point:
    """A batch was learned. images and seconds: so far, without the pauses."""

    step: int
    epoch: int
    images: int
    seconds: float
    loss: float


@dataclass(frozen=True)
class Moment:
    """The network after a step: float16 copies of its arrays, its accuracy and the plane of the test digits."""

    step: int
    arrays: dict
    accuracy: float
    plane: np.ndarray  # (DIGITS, 2)


def due(total):
    """The steps after which a moment is kept: the start, the end, and the others ever further apart."""
    return {0, *(int(n) for n in np.geomspace(1, max(total, 1), MOMENTS - 1).round())}


def at(network, moment):
    """Put a moment's arrays into a network of the same layers, and return it."""
    network.assign({name: array.astype(np.float32) for name, array in moment.arrays.items()})
    return network


def hidden(network, images):
    """What the last layer sees of uint8 images (N, 28, 28), in a plane that stays the same: (N, 2)."""
    from nn.answers import to_input

    x = to_input(images)
    for layer in network.layers[:-1]:
        x = layer.forward(x)
    return x @ np.linalg.qr(np.random.default_rng(0).normal(size=(x.shape[1], 2)))[0]


def maps(network, image):
    """Every feature map of an image (28, 28) after each ReLU, a list of (channels, H, W)."""
    from nn.answers import to_input
    from nn.layers import ReLU

    x, found = to_input(image[None]), []
    for layer in network.layers:
        x = layer.forward(x)
        if isinstance(layer, ReLU) and x.ndim == 4:
            found.append(np.nan_to_num(x[0].transpose(2, 0, 1)))
    return found


def keep(network, step, images, labels):
    """The Moment of now."""
    with np.errstate(all="ignore"):
        arrays = {name: a.astype(np.float16) for name, a in (network.params | network.state).items()}
        accuracy = float((network.predict(images).argmax(axis=1) == labels).mean())
        return Moment(step, arrays, accuracy, hidden(network, images))


def learn(network, choices, controls, train, test, threads=2):
    """Train `network` in place. Yields a Point after each batch, and a Moment at those that are due.

    train, test: (images, labels). Raises nn.training.Diverged; the moments before it remain.
    """
    from nn.recipes import RECIPES  # imports Numba, and the window is to be there before that has happened
    from nn.training import Epoch, fit

    recipe = RECIPES["quick"]
    recipe = replace(recipe, epochs=EPOCHS, batch_size=choices.batch_size, lr=1.0, batch_norm=choices.batch_norm,
                     schedule=lambda _: controls.rate, augment=recipe.augment if choices.augment else None)  # fmt: skip
    test = test[0][:DIGITS], test[1][:DIGITS]
    steps = -(-len(train[0]) // choices.batch_size)
    kept, step, images, seconds = due(steps * EPOCHS), 0, 0, 0.0
    yield keep(network, 0, *test)
    events = fit(network, *train, recipe, choices.seed, threads)
    while controls.wait():
        start = time.perf_counter()
        event = next(events, None)
        if isinstance(event, Epoch):
            event = next(events, None)
        if event is None:
            return
        seconds += time.perf_counter() - start
        step, images = step + 1, images + min(choices.batch_size, len(train[0]))
        yield Point(step, event.epoch, images, seconds, event.loss)
        if step in kept:
            yield keep(network, step, *test)
