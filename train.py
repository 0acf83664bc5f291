"""Train the digit network from scratch, or score weights:  python train.py --help"""

if __name__ == "__main__":
    from nn import stopping

    stopping.listen()  # before anything that takes time

import argparse
import dataclasses
import hashlib
import json
import os
import platform
import shlex
import sys
import threading
import time
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

from nn import stopping, streams

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
    add("--epochs", type=_whole(1, 10**6), metavar="N", help="how many times to go through the images")
    add("--batch-size", type=_whole(1, 10**6), metavar="N", help="images in each step")
    add("--lr", type=_positive, metavar="X", help="the learning rate's peak")
    add("--no-augment", action="store_true", default=None, help="train on the images as they are")
    add("--seed", type=_whole(0, 2**32 - 1), metavar="N", help="the same seed and threads give the same weights; 0")
    add("--threads", type=_whole(1, 256), metavar="N",
        help="worker threads; by default the machine's cores, at most 8, and one for each 16 images of a batch")
    add("--held-out", type=_whole(0, 10**6), metavar="N",
        help="training images kept for validation; by default 5,000, but a twelfth of a smaller set of your own")
    add("--data", type=Path, metavar="DIR", help="a folder of four IDX files instead of MNIST's")
    add("--out", type=Path, metavar="FILE",
        help="the weights to write; beside it go card (.json) and report (.report.png); weights/trained.npz")
    add("--resume", action="store_true", default=None, help="go on from the checkpoint beside --out, with its options")
    add("--evaluate", type=Path, metavar="WEIGHTS", help="score these weights on the test set and stop")
    add("--export", type=Path, metavar="FILE.onnx", help="with --evaluate: write the weights as ONNX, for other tools")
    return parser.parse_args(argv)


def _whole(least, most):
    def parse(text):
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most:,}, got {text[:40]!r}")
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
    """The exit code. Without argv, as a program: signals and streams are this process's own."""
    if argv is None:
        stopping.listen()
        streams.begin()
    args = parse_arguments(argv)
    stopping.say("Stopped; nothing was written.")
    # Imported here, so that --help and a mistyped option answer at once.
    from nn.ranks import ALONE, connect
    from nn.training import Diverged

    ranks = ALONE
    try:
        ranks = connect()
        if args.export and not args.evaluate:
            raise ValueError("--export wants the weights to write: --evaluate WEIGHTS --export FILE.onnx")
        code = evaluate(args) if args.evaluate else train(args, ranks)
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
    from nn import mnist, own_data, training
    from nn.network import load_digit_net

    network = load_digit_net(args.evaluate)
    images, labels = mnist.load_part(args.data or mnist.SHIPPED, "t10k")
    loss, accuracy = training.evaluate(network, images, labels, args.threads or default_threads())
    print(f"{args.evaluate}: {score(accuracy, len(labels))}, loss {loss:.4f}")
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


def train(args, ranks):
    """Train on all ranks; the first alone prints and writes. Returns the exit code."""
    import numpy as np

    from nn import mnist, own_data
    from nn.network import digit_net
    from nn.outputs import Outputs

    out = Outputs(args.out or HOME / "weights" / "trained.npz")
    if out.weights.resolve() == SHIPPED.resolve() and out.weights.exists():
        raise ValueError(f"{out.weights} holds the shipped weights; choose another --out, or delete the file first")
    if ranks.rank:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    run, recipe, state = ranks.from_first(
        lambda: resumed(args, out.checkpoint) if args.resume else fresh(args, ranks.size)
    )
    (images, labels), test = mnist.load(run["data"] or mnist.SHIPPED)
    found = mnist.checksum(images, labels, *test)
    ranks.agree({"data": found, "code": source_checksum(), "NumPy": version("numpy"), "Numba": version("numba")})
    if run.setdefault("data_checksum", found) != found:
        raise ValueError(f"{out.checkpoint} was made with other data than {run['data']} holds now")
    if found != mnist.CHECKSUM:
        if args.held_out is None and not args.resume:
            recipe = dataclasses.replace(recipe, held_out=min(recipe.held_out, len(images) // own_data.SHARE))
            run["settings"]["held_out"] = recipe.held_out
        order = own_data.held_out_last(labels, recipe.held_out)
        images, labels = images[order], labels[order]
    if recipe.held_out >= len(images):
        raise ValueError(f"--held-out {recipe.held_out} leaves none of {len(images)} training images to train on")
    network = digit_net(np.random.default_rng(run["seed"]), recipe.batch_norm)
    network.check_savable()  # now, not after the training
    with out.claimed(network) if ranks.rank == 0 else nullcontext():
        if args.resume:
            stopping.say(f"Stopped. {saved(run, out.checkpoint)}")
        elif out.checkpoint.exists():
            print(f"An interrupted training left {shown(out.checkpoint)}: --resume goes on with it, "
                  "this one will replace it.\n")
        return learn(network, run, recipe, state, (images, labels), test, out, ranks)


def learn(network, run, recipe, state, train, test, out, ranks):
    """Train and write all files. Returns the exit code."""
    from nn import checkpoint, training
    from nn.recipes import training_images

    kept = len(train[0]) - recipe.held_out
    validation = tuple(array[kept:] for array in train) if recipe.held_out else None
    introduce(network, run, recipe, train, test, ranks)
    warm_up(network)
    train_images, targets = training_images(recipe, *train, run["seed"])
    with stopping.patiently():
        events = training.fit(
            network, train_images, targets, recipe, run["seed"], run["threads"], validation, state, ranks
        )
        try:
            for epoch in epochs_with_progress(events, recipe, len(train_images), ranks):
                history = [*run["history"], {name: getattr(epoch, name) for name in REMEMBERED}]
                if ranks.rank == 0:
                    checkpoint.write(out.checkpoint, run | {"history": history}, epoch.state)
                run["history"], state = history, epoch.state
                print(epoch_line(epoch, recipe))
            events.close()
            if ranks.rank:
                return ranks.any(stopping.asked())
            if code := ranks.any(stopping.asked()):
                print(f"\nStopped. {saved(run, out.checkpoint)}", file=sys.stderr)
            else:
                finish(training.averaged(network, state).folded(), run, recipe, validation, test, out)
                out.checkpoint.unlink()
            stopping.say("")
            return code
        except (OSError, training.Diverged) as error:
            name = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
            raise training.Diverged(f"{name}. {saved(run, out.checkpoint)}") from None


def source_checksum():
    """SHA-256 over the sources of nn/: whether two ranks run the same code."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "nn").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def introduce(network, run, recipe, train, test, ranks):
    """Print what is going to be trained, how, and on what; and what looks wrong with it."""
    from nn import mnist, own_data

    print(network.summary())
    where = f" on each of {ranks.size} ranks" if ranks.size > 1 else ""
    print(f"\nRecipe {run['recipe']}, seed {run['seed']}, {run['threads']} threads{where}:")
    for name, value in run["settings"].items():
        print(f"  {name:<16}{value}")
    drawn = recipe.drawn + recipe.scribbles
    more = f", {drawn:,} more that nn/hands draws" if drawn else ""
    kept, own = len(train[0]) - recipe.held_out, run["data_checksum"] != mnist.CHECKSUM
    how = "" if not recipe.held_out else ", a random share of each digit" if own else ", MNIST's last"
    print(f"{kept:,} images to train on{more}, and {recipe.held_out:,} held out for validation{how}.\n")
    for note in own_data.notes(train[1], recipe.held_out, test, SHIPPED) if own else ():
        print(f"{note}\n")


REMEMBERED = ("epoch", "loss", "validation_loss", "validation_accuracy", "seconds")


def fresh(args, ranks=1):
    """(run, recipe, state) of a new training on so many ranks: what is asked for, and no state yet."""
    from nn.recipes import RECIPES

    names = ("epochs", "batch_size", "lr", "held_out")
    changes = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.no_augment:
        changes["augment"] = None
    name, seed = args.recipe or "standard", args.seed or 0
    recipe = dataclasses.replace(RECIPES[name], **changes)
    threads = args.threads or max(1, min(default_threads(), recipe.batch_size // LEAST_SHARE) // ranks)
    if recipe.batch_norm and recipe.batch_size < 2 * threads * ranks:
        raise ValueError(f"--batch-size: batch norm needs at least 2 images a thread, so {2 * threads * ranks} or more")
    command = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
    command += ["python", "train.py", "--recipe", name, "--seed", str(seed), "--threads", str(threads)]
    for option in (*names, "data"):
        if getattr(args, option) is not None:
            command += [f"--{option.replace('_', '-')}", str(getattr(args, option))]
    run = {
        "command": shlex.join(command + ["--no-augment"] * bool(args.no_augment)),
        "recipe": name,
        "settings": dataclasses.asdict(recipe),
        "seed": seed,
        "threads": threads,
        "data": args.data and os.path.abspath(args.data),  # --resume may come from another folder
        "history": [],
    }
    return run, recipe, None


def resumed(args, checkpoint):
    """(run, recipe, state) of an interrupted training, from its checkpoint."""
    from nn.checkpoint import read

    for name in ("recipe", "epochs", "batch_size", "lr", "seed", "threads", "data", "no_augment", "held_out"):
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


def epochs_with_progress(events, recipe, images, ranks):
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
                if ranks.any(stopping.asked()):
                    return
                continue
            if ranks.any(stopping.asked()) and event.images < recipe.seen(event.epoch, images):
                return
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
    return f"The weights after epoch {epochs} are in {shown(checkpoint)}; --resume goes on from there."


def score(accuracy, count):
    return f"test accuracy {accuracy:.2%}, {round((1 - accuracy) * count)} of {count:,} wrong"


def finish(network, run, recipe, validation, test, out):
    """Look at the test set, once; write weights, card and report; say where they are."""
    import numpy as np

    from nn import training
    from nn.files import write_whole
    from nn.own_data import doubts
    from nn.report import write_report

    network.threshold = recipe.threshold
    if recipe.temperature is not None:
        network.temperature = recipe.temperature
    elif validation is not None:
        network.temperature = training.fit_temperature(network, *validation, run["threads"])
    images, labels = test
    logits = training.predict_logits(network, images, run["threads"])
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    if not np.isfinite(logits).all():
        raise training.Diverged("the finished network's answers are no finite numbers; try a lower --lr")
    network.card = {name: value for name, value in run.items() if name != "data"} | {  # whose folder: no one's business
        "test_accuracy": round(accuracy, 6),
        "test_misses": round((1 - accuracy) * len(labels)),
        "test_images": len(labels),
        "temperature": network.temperature,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "numba")}},
        "date": time.strftime("%Y-%m-%d"),
    }
    network.save(out.weights)
    write_whole(out.card, (json.dumps(network.card, indent=2) + "\n").encode())
    result = score(accuracy, len(labels))
    print(f"\n{result[0].upper()}{result[1:]}.")
    title = f"Recipe {run['recipe']}, seed {run['seed']}: {result}"
    write_report(out.report, network, run["history"], images, labels, network.probabilities(logits), title)
    print(f"Weights: {shown(out.weights)}   card: {shown(out.card)}   pictures: {shown(out.report)}")
    print(f"Draw with them:  python play.py --weights {shlex.quote(str(shown(out.weights)))}")
    for note in doubts(run["history"][-1]["validation_loss"], 1.0 if recipe.temperature else network.temperature):
        print(note)


def shown(path):
    """The path as a person in this folder would type it."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody deleted it
        return path
    path = path.resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    sys.exit(main())
