"""Trainings stopped at every moment of their life: nothing written is lost, and each one can be finished.

    python -m benchmarks.campaign.kills --n 200 [--signal KILL] [--seed 0]

A training of 600 images is sent a signal at a random moment, from its first import to its last write: KILL, INT (which
is Ctrl-C) or TERM. After it every checkpoint and file of weights that is there must be whole, and the training, gone on
with by --resume or begun anew where there is nothing to resume, must end well and with the bits of one that was never
stopped. INT and TERM must end it within SECONDS, with their exit code or, too late, with 0, in words, not a traceback.
"""

import argparse
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from nn import checkpoint, mnist
from nn.files import read_npz
from nn.network import load_digit_net

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60  # in which a training has to end that was asked to
CODES = {"KILL": -9, "INT": 130, "TERM": 143}
OPTIONS = ("--epochs", "4", "--recipe", "quick", "--batch-size", "64", "--seed", "1", "--threads", "1")


def data_set(folder):
    """Write MNIST's first 600 images and 100 tests into a folder."""
    for part, (images, labels), n in zip(("train", "t10k"), mnist.load(), (600, 100), strict=True):
        for name, array in ((f"{part}-images-idx3-ubyte", images[:n]), (f"{part}-labels-idx1-ubyte", labels[:n])):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            Path(folder, name).write_bytes(head + array.tobytes())


def start(out, *options):
    command = [sys.executable, str(ROOT / "train.py"), "--out", str(out), *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
                            env=os.environ | {"PYTHONFAULTHANDLER": "1"})  # fmt: skip


def weights(path):
    """The arrays of a file of weights, without the card, which holds times."""
    return {name: array for name, array in read_npz(path).items() if name != "about"}


def trial(data, folder, name, moment, expected):
    """Stop one training `moment` seconds after its start and finish it. Returns what was wrong with it, or ""."""
    out, place = folder / "a.npz", folder / "a.checkpoint.npz"
    process = start(out, "--data", data, *OPTIONS)
    time.sleep(moment)
    process.send_signal(getattr(signal, f"SIG{name}"))
    try:
        _, words = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # Python's faulthandler then says where it stands
        return f"still there after {SECONDS} s: {' | '.join(process.communicate()[1].split(chr(10))[:12])}"
    if process.returncode not in (CODES[name], 0) or "Traceback" in words:
        return f"exit code {process.returncode}, {words.strip().splitlines()[-1:] or 'no word'}"
    try:
        if out.exists():
            load_digit_net(out)
        if place.exists():
            checkpoint.read(place)
    except ValueError as error:
        return f"not whole: {error}"
    if not out.exists() or place.exists():
        process = start(out, *(["--resume"] if place.exists() else ["--data", data, *OPTIONS]))
        _, words = process.communicate(timeout=600)
        if process.returncode:
            return f"not to be finished: {words.strip()[-200:]}"
    found = weights(out)
    if found.keys() != expected.keys() or not all(np.array_equal(found[key], a) for key, a in expected.items()):
        return "it ended with other bits"
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
    return f"left behind: {left}" if left else ""


def campaign(n, name, seed=0):
    """Stop n trainings by a signal. Returns Counter of what was wrong with them; "" counts those that were well."""
    outcomes, rng = Counter(), np.random.default_rng((seed, CODES[name] % 256))
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        data_set(data)
        begun = time.perf_counter()
        process = start(Path(folder, "a.npz"), "--data", data, *OPTIONS)
        if process.wait(600):
            raise RuntimeError(process.stderr.read())
        life, expected = time.perf_counter() - begun, weights(Path(folder, "a.npz"))
        for number in range(n):
            moment = float(rng.uniform(0, life))
            with tempfile.TemporaryDirectory() as place:
                wrong = trial(Path(data), Path(place), name, moment, expected)
            outcomes[wrong] += 1
            if wrong:
                print(f"{name} {number}, after {moment:.3f} of {life:.1f} s: {wrong}", flush=True)
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20, help="trainings for each signal")
    parser.add_argument("--signal", choices=CODES, action="append")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    finds = 0
    for name in args.signal or CODES:
        outcomes = campaign(args.n, name, args.seed)
        finds += args.n - outcomes[""]
        print(f"{name}: {args.n} trainings stopped, {outcomes['']} finished with the same bits, "
              f"{args.n - outcomes['']} not", flush=True)  # fmt: skip
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
