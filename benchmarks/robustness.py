"""How accuracy falls when MNIST's test digits are moved, turned, rewritten with another pen, or spoilt.

    python benchmarks/robustness.py [--weights FILE] [--images N] [--plot OUT.png]

Each test digit is redrawn with crisp edges on a page three times as large, and the disturbance is done there, as a
hand or a camera would do it. The page then goes to the network twice: the whole page shrunk to 28x28, as programs
without preprocessing do, and through nn.ink. Moved, turned and rewritten digits are ink, as a canvas gives it; noisy
and inverted pages are pictures, and are read by nn.ink from a file. Ink that leaves the page is lost to both.
The expected calibration error is that of the undisturbed test images, as MNIST has them.
"""

import argparse
import io
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from drawn import calibration_error  # noqa: E402

from nn import ink, mnist, training  # noqa: E402
from nn.files import write_whole  # noqa: E402
from nn.network import load_digit_net  # noqa: E402

SCALE = 3  # page pixels for each pixel of MNIST
LARGE = 20  # the same, for the large page of the round trip: 560 pixels
CHUNK = 100  # images that a process disturbs at a time
FAR = np.float32(1e9)  # a squared distance beyond any page
EIGHT = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def redrawn(image, scale):
    """An MNIST image (28, 28) as a page of crisp ink, `scale` times as large, its edges one page pixel wide."""
    up = Image.fromarray(np.eye(28, dtype=np.float32)).resize((28, 28 * scale), Image.Resampling.BICUBIC)
    smooth = np.asarray(up) @ image.astype(np.float32) @ np.asarray(up).T
    return np.clip((smooth - 127.5) * scale + 127.5, 0, 255).astype(np.uint8)


def shift(page, pixels, rng):
    """Left, right, up or down, by pixels of MNIST."""
    way = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)][rng.integers(4)]) * pixels * SCALE
    return np.asarray(Image.fromarray(page).rotate(0, translate=tuple(way.tolist())))


def rotate(page, degrees, rng):
    """One way or the other, around the middle of the page."""
    return np.asarray(Image.fromarray(page).rotate(degrees * rng.choice((-1, 1)), Image.Resampling.BILINEAR))


def rewrite(page, factor, rng):
    """With a pen `factor` times as wide: the ink is a union of discs along the stroke's middle; each is resized."""
    inked = page >= 128
    reach = 3 * SCALE  # few pens of MNIST are wider than twice this
    depth = np.sqrt(nearest(np.where(inked, np.float32(reach**2), np.float32(0)), reach))  # to the nearest paper
    around = np.pad(depth, 1)
    size = len(page)
    slope = np.max([
        (around[1 + i : 1 + i + size, 1 + j : 1 + j + size] - depth) / np.hypot(i, j) for i, j in EIGHT
    ], axis=0)  # fmt: skip
    middle = inked & (slope < 0.65)  # elsewhere depth grows by 1 a pixel towards the middle
    radius = factor * (depth - 0.5)  # from the pixel to the edge of the ink, not to the middle of the paper's pixel
    power = nearest(np.where(middle, -(radius**2), FAR), reach=int(np.ceil(radius.max())))
    return np.where(power <= 0, np.uint8(255), np.uint8(0))  # inside a disc: squared distance <= squared radius


def noise(page, deviation, rng):
    """Gaussian noise, in grey levels, on every pixel of the page."""
    return np.clip(np.rint(page + deviation * rng.standard_normal(page.shape)), 0, 255).astype(np.uint8)


def invert(page, _, rng):
    """Dark ink on light paper."""
    return 255 - page


def nearest(cost, reach):
    """At each place p the least cost[q] + |p - q|^2, with |p - q| up to `reach` along each axis.

    One axis after the other: Felzenszwalb & Huttenlocher 2012, "Distance Transforms of Sampled Functions".
    """
    for _ in range(2):
        padded = np.pad(cost, ((reach, reach), (0, 0)), constant_values=FAR)
        least = cost.copy()
        for k in range(2 * reach + 1):
            np.minimum(least, padded[k : k + len(cost)] + np.float32((k - reach) ** 2), out=least)
        cost = least.T
    return cost


DISTURBANCES = [  # name, unit, what does it, how much (None: not at all), whether the page is a picture, not ink
    ("shift", "px", shift, (None, 1, 2, 3, 4), False),
    ("rotation", "degrees", rotate, (None, 5, 10, 15, 20, 25, 30), False),
    ("pen width", "times", rewrite, (0.5, 0.7, None, 1.4, 2), False),
    ("noise", "grey levels", noise, (None, 8, 16, 32, 64), True),
    ("polarity", "", invert, (None, "inverted"), True),
]
CASES = [
    (f"{name} {amount} {unit}".strip(), disturb, amount, picture)
    for name, unit, disturb, amounts, picture in DISTURBANCES
    for amount in amounts
    if amount is not None
]


def received(network, page, picture=False):
    """What the network receives of a page by way of nn.ink: (28, 28) uint8, blank if not one digit was found."""
    try:
        if picture:
            file = io.BytesIO(b"P5 %d %d 255\n" % page.shape[::-1] + page.tobytes())  # PGM: no time lost compressing
            digits = ink.read_page(network, ink.read(file)).digits  # polarity, paper and noise
            image = ink.to_mnist(digits[0].page, least=1) if len(digits) == 1 else None
        else:
            image = ink.to_mnist(page)
    except ValueError:
        image = None
    return np.zeros((28, 28), np.uint8) if image is None else image


def right_answers(network, images, labels, seed):
    """How many of these images are read correctly: (count of the large pages, counts (1 + cases, 2)). Rows are the
    untouched page and CASES, columns the page shrunk and the page through nn.ink.
    """
    rng = np.random.default_rng(seed)
    shrunk, inked = [], []
    for image in images:
        page = redrawn(image, SCALE)
        pages = [(page, False)] + [(disturb(page, amount, rng), picture) for _, disturb, amount, picture in CASES]
        tiles = np.stack([a for a, _ in pages]).reshape(-1, 28, SCALE, 28, SCALE)
        shrunk.append(np.rint(tiles.mean(axis=(2, 4))).astype(np.uint8))
        inked.append([received(network, *each) for each in pages])
    large = np.stack([received(network, redrawn(image, LARGE)) for image in images])

    def right(pictures, labels):
        answers = training.predict_logits(network, pictures, threads=1).argmax(axis=1)
        return (answers == labels) & pictures.any(axis=(1, 2))  # no ink, no answer

    every = np.concatenate([*shrunk, *inked])
    columns = right(every, np.tile(np.repeat(labels, 1 + len(CASES)), 2)).reshape(2, len(images), -1).sum(axis=1)
    return right(large, labels).sum(), columns.T


def measure(network, images, labels):
    """right_answers of all images, in shares that any number of processes may work on, with the same result."""
    starts = range(0, len(images), CHUNK)
    shares = [images[at : at + CHUNK] for at in starts], [labels[at : at + CHUNK] for at in starts]
    context = multiprocessing.get_context("spawn")  # the same everywhere, and safe beside BLAS's threads
    with ProcessPoolExecutor(mp_context=context, initializer=threadpool_limits, initargs=(1, "blas")) as pool:
        large, columns = zip(*pool.map(right_answers, repeat(network), *shares, starts), strict=True)
    return sum(large), sum(columns)


def plot(path, image, accuracy):
    """A panel for each disturbance: its error by strength, and below what one digit looks like. Whole or not at all."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(11, 8), layout="constrained")
    grid = figure.add_gridspec(4, 12, height_ratios=[3, 1, 3, 1])
    page, values = redrawn(image, SCALE), iter(accuracy[1:])
    corners = [(0, 0), (0, 5), (2, 0), (2, 5), (2, 10)]
    for (name, unit, disturb, amounts, _), (top, left) in zip(DISTURBANCES, corners, strict=True):
        columns = slice(left, left + len(amounts))
        axis, below = figure.add_subplot(grid[top, columns]), figure.add_subplot(grid[top + 1, columns])
        error = 100 - np.array([accuracy[0] if amount is None else next(values) for amount in amounts])
        strip = [page if a is None else disturb(page, a, np.random.default_rng(0)) for a in amounts]
        axis.plot(error[:, 0], color="#d9730d", marker="s", ms=4, label="the page shrunk")
        axis.plot(error[:, 1], color="#2563a8", marker="o", ms=4, label="through nn.ink")
        axis.set(yscale="log", ylim=(0.1, 130), xlim=(-0.5, len(amounts) - 0.5))
        axis.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        axis.set_xticks(range(len(amounts)), ["as is" if amount is None else str(amount) for amount in amounts])
        axis.set_title(f"{name}, {unit}" if unit else name, loc="left", fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
        below.imshow(np.hstack([np.pad(a, 3, constant_values=99) for a in strip]), cmap="gray_r", vmin=0, vmax=255)
        below.axis("off")
        if left == 0:
            axis.set_ylabel("error, %")
    figure.axes[0].legend(frameon=False, loc="upper left")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    write_whole(path, picture.getvalue())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", default=ROOT / "weights" / "digits.npz", help="default: weights/digits.npz")
    parser.add_argument("--images", type=int, default=10_000, metavar="N", help="the first N (default: all)")
    parser.add_argument("--plot", metavar="OUT.png", help="draw the table")
    options = parser.parse_args()
    if not 1 <= options.images <= 10_000:
        parser.error(f"--images is 1 to 10000, not {options.images}")
    if options.plot and not Path(options.plot).absolute().parent.is_dir():
        parser.error(f"--plot {options.plot}: its folder does not exist")
    try:
        network = load_digit_net(options.weights)
        images, labels = (a[: options.images] for a in mnist.load_part(mnist.SHIPPED, "t10k"))
        probabilities = network.probabilities(training.predict_logits(network, images))
        plain = 100 * (probabilities.argmax(axis=1) == labels).mean()
        large, columns = measure(network, images, labels)
        large, columns = 100 * large / len(labels), 100 * columns / len(labels)

        print(f"{len(labels):,} test images as they are: {plain:.2f} %, expected calibration error "
              f"{calibration_error(probabilities, labels):.4f} (15 bins; target 0.005)")
        print(f"redrawn on pages of {28 * LARGE} pixels, through nn.ink: {large:.2f} %, {large - plain:+.2f} points "
              "(target within 0.3)\n")
        line = "| {:<20} | {:>15} | {:>14} |".format
        print(line("accuracy, %", "the page shrunk", "through nn.ink"))
        print(f"|:{'-' * 21}|{'-' * 16}:|{'-' * 15}:|")
        for name, values in zip(["as is", *(case[0] for case in CASES)], columns, strict=True):
            print(line(name, *(f"{value:.2f}" for value in values)))
        if options.plot:
            plot(options.plot, images[0], columns)
    except (OSError, ValueError) as error:
        print(f"robustness.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
