"""How much "Learn my hand" helps: errors of each writer before and after, and what MNIST pays for it.

    python benchmarks/hand.py STROKES.jsonl[.gz] [--weights FILE] [--writers N] [--each 5] [--json]

STROKES has a JSON object a line: {"label": 8, "writer": "w1", "strokes": [[[x, y], ...], ...]}, y pointing down.
For each writer, five drawings of each digit, the first ones in the file, are kept as the window keeps drawings, and
window/data/hand.py teaches them to a copy of the network; the rest of that writer's drawings and MNIST's test set
are read before and after. A drawing's longer side is seven tenths of the pad's, with the window's own pen.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import copy  # noqa: E402

import numpy as np  # noqa: E402
from drawn import read  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from nn import ink, mnist  # noqa: E402
from nn.network import load_digit_net  # noqa: E402
from nn.training import predict_logits  # noqa: E402
from window.data.hand import Progress, teach  # noqa: E402
from window.data.page import Page  # noqa: E402
from window.data.strokes import PEN, Stroke  # noqa: E402

HEIGHT = 0.7  # of the pad


def received(strokes):
    """What the network receives when these strokes are drawn in the window: (28, 28) uint8."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = HEIGHT / max(*(high - low), 1e-9)
    page = Page()
    page.follow(tuple(
        Stroke(PEN, False, [(*((point - (low + high) / 2) * scale + 0.5), 0.0) for point in stroke])
        for stroke in strokes
    ))
    return ink.to_mnist(page.ink)


def errors(network, images, labels, threads):
    return int((predict_logits(network, images, threads).argmax(axis=1) != labels).sum())


def measure(network, drawings, train, tests, each, threads):
    """A writer's row: drawings to test on, errors before and after, MNIST's errors after, seconds."""
    images = np.stack([received(strokes) for _, strokes in drawings])
    labels = np.array([label for label, _ in drawings])
    own = np.concatenate([np.flatnonzero(labels == digit)[:each] for digit in range(10)])
    rest = np.setdiff1d(np.arange(len(labels)), own)
    if not len(rest):
        raise ValueError(f"a writer's {len(labels)} drawings leave none to test on with --each {each}")
    start = time.perf_counter()
    *_, taught = (
        event for event in teach(copy.deepcopy(network), images[own], labels[own], *train, threads=threads)
        if not isinstance(event, Progress)
    )
    return {
        "drawings": len(rest), "before": errors(network, images[rest], labels[rest], threads),
        "after": errors(taught, images[rest], labels[rest], threads),
        "mnist": errors(taught, *tests, threads), "seconds": round(time.perf_counter() - start, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--weights", type=Path, default=ROOT / "weights" / "digits.npz")
    parser.add_argument("--writers", type=int, help="only the first so many")
    parser.add_argument("--each", type=int, default=5, help="drawings of each digit to learn from (5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    args = parser.parse_args()
    if (args.writers is not None and args.writers < 1) or args.each < 1 or args.threads < 1:
        parser.error("--writers, --each and --threads are 1 or more")
    try:
        network, (train, tests) = load_digit_net(args.weights), mnist.load()
        writers = defaultdict(list)  # in the file's order
        for label, writer, strokes in read(args.strokes):
            writers[writer].append((label, strokes))
        with threadpool_limits(1, user_api="blas"):
            at_first = errors(network, *tests, args.threads)
            rows = {}
            for writer, drawings in list(writers.items())[: args.writers]:
                rows[writer] = row = measure(network, drawings, train, tests, args.each, args.threads)
                if not args.json:
                    print(f"{writer:>8}: {row['before']:3d} -> {row['after']:3d} wrong of {row['drawings']}; MNIST "
                          f"{at_first} -> {row['mnist']}; {row['seconds']} s", flush=True)
    except (OSError, ValueError) as error:
        print(f"hand.py: {error}", file=sys.stderr)
        sys.exit(2)
    before, after = (sum(row[key] for row in rows.values()) for key in ("before", "after"))
    drawings = sum(row["drawings"] for row in rows.values())
    paid = np.mean([row["mnist"] for row in rows.values()]) - at_first
    result = {
        "writers": len(rows), "drawings": drawings, "before": before, "after": after,
        "errors_fall_by": round(1 - after / max(before, 1), 3),
        "mnist_accuracy_falls_by_points": round(paid / len(tests[0]) * 100, 3),
        "mnist_worst_points": round((max(row["mnist"] for row in rows.values()) - at_first) / len(tests[0]) * 100, 3),
    }
    if args.json:
        print(json.dumps(result | {"each_writer": rows}))
        return
    print(f"\n{len(rows)} writers, {args.each} drawings of each digit to learn from, {drawings} to test on")
    print(f"errors {before} -> {after}: down by {100 * result['errors_fall_by']:.0f} % (target 50)")
    print(f"MNIST's test accuracy down by {result['mnist_accuracy_falls_by_points']:.3f} points on average (target "
          f"below 0.1), by {result['mnist_worst_points']:.2f} at worst")


if __name__ == "__main__":
    main()
