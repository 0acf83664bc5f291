"""What the words of an answer (nn/words.py) are worth: how often each is said, and how often it is right.

    python benchmarks/words.py [STROKES.jsonl.gz] [--weights FILE]

On MNIST's test images, on people's drawings (as drawn.py has them) if a file of them is given, and on strangers, which
are no digits and for which only the last word is right. In brackets: how often the second digit is wrong as well.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import drawn  # noqa: E402
import strangers  # noqa: E402

from nn import ink, mnist, words  # noqa: E402
from nn.network import load_digit_net  # noqa: E402

WORDS = ("sure", "likely", "unsure", "no digit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strokes", nargs="?", metavar="STROKES.jsonl.gz", help="people's drawings, gzipped JSON lines")
    parser.add_argument("--weights", default=ROOT / "weights" / "digits.npz", help="default: weights/digits.npz")
    options = parser.parse_args()
    try:
        network = load_digit_net(options.weights)
        images, labels = mnist.load_part(mnist.SHIPPED, "t10k")
        digits = {"test images": (images, labels)}
        if options.strokes:
            digits["drawn digits"] = drawings(options.strokes)
    except (OSError, ValueError) as error:
        print(f"words.py: {error}", file=sys.stderr)
        sys.exit(2)

    def said(images):
        """The probabilities of images, and the word for each."""
        probabilities = network.predict(images)
        return probabilities, np.array([words.verdict(row, network.threshold) for row in probabilities])

    line = "| {:<22} | {:>24} | {:>24} | {:>24} | {:>24} |".format
    print(line("", *WORDS))
    print("|:" + "-" * 23 + ("|" + "-" * 25 + ":") * 4 + "|")
    for name, (pictures, truth) in digits.items():
        probabilities, word = said(pictures)
        order = np.argsort(-probabilities, axis=1)
        cells = []
        for each in WORDS:
            these = word == each
            wrong = np.count_nonzero(order[these, 0] != truth[these])
            cell = f"{100 * these.mean():.2f} %, {wrong} of {np.count_nonzero(these)} wrong"
            both = np.count_nonzero((order[these, :2] != truth[these, None]).all(axis=1))
            cells.append(f"{cell} ({both})" if each == "unsure" else cell)
        print(line(name, *cells))

    shares = {kind: word_shares(said(pictures)[1]) for kind, pictures in strangers.kinds(images).items()}
    like = {f"typed {c}": word_shares(said(a)[1]) for c, a in strangers.typed(strangers.LIKE_DIGITS).items()}
    typed = [kind for kind in shares if kind.startswith("typed ")]
    joined = [kind for kind in shares if "digit" in kind]
    groups = {f"{len(shares)} kinds of strangers": shares,
              "  drawn marks": [kind for kind in shares if kind not in typed + joined],
              "  typed letters": [kind for kind in typed if kind[-1].isalpha()],
              "  typed signs": [kind for kind in typed if not kind[-1].isalpha()],
              "  joined or framed": joined, "letters like digits": like}  # fmt: skip
    for name, group in groups.items():
        rows = [(like if group is like else shares)[kind] for kind in group]
        print(line(name, *(f"{100 * share:.1f} %" for share in np.mean(rows, axis=0))))
    worst = sorted(shares, key=lambda kind: -shares[kind][0])[:12]
    print("\ncalled sure most often, in %: " + ", ".join(f"{kind} {100 * shares[kind][0]:.0f}" for kind in worst))


def drawings(path):
    """People's drawings as drawn.py draws them: images (N, 28, 28) and labels (N,)."""
    rng = np.random.default_rng(0)
    rows = drawn.read(path)
    images = [ink.to_mnist(drawn.page(strokes, rng)) for _, _, strokes in rows]
    return np.stack(images), np.array([label for label, _, _ in rows])


def word_shares(word):
    return [(word == each).mean() for each in WORDS]


if __name__ == "__main__":
    main()
