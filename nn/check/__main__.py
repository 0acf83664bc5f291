"""The command line of nn.check: `python -m nn.check --help`."""

import argparse
import importlib.util
import inspect
import sys
import time
import traceback
from functools import partial
from pathlib import Path

import numpy as np

from nn.check import OURS, NotWritten, Wrong, check, check_loss, check_optimizer, exercises
from nn.check.exercises import EXAMPLES

EXERCISES = [name for name in EXAMPLES if hasattr(exercises, name)]
SKELETON = '''"""Write what is empty below, then run  python -m nn.check mine.py  until it is right."""

import numpy as np
{more}

{source}'''

# What --time runs: sizes as in the digit network, on few images, for plain loops have to get through them too.
TIMED = {
    "Dense": ({"n_in": 576, "n_out": 64}, (64, 576)),
    "ReLU": ({}, (8, 26, 26, 32)),
    "Conv2D": ({"c_in": 32, "c_out": 64, "kernel": 3}, (4, 13, 13, 32)),
    "MaxPool2D": ({"window": 2}, (4, 26, 26, 32)),
    "AvgPool2D": ({"window": 2}, (4, 26, 26, 32)),
    "BatchNorm": ({"channels": 32}, (8, 13, 13, 32)),
    "Dropout": ({"rate": 0.5}, (64, 576)),
    "Softmax": ({}, (64, 10)),
}


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m nn.check",
        description="Check the layers, losses and optimizers in a file. A class with the name of one of this project's "
        "is tried on examples of ours. For others, give examples in the file, each a layer and the shape of its x: "
        "CASES = [(MyLayer(3), (2, 5, 7, 3))].",
    )
    parser.error = lambda message: parser.exit(2, f"nn.check: {message}\n")
    parser.add_argument("file", nargs="?", type=Path, help="a Python file")
    parser.add_argument("--exercise", choices=EXERCISES, metavar="NAME",
                        help=f"print the skeleton of one to write yourself: {', '.join(EXERCISES)}")
    parser.add_argument("--time", action="store_true", help="then compare its speed with ours")
    args = parser.parse_args(argv)
    if (args.file is None) == (args.exercise is None):
        parser.error("give a file to check, or --exercise NAME")
    if args.exercise:
        print(skeleton(args.exercise), end="")
        return 0
    try:
        module = load(args.file)
    except (ValueError, OSError) as error:
        parser.error(error)
    classes = [cls for cls in vars(module).values() if inspect.isclass(cls) and cls.__module__ == module.__name__]
    known = [cls for cls in classes if cls.__name__ in EXAMPLES]
    cases = getattr(module, "CASES", [])
    if not known and not cases:
        parser.error(f"{args.file}: no class named as one of ours, and no CASES = [(layer, shape of its x), ...]")
    jobs = [(cls.__name__, partial(check_class, cls)) for cls in known]
    jobs += [(f"{layer} on x {shape}", partial(check, layer, shape)) for layer, shape in cases]
    failures = 0
    for name, run in jobs:
        try:
            print(f"{name}: right; the largest relative error is {run():.0e}")
        except (Wrong, NotWritten) as fault:
            print(fault)
            failures += 1
    if args.time and not failures:
        for cls in known:
            if cls.__name__ in TIMED:
                print(speeds(cls))
    return 1 if failures else 0


def check_class(cls):
    """Check a class that has the name of one of ours on its EXAMPLES; as nn.check.check does."""
    worst = 0.0
    for options, shape in EXAMPLES[cls.__name__]:
        if cls.__name__ in ("SGD", "AdamW"):
            worst = max(worst, check_optimizer(cls, **options))
        elif cls.__name__ == "SoftmaxCrossEntropy":
            logits = np.random.default_rng(0).standard_normal(shape)
            worst = max(worst, check_loss(cls(**options), logits, np.arange(len(logits)) % shape[1]))
        else:
            worst = max(worst, check(cls(**options), shape))
    return worst


def skeleton(name):
    """The text of a file with the exercise of this name."""
    cls = getattr(exercises, name)
    more = "\nfrom nn.layers import Layer\n" if issubclass(cls, exercises.Layer) else ""
    return SKELETON.format(more=more, source=inspect.getsource(cls))


def load(path):
    """The module in a file. ValueError, in one line, if Python can't run it."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None:
        raise ValueError(f"{path}: not a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = getattr(error, "lineno", None) or (frames[-1] if frames else "?")
        raise ValueError(f"{path}, line {line}: {type(error).__name__}: {getattr(error, 'msg', error)}") from None
    return module


def speeds(cls):
    """A line that compares the time of forward and backward, in training, with that of our class of this name."""
    options, shape = TIMED[cls.__name__]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    mine, ours = (milliseconds(kind(**options), x) for kind in (cls, OURS[cls.__name__]))
    words = f"{mine / ours:.3g} times the time of ours" if mine > ours else f"{ours / mine:.3g} times as fast as ours"
    return f"{cls.__name__} forward and backward on x {shape}: yours {mine:.3g} ms, ours {ours:.3g} ms: {words}"


def milliseconds(layer, x):
    """The shortest of the runs that fit into a second; the first run, which may compile, does not count."""
    def once():
        start = time.perf_counter()
        layer.backward(layer.forward(x, True))
        return time.perf_counter() - start

    once()
    runs = [once()]
    while sum(runs) < 1:
        runs.append(once())
    return 1000 * min(runs)


if __name__ == "__main__":
    sys.exit(main())
