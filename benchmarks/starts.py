"""What only a new process can show: start-up, compiling, memory, a whole training; used by speed.py."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COMPILE = "from nn.network import digit_net; from nn.training import warm_up; warm_up(digit_net())"

FIRST_FRAME = """
import os, sys
sys.argv[0] = "play.py"
import pygame
pygame.display.flip = lambda: os._exit(0)
import play
sys.exit(play.main() or 1)  # back here, it has drawn nothing
"""

PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def timed(*arguments, environment=(), folder=ROOT):
    """(seconds, output) of a new Python process in the project's folder. RuntimeError, its last line, if it fails."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                          env=os.environ | dict(environment))  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode:
        reason = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(f"python {' '.join(map(str, arguments))[:60]}: {reason[-1]}")
    return seconds, done.stdout


def import_nn():
    return timed("-c", "import nn")[0]


def train_help():
    return timed("train.py", "--help")[0]


def first_frame():
    """Until play.py has drawn its window, without a screen, with no compiled kernels to load. None without pygame."""
    if importlib.util.find_spec("pygame") is None:
        return None
    with tempfile.TemporaryDirectory() as empty:
        environment = {"SDL_VIDEODRIVER": "dummy", "NUMBA_CACHE_DIR": empty}
        return timed("-c", FIRST_FRAME, "--samples", empty, environment=environment)[0]


def compiling():
    """Seconds that a first training spends on compiling: a start without compiled kernels, less one with them."""
    timed("-c", COMPILE)
    with tempfile.TemporaryDirectory() as empty:
        return timed("-c", COMPILE, environment={"NUMBA_CACHE_DIR": empty})[0] - timed("-c", COMPILE)[0]


def quick_recipe(seed, threads, checkout=ROOT):
    """(seconds, test accuracy 0..1) of `train.py --recipe quick`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "quick.npz"
        options = ("--recipe", "quick", "--seed", seed, "--threads", threads, "--out", out)
        seconds, _ = timed("train.py", *options, folder=checkout)
        return seconds, json.loads(out.with_suffix(".json").read_text())["test_accuracy"]


def mpiexec():
    """The path of mpiexec, this environment's before others; None without it or mpi4py."""
    if importlib.util.find_spec("mpi4py") is None:
        return None
    return shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def quick_epoch(ranks, threads):
    """Seconds of the epoch of `train.py --recipe quick` on so many ranks of so many threads, validation included."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "quick.npz"
        command = [sys.executable, "train.py", "--recipe", "quick", "--threads", str(threads), "--out", str(out)]
        if ranks > 1:
            command = [mpiexec(), "-n", str(ranks), *command]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:5])}: {done.stderr.strip().splitlines()[-1:]}")
        return json.loads(out.with_suffix(".json").read_text())["history"][0]["seconds"]


def peak_memory(threads):
    """Megabytes of an epoch of `train.py` with its default recipe, or None where the system doesn't tell."""
    try:
        import resource  # noqa: F401
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        training = ("train.py", "--epochs", 1, "--threads", threads, "--out", Path(folder) / "memory.npz")
        peak = int(timed("-c", PEAK, sys.executable, *training)[1])
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # macOS counts bytes, Linux kilobytes
