"""Data of one's own: what is held out of it, and what looks wrong with it."""

from contextlib import suppress

import numpy as np

from nn import training
from nn.network import load_digit_net

SHARE = 12  # one image of so many is held out, as of MNIST, whose 60,000 give 5,000


def held_out_last(labels, count):
    """An order of the images, int (N,), whose last `count` are a random share of each digit, the same each time.

    Every image gets a place in its class, from 0 to 1 and drawn by lot; the `count` lowest places are held out.
    """
    place = np.empty(len(labels))
    lot = np.random.default_rng(0).permutation(len(labels))
    for digit in np.unique(labels):
        members = lot[labels[lot] == digit]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = np.argsort(place, kind="stable")
    return np.concatenate([np.sort(order[count:]), np.sort(order[:count])])


def missing(labels, where):
    """A note on the digits that none of the labels (N,) is, or ""."""
    absent = sorted(set(range(10)) - set(labels.tolist()))
    if not absent or not len(labels):
        return ""
    return f"Note: of the images {where}, none shows a {' or a '.join(map(str, absent))}."


def transposed(network, images, labels):
    """A note if the network reads these images far better with rows and columns swapped, or "". 1,000 of them tell."""
    images, labels = images[:1000], labels[:1000]
    standing, turned = (training.evaluate(network, each, labels)[1] for each in (images, images.swapaxes(1, 2)))
    if turned < standing + 0.2:
        return ""
    return (f"Note: the images look transposed, as EMNIST's files have them: {standing:.0%} of them are read, "
            f"with rows and columns swapped (images.swapaxes(1, 2)) {turned:.0%}.")  # fmt: skip


def notes(labels, held_out, test, judge):
    """What looks wrong with a data set: labels (N,), the last `held_out` for validation, and test (images, labels).

    judge: a file of weights that read digits.
    """
    kept = len(labels) - held_out
    found = [missing(labels[:kept], "to train on"), missing(labels[kept:], "held out")]
    with suppress(ValueError, OSError):  # without such a file, a hint less
        found.append(transposed(load_digit_net(judge), *test))
    return [note for note in found if note]


def doubts(validation_loss, temperature):
    """What looks wrong with a validation."""
    found = []
    if validation_loss is not None and validation_loss >= np.log(10):
        found.append(f"Note: a validation loss of {validation_loss:.2f} is no better than guessing (2.30).")
    if not 0.11 < temperature < 9.9:
        found.append(f"Note: the temperature ran into its bound, {temperature:.1f}: confidences mean nothing. "
                     "Do images and labels belong together?")  # fmt: skip
    return found
