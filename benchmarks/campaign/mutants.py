"""Mutants of every kind of file, read as the program reads them: each is read or refused in one line, soon and small.

    python -m benchmarks.campaign.mutants --n 100000 [--kind weights] [--seed 0] [--keep FOLDER]

A mutant is a good file with bytes changed, cut, doubled or taken from another place, or, for .npz and JSON, with its
inside changed and packed again as if nothing had happened. They are read in another process, which is ended where one
takes longer than SECONDS. The last line is the sum of all; the exit code is 1 if there was a find. Finds are kept.
"""

import argparse
import io
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.campaign.targets import TARGETS, attempt, good_files, quiet

SECONDS, MEGABYTES = 5, 500  # what one file may take, beside the program itself
INTERESTING = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
VALUES = (None, True, -1, 0, 1e999, -1e308, 10**6, 10**30, "", "\ud800", "\n", [], {}, [[]], [1, 2, 3], 0.5, "9" * 5000)


def mutate(data, rng, others):
    """Bytes of a file like `data`, changed in one to four places."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at, length = int(rng.integers(0, len(data) + 1)), int(2 ** rng.uniform(0, 8))
        match rng.integers(0, 7):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.integers(0, 8)
            case 1 if data:
                data[at % len(data)] = INTERESTING[rng.integers(0, len(INTERESTING))]
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length]
            case 4:
                data[at : at + length] = rng.bytes(length)
            case 5:
                other = others[rng.integers(0, len(others))]
                start = int(rng.integers(0, len(other)))
                data[at : at + length] = other[start : start + length]
            case 6 if rng.random() < 0.2:
                del data[at:]
    return bytes(data)


def mutate_json(text, rng):
    """A text of JSON with one value in it replaced, doubled or left out."""
    data = json.loads(text)
    places = []

    def walk(value):
        keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places.append((value, key))
            walk(value[key])

    walk(data)
    home, key = places[rng.integers(0, len(places))]
    match rng.integers(0, 4):
        case 0:
            del home[key]
        case 1 if isinstance(home, list):
            home[key:key] = [home[key]] * int(rng.integers(1, 2000))
        case 2 if isinstance(home[key], int | float) and home[key] == home[key]:
            home[key] = home[key] * (-1, 10, 1000, 1.5)[rng.integers(0, 4)]
        case _:
            home[key] = VALUES[rng.integers(0, len(VALUES))]
    return json.dumps(data)


def mutate_npz(data, rng, others):
    """An .npz file's bytes with one of its members changed, renamed, doubled or left out; its checksums hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    texts = [name for name in ("about.npy", "run.npy") if name in members]
    names = list(members)
    name = texts[0] if rng.random() < 0.5 else names[rng.integers(0, len(names))]
    match rng.integers(0, 6):
        case 0:
            del members[name]
        case 1:
            members[f"{rng.integers(0, 9)}.w.npy"] = members.pop(name)
        case 2:
            head = bytearray(members[name][:128])
            members[name] = mutate(head, rng, others) + members[name][128:]
        case 3 if name not in texts:
            array = np.load(io.BytesIO(members[name])).copy()
            values = (np.nan, np.inf, -1, 3e38, 0) if array.dtype.kind == "f" else (-1,)
            array.flat[: rng.integers(1, 4)] = values[rng.integers(0, len(values))]
            members[name] = npy(array)
        case _:
            text = str(np.load(io.BytesIO(members[texts[0]])))
            members[texts[0]] = npy(np.array(mutate_json(text, rng)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[rng.integers(0, 2)]) as file:
        for name, member in members.items():
            file.writestr(name, member)
    return packed.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def mutant(kind, number, seed, originals):
    """(which good file, the bytes of the mutant) of this number: the same in every run."""
    rng = np.random.default_rng((seed, list(TARGETS).index(kind), number))
    which = int(rng.integers(0, len(originals)))
    data = originals[which]
    inside = rng.random() < 0.6
    if inside and kind in ("weights", "checkpoints"):
        return which, mutate_npz(data, rng, originals)
    if inside and kind in ("sessions", "samples"):
        return which, mutate_json(data, rng).encode()
    return which, mutate(data, rng, originals)


def work(pipe, kind, seed, folder):
    """Read the mutants whose numbers come through the pipe; answer (outcome, words, seconds, megabytes)."""
    quiet()
    paths = good_files(kind, folder)
    originals = [path.read_bytes() for path in paths]
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # noqa: E731
    pipe.send(None)
    before = peak()  # what the program itself takes: a fork of one that has just compiled its kernels is large
    for number in iter(pipe.recv, None):
        which, data = mutant(kind, number, seed, originals)
        paths[which].write_bytes(data)
        start = time.perf_counter()
        outcome, words = attempt(TARGETS[kind], paths[which])
        seconds = time.perf_counter() - start
        paths[which].write_bytes(originals[which])
        pipe.send((outcome, words, seconds, peak() - before))


class Reader:
    """A process that reads mutants of one kind, and is begun anew where it must be ended."""

    def __init__(self, kind, seed):
        self.kind, self.seed, self.process = kind, seed, None

    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, self.kind, self.seed, self.folder.name), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe.recv()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None
            self.folder.cleanup()

    def read(self, number):
        """(outcome, words, seconds, megabytes) of a mutant; the outcome may also be "slow", "large" or "died"."""
        if not self.process:
            self.start()
        self.pipe.send(number)
        if not self.pipe.poll(SECONDS):
            self.stop()
            return "slow", f"not read after {SECONDS} s", SECONDS, 0.0
        try:
            outcome, words, seconds, megabytes = self.pipe.recv()
        except EOFError:
            self.stop()
            return "died", "the process ended", 0.0, 0.0
        if megabytes > MEGABYTES:
            self.stop()
            outcome, words = "large", f"{megabytes:.0f} MB"
        return outcome, words, seconds, megabytes


def campaign(kind, n, seed=0, keep=None):
    """Read n mutants of a kind. Returns Counter of outcomes, the longest time in seconds, the most memory in MB."""
    outcomes, longest, largest = Counter(), 0.0, 0.0
    reader = Reader(kind, seed)
    for number in range(n):
        outcome, words, seconds, megabytes = reader.read(number)
        outcomes[outcome] += 1
        longest, largest = max(longest, seconds), max(largest, megabytes)
        if outcome not in ("read", "refused"):
            print(f"{kind}, seed {seed}, mutant {number}: {outcome}: {words[:300]}", flush=True)
            if keep:
                with tempfile.TemporaryDirectory() as folder:
                    paths = good_files(kind, folder)
                    which, data = mutant(kind, number, seed, [path.read_bytes() for path in paths])
                    Path(keep).mkdir(parents=True, exist_ok=True)
                    Path(keep, f"{kind}-{seed}-{number}-{paths[which].name}").write_bytes(data)
    reader.stop()
    return outcomes, longest, largest


def summary(name, outcomes, longest, largest):
    finds = sum(count for outcome, count in outcomes.items() if outcome not in ("read", "refused"))
    counts = {"tracebacks": "raised", f"over {SECONDS} s": "slow", f"over {MEGABYTES} MB": "large", "died": "died"}
    words = (
        f"{name}: {sum(outcomes.values()):,} mutants, {outcomes['read']:,} read, {outcomes['refused']:,} refused, "
        + ", ".join(f"{outcomes[outcome]} {what}" for what, outcome in counts.items())
        + f"; at most {longest:.2f} s and {largest:.0f} MB"
    )
    return words, finds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1200, help="mutants of all kinds together")
    parser.add_argument("--kind", choices=TARGETS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="a folder for mutants that were a find")
    args = parser.parse_args()
    kinds, total, longest, largest = args.kind or list(TARGETS), Counter(), 0.0, 0.0
    for kind in kinds:
        found = campaign(kind, -(-args.n // len(kinds)), args.seed, args.keep)
        print(summary(kind, *found)[0], flush=True)
        total, longest, largest = total + found[0], max(longest, found[1]), max(largest, found[2])
    words, finds = summary("all", total, longest, largest)
    print(words)
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
