"""Your own hand: keep drawings with what they should have been, and teach them to a copy of the network.

A kept drawing is a JSON file in the folder `drawings`, named after its digit and the time:

    {"format": "labelled digit", "version": 1, "label": 4,
     "strokes": [{"width": 0.09, "erases": false, "points": [[x, y, seconds], ...]}, ...],
     "image": [[0, ...], ...]}

`strokes` are as in strokes.py, and `image` is the 28x28 that the network received, 0 to 255, row by row.
"""

import copy
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn import mnist
from nn.files import parse_json, read_bytes, write_whole
from window.data import live
from window.data.strokes import LARGEST, from_json, to_json

FORMAT = {"format": "labelled digit", "version": 1}
WEIGHTS = "my-hand.npz"
ENOUGH = 10  # drawings, below which there is nothing to learn and to measure
HELD_OUT = 5  # every fifth drawing is kept back to measure with
OWN, OTHERS = 10_000, 40_000  # images to learn from: the drawings, over and over, and so many of MNIST's
RECIPE = {  # of what the "best" one in nn.recipes trains on, too, so that nothing of it is forgotten
    "epochs": 1, "lr": 8e-4, "label_smoothing": 0.05, "average": 0.98, "held_out": 0, "drawn": 4000, "scribbles": 1000,
    "late": 1.0, "late_rho": 0.2,
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    label: int
    image: np.ndarray  # (28, 28) uint8
    path: Path | None = None  # its file


@dataclass(frozen=True)
class Progress:
    share: float  # of the work, 0 to 1
    words: str


@dataclass(frozen=True)
class Learned:
    network: object  # nn.network.Network
    held_out: int  # drawings that nothing was learned from
    mine: tuple[int, int]  # how many of them were wrong, before and after
    tests: int  # images of MNIST's test set
    mnist: tuple[int, int]  # how many of them were wrong, before and after

    @property
    def better(self):
        """Whether it is better kept: it reads a larger share of your drawings right than it loses of MNIST's digits."""
        gain, loss = self.mine[0] - self.mine[1], self.mnist[1] - self.mnist[0]
        return gain / max(self.held_out, 1) > loss / max(self.tests, 1) and gain >= 0

    @property
    def verdict(self):
        """That in words, with both numbers."""
        gain, loss = self.mine[0] - self.mine[1], self.mnist[1] - self.mnist[0]
        mine = f"{gain} of {self.mine[0]} errors on your hand gone" if gain > 0 else "no gain on your hand"
        if gain < 0:
            mine = f"{-gain} more wrong on your hand"
        elif self.mine == (0, 0):
            mine = "your hand was read without an error before, and is now"
        errors = "error" if abs(loss) == 1 else "errors"
        others = f"{abs(loss)} {'more' if loss > 0 else 'fewer'} {errors} elsewhere" if loss else "as many elsewhere"
        advice = "better keep it" if self.better else "better discard it"
        return f"{mine[0].upper()}{mine[1:]}, {others}: {advice}."


def keep(folder, label, strokes, image):
    """Write a drawing into the folder. Returns its path."""
    drawings = Path(folder) / "drawings"
    path = drawings / f"{label}-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.json"
    data = FORMAT | {"label": label, "strokes": to_json(strokes), "image": image.tolist()}
    write_whole(path, (json.dumps(data) + "\n").encode())
    return path


def count(folder):
    """How many drawings are kept in a folder."""
    return len(list(Path(folder, "drawings").glob("*.json")))


def load(folder):
    """The Samples in a folder, sorted by digit and time, and what was wrong with the files that are none."""
    samples, refused = [], []
    for path in sorted(Path(folder, "drawings").glob("*.json")):
        try:
            data = parse_json(read_bytes(path, LARGEST).decode())
            if not isinstance(data, dict) or {key: data.get(key) for key in FORMAT} != FORMAT:
                raise ValueError("not a drawing of this program")
            if missing := {"strokes", "image", "label"} - data.keys():
                raise ValueError(f"it has no {min(missing)}")
            from_json(data["strokes"])
            image, label = np.array(data["image"]), data["label"]
            if image.shape != (28, 28) or image.dtype.kind != "i" or image.min() < 0 or image.max() > 255:
                raise ValueError("its image is not 28 x 28 numbers from 0 to 255")
            if label not in range(10):
                raise ValueError(f"its label is {label}")
            samples.append(Sample(int(label), image.astype(np.uint8), path))
        except (ValueError, OSError) as error:
            refused.append(f"{path.name} left out: {str(error).removeprefix(f'{path}: ')}")
    return samples, refused


def learn(network, samples, seed=0, controls=None):
    """Teach a copy of a network some Samples, all but every fifth of them. Yields Progress, what live.learn yields, and
    Learned at the end, unless the controls stop it before.

    The network itself is not touched.
    """
    from nn.training import evaluate  # imports Numba, which takes longer than the window has for its first frame

    held = samples[HELD_OUT - 1 :: HELD_OUT]
    own = [sample for i, sample in enumerate(samples) if i % HELD_OUT != HELD_OUT - 1]
    yield Progress(0.0, "reading MNIST")
    train, (tests, labels) = mnist.load()
    threads = max(1, (os.cpu_count() or 1) - 1)  # one core is left to the pen

    taught = copy.deepcopy(network)
    images = OWN + min(OTHERS, len(train[0])) + RECIPE["drawn"] + RECIPE["scribbles"]
    yield live.Digits((tests, labels), arrays(held), images * RECIPE["epochs"])
    for event in teach(taught, *arrays(own), *train, seed, threads, controls):
        if isinstance(event, Progress):
            yield Progress(0.05 + 0.8 * event.share, event.words)
        elif hasattr(event, "layers"):
            taught = event
        else:
            yield event
            if isinstance(event, live.Point):
                last = event
    if controls and controls.stopped:
        return
    yield live.Moment(last.step, last.images, taught)
    wrong = []
    for share, (images, truth) in enumerate([arrays(held), (tests, labels)]):
        for which in (network, taught):
            yield Progress(0.86 + 0.07 * share, "measuring")
            _, accuracy = evaluate(which, images, truth, threads)
            wrong.append(round((1 - accuracy) * len(images)))
    accuracy = round(1 - wrong[-1] / len(tests), 6)
    taught.card = network.card | {"test_accuracy": accuracy, "test_misses": wrong[-1], "test_images": len(tests)}
    yield Learned(taught, len(held), tuple(wrong[:2]), len(tests), tuple(wrong[2:]))


def teach(network, images, labels, mnist_images, mnist_labels, seed=0, threads=1, controls=None):
    """Train a network, in place, on a user's images and enough others that it doesn't forget those.

    Yields Progress, live's Points and Moments, and at the end the network with averaged weights, or nothing if the
    controls stopped it.
    """
    from nn.recipes import Recipe, training_images
    from nn.training import Epoch, fit

    yield Progress(0.0, "mixing the drawings with MNIST")
    recipe = Recipe(**RECIPE)
    others = np.random.default_rng(seed).permutation(len(mnist_images))[:OTHERS]
    mixed, targets = training_images(recipe, mnist_images[others], mnist_labels[others], seed)
    repeats = np.resize(np.arange(len(images)), OWN)
    mixed = np.concatenate([mixed, images[repeats]])
    targets = np.concatenate([targets, np.eye(10, dtype=np.float32)[labels[repeats]]])
    if controls is None:
        controls = live.Controls()
        controls.allow(None)
    events = fit(network, mixed, targets, recipe, seed=seed, threads=threads)
    steps = recipe.epochs * -(-len(mixed) // recipe.batch_size)
    for event in live.watch(events, network, steps, controls):
        if isinstance(event, Epoch):
            averaged = event.network
            continue
        yield event
        if isinstance(event, live.Point):
            done = event.images / (len(mixed) * recipe.epochs)
            yield Progress(done, f"epoch {event.epoch} of {recipe.epochs}, loss {event.loss:.3f}")
    if not controls.stopped:
        yield averaged


def arrays(samples):
    """Images (n, 28, 28) and labels (n,) of some Samples."""
    return np.stack([sample.image for sample in samples]), np.array([sample.label for sample in samples])
