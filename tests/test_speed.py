"""benchmarks/speed.py: each kernel has a plain NumPy counterpart with the same results; mistakes get one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nn import augment, fused, kernels, normed, optim, winograd

SPEED = Path(__file__).parent.parent / "benchmarks" / "speed.py"


def speed(*arguments):
    return subprocess.run([sys.executable, SPEED, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.shipped
def test_every_kernel_is_compared_with_numpy(tmp_path):
    """The benchmark itself compares their results before it times them, and fails where they differ."""
    run = speed("--quick", "--only", "kernels", "--json", tmp_path / "speed.json")
    assert run.returncode == 0, run.stderr
    rows = json.loads((tmp_path / "speed.json").read_text())["figures"]["kernels"]
    everywhere = [vars(module) for module in (kernels, augment, optim, winograd, normed, fused)]
    compiled = {name for names in everywhere for name in names if hasattr(names[name], "py_func") and name[0] != "_"}
    assert {name for name, _, _ in rows} == compiled
    assert all(ours > 0 and theirs > 0 for _, ours, theirs in rows)


@pytest.mark.parametrize("arguments", [["--threads", "0"], ["--only", "sleep"], ["--json", "no/such/folder/x.json"],
                                       ["--before", "no/such/folder"]])
def test_a_mistake_is_one_line(arguments):
    run = speed(*arguments)
    assert run.returncode == 2
    assert run.stderr.startswith("speed.py: ") and run.stderr.count("\n") == 1
