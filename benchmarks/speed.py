"""How fast the network trains, answers and starts, beside other engines and plain NumPy, and beside its targets.

    python benchmarks/speed.py                    # everything, about 12 minutes
    python benchmarks/speed.py --quick            # half a minute: fewer contestants and turns, no whole trainings
    python benchmarks/speed.py --only training    # one section; --only may be repeated

The contestants take turns, A B C A B C ..., each in a process of its own that sleeps while another runs. The first turn
warms up and isn't counted. Figures are medians with their quartiles; a ratio is taken within each turn, so that a
machine that slows down slows both. The others are an extra (pip install -e ".[bench]"), left out by name where missing;
all start from our weights, and their answers are compared with ours first. Nothing else should run meanwhile.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import kernels  # noqa: E402
import starts  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from nn import mnist, training  # noqa: E402
from nn.files import write_whole  # noqa: E402
from nn.network import digit_net  # noqa: E402
from nn.recipes import Recipe  # noqa: E402

BATCH = 128
PYTORCH = ("PyTorch", "PyTorch, channels last")
PYTORCH_FLOAT32 = (*PYTORCH, "PyTorch, compiled")
KERAS = ("Keras", "Keras, XLA")
ENGINES = ("ONNX Runtime", "OpenVINO", "OpenVINO, throughput")  # they only answer; float32


class Worker:
    """A contestant's process: see rivals.py."""

    def __init__(self, label, name, threads):
        self.label = label
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (it goes with the process)
        environment = os.environ | {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("rivals.py"), name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment,
        )  # fmt: skip

    def ask(self, **task):
        with contextlib.suppress(BrokenPipeError):  # it has ended; answer() tells why
            print(json.dumps(task), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            reason = self.errors.read().strip().splitlines() or [f"exit code {self.process.wait()}"]
            raise RuntimeError(f"{self.label} failed: {reason[-1]}")
        return json.loads(line)

    def close(self):
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            self.process.stdin.close()
        self.process.wait()


class Bench:
    """Options of a run, and what was found: `figures` {section: data}, `targets`, the last table's rows, `versions`."""

    def __init__(self, args):
        self.threads, self.quick, self.before = args.threads, args.quick, args.before
        self.figures, self.targets, self.versions = {}, [], []

    def contest(self, contestants, tasks, turns):
        """{task: {label: [a figure a turn]}} of contestants {label: (name, threads)} and tasks {task: request}.

        Where a library isn't installed, its label is missing.
        """
        workers = [Worker(label, *of) for label, of in contestants.items()]
        present, found = [], {task: {} for task in tasks}
        try:
            for worker in workers:
                hello = worker.answer()
                if "absent" in hello:
                    print(f"  {worker.label}: skipped, {hello['absent']} is not installed")
                else:
                    present.append(worker)
                    self.versions += [hello["version"]] if hello["version"] not in self.versions else []
            for turn in range(turns + 1):
                for task, request in tasks.items():
                    for worker in present:
                        time.sleep(0.2)  # another library's threads, that spun for work, have gone to sleep
                        figure = worker.ask(**request)
                        if turn:
                            found[task].setdefault(worker.label, []).append(figure)
        finally:
            for worker in workers:
                worker.close()
        return found

    def target(self, what, figure, unit, bound, at_most=False):
        """Note a row of the table; figure: a number or quartiles."""
        low, figure, high = figure if isinstance(figure, list) else (None, figure, None)
        met, spread = figure <= bound if at_most else figure >= bound, None if low is None else [low, high]
        self.targets.append({"what": what, "figure": figure, "spread": spread, "unit": unit, "target": bound,
                             "at_most": at_most, "met": bool(met)})  # fmt: skip


def quartiles(values):
    return statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3


def ratios(a, b):
    """Quartiles of a / b, turn by turn."""
    return quartiles([x / y for x, y in zip(a, b, strict=True)])


def best(results, names, smallest=False):
    """The name with the best median, or None where all are absent."""
    present = [name for name in names if name in results]
    return (min if smallest else max)(present, key=lambda name: statistics.median(results[name]), default=None)


def print_results(results, unit, scale=1.0):
    for name, values in results.items():
        low, middle, high = (scale * q for q in quartiles(values))
        print(f"  {name:<40}{middle:>10,.0f} {unit:<10} ({low:,.0f} to {high:,.0f} in half of {len(values)} turns)")


# --- the sections ------------------------------------------------------------------------------------------------

def measure_training(bench):
    """Training throughput: batch 128, AdamW, no augmentation"""
    others = ("NumPy", *PYTORCH_FLOAT32, *KERAS, "JAX")
    names = ("ours", "PyTorch, bfloat16", *(("PyTorch, channels last", "Keras") if bench.quick else others))
    everyone = {name: (name, bench.threads) for name in names}
    turns, seconds = (2, 0.2) if bench.quick else (9, 1.0)
    task = {"training": {"do": "train", "batch": BATCH, "seconds": seconds}}
    results = bench.contest(everyone, task, turns)["training"]
    print_results(results, "images/s")
    groups = (("PyTorch in float32", PYTORCH_FLOAT32, 3.2), ("PyTorch in bfloat16", ("PyTorch, bfloat16",), 1.7),
              ("Keras", KERAS, 2.4))  # fmt: skip
    for library, group, bound in groups:
        rival = best(results, group)
        if rival:
            bench.target(f"training, ours / {library}", ratios(results["ours"], results[rival]), "x", bound)
    return results


def measure_inference(bench):
    """Inference: uint8 images in, probabilities out"""
    others = ("NumPy", *PYTORCH, *KERAS, "JAX", "OpenVINO, default")
    everyone = {name: (name, bench.threads) for name in ("ours", *ENGINES, *(() if bench.quick else others))}
    if bench.threads > 1:
        everyone |= {f"{name}, {_threads(1)}": (name, 1) for name in ("ours", *ENGINES[:2])}
    turns, seconds = (2, 0.1) if bench.quick else (9, 0.3)
    tasks = {"one": {"do": "one", "seconds": seconds}, "many": {"do": "many", "batch": 256, "seconds": seconds}}
    if not bench.quick:
        tasks["test set"] = {"do": "many", "batch": 10_000, "seconds": seconds}
    results = bench.contest(everyone, tasks, turns)
    for task, title in (("one", "one image"), ("many", "256 images"), ("test set", "10,000 images")):
        if task in results:
            print(f"  {title}")
            print_results(results[task], *(("us", 1e6) if task == "one" else ("images/s",)))
    one, runtime = results["one"], best(results["one"], ("ONNX Runtime", "ONNX Runtime, 1 thread"), smallest=True)
    if runtime:
        bench.target("one image, time, ours / ONNX Runtime", ratios(one["ours"], one[runtime]), "x", 0.9, at_most=True)
    engines = (*ENGINES, *(f"{name}, 1 thread" for name in ENGINES[:2]))
    for task, title in (("many", "256 images"), ("test set", "10,000 images")):
        engine = best(results.get(task, {}), engines)
        if engine:
            found = ratios(results[task]["ours"], results[task][engine])
            bench.target(f"{title}, ours / best float32 engine", found, "x", 1.5)
        if f"ours, {_threads(1)}" in results.get(task, {}):
            found = ratios(results[task]["ours"], results[task][f"ours, {_threads(1)}"])
            bench.target(f"{title}, {_threads(bench.threads)} / 1", found, "x", 1.0)
    return results


def measure_scaling(bench):
    """Scaling: threads, batches, augmentation"""
    turns, seconds = (2, 0.2) if bench.quick else (7, 1.0)
    counts = sorted({1, 2, bench.threads} | {n for n in (4, 8) if n <= os.cpu_count()})
    contestants = {_threads(n): ("ours", n) for n in counts} | {"augmented": ("ours, augmented", bench.threads)}
    task = {"training": {"do": "train", "batch": BATCH, "seconds": seconds}}
    found = bench.contest(contestants, task, turns)["training"]
    bench.target("threads, 2 / 1", ratios(found["2 threads"], found["1 thread"]), "x", 1.85)
    slower = ratios(found[_threads(bench.threads)], found["augmented"])
    bench.target("augmentation, more time", [100 * (r - 1) for r in slower], "%", 25, at_most=True)
    if not bench.quick:
        tasks = {f"batches of {n}": {"do": "train", "batch": n, "seconds": seconds} for n in (32, 64, 128, 256, 512)}
        batches = bench.contest({"ours": ("ours", bench.threads)}, tasks, turns)
        found |= {task: results["ours"] for task, results in batches.items()}
    print_results(found, "images/s")
    return found


def _threads(n):
    return "1 thread" if n == 1 else f"{n} threads"


def measure_time_to_99(bench):
    """Time to 99 %: train.py --recipe quick, from the command to the end"""
    if bench.quick:
        return print("  skipped by --quick")
    runs, before = [], []
    for checkout in filter(None, (ROOT, bench.before)):
        starts.quick_recipe(0, bench.threads, checkout)  # a first run compiles
    for seed in range(5):
        runs.append(starts.quick_recipe(seed, bench.threads))
        seconds, accuracy = runs[-1]
        print(f"  seed {seed}: {accuracy:.2%} of the test set in {seconds:.2f} s")
        if bench.before:
            before.append(starts.quick_recipe(seed, bench.threads, bench.before))
            print(f"          {before[-1][1]:.2%} in {before[-1][0]:.2f} s in {bench.before.name}")
    bench.target("quick recipe, accuracy, mean of 5", 100 * statistics.mean(a for _, a in runs), "%", 99.0)
    bench.target("quick recipe, time", quartiles([s for s, _ in runs]), "s", 20, at_most=True)
    if before:
        found = ratios(*([seconds for seconds, _ in taken] for taken in (runs, before)))
        bench.target(f"quick recipe, time / that of {bench.before.name}", found, "x", 0.65, at_most=True)
    first = starts.compiling()
    print(f"  compiling all kernels, on a machine that never did: {first:.1f} s")
    bench.target("first run, compiling", first, "s", 15, at_most=True)
    return {"runs": runs, "compiling": first}


def measure_ranks(bench):
    """Several processes: the epoch of recipe quick, one thread each, under mpiexec"""
    if bench.quick:
        return print("  skipped by --quick")
    if starts.mpiexec() is None:
        return print("  skipped: mpi4py or mpiexec is not installed")
    runs = {"1 rank": (1, 1), "2 ranks": (2, 1), "2 threads": (1, 2)}
    turns = [{name: starts.quick_epoch(*of) for name, of in runs.items()} for _ in range(5)]
    found = {name: [turn[name] for turn in turns] for name in runs}
    print_results(found, "ms", 1e3)
    bench.target("ranks, 2 / 1", ratios(found["1 rank"], found["2 ranks"]), "x", 1.9)
    return found


def measure_memory(bench):
    """Memory: an epoch of train.py's default recipe, pictures included"""
    if bench.quick:
        return print("  skipped by --quick")
    peak = starts.peak_memory(bench.threads)
    if peak is None:
        return print(f"  skipped: {platform.system()} doesn't tell a process's peak memory")
    print(f"  peak resident memory {peak:.0f} MB")
    bench.target("peak memory", peak, "MB", 400, at_most=True)
    return peak


def measure_start(bench):
    """Start-up: new processes, the interpreter's own start included"""
    found = {}
    for what, run, bound in (
        ("import nn", starts.import_nn, 0.5),
        ("train.py --help", starts.train_help, 0.5),
        ("play.py, first frame, nothing compiled", starts.first_frame, 0.7),
    ):
        if run() is None:
            print(f"  {what}: skipped, pygame is not installed")
            continue
        found[what] = [run() for _ in range(2 if bench.quick else 9)]
        bench.target(what, quartiles(found[what]), "s", bound, at_most=True)
    print_results(found, "ms", 1e3)
    return found


def trained():
    """(network after 50 steps, images, labels): gradients and dead units as in training, not as at its start."""
    images, labels = mnist.load_part(mnist.SHIPPED, "train")
    network = digit_net(np.random.default_rng(0))
    recipe = Recipe(epochs=1, batch_size=BATCH, augment=None, schedule="constant", lr=1e-3)
    for _ in training.fit(network, images[: 50 * BATCH], labels[: 50 * BATCH], recipe):
        pass
    return network, images[-kernels.N :], labels[-kernels.N :]


def measure_steps(bench):
    """Where a training step's time goes: microseconds an image, one thread"""
    network, images, labels = trained()
    with threadpool_limits(1, user_api="blas"):
        found = kernels.profile(network, images, labels, BATCH, 1 if bench.quick else 15)
    steps, others = found["steps"], found["others"]
    print(f"  {'':<36}{'forward':>9}{'backward':>10}   the plain layers' matrix products alone")
    for name, forward, backward, products, products_back in steps:
        limit = f"{products:>9.1f}{products_back:>10.1f}" if products else ""
        print(f"  {name:<36}{forward:>9.1f}{backward:>10.1f}   {limit}")
    columns = [sum(column) for column in list(zip(*steps, strict=True))[1:]]
    print(f"  {'all':<36}{columns[0]:>9.1f}{columns[1]:>10.1f}   {columns[2]:>9.1f}{columns[3]:>10.1f}")
    for name, taken in others.items():
        print(f"  {name:<36}{taken:>9.1f}")
    limit = columns[2] + columns[3]
    print(f"  The products run at {found['gflops']:.0f} GFLOP/s. Were they all there is to do, the limit would be")
    print(f"  {1e6 / limit:,.0f} images/s a thread; the steps reach {1e6 / sum(columns[:2]):,.0f}.")
    bench.target("one thread's share of the products' limit", 100 * limit / sum(columns[:2]), "%", 75)
    return found


def measure_kernels(bench):
    """Each Numba kernel against the best plain NumPy: microseconds an image, one thread"""
    network, images, labels = trained()
    with threadpool_limits(1, user_api="blas"):
        rows = kernels.compare(network, images, labels, 2 if bench.quick else 20)
    print(f"  {'':<32}{'Numba':>9}{'NumPy':>9}{'NumPy / Numba':>16}")
    for name, ours, theirs in rows:
        print(f"  {name:<32}{ours:>9.2f}{theirs:>9.2f}{theirs / ours:>14.1f} x")
        bench.target(f"{name}, NumPy / Numba", theirs / ours, "x", 1.0)
    return rows


SECTIONS = {
    "training": measure_training, "inference": measure_inference, "time": measure_time_to_99,
    "memory": measure_memory, "start": measure_start, "scaling": measure_scaling, "ranks": measure_ranks,
    "steps": measure_steps, "kernels": measure_kernels,
}  # fmt: skip


# --- the whole ------------------------------------------------------------------------------------------------------

def machine():
    """What ran it: processor, cores, system, versions."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    packages = {name: importlib.metadata.version(name) for name in ("numpy", "numba")}
    return {"processor": processor, "cores": os.cpu_count(), "system": platform.platform(),
            "python": platform.python_version(), **packages}  # fmt: skip


def print_targets(targets):
    print(f"\n{'':<44}{'figure':>12}{'':<5}{'quartiles':>18}   target")
    for row in targets:
        spread = "{:,.2f} to {:,.2f}".format(*row["spread"]) if row["spread"] else ""
        bound = f"{'<=' if row['at_most'] else '>='} {row['target']:g} {row['unit']}"
        verdict = "met" if row["met"] else "MISSED"
        print(f"{row['what']:<44}{row['figure']:>12,.2f} {row['unit']:<4}{spread:>18}   {bound:<12}{verdict}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.error = lambda message: parser.exit(2, f"speed.py: {message}\n")  # one line, without the usage above it
    parser.add_argument("--quick", action="store_true", help="fewer contestants and turns, no whole trainings")
    parser.add_argument("--only", choices=SECTIONS, action="append", metavar="SECTION",
                        help=f"one of {', '.join(SECTIONS)}; may be repeated")  # fmt: skip
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of each contestant (2)")
    parser.add_argument("--before", type=Path, metavar="DIR", help="another checkout, whose recipe quick takes turns")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every figure there as well")
    parser.add_argument("--chart", type=Path, metavar="OUT", default=Path(__file__).with_name("speed.png"),
                        help="where the bar chart goes (benchmarks/speed.png)")  # fmt: skip
    args = parser.parse_args()
    if not 1 <= args.threads <= BATCH:
        parser.error(f"argument --threads: expected 1 to {BATCH}, got {args.threads}")
    for path in (args.json, args.chart):
        if path and not path.absolute().parent.is_dir():
            parser.error(f"{path}: no such folder")
    if args.before and not (args.before / "train.py").is_file():
        parser.error(f"--before {args.before}: no train.py there")

    bench, about = Bench(args), machine()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{args.threads} threads; load of the machine before the start: {load}")
    try:
        for name in args.only or SECTIONS:
            print(f"\n{SECTIONS[name].__doc__}")
            bench.figures[name] = SECTIONS[name](bench)
    except (RuntimeError, ValueError) as error:
        print(f"speed.py: {error}", file=sys.stderr)
        return 2
    print_targets(bench.targets)
    print("\n" + "; ".join(bench.versions))
    if args.json:
        report = {"machine": about, "threads": args.threads, "versions": bench.versions,
                  "targets": bench.targets, "figures": bench.figures}  # fmt: skip
        write_whole(args.json, (json.dumps(report, indent=1) + "\n").encode())
    if {"training", "inference"} & bench.figures.keys():
        from chart import draw

        draw(args.chart, bench.figures, about, args.threads)
        print(f"Chart: {args.chart}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
