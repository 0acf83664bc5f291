"""Test accuracy over several seeds, by a protocol that nobody can call lucky.

    python benchmarks/accuracy.py --seeds 5                  # the figure: trained on all of the recipe's images
    python benchmarks/accuracy.py --seeds 3 --held-out 10000 # how settings are chosen: the test set isn't touched

The recipe is fixed before, its last (averaged) weights are scored once on the test set, and every seed counts.
With --held-out nothing of the test set is read; the training images kept back are scored instead.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nn import mnist, training  # noqa: E402
from nn.network import digit_net  # noqa: E402
from nn.recipes import RECIPES, training_images  # noqa: E402


def trained(recipe, images, labels, seed, threads):
    """The averaged network that this recipe and seed give, as train.py would make it."""
    network = digit_net(np.random.default_rng(seed), recipe.batch_norm)
    train_images, targets = training_images(recipe, images, labels, seed)
    for event in training.fit(network, train_images, targets, recipe, seed, threads):
        if isinstance(event, training.Epoch):
            last = event
    return last.network.folded()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", choices=RECIPES, default="best")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 (default: 5)")
    parser.add_argument("--held-out", type=int, metavar="N", help="score the last N training images instead")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.seeds < 1 or options.threads < 1 or (options.held_out is not None and options.held_out < 1):
        parser.error("--seeds, --threads and --held-out are 1 or more")

    recipe = RECIPES[options.recipe]
    images, labels = mnist.load_part(mnist.SHIPPED, "train")
    if options.held_out:
        if options.held_out >= len(images):
            parser.error(f"--held-out: there are {len(images):,} training images, and some have to be left")
        recipe = dataclasses.replace(recipe, held_out=options.held_out)
        judged, truth = images[-options.held_out :], labels[-options.held_out :]
    else:
        judged, truth = mnist.load_part(mnist.SHIPPED, "t10k")

    where = f"{options.held_out} held-out training images" if options.held_out else f"{len(truth):,} test images"
    print(f"Recipe {options.recipe}, {recipe.epochs} epochs, scored on {where}")
    misses = []
    for seed in range(options.seeds):
        start = time.perf_counter()
        network = trained(recipe, images, labels, seed, options.threads)
        said = training.predict_logits(network, judged, options.threads).argmax(axis=1)
        misses.append(np.count_nonzero(said != truth))
        print(f"  seed {seed}: {100 * (1 - misses[-1] / len(truth)):.2f} %, {misses[-1]} wrong, "
              f"{time.perf_counter() - start:.0f} s", flush=True)  # fmt: skip
    accuracy = 100 * (1 - np.array(misses) / len(truth))
    spread = f", standard deviation {accuracy.std(ddof=1):.3f}" if len(misses) > 1 else ""
    print(f"mean {accuracy.mean():.3f} %{spread}, {accuracy.min():.2f} to {accuracy.max():.2f}")


if __name__ == "__main__":
    main()
