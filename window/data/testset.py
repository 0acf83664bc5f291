"""MNIST's test set, for the window: read when it is first needed, how networks do on it, and what one gets wrong.

All are generators, to be run in the background (jobs.py), where there is time to import Numba.
"""

from typing import NamedTuple

import numpy as np

from nn import mnist

BLOCK = 500  # images between two reports


def test_set():
    """Yields (images, labels) of the test set. Raises ValueError or OSError if its files are not there."""
    yield mnist.load_part(mnist.SHIPPED, "t10k")


def mistakes(network, images, labels):
    """Yields the numbers of the images that the network gets wrong, in order."""
    from nn.training import predict_logits

    wrong = predict_logits(network, images, threads=1).argmax(axis=1) != labels
    yield [int(number) for number in np.flatnonzero(wrong)]


class Score(NamedTuple):
    right: int
    asked: int  # so far
    of: int

    @property
    def done(self):
        return self.asked == self.of


def score(network, images, labels):
    """Yields the Score on more and more images."""
    from nn.answers import predict_logits  # imports Numba

    right = 0
    for at in range(0, len(images), BLOCK):
        logits = predict_logits(network, images[at : at + BLOCK], threads=1)
        right += int((logits.argmax(axis=1) == labels[at : at + BLOCK]).sum())
        yield Score(right, min(at + BLOCK, len(images)), len(images))


def scores(networks, tests=None):
    """Yields (network, tests, its Score on more and more of them), one network after the other.

    tests: (images, labels); without them the test set is read first, ValueError or OSError as of test_set.
    """
    if tests is None:
        [tests] = test_set()
    for network in networks:
        for found in score(network.replica(), *tests):
            yield network, tests, found
