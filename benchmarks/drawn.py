"""How well a network reads digits that people drew with a pen.

    python benchmarks/drawn.py STROKES.jsonl.gz

A line of the file is a JSON object: {"label": 8, "writer": "tra12", "strokes": [[[x, y], ...], ...]}, y pointing
down, in any unit. Each digit is drawn on a canvas at a random size, place and pen width by the window's own
brush, and goes through nn.ink to the network. The last third of the writers, in the order of their names, had no
say when nn/hands was made, and are counted apart.
"""

import argparse
import gzip
import json
import sys
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import strangers  # noqa: E402

from nn import ink  # noqa: E402
from nn.network import load_digit_net  # noqa: E402

CANVAS = 280  # side of the canvas; the pen is 12 to 26 wide, a digit's longer side 140 to 230
KEPT = 0.95  # the share of true digits that may not be refused



def read(path):
    """The drawings of a stroke file, gzipped if its name ends in .gz: a list of (label, writer, list of strokes
    (m, 2)). ValueError, in one line.
    """
    drawings = []
    try:
        with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line)
                    strokes = [np.array(stroke, float).reshape(-1, 2) for stroke in row["strokes"] if stroke]
                    label, writer = int(row["label"]), str(row["writer"])
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(f"{path}: line {number} is not a drawing ({error!r})") from None
                if not strokes or not np.isfinite(np.vstack(strokes)).all() or not 0 <= label <= 9:
                    raise ValueError(f"{path}: line {number} wants strokes of finite numbers and a label from 0 to 9")
                drawings.append((label, writer, strokes))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise ValueError(f"{path}: cannot be read as JSON lines ({error})") from None
    if not drawings:
        raise ValueError(f"{path}: no drawings in it")
    return drawings


def page(strokes, rng):
    """The canvas (280, 280) uint8 on which someone drew these strokes, somewhere."""
    points = np.vstack(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    width = rng.uniform(12, 26)
    scale = rng.uniform(140, 230) / max(extent.max(), 1e-6)
    corner = width / 2 + rng.uniform(0, 1, 2) * (CANVAS - width - extent * scale)
    return ink.draw([(stroke - low) * scale + corner for stroke in strokes], width, CANVAS)


def calibration_error(probabilities, labels, bins=15):
    """The expected calibration error: |confidence - accuracy| in each of `bins` equal bins, weighted by their
    counts (Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return np.abs(gap).sum() / len(labels)


def first_two(probabilities):
    """The sum of the two largest of each row (N, 10): (N,). Where it is small, it is no digit (nn/words.py)."""
    return np.sort(probabilities, axis=1)[:, -2:].sum(axis=1)


def report(network, drawings, seed):
    """Print the figures. Returns (images, labels, answers) for a sheet of the mistakes."""
    rng = np.random.default_rng(seed)
    pages = [page(strokes, rng) for _, _, strokes in drawings]
    images = np.stack([ink.to_mnist(a) for a in pages])
    labels = np.array([label for label, _, _ in drawings])
    writers = np.array([writer for _, writer, _ in drawings])
    names = sorted(set(writers))
    aside = np.isin(writers, names[-(len(names) // 3) :]) if len(names) >= 3 else np.zeros(len(labels), bool)

    probabilities = network.predict(images)
    answers = probabilities.argmax(axis=1)
    right = answers == labels

    def line(name, which):
        wrong = np.count_nonzero(which & ~right)
        print(f"  {name:<34}{100 * right[which].mean():7.2f} %   {wrong:4} of {np.count_nonzero(which)} wrong")

    print(f"{len(labels)} digits of {len(names)} writers, seed {seed}")
    line("all", np.ones(len(labels), bool))
    if aside.any():
        line("writers the styles were chosen on", ~aside)
        line("writers kept aside", aside)
    shrunk = np.stack([np.rint(a.reshape(28, 10, 28, 10).mean(axis=(1, 3))).astype(np.uint8) for a in pages])
    whole = network.predict(shrunk).argmax(axis=1) == labels
    print(f"  {'without nn.ink: the canvas shrunk':<34}{100 * whole.mean():7.2f} %")
    print("by digit")
    for digit in np.unique(labels):
        line(str(digit), labels == digit)
    print("by writer, the worst ten")
    for name in sorted(names, key=lambda name: right[writers == name].mean())[:10]:
        line(name, writers == name)
    print(f"expected calibration error {calibration_error(probabilities, labels):.4f} (15 bins)")

    scores = first_two(probabilities)
    threshold = np.quantile(scores, 1 - KEPT)
    foreign = {kind: first_two(network.predict(a)) for kind, a in strangers.marks(rng).items()}
    every = np.concatenate(list(foreign.values()))
    print("not a digit: refused where the two likeliest digits together have less than")
    for t, whose in ((threshold, "chosen here"), (network.threshold, "the network's own")):
        kept, refused = 100 * (scores >= t).mean(), 100 * (every < t).mean()
        print(f"  {t:.3f} ({whose}): {kept:.1f} % of these digits kept, {refused:.1f} % of strangers refused")
    print("  refused at the first, by kind, in %: ", end="")
    print(", ".join(f"{kind} {100 * (s < threshold).mean():.0f}" for kind, s in foreign.items()))
    return images, labels, answers


def sheet(path, images, labels, answers):
    """Draw the mistakes, each with 'truth > answer' under it."""
    from PIL import Image, ImageDraw

    wrong = np.flatnonzero(answers != labels)
    wrong = wrong[np.argsort(labels[wrong], kind="stable")]
    columns = 18
    picture = Image.new("L", (columns * 62, (len(wrong) // columns + 1) * 78), 60)
    pen = ImageDraw.Draw(picture)
    for k, i in enumerate(wrong):
        x, y = k % columns * 62 + 3, k // columns * 78 + 3
        picture.paste(Image.fromarray(images[i]).resize((56, 56)), (x, y))
        pen.text((x + 16, y + 58), f"{labels[i]} > {answers[i]}", fill=255)
    picture.save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strokes", metavar="STROKES.jsonl.gz", help="the drawings, gzipped JSON lines")
    parser.add_argument("--weights", default=ROOT / "weights" / "digits.npz", help="default: weights/digits.npz")
    parser.add_argument("--seed", type=int, default=0, help="of sizes, places and pen widths (default: 0)")
    parser.add_argument("--sheet", metavar="OUT.png", help="draw the mistakes")
    options = parser.parse_args()
    try:
        drawings = read(options.strokes)
        result = report(load_digit_net(options.weights), drawings, options.seed)
        if options.sheet:
            sheet(options.sheet, *result)
    except (OSError, ValueError) as error:
        print(f"drawn.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
