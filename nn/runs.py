"""A run: one training, from what was asked for to the files it ends in.

It is a dict that a checkpoint and a card keep as JSON: {"command", "recipe": its name, "settings": the recipe's,
"seed", "threads", "data": a folder or None, "data_checksum", "history": a line for each epoch}.
"""

import dataclasses
import json
import logging
import os
import platform
import shlex
import time
from importlib.metadata import version

import numpy as np

from nn import calling, checkpoint, console, own_data, training
from nn.files import write_whole
from nn.outputs import absolute
from nn.recipes import RECIPES

LEAST_SHARE = 16  # images of a batch for each thread; with 8 of them, batch norm costs half a point of accuracy
CHANGES = ("epochs", "batch_size", "lr", "held_out")  # options that change a recipe
REMEMBERED = ("epoch", "loss", "validation_loss", "validation_accuracy", "seconds")


def default_threads():
    return min(os.cpu_count() or 1, 8)


def fresh(args, ranks=1):
    """(run, recipe, state) of a new training on so many ranks: what is asked for, and no state yet."""
    changes = {name: getattr(args, name) for name in CHANGES if getattr(args, name) is not None}
    if args.no_augment:
        changes["augment"] = None
    name, seed = args.recipe or "standard", args.seed or 0
    recipe = dataclasses.replace(RECIPES[name], **changes)
    threads = args.threads or max(1, min(default_threads(), recipe.batch_size // LEAST_SHARE) // ranks)
    if recipe.batch_norm and recipe.batch_size < 2 * threads * ranks:
        raise ValueError(f"--batch-size: batch norm needs at least 2 images a thread, so {2 * threads * ranks} or more")
    command = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
    command += ["python", "train.py", "--recipe", name, "--seed", str(seed), "--threads", str(threads)]
    for option in (*CHANGES, "data"):
        if getattr(args, option) is not None:
            command += [f"--{option.replace('_', '-')}", str(getattr(args, option))]
    run = {
        "command": shlex.join(command + ["--no-augment"] * bool(args.no_augment)),
        "recipe": name,
        "settings": dataclasses.asdict(recipe),
        "seed": seed,
        "threads": threads,
        "data": args.data and str(absolute(args.data)),  # --resume may come from another folder
        "history": [],
    }
    return run, recipe, None


def resumed(args, out):
    """(run, recipe, state) of an interrupted training, from its checkpoint. out: its Outputs."""
    for name in (*CHANGES, "recipe", "seed", "threads", "data", "no_augment"):
        if getattr(args, name) is not None:
            raise ValueError(f"--resume goes on with the checkpoint's options: leave --{name.replace('_', '-')} away")
    if not out.checkpoint.exists() and out.weights.is_file():
        raise ValueError(f"nothing is left to resume: this training is finished, its weights are in {out.weights}")
    if not out.checkpoint.exists():
        raise ValueError(f"{out.checkpoint}: no checkpoint to resume from; start without --resume")
    return checkpoint.read(out.checkpoint)


def remembered(epoch):
    """The line of a run's history that an Epoch makes."""
    return {name: getattr(epoch, name) for name in REMEMBERED}


def finish(network, run, recipe, validation, test, out):
    """Look at the test set, once; write weights, card and report; say where they are.

    network: the averaged one, without BatchNorm. validation, test: (images, labels); validation may be None.
    """
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
    result = console.score(accuracy, len(labels))
    print(f"\n{result[0].upper()}{result[1:]}.")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of a slower start where nobody is at home
    from nn.report import write_report  # imported here: matplotlib takes a quarter of a second

    title = f"Recipe {run['recipe']}, seed {run['seed']}: {result}"
    write_report(out.report, network, run["history"], images, labels, network.probabilities(logits), title)
    weights, card, report = map(console.shown, (out.weights, out.card, out.report))
    print(f"Weights: {weights}   card: {card}   pictures: {report}")
    print(f"Draw with them:  {calling.command('play')} --weights {calling.typed(weights)}")
    fitted = 1.0 if recipe.temperature else network.temperature
    for note in own_data.doubts(run["history"][-1]["validation_loss"], fitted):
        print(note)
