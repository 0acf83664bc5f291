"""Train the digit network from scratch, or score weights:  python train.py --help"""

import argparse
import dataclasses
import json
import os
import platform
import shlex
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent
SHIPPED = ROOT / "weights" / "digits.npz"


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description="Train the digit network on MNIST from scratch, or score weights with --evaluate. "
        "A checkpoint is written after every epoch; --resume goes on from it.",
    )
    parser.error = lambda message: parser.exit(2, f"train.py: {message}\n")  # one line, without the usage above it
    add = parser.add_argument
    add("--recipe", choices=("quick", "standard", "best"), help="quick, standard (the default) or best: nn/recipes.py")
    add("--epochs", type=_whole(1), metavar="N", help="how many times to go through the images")
    add("--batch-size", type=_whole(1), metavar="N", help="images in each step")
    add("--lr", type=_positive, metavar="X", help="the learning rate's peak")
    add("--no-augment", action="store_true", default=None, help="train on the images as they are")
    add("--seed", type=_whole(0), metavar="N", help="the same seed and threads give the same weights; 0")
    add("--threads", type=_whole(1), metavar="N",
        help="worker threads; by default the machine's cores, at most 8, and one for each 16 images of a batch")
    add("--data", type=Path, metavar="DIR", help="a folder of four IDX files instead of MNIST's")
    add("--out", type=Path, metavar="FILE",
        help="the weights to write; beside it go card (.json) and report (.report.png); weights/trained.npz")
    add("--resume", action="store_true", default=None, help="go on from the checkpoint beside --out, with its options")
    add("--evaluate", type=Path, metavar="WEIGHTS", help="score these weights on the test set and stop")
    return parser.parse_args(argv)


def _whole(least):
    def parse(text):
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} up, got {text!r}")
        return int(text)

    return parse


def _positive(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def main(argv=None):
    args = parse_arguments(argv)
    # Imported here, so that --help and a mistyped option answer at once.
    from nn.training import Diverged

    try:
        return evaluate(args) if args.evaluate else train(args)
    except (ValueError, OSError, Diverged) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.", file=sys.stderr)
        return 130


def evaluate(args):
    """Print what the card says of a file of weights, measured again."""
    for name in ("recipe", "epochs", "batch_size", "lr", "no_augment", "seed", "out", "resume"):
        if getattr(args, name) is not None:
            raise ValueError(f"--evaluate trains nothing: leave --{name.replace('_', '-')} away")
    from nn import mnist, training
    from nn.network import load_digit_net

    network = load_digit_net(args.evaluate)
    images, labels = mnist.load_part(args.data or mnist.SHIPPED, "t10k")
    loss, accuracy = training.evaluate(network, images, labels, args.threads or default_threads())
    print(f"{args.evaluate}: {score(accuracy, len(labels))}, loss {loss:.4f}")
    return 0


def train(args):
    import numpy as np

    from nn import checkpoint as checkpoints
    from nn import mnist, training
    from nn.network import digit_net
    from nn.recipes import training_images

    out = args.out or ROOT / "weights" / "trained.npz"
    if out.suffix != ".npz":
        out = out.with_name(out.name + ".npz")
    if out.resolve() == SHIPPED.resolve() and out.exists():
        raise ValueError(f"{out} holds the shipped weights; choose another --out, or delete the file first")
    checkpoint = out.with_suffix(".checkpoint.npz")
    if args.resume:
        run, recipe, state = resumed(args, checkpoint)
    else:
        run, recipe, state = fresh(args)
        out.parent.mkdir(parents=True, exist_ok=True)  # now, not after an epoch, if it can't be
        if checkpoint.exists():
            print(f"An interrupted training left {checkpoint}: --resume goes on with it, this one will replace it.\n")

    (images, labels), test = mnist.load(run["data"] or mnist.SHIPPED)
    if recipe.held_out >= len(images):
        raise ValueError(f"{run['data']}: {len(images)} training images, {recipe.held_out} of them to be held out")
    found = mnist.checksum(images, labels, *test)
    if run.setdefault("data_checksum", found) != found:
        raise ValueError(f"{checkpoint} was made with other data than {run['data']} holds now")
    network = digit_net(np.random.default_rng(run["seed"]), recipe.batch_norm)
    kept = len(images) - recipe.held_out
    validation = (images[kept:], labels[kept:]) if recipe.held_out else None
    print(network.summary())
    print(f"\nRecipe {run['recipe']}, seed {run['seed']}, {run['threads']} threads:")
    for name, value in run["settings"].items():
        print(f"  {name:<16}{value}")
    drawn = recipe.drawn + recipe.scribbles
    more = f", {drawn:,} more that nn/hands.py draws" if drawn else ""
    print(f"{kept:,} images to train on{more}, and {recipe.held_out:,} held out for validation.\n")
    try:
        warm_up(network)
        train_images, targets = training_images(recipe, images, labels, run["seed"])
        events = training.fit(
            network, train_images, targets, recipe, run["seed"], run["threads"], validation=validation, resume=state
        )
        for epoch in epochs_with_progress(events, recipe, len(train_images)):
            history = [*run["history"], {name: getattr(epoch, name) for name in REMEMBERED}]
            checkpoints.write(checkpoint, run | {"history": history}, epoch.state)
            run["history"], state = history, epoch.state
            print(epoch_line(epoch, recipe), flush=True)
        finish(training.averaged(network, state).folded(), run, recipe, validation, test, out)
    except KeyboardInterrupt:
        print(f"\nStopped. {saved(run, checkpoint)}", file=sys.stderr)
        return 130
    except training.Diverged as error:
        raise training.Diverged(f"{error}. {saved(run, checkpoint)}") from None
    checkpoint.unlink()
    return 0


REMEMBERED = ("epoch", "loss", "validation_loss", "validation_accuracy", "seconds")


def fresh(args):
    """(run, recipe, state) of a new training: what is asked for, and no state yet."""
    from nn.recipes import RECIPES

    changes = {name: getattr(args, name) for name in ("epochs", "batch_size", "lr") if getattr(args, name) is not None}
    if args.no_augment:
        changes["augment"] = None
    name, seed = args.recipe or "standard", args.seed or 0
    recipe = dataclasses.replace(RECIPES[name], **changes)
    threads = args.threads or min(default_threads(), max(1, recipe.batch_size // LEAST_SHARE))
    if recipe.batch_norm and recipe.batch_size < 2 * threads:
        raise ValueError(f"--batch-size: batch norm needs at least 2 images a thread, so {2 * threads} or more")
    command = ["python", "train.py", "--recipe", name, "--seed", str(seed), "--threads", str(threads)]
    for option in ("epochs", "batch_size", "lr", "data"):
        if getattr(args, option) is not None:
            command += [f"--{option.replace('_', '-')}", str(getattr(args, option))]
    run = {
        "command": shlex.join(command + ["--no-augment"] * bool(args.no_augment)),
        "recipe": name,
        "settings": dataclasses.asdict(recipe),
        "seed": seed,
        "threads": threads,
        "data": args.data and str(args.data),
        "history": [],
    }
    return run, recipe, None


def resumed(args, checkpoint):
    """(run, recipe, state) of an interrupted training, from its checkpoint."""
    from nn.checkpoint import read

    for name in ("recipe", "epochs", "batch_size", "lr", "seed", "threads", "data", "no_augment"):
        if getattr(args, name) is not None:
            raise ValueError(f"--resume goes on with the checkpoint's options: leave --{name.replace('_', '-')} away")
    if not checkpoint.exists():
        raise ValueError(f"{checkpoint}: no checkpoint to resume from; start without --resume")
    return read(checkpoint)


LEAST_SHARE = 16  # images of a batch for each thread; with 8 of them, batch norm costs half a point of accuracy


def default_threads():
    return min(os.cpu_count() or 1, 8)


def warm_up(network):
    """Load the compiled kernels; on a machine that has none yet, compile them and say so."""
    from nn.training import warm_up

    notice = threading.Timer(1.0, print, ["Compiling the kernels, once on this machine: about 10 seconds.\n"])
    notice.start()
    try:
        warm_up(network)
    finally:
        notice.cancel()


def epochs_with_progress(events, recipe, images):
    """The Epoch events of a training, with a progress bar for the Steps between them."""
    from tqdm import tqdm

    from nn.training import Step

    bar = None
    try:
        for event in events:
            if not isinstance(event, Step):
                bar.close()
                bar = None
                yield event
                continue
            if bar is None:
                bar = tqdm(
                    desc=f"epoch {event.epoch:>2} of {recipe.epochs}", total=recipe.seen(event.epoch, images),
                    unit=" images", leave=False,
                    disable=None,  # where the output isn't a terminal
                    bar_format="{desc} {percentage:3.0f}% |{bar:30}| {rate_fmt}, {remaining} left{postfix}",
                )  # fmt: skip
            bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
            bar.update(event.images - bar.n)
    finally:
        if bar is not None:
            bar.close()


def epoch_line(epoch, recipe):
    line = f"epoch {epoch.epoch:>2} of {recipe.epochs}   {epoch.seconds:5.1f} s   train loss {epoch.loss:.4f}"
    if epoch.validation_loss is None:
        return line
    return line + f"   validation loss {epoch.validation_loss:.4f}, accuracy {epoch.validation_accuracy:.2%}"


def saved(run, checkpoint):
    epochs = len(run["history"])
    if not epochs:
        return "No epoch was complete, so nothing is saved."
    return f"The weights after epoch {epochs} are in {checkpoint}; --resume goes on from there."


def score(accuracy, count):
    return f"test accuracy {accuracy:.2%}, {round((1 - accuracy) * count)} of {count:,} wrong"


def finish(network, run, recipe, validation, test, out):
    """Look at the test set, once; write weights, card and report; say where they are."""
    from importlib.metadata import version

    from nn import training
    from nn.files import write_whole
    from nn.report import write_report

    network.threshold = recipe.threshold
    if recipe.temperature is not None:
        network.temperature = recipe.temperature
    elif validation is not None:
        network.temperature = training.fit_temperature(network, *validation, run["threads"])
    images, labels = test
    logits = training.predict_logits(network, images, run["threads"])
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    network.card = run | {
        "test_accuracy": round(accuracy, 6),
        "test_misses": round((1 - accuracy) * len(labels)),
        "test_images": len(labels),
        "temperature": network.temperature,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "numba")}},
        "date": time.strftime("%Y-%m-%d"),
    }
    network.save(out)
    write_whole(out.with_suffix(".json"), (json.dumps(network.card, indent=2) + "\n").encode())
    report = out.with_suffix(".report.png")
    result = score(accuracy, len(labels))
    title = f"Recipe {run['recipe']}, seed {run['seed']}: {result}"
    write_report(report, network, run["history"], images, labels, network.probabilities(logits), title)
    print(f"\n{result[0].upper()}{result[1:]}.")
    print(f"Weights: {shown(out)}   card: {shown(out.with_suffix('.json'))}   pictures: {shown(report)}")
    print(f"Draw with them:  python play.py --weights {shlex.quote(str(shown(out)))}")


def shown(path):
    """The path as a person in this folder would type it."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
