"""What the network says of some ink, in numbers and in words, and what that depends on."""

import time
from dataclasses import dataclass

import numpy as np

from nn import ink, words
from window.data.anatomy import activations

BLOCK = 56  # images tried out at a time, so that the pen never waits long
NOISE = 1e-4  # of full ink
PATCH, STRIDE = 4, 2  # what occlusion covers, and how far it moves, in pixels of the 28x28


@dataclass(frozen=True)
class Answer:
    steps: ink.Steps
    image: np.ndarray  # (28, 28) uint8, what the network was given
    values: list[np.ndarray]  # the output of every layer, the image first
    probabilities: np.ndarray  # (10,), calibrated
    threshold: float  # the network's, below which a drawing is no digit
    doubt: str  # of the reading that it is part of: see `nn.ink.reading.Reading`
    milliseconds: float  # of one forward pass
    plain: np.ndarray  # (28, 28) uint8: the whole canvas shrunk, as programs without preprocessing do
    plain_probabilities: np.ndarray  # (10,), what the network says to that

    @property
    def order(self):
        """The ten digits, the likeliest first."""
        return words.order(self.probabilities)

    @property
    def verdict(self):
        """"sure", "likely", "unsure" or "no digit"."""
        return words.verdict(self.probabilities, self.threshold, self.doubt)

    @property
    def sentence(self):
        return words.sentence(self.probabilities, self.threshold, self.doubt)

    @property
    def painted(self):
        """Whether the image is another than the drawing's."""
        return not np.array_equal(self.image, self.steps.image)

    @property
    def digit(self):
        return self.order[0]

    @property
    def confidence(self):
        return float(self.probabilities[self.digit])


def answer(network, page, least=None, doubt=""):
    """The Answer to a page (H, W) of ink, or None if it has none. `least` is `to_mnist`'s, `doubt` the reading's."""
    steps = ink.to_mnist(page, steps=True, least=least)
    if steps is None:
        return None
    return of_image(network, steps, steps.image, shrunk(page), doubt)


def of_image(network, steps, image, plain, doubt):
    """The Answer to an image (28, 28): that of `steps`, or what was painted over it. plain: the whole page, shrunk."""
    plain_probabilities = network.predict(plain[None])[0]
    start = time.perf_counter()
    values = activations(network, image)
    milliseconds = 1000 * (time.perf_counter() - start)
    logits = values[-1]
    probabilities = network.probabilities(logits)[0]
    return Answer(
        steps, image, values, probabilities,
        threshold=network.threshold,
        doubt=doubt,
        milliseconds=milliseconds,
        plain=plain,
        plain_probabilities=plain_probabilities,
    )


@dataclass(frozen=True)
class Effects:
    """What one pixel's ink does to the ten scores, all others staying as they are."""

    ink: np.ndarray  # (28, 28, 10): the scores with full ink there, less those with bare paper
    slope: np.ndarray  # (28, 28, 10): the gradient; NaN where it isn't one (see `slopes`)


def effects(network, image):
    """Yields None now and then, and at the end the Effects for an image (28, 28) uint8.

    Ink is tried out, 784 times: the gradient would not tell what that much of it does.
    """
    from nn.network import to_input

    pixels = np.arange(image.size)
    with_ink, without = (np.repeat(image.reshape(1, -1), len(pixels), axis=0) for _ in range(2))
    with_ink[pixels, pixels], without[pixels, pixels] = 255, 0
    scores = network.forward(to_input(image[None]))
    changed = np.repeat(scores, 2 * len(pixels), axis=0).reshape(2, len(pixels), -1)
    for half, images in zip(changed, (with_ink, without), strict=True):
        others = np.flatnonzero((images != image.reshape(1, -1)).any(axis=1))  # the rest is the image itself
        for at in range(0, len(others), BLOCK):
            some = others[at : at + BLOCK]
            half[some] = network.forward(to_input(images[some].reshape(-1, 28, 28)))
            yield None
    yield Effects((changed[0] - changed[1]).reshape(28, 28, -1), slopes(network, image))


def slopes(network, image):
    """The gradient of each score with respect to the pixels, (28, 28, 10); NaN where there is no one slope.

    On bare paper and in full ink, neighbouring places of a feature map are equal. Max pooling picks one of them, so
    that the gradient there is one of many. It is found by two images that differ from this one by a trace of noise,
    the second by its opposite: where their gradients disagree, the winner of a tie has changed.
    """
    from nn.network import to_input

    noise = NOISE * np.random.default_rng(0).standard_normal((1, *image.shape, 1)).astype(np.float32)
    sides = []
    for near in (noise, -noise):
        scores = network.forward(to_input(image[None]) + near)
        each = np.eye(scores.shape[1], dtype=scores.dtype)[:, None]
        sides.append(np.stack([network.backward(one)[0, :, :, 0] for one in each], axis=-1))
    slope = (sides[0] + sides[1]) / 2
    slope[np.abs(sides[0] - sides[1]).max(axis=-1) > 1e-3 * np.abs(slope).max()] = np.nan
    return slope


def occlusion(network, image):
    """How much of the winner's probability a patch of paper takes away, wherever it is put: (28, 28).

    Zeiler and Fergus 2014, section 4.2. A pixel's value is the mean over the patches that cover it.
    """
    corners = [(y, x) for y in range(0, 29 - PATCH, STRIDE) for x in range(0, 29 - PATCH, STRIDE)]
    covered = np.repeat(image[None], len(corners) + 1, axis=0)
    for n, (y, x) in enumerate(corners):
        covered[n, y : y + PATCH, x : x + PATCH] = 0
    probabilities = network.predict(covered)
    winner = probabilities[-1].argmax()  # the last one is whole
    loss, count = np.zeros((28, 28)), np.zeros((28, 28))
    for n, (y, x) in enumerate(corners):
        loss[y : y + PATCH, x : x + PATCH] += probabilities[-1, winner] - probabilities[n, winner]
        count[y : y + PATCH, x : x + PATCH] += 1
    return loss / count


def shrunk(page):
    """A whole page (H, W) averaged to 28x28: what a network gets where nothing centres or scales the ink."""
    side = max(page.shape)
    square = np.zeros((side, side), np.float32)
    top, left = (side - page.shape[0]) // 2, (side - page.shape[1]) // 2
    square[top : top + page.shape[0], left : left + page.shape[1]] = page
    shares = ink.area_weights(28, side, side)
    return np.rint(shares @ square @ shares.T).astype(np.uint8)


def percent(probability):
    """A probability to a tenth of a percent, none of which is ever rounded up to certainty."""
    return ">99.9 %" if 0.9995 <= probability < 1 else f"{100 * probability:.1f} %"
