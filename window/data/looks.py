"""What a kept moment of a training makes of digits: the pictures' numbers. Plain data, no pygame."""

from dataclasses import dataclass

import numpy as np

PLANE = 500  # test digits in the plane
JUDGED = 1000  # held-out digits by which a moment is judged; all of them would take longer than the training


@dataclass(frozen=True, eq=False)
class Judged:
    """What takes a while, and doesn't depend on your drawing."""

    plane: np.ndarray  # (PLANE, 2)
    accuracy: float | None  # of the held-out digits, if it was asked for
    count: int  # how many those were


@dataclass(frozen=True, eq=False)
class Look:
    """What a moment makes of one image."""

    maps: list  # every feature map after each ReLU of a convolution, (channels, H, W)
    probabilities: np.ndarray  # (10,)
    spot: np.ndarray  # (2,), its place in the plane


def spread(logits):
    """The plane of some logits (N, classes): each digit's score pulls towards its own place on a circle: (N, 2).

    The scores are sums over the hidden units, so this is a linear projection of those 64. It is the same at all times,
    so that a digit's way can be followed.
    """
    turn = 2 * np.pi * np.arange(logits.shape[1]) / logits.shape[1]
    return np.nan_to_num(logits @ np.stack([np.sin(turn), -np.cos(turn)], axis=1), posinf=0, neginf=0)


def judge(network, tests, held=None):
    """The Judged of a moment's network, from (images, labels) each; without `held` its accuracy is left out."""
    from nn.answers import predict_logits

    with np.errstate(all="ignore"):  # after a divergence
        plane = spread(predict_logits(network, tests[0][:PLANE], threads=1))
        if held is None:
            return Judged(plane, None, 0)
        images, labels = (array[:JUDGED] for array in held)
        right = predict_logits(network, images, threads=1).argmax(axis=1) == labels
    return Judged(plane, float(right.mean()), len(images))


def look(network, image):
    """The Look of a moment's network at an image (28, 28) uint8."""
    from nn.layers import ReLU
    from nn.network import to_input

    x, maps = to_input(image[None]), []
    with np.errstate(all="ignore"):
        for layer in network.layers:
            x = layer.forward(x)
            if isinstance(layer, ReLU) and x.ndim == 4:
                maps.append(np.nan_to_num(x[0].transpose(2, 0, 1)))
        return Look(maps, np.nan_to_num(network.probabilities(x)[0]), spread(x)[0])


def filters(network):
    """The filters (count, kh, kw) of the first layer that has weights: each the mean over what it takes in."""
    w = next(iter(network.params.values()))
    return np.nan_to_num(w.mean(axis=2).transpose(2, 0, 1)) if w.ndim == 4 else np.zeros((0, 1, 1))
