"""Trainings stopped at every moment of their life: nothing written is lost, and each one can be finished.

    python -m benchmarks.campaign.kills --n 200 [--signal KILL] [--seed 0] [--cold]

A training of 600 images is sent a signal at a random moment, from its first import to its last write: KILL, INT (which
is Ctrl-C) or TERM. Gone on with by --resume, or begun anew where there is nothing to resume, it is stopped again, until
one start comes to its end, with the bits of a training that was never stopped. After each signal every checkpoint and
file of weights that is there must be whole. INT and TERM must end it within SECONDS, with their exit code or, too late,
with 0, in words, not a traceback; one that comes before the program's first line, while Python itself starts, ends it
as it ends any Python. --cold: each training begins with an empty cache of compiled kernels.
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
SECONDS = 60  # of computing, or of sleep, in which a training has to end that was asked to
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


def hears(process):
    """Whether a process catches SIGTERM, which Python by itself doesn't. True where the system doesn't tell."""
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    except OSError:
        return True
    return int(status.get("SigCgt", "0"), 16) >> (signal.SIGTERM - 1) & 1 == 1


def effort(process):
    """(seconds of the processor that a process has had, whether a thread of it waits for more); (0.0, False) where the
    system doesn't tell.
    """
    try:
        place = Path(f"/proc/{process.pid}")
        whole, *threads = (path.read_text() for path in (place / "stat", *place.glob("task/*/stat")))
    except OSError:
        return 0.0, False
    state, ticks = 0, slice(11, 13)  # counted after the name, which may have spaces in it
    spent = sum(map(int, whole.rpartition(")")[2].split()[ticks])) / os.sysconf("SC_CLK_TCK")
    return spent, any(thread.rpartition(")")[2].split()[state] in "RD" for thread in threads)


def ended(process):
    """What a process says on stderr until it ends; or TimeoutError with where it stands, if it doesn't.

    A busy machine isn't a hang: what counts is time in which the process computes, or sleeps.
    """
    (before, _), last, asleep = effort(process), 0.0, 0
    while True:
        try:
            return process.communicate(timeout=1)[1]
        except subprocess.TimeoutExpired:
            spent, busy = effort(process)
            asleep, last = 0 if busy or spent > last else asleep + 1, spent
            if spent - before > SECONDS or asleep > SECONDS:
                process.send_signal(signal.SIGABRT)  # Python's faulthandler then says where it stands
                stack = " | ".join(process.communicate()[1].splitlines()[:40])
                raise TimeoutError(
                    f"still there, having computed for {spent - before:.0f} s and slept for {asleep}: {stack}"
                ) from None


def stop(process, name):
    """Send a living process a signal and see it end. Returns what was wrong with that, or ""."""
    number, heard = getattr(signal, f"SIG{name}"), hears(process)
    process.send_signal(number)
    try:
        words = ended(process)
    except TimeoutError as error:
        return str(error)
    if not heard and process.returncode in (-number, 1, CODES[name]):
        return ""
    if process.returncode not in (CODES[name], 0) or "Traceback" in words:
        return f"exit code {process.returncode}, {words.strip().splitlines()[-1:] or 'no word'}"
    return ""


def chain(data, folder, name, moments, expected):
    """Start a training again and again, stopping each start after the next of the moments, until one comes to its end.

    Returns how many signals were sent, how many starts they ended, and what was wrong, or "".
    """
    out, place, sent, stopped = folder / "a.npz", folder / "a.checkpoint.npz", 0, 0
    while not out.exists() or place.exists():
        process = start(out, *(["--resume"] if place.exists() else ["--data", data, *OPTIONS]))
        moment = next(moments, 0.0)
        if moment:
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                sent += 1
                if wrong := stop(process, name):
                    return sent, stopped, f"after {moment:.3f} s: {wrong}"
        words = ended(process)
        if process.returncode and sent == stopped:
            return sent, stopped, f"not to be finished: {words.strip()[-200:]}"
        stopped += process.returncode != 0
        try:
            if out.exists():
                load_digit_net(out)
            if place.exists():
                checkpoint.read(place)
        except ValueError as error:
            return sent, stopped, f"after {moment:.3f} s: not whole: {error}"
    found = weights(out)
    if found.keys() != expected.keys() or not all(np.array_equal(found[key], a) for key, a in expected.items()):
        return sent, stopped, "it ended with other bits"
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
    return sent, stopped, f"left behind: {left}" if left else ""


def campaign(n, name, seed=0, cold=False):
    """Send n signals. Returns how many starts they ended, and Counter of trainings by what was wrong with them, where
    "" counts those that were well.
    """
    # A program started in the background ignores Ctrl-C, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outcomes, rng, sent, stopped = Counter(), np.random.default_rng((seed, CODES[name] % 256)), 0, 0
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        data_set(data)
        if cold:
            os.environ["NUMBA_CACHE_DIR"] = str(Path(folder, "cache"))
        for _ in range(1 if cold else 2):  # the first may compile the kernels, and live longer than those to come
            begun = time.perf_counter()
            process = start(Path(folder, "a.npz"), "--data", data, *OPTIONS)
            words = ended(process)
            if process.returncode:
                raise RuntimeError(words)
        life, expected = time.perf_counter() - begun, weights(Path(folder, "a.npz"))
        while sent < n:
            moments = iter(rng.uniform(0, life, n - sent).tolist())
            with tempfile.TemporaryDirectory() as place:
                if cold:
                    os.environ["NUMBA_CACHE_DIR"] = str(Path(place, "cache"))
                more, ends, wrong = chain(Path(data), Path(place), name, moments, expected)
            sent, stopped = sent + more, stopped + ends
            outcomes[wrong] += 1
            if wrong:
                print(f"{name}, seed {seed}, after {sent} signals: {wrong}", flush=True)
    return stopped, outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20, help="signals of each kind")
    parser.add_argument("--signal", choices=CODES, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cold", action="store_true", help="begin each training without compiled kernels")
    args = parser.parse_args()
    finds = 0
    for name in args.signal or CODES:
        stopped, outcomes = campaign(args.n, name, args.seed, args.cold)
        wrong = outcomes.total() - outcomes[""]
        finds += wrong
        print(f"{name}: {args.n} signals, {stopped} ended a training and {args.n - stopped} came too late; of "
              f"{outcomes.total()} trainings, each gone on with after every signal, {outcomes['']} finished with the "
              f"same bits, {wrong} not", flush=True)  # fmt: skip
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
