"""The training digits that a network finds most alike: those whose hidden units are nearest.

    *_, features = learned(network, stages)      # a job: shares of the work, at the end the Features
    features.nearest(hidden)                     # eight Neighbours

The hidden units are what the network's last layer receives; nearness is the Euclidean distance between them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nn import mnist
from window.data.why import CannotSay

COUNT = 8
BLOCK = 2000  # images between two reports
WIDEST = 400  # numbers a digit: 60,000 digits of them are 96 MB, beside 47 MB of images
CANDIDATES = 64  # by a fast formula that rounds; their distances are then computed exactly


@dataclass(frozen=True)
class Neighbour:
    number: int  # of the training digit
    label: int
    distance: float
    image: np.ndarray  # (28, 28) uint8


@dataclass(frozen=True)
class Features:
    """The hidden units of digits, in their order."""

    images: np.ndarray  # (N, 28, 28) uint8
    labels: np.ndarray  # (N,)
    hidden: np.ndarray  # (N, n) float32

    @cached_property
    def squares(self):
        return np.einsum("nf,nf->n", self.hidden, self.hidden)

    def nearest(self, hidden):
        """The COUNT Neighbours of hidden units (n,), the nearest first; of equally near ones the earlier."""
        hidden = np.asarray(hidden, np.float32)
        squared = self.squares - 2 * (self.hidden @ hidden)  # |f - h|^2 but for |h|^2, which is the same for all
        some = np.sort(np.argpartition(squared, min(CANDIDATES, len(squared)) - 1)[:CANDIDATES])
        distances = np.sqrt(((self.hidden[some].astype(float) - hidden) ** 2).sum(axis=1))
        first = np.argsort(distances, kind="stable")[:COUNT]
        return [Neighbour(int(n), int(self.labels[n]), float(d), self.images[n])
                for n, d in zip(some[first], distances[first], strict=True)]  # fmt: skip


def training_digits():
    """(images, labels) of MNIST's training set. CannotSay, with how to get it, where it isn't there."""
    try:
        return mnist.load_part(mnist.SHIPPED, "train")
    except FileNotFoundError:
        raise CannotSay(f"MNIST's training digits are not in {mnist.SHIPPED}, where this project ships them: put "
                        "train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz back there.") from None  # fmt: skip
    except (OSError, ValueError) as error:
        raise CannotSay(f"{error}: put the files back that this project ships there.") from None


def learned(network, stages, digits=None):
    """Yields the share of the work that is done, at the end the Features of digits: MNIST's, if none are given.

    CannotSay if they aren't there, or if the last layer receives more than WIDEST numbers.
    """
    from nn.answers import predict_logits  # imports Numba

    until = upto(network, stages)
    images, labels = digits or training_digits()
    hidden = np.empty((len(images), until.layers[-1].params["w"].shape[1]), np.float32)
    for at in range(0, len(images), BLOCK):
        hidden[at : at + BLOCK] = predict_logits(until, images[at : at + BLOCK], threads=1)
        yield min((at + BLOCK) / len(images), 1.0)
    yield Features(images, labels, hidden)


def upto(network, stages):
    """A Network that ends where the last layer begins. CannotSay if that is wider than WIDEST.

    A layer that changes nothing takes the last one's place: so it is computed in the fast way of the digit network.
    """
    from nn.layers import Dense
    from nn.network import Network

    before = Network(network.replica().layers[: stages[-1].first])
    shape = before.forward(np.zeros((1, 28, 28, 1), np.float32)).shape[1:]
    if len(shape) != 1:
        raise CannotSay("The last layer receives maps, not units: there are no hidden units to compare digits by.")
    if shape[0] > WIDEST:
        raise CannotSay(f"The last layer receives {shape[0]} numbers: too many to keep for every training digit.")
    same = Dense(shape[0], shape[0])
    same.params = {"w": np.eye(shape[0], dtype=np.float32), "b": np.zeros(shape[0], np.float32)}
    return Network([*before.layers, same])
