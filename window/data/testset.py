"""MNIST's test set, for the window: read when it is first needed, and the images that the network gets wrong.

Both are generators, to be run in the background (jobs.py), where there is time to import Numba.
"""

import numpy as np

from nn import mnist


def test_set():
    """Yields (images, labels) of the test set. Raises ValueError or OSError if its files are not there."""
    yield mnist.load_part(mnist.SHIPPED, "t10k")


def mistakes(network, images, labels):
    """Yields the numbers of the images that the network gets wrong, in order."""
    from nn.training import predict_logits

    wrong = predict_logits(network, images, threads=1).argmax(axis=1) != labels
    yield [int(number) for number in np.flatnonzero(wrong)]
