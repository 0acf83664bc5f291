"""benchmarks/campaign/: a small part of the campaigns; each would see what it looks for."""

import re
import subprocess
import sys

import pytest

pytest.importorskip("pygame")

from benchmarks.campaign import kills, monkey, mutants, options, targets
from benchmarks.campaign.targets import TARGETS, Target, attempt
from window.data import hand, live


@pytest.mark.parametrize("kind", TARGETS)
def test_mutants_are_read_or_refused(kind):
    outcomes, _, _ = mutants.campaign(kind, 60, seed=1)
    assert outcomes["read"] + outcomes["refused"] == 60 and outcomes["read"] and outcomes["refused"]


def test_the_same_seed_makes_the_same_mutants(tmp_path):
    originals = [path.read_bytes() for path in targets.good_files("weights", tmp_path)]
    made = [[mutants.mutant("weights", number, seed, originals) for number in range(20)] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert all(data != originals[which] for which, data in made[0])


def fails(error):
    def read(path):
        raise error

    return Target(None, read)


def test_what_is_a_find():
    assert attempt(fails(ValueError("a: no")), None) == ("refused", "a: no")
    assert attempt(fails(OSError("no")), None)[0] == "refused"
    assert attempt(fails(ValueError("two\nlines")), None)[0] == "raised"
    assert attempt(fails(ValueError()), None)[0] == "raised"
    assert attempt(fails(KeyError("about")), None) == ("raised", "KeyError: 'about'")
    assert attempt(Target(None, lambda path: 1), None) == ("read", "")


def test_events_without_a_mind_raise_nothing(monkeypatch):
    monkeypatch.setattr(hand, "learn", hand.learn)  # which the campaign replaces
    monkeypatch.setattr(live, "learn", live.learn)
    assert monkey.campaign(1500, seed=3)[0] == 0


def test_odd_options_are_taken_or_refused_in_one_line(monkeypatch):
    for program, names in ((options.train, ("train", "evaluate")), (options.play, ("predict", "open_window"))):
        for name in names:
            monkeypatch.setattr(program, name, getattr(program, name))
    outcomes = options.campaign(300, seed=2)
    assert outcomes["raised"] == 0 and outcomes["taken"] and outcomes["refused"]


DEAF = "import signal, sys\nfor n in (2, 15): signal.signal(n, lambda *_: None)\nprint(end='x', flush=True)\n"
HANGS = {
    "sleeps": (DEAF + "import threading\nlock = threading.Lock()\nwhile True: lock.acquire()", "slept for [1-9]"),
    "computes": (DEAF + "while True: pass", "computed for [1-9] s and slept for 0"),
    "raises": ("import signal\nsignal.signal(15, print)\nprint(end='x', flush=True)\nwhile True: pass", "code -2"),
    "is too late": (DEAF + "import time\ntime.sleep(0.5)", ""),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process does")
@pytest.mark.parametrize("program, said", HANGS.values(), ids=HANGS)
def test_a_training_that_does_not_end_is_a_find(interruptible, monkeypatch, program, said):
    monkeypatch.setattr(kills, "SECONDS", 1)
    command = [sys.executable, "-X", "faulthandler", "-c", program]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.read(1) == "x"
        wrong = kills.stop(process, "INT")
    finally:
        process.kill()
    assert re.search(said, wrong) and bool(said) == bool(wrong) and ("line" in wrong) == ("still there" in wrong)


def test_a_training_is_interrupted_and_gone_on_with_until_it_ends(interruptible, tmp_path):
    data, folder = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    folder.mkdir()
    kills.data_set(data)
    assert kills.chain(data, folder, "INT", iter([0.4]), {}) == (1, 1, "it ended with other bits")
    expected = kills.weights(folder / "a.npz")
    assert kills.chain(data, folder, "INT", iter([]), expected) == (0, 0, "")
    (folder / ".a.npz.12").touch()
    assert kills.chain(data, folder, "INT", iter([]), expected) == (0, 0, "left behind: ['.a.npz.12']")
    (folder / "a.npz").write_bytes(b"half")
    (folder / "a.checkpoint.npz").write_bytes(b"half")
    assert kills.chain(data, folder, "INT", iter([]), expected)[2].startswith("not to be finished: train.py: ")
