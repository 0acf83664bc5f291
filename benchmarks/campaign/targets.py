"""What the campaigns attack: for each kind of file, good ones to begin with, and how the program reads them.

A reader takes a path and returns, or raises ValueError or OSError with one line. Anything else is a find.
"""

import dataclasses
import functools
import gzip
import io
import json
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from nn import checkpoint, ink, mnist
from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax
from nn.network import Network, digit_net, load_digit_net
from nn.optim import AdamW
from nn.recipes import RECIPES
from nn.training import blank_state
from window.data import hand, strokes

SHIPPED = Path(__file__).resolve().parents[2] / "weights" / "digits.npz"
REFUSALS = (ValueError, OSError)


@dataclass(frozen=True)
class Target:
    make: object  # folder -> the paths of good files in it
    read: object  # path -> whatever


# --- weights and checkpoints --------------------------------------------------------------------------------------

NETWORKS = (
    (Flatten(), Dense(784, 10), Softmax()),
    (MaxPool2D(4), Flatten(), BatchNorm(49), Dropout(0.5), Dense(49, 10)),
    (Conv2D(1, 2, (3, 5), stride=2, padding="same"), ReLU(), AvgPool2D((2, 2), stride=2), Flatten(), Dense(98, 10)),
)


def make_weights(folder):
    paths = [folder / f"{number}.npz" for number in range(2 * len(NETWORKS))]
    for number, layers in enumerate(NETWORKS):
        network = Network(layers)
        network.card = {"test_accuracy": 0.99, "test_misses": 100, "test_images": 10_000, "recipe": "quick"}
        network.save(paths[2 * number])
        with np.load(paths[2 * number]) as arrays:
            np.savez_compressed(paths[2 * number + 1], **arrays)
    return paths


def read_weights(path):
    network = load_digit_net(path)
    return network.predict(np.zeros((1, 28, 28), np.uint8)), f"{network.card.get('test_accuracy', 0):.2f}"


def make_checkpoint(folder):
    line = {"epoch": 1, "loss": 0.5, "validation_loss": 0.4, "validation_accuracy": 0.9, "seconds": 1.5}
    run = {"command": "python train.py", "recipe": "standard", "seed": 0, "threads": 2, "data": None, "history": [line],
           "settings": dataclasses.asdict(RECIPES["standard"]), "data_checksum": "0" * 64}  # fmt: skip
    path = folder / "a.checkpoint.npz"
    checkpoint.write(path, run, blank_state(batch_norm=True) | {"epoch": np.array(1)})
    return [path]


def read_checkpoint(path):
    run, recipe, state = checkpoint.read(path)
    network = digit_net(batch_norm=recipe.batch_norm)
    optimizer = AdamW(network.params)
    for name, array in state.items():
        if name.startswith("optimizer/"):
            optimizer.state[name.removeprefix("optimizer/")][...] = array
    return json.dumps(run)


# --- data sets ----------------------------------------------------------------------------------------------------

def make_idx(folder):
    """The images and labels of a test set of 20 images, one pair gzipped."""
    paths, rng = [], np.random.default_rng(0)
    for place, packed in (("plain", False), ("packed", True)):
        (folder / place).mkdir()
        images = struct.pack(">4BIII", 0, 0, 8, 3, 20, 28, 28) + rng.integers(0, 256, 20 * 784, np.uint8).tobytes()
        labels = struct.pack(">4BI", 0, 0, 8, 1, 20) + bytes(range(10)) * 2
        for name, data in (("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels)):
            paths.append(folder / place / (name + ".gz" * packed))
            paths[-1].write_bytes(gzip.compress(data) if packed else data)
    return paths


def read_idx(path):
    return mnist.load_part(path.parent, "t10k")


# --- pictures -----------------------------------------------------------------------------------------------------

FORMATS = ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "ico", "jp2", "avif")


def make_pictures(folder):
    page = 255 - ink.draw([[(30, 15), (62, 15), (40, 80)]], 9, 96)
    paths = [folder / f"seven.{name}" for name in FORMATS]
    for path in paths:
        Image.fromarray(page).save(path)
    for name, mode in (("alpha.png", "RGBA"), ("palette.png", "P"), ("bits.tif", "1"), ("deep.png", "I;16")):
        picture = Image.fromarray(page)
        if mode == "I;16":
            picture = Image.fromarray(page.astype(np.uint16) * 257)
        (picture if mode == "I;16" else picture.convert(mode)).save(folder / name)
        paths.append(folder / name)
    return paths


@functools.cache
def reader():
    return load_digit_net(SHIPPED)


def read_picture(path):
    """As `play.py --predict` does: the page, and the digits on it by the network's word."""
    return ink.read_page(reader(), ink.read(path))


# --- sessions and kept drawings -----------------------------------------------------------------------------------

DRAWN = [strokes.Stroke(0.09, False, [(0.3, 0.2, 0.0), (0.7, 0.2, 0.2), (0.45, 0.8, 0.5)]),
         strokes.Stroke(0.14, True, [(0.5, 0.5, 1.0)])]  # fmt: skip


def make_session(folder):
    strokes.save(folder / "session.json", DRAWN)
    return [folder / "session.json"]


def make_sample(folder):
    return [hand.keep(folder, 7, DRAWN, np.eye(28, dtype=np.uint8) * 255)]


def read_sample(path):
    """Kept drawings that are none are left out, with a line that says so."""
    samples, refused = hand.load(path.parent.parent)
    if refused:
        raise ValueError(refused[0])
    return samples


TARGETS = {
    "weights": Target(make_weights, read_weights),
    "checkpoints": Target(make_checkpoint, read_checkpoint),
    "idx": Target(make_idx, read_idx),
    "pictures": Target(make_pictures, read_picture),
    "sessions": Target(make_session, strokes.load),
    "samples": Target(make_sample, read_sample),
}


def attempt(target, path):
    """(what became of reading a file: "read", "refused" or "raised", and the words)."""
    try:
        with np.errstate(all="ignore"):
            target.read(path)
        return "read", ""
    except REFUSALS as error:
        words = str(error)
        return ("refused" if words and "\n" not in words else "raised"), words
    except Exception as error:
        return "raised", f"{type(error).__name__}: {error}"


def quiet():
    """Nothing that a library prints or warns of may hide a summary."""
    import warnings

    warnings.simplefilter("ignore")
    sys.stderr = io.StringIO()


def good_files(kind, folder):
    """The paths of a kind's good files, made in a folder of that name. RuntimeError if the program refuses one."""
    place = Path(folder, kind)
    place.mkdir()
    paths = TARGETS[kind].make(place)
    for path in paths:
        outcome, words = attempt(TARGETS[kind], path)
        if outcome != "read":
            raise RuntimeError(f"{path}: a good file is {outcome}: {words}")
    return paths
