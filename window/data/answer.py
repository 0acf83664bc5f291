"""What the network says of some ink, in numbers and in words, and what that depends on."""

import time
from dataclasses import dataclass

import numpy as np

from nn import ink
from window.data.anatomy import activations

PATCH, STRIDE = 4, 2  # what occlusion covers, and how far it moves, in pixels of the 28x28


@dataclass(frozen=True)
class Answer:
    steps: ink.Steps
    image: np.ndarray  # (28, 28) uint8, what the network was given
    values: list[np.ndarray]  # the output of every layer, the image first
    probabilities: np.ndarray  # (10,), calibrated
    looks_like_digit: bool
    milliseconds: float  # of one forward pass
    plain: np.ndarray  # (28, 28) uint8: the whole canvas shrunk, as programs without preprocessing do
    plain_probabilities: np.ndarray  # (10,), what the network says to that
    gradient: np.ndarray  # (28, 28): how much the winner's score grows with each pixel

    @property
    def order(self):
        """The ten digits, the likeliest first."""
        return [int(digit) for digit in np.argsort(-self.probabilities, kind="stable")]

    @property
    def digit(self):
        return self.order[0]

    @property
    def confidence(self):
        return float(self.probabilities[self.digit])


def answer(network, page):
    """The Answer to a page (H, W) of ink, or None if it has none."""
    steps = ink.to_mnist(page, steps=True)
    if steps is None:
        return None
    image, plain = steps.image, shrunk(page)
    plain_probabilities = network.predict(plain[None])[0]
    start = time.perf_counter()
    values = activations(network, image)  # last, since backward needs what its layers keep
    milliseconds = 1000 * (time.perf_counter() - start)
    logits = values[-1]
    probabilities = network.probabilities(logits)[0]
    winner = np.eye(logits.shape[1], dtype=logits.dtype)[[logits[0].argmax()]]
    return Answer(
        steps, image, values, probabilities,
        looks_like_digit=bool(probabilities.max() >= network.threshold),
        milliseconds=milliseconds,
        plain=plain,
        plain_probabilities=plain_probabilities,
        gradient=network.backward(winner)[0, :, :, 0],
    )


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


def sentence(answer):
    """The answer in words that hold: they follow from the calibrated probabilities."""
    if not answer.looks_like_digit:
        return "This doesn't look like a digit."
    first, second = answer.order[:2]
    if answer.confidence >= 0.99:
        return "Almost certain."
    if answer.confidence >= 0.9:
        rival = answer.probabilities[second] > (1 - answer.confidence) / 2
        return f"Quite sure. If not, {article(second)}." if rival else "Quite sure."
    if answer.confidence >= 0.6:
        return f"{article(first).capitalize()}, perhaps {article(second)}."
    return f"Unsure: {article(first)} or {article(second)}?"


def article(digit):
    return f"an {digit}" if digit == 8 else f"a {digit}"
