"""One trial of recipe `best` with a change: trained on 50,000 images, scored on the other 10,000, in one line.

    python benchmarks/trial.py NAME STROKES.jsonl.gz [--seed N] [--threads N] [--out WEIGHTS.npz]

NAME is one of TRIALS; what is to be tried and is no setting of the recipe, a style for one, is tried from a commit.
The line: errors among the held-out training images and their cross-entropy at the temperature fitted to them; of the
drawings (as drawn.py has them) by the 20 writers that choices are made on, how many are read right, the worst writer's
and the 1s alone; of strangers, which are no digits, how many are called sure, and how many are refused where 95 % of
the drawings are kept. Neither the test set nor the writers kept aside are looked at.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import drawn  # noqa: E402
import strangers  # noqa: E402
from accuracy import trained  # noqa: E402

from nn import ink, mnist, training  # noqa: E402
from nn.recipes import RECIPES  # noqa: E402
from nn.words import SURE  # noqa: E402

HELD_OUT = 10_000
TRIALS = {
    "best": {},
    "half": {"epochs": 10},  # half as long, to tell large differences apart
    "half, 8000 scribbles": {"epochs": 10, "scribbles": 8000},
    "half, 12000 drawn late": {"epochs": 10, "late_drawn": 12000},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=TRIALS, metavar="NAME", help=", ".join(TRIALS))
    parser.add_argument("strokes", metavar="STROKES.jsonl.gz", help="people's drawings, gzipped JSON lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="WEIGHTS.npz", help="keep the weights")
    options = parser.parse_args()
    try:
        drawings = drawn.read(options.strokes)
    except ValueError as error:
        print(f"trial.py: {error}", file=sys.stderr)
        sys.exit(2)
    recipe = dataclasses.replace(RECIPES["best"], held_out=HELD_OUT, **TRIALS[options.name])
    images, labels = mnist.load_part(mnist.SHIPPED, "train")

    start = time.perf_counter()
    network = trained(recipe, images, labels, options.seed, options.threads)
    seconds = time.perf_counter() - start
    network.threshold = recipe.threshold
    network.temperature = training.fit_temperature(network, images[-HELD_OUT:], labels[-HELD_OUT:], options.threads)
    loss, accuracy = training.evaluate(network, images[-HELD_OUT:], labels[-HELD_OUT:], options.threads)
    if options.out:
        network.save(options.out)

    rng = np.random.default_rng(0)
    names = sorted({writer for _, writer, _ in drawings})
    aside = set(names[-(len(names) // 3) :])
    drawings = [drawing for drawing in drawings if drawing[1] not in aside]
    labels, writers = (np.array(column) for column in list(zip(*drawings, strict=True))[:2])

    def predict(images):
        return network.probabilities(training.predict_logits(network, images, options.threads))

    said = predict(np.stack([ink.to_mnist(drawn.page(strokes, rng)) for _, _, strokes in drawings]))
    right = said.argmax(axis=1) == labels
    worst = min(right[writers == name].mean() for name in set(writers))
    kinds = strangers.kinds(images[-HELD_OUT:])
    strange = {kind: predict(each) for kind, each in kinds.items()}
    sure = np.mean([(rows.max(axis=1) >= SURE).mean() for rows in strange.values()])
    threshold = np.quantile(drawn.first_two(said), 1 - drawn.KEPT)
    refused = np.mean([(drawn.first_two(rows) < threshold).mean() for rows in strange.values()])
    print(
        f"{options.name}, seed {options.seed}: held-out error {100 * (1 - accuracy):.2f} %, cross-entropy {loss:.4f}, "
        f"temperature {network.temperature:.3f}; drawn {100 * right.mean():.2f} %, "
        f"worst writer {100 * worst:.1f}, 1s {100 * right[labels == 1].mean():.2f}; "
        f"strangers {100 * sure:.1f} % sure, {100 * refused:.1f} refused; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
