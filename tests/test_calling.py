"""nn/calling.py: the commands that are printed, and programs without their packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from nn import calling

ROOT = Path(__file__).parents[1]


def test_a_command_names_the_interpreter_that_runs_as_typed_from_this_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    monkeypatch.chdir(ROOT)
    assert calling.command("play") == f"{Path('.venv/bin/python')} play.py"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my env" / "python"))
    python, program = calling.command("train").rsplit(" ", 1)
    assert python.strip("'\"") == str(Path("my env/python")) and (tmp_path / program).samefile(ROOT / "train.py")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "digits-train")])
    assert calling.command("play") == str(Path("bin/digits-play"))


@pytest.mark.parametrize("command", ["train.py", "train.py --evaluate", "play.py", "play.py --predict x.png"])
def test_without_packages_a_program_ends_in_one_line_with_the_mend(command):
    done = subprocess.run([sys.executable, "-S", *command.split()], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(command.split()[0] + ": ") and "threadpoolctl" in done.stderr
    assert ".venv" in done.stderr and ("pygame-ce" in done.stderr) == (command == "play.py")


def test_one_missing_package_is_named_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    line = calling.missing("train", "numpy", "threadpoolctl")
    assert " has no threadpoolctl. Try: " in line and "pip" in line and not calling.missing("train", "numpy")
