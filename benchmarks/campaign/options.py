"""Odd numbers and texts for every option of the command lines: each is taken, or refused in one line with exit code 2.

    python -m benchmarks.campaign.options --n 2900 [--seed 0]

The programs' own `main` is called, in this process; what would train, or open a window, is cut off after the options
were accepted.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import play
import train
from nn import runs

NUMBERS = (
    "0", "-1", "1", "7", "1e6", "-1e-9", "1e999", "nan", "inf", "-inf", "", " ", "½", "٣", "1_000", "0x10", "9" * 30,
    "9" * 5000, "999999999999999999", "2147483648", "1.5", "+3", "1e-400", "\ud800", "--", "\n5",
)  # fmt: skip
OPTIONS = {
    train: ("--epochs", "--batch-size", "--lr", "--seed", "--threads", "--held-out", "--recipe", "--out", "--data",
            "--evaluate"),
    play: ("--scale", "--theme", "--weights", "--replay", "--screenshot", "--samples", "--predict"),
}  # fmt: skip


def attempt(program, words):
    """(outcome, what was said) of one command line: "taken", "refused" or "raised"."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = program.main(words)
        except SystemExit as stop:
            code = stop.code
        except BaseException as error:
            return "raised", f"{type(error).__name__}: {error}"
    lines = said.getvalue().strip().splitlines()
    if code == 2:
        return ("refused" if len(lines) == 1 else "raised"), said.getvalue()
    return ("taken" if code == 0 else "raised"), said.getvalue()


def line(program, rng):
    """A command line of one to three options with odd values."""
    words = []
    for _ in range(rng.integers(1, 4)):
        option = OPTIONS[program][rng.integers(0, len(OPTIONS[program]))]
        words += [option, NUMBERS[rng.integers(0, len(NUMBERS))]]
    return words


def campaign(n, seed=0):
    """Counter of the outcomes of n command lines."""
    rng, outcomes, here = np.random.default_rng(seed), Counter(), Path.cwd()
    train.train = lambda args, *_: runs.fresh(args) and 0
    train.evaluate = play.predict = play.open_window = lambda *_: 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # where no odd name is a file
        try:
            for number in range(n):
                program = (train, play)[number % 2]
                words = line(program, rng)
                outcome, said = attempt(program, words)
                outcomes[outcome] += 1
                if outcome == "raised":
                    print(f"{program.__name__}.py {words!r:.200}: {said!r:.200}", flush=True)
        finally:
            os.chdir(here)
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2900, help="command lines")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    outcomes = campaign(args.n, args.seed)
    taken, refused, raised = (outcomes[outcome] for outcome in ("taken", "refused", "raised"))
    print(f"options: {args.n:,} command lines, {taken:,} taken, {refused:,} refused in a line, {raised} not")
    return 1 if raised else 0


if __name__ == "__main__":
    sys.exit(main())
