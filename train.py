"""Train the digit network from scratch, or score weights:  python train.py --help"""

if __name__ == "__main__":
    from nn import stopping

    stopping.listen()  # before anything that takes time

import argparse
import gc
import os
import sys
from pathlib import Path

from nn import calling, stopping, streams
from nn.limits import RANGES

ROOT = Path(__file__).parent
SHIPPED = ROOT / "weights" / "digits.npz"
HOME = ROOT if (ROOT / "pyproject.toml").is_file() else Path()  # installed among other packages: the current folder


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description="Train the digit network on MNIST from scratch, or score weights with --evaluate. "
        "A checkpoint is written after every epoch; --resume goes on from it.",
    )
    # one line, without the usage above it
    parser.error = lambda message: parser.exit(2, "train.py: " + message.replace("\n", " ") + "\n")
    add = parser.add_argument
    add("--recipe", choices=("quick", "standard", "best"), help="quick, standard (the default) or best: nn/recipes.py")
    add("--epochs", type=_whole("epochs"), metavar="N", help="how many times to go through the images")
    add("--batch-size", type=_whole("batch_size"), metavar="N", help="images in each step")
    add("--lr", type=_rate, metavar="X", help="the learning rate's peak")
    add("--no-augment", action="store_true", default=None, help="train on the images as they are")
    add("--seed", type=_whole("seed"), metavar="N", help="the same seed and threads give the same weights; 0")
    add("--threads", type=_whole("threads"), metavar="N",
        help="worker threads; by default the machine's cores, at most 8, and one for each 16 images of a batch")
    add("--held-out", type=_whole("held_out"), metavar="N",
        help="training images kept for validation; by default 5,000, but a twelfth of a smaller set of your own")
    add("--data", type=Path, metavar="DIR", help="a folder of four IDX files instead of MNIST's")
    add("--out", type=Path, metavar="FILE",
        help="the weights to write; beside it go card (.json) and report (.report.png); weights/trained.npz")
    add("--resume", action="store_true", default=None, help="go on from the checkpoint beside --out, with its options")
    add("--evaluate", type=Path, nargs="?", const=SHIPPED, metavar="WEIGHTS",
        help="score these weights, or without a name the shipped ones, on the test set and stop")
    add("--export", type=Path, metavar="FILE.onnx", help="with --evaluate: write the weights as ONNX, for other tools")
    return parser.parse_args(argv)


def _whole(name):
    least, most = RANGES[name]

    def parse(text):
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most:,}, got {text[:40]!r}")
        return int(text)

    return parse


def _rate(text):
    least, most = RANGES["lr"]
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"expected a number from {least:g} to {most:,}, got {text[:40]!r}")
    return value


def main(argv=None):
    """The exit code. Without argv, as a program: signals and streams are this process's own."""
    if argv is None:
        stopping.listen()
        streams.begin()
        gc.set_threshold(100_000)  # imports make many objects that stay; looking through them all takes time
    args = parse_arguments(argv)
    stopping.say("Stopped; nothing was written.")
    if error := calling.missing("train", "numpy", "numba", "threadpoolctl", "tqdm", "PIL", "matplotlib"):
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    # Imported here, so that --help and a mistyped option answer at once; while Numba is, the data are read.
    from concurrent.futures import ThreadPoolExecutor

    from nn import mnist

    reading = None
    if not (args.evaluate or args.resume):  # only the checkpoint knows which data
        reading = ThreadPoolExecutor(1).submit(mnist.load, args.data or mnist.SHIPPED)
    from nn.ranks import ALONE, connect
    from nn.training import Diverged

    ranks = ALONE
    try:
        ranks = connect()
        if args.export and not args.evaluate:
            raise ValueError("--export wants the weights to write: --evaluate WEIGHTS --export FILE.onnx")
        code = evaluate(args) if args.evaluate else train(args, ranks, reading)
    except (ValueError, OSError, Diverged, MemoryError) as error:
        if isinstance(error, OSError) and error.filename:
            error = f"{error.filename}: {error.strerror}"
        print(f"train.py: {error or 'not enough memory'}", file=sys.stderr)
        ranks.abort(2)
        code = 2
    stopping.say("")
    return code


def evaluate(args):
    """Print what the card says of a file of weights, measured again."""
    for name in ("recipe", "epochs", "batch_size", "lr", "no_augment", "seed", "held_out", "out", "resume"):
        if getattr(args, name) is not None:
            raise ValueError(f"--evaluate trains nothing: leave --{name.replace('_', '-')} away")
    from nn import console, mnist, own_data, runs, training
    from nn.network import load_digit_net

    try:
        network = load_digit_net(args.evaluate)
    except FileNotFoundError as error:
        raise ValueError(f"{error}; --evaluate alone scores the shipped weights") from None
    if args.export and not args.export.absolute().parent.is_dir():
        raise ValueError(f"{args.export}: there is no folder {args.export.parent}; make it, or choose another --export")
    if args.export and args.export.is_dir():
        raise ValueError(f"{args.export} is a folder; give --export the name of a file in it")
    images, labels = mnist.load_part(args.data or mnist.SHIPPED, "t10k")
    loss, accuracy = training.evaluate(network, images, labels, args.threads or runs.default_threads())
    print(f"{args.evaluate}: {console.score(accuracy, len(labels))}, loss {loss:.4f}")
    if args.export:
        from nn.export import export

        export(args.export, network)
        print(f"ONNX: {args.export}")
    if note := own_data.transposed(network, images, labels):
        print(note)
    error = streams.lost()
    if error and not isinstance(error, BrokenPipeError):
        raise ValueError(f"the score can't be written ({error.strerror})")
    return 0


def train(args, ranks, reading):
    """Train on all ranks; the first alone prints and writes. Returns the exit code.

    reading: the Future of mnist.load, or None with --resume.
    """
    from contextlib import nullcontext
    from dataclasses import replace

    import numpy as np

    from nn import console, mnist, own_data, runs
    from nn.network import digit_net
    from nn.outputs import Outputs
    from nn.ranks import program

    out = Outputs(args.out or HOME / "weights" / "trained.npz")
    if out.weights.resolve() == SHIPPED.resolve() and out.weights.exists():
        raise ValueError(f"{out.weights} holds the shipped weights; choose another --out, or delete the file first")
    if ranks.rank:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    run, recipe, state = ranks.from_first(
        lambda: runs.resumed(args, out) if args.resume else runs.fresh(args, ranks.size)
    )
    (images, labels), test = reading.result() if reading else mnist.load(run["data"] or mnist.SHIPPED)
    found = mnist.checksum(images, labels, *test)
    ranks.agree({"data": found} | program())
    if run.setdefault("data_checksum", found) != found:
        raise ValueError(f"{out.checkpoint} was made with other data than {run['data']} holds now")
    if found != mnist.CHECKSUM:
        if args.held_out is None and not args.resume:
            recipe = replace(recipe, held_out=min(recipe.held_out, len(images) // own_data.SHARE))
            run["settings"]["held_out"] = recipe.held_out
        order = own_data.held_out_last(labels, recipe.held_out)
        images, labels = images[order], labels[order]
    if recipe.held_out >= len(images):
        raise ValueError(f"--held-out {recipe.held_out} leaves none of {len(images)} training images to train on")
    network = digit_net(np.random.default_rng(run["seed"]), recipe.batch_norm)
    network.check_savable()  # now, not after the training
    with out.claimed(network) if ranks.rank == 0 else nullcontext():
        if args.resume:
            stopping.say(f"Stopped. {console.saved(run, out, ranks)}")
        elif out.checkpoint.exists():
            print(f"An interrupted training left {console.shown(out.checkpoint)}; this one will replace it. "
                  f"To go on with it instead:  {console.going_on(out, ranks)}\n")
        return learn(network, run, recipe, state, (images, labels), test, out, ranks)


def learn(network, run, recipe, state, train, test, out, ranks):
    """Train and write all files. Returns the exit code."""
    from nn import checkpoint, console, runs, training
    from nn.recipes import training_images

    kept = len(train[0]) - recipe.held_out
    validation = tuple(array[kept:] for array in train) if recipe.held_out else None
    console.introduce(network, run, recipe, train, test, ranks, SHIPPED)
    console.warm_up(network)
    train_images, targets = training_images(recipe, *train, run["seed"])
    with stopping.patiently():
        events = training.fit(
            network, train_images, targets, recipe, run["seed"], run["threads"], validation, state, ranks
        )
        try:
            for epoch in console.epochs_with_progress(events, recipe, len(train_images), ranks):
                history = [*run["history"], runs.remembered(epoch)]
                if ranks.rank == 0:
                    checkpoint.write(out.checkpoint, run | {"history": history}, epoch.state)
                run["history"], state = history, epoch.state
                print(console.epoch_line(epoch, recipe))
            events.close()
            if ranks.rank:
                return ranks.any(stopping.asked())
            if code := ranks.any(stopping.asked()):
                print(f"\nStopped. {console.saved(run, out, ranks)}", file=sys.stderr)
            else:
                runs.finish(training.averaged(network, state).folded(), run, recipe, validation, test, out)
                out.checkpoint.unlink()
            stopping.say("")
            return code
        except (OSError, training.Diverged) as error:
            name = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
            raise training.Diverged(f"{name}. {console.saved(run, out, ranks)}") from None


if __name__ == "__main__":
    sys.exit(main())
