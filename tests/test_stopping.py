"""nn/stopping.py, nn/streams.py and nn/outputs.py: programs that are stopped, can't print, or can't write."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_train import OPTIONS, run, start, wait_for

import train
from nn.files import write_whole
from nn.network import digit_net
from nn.outputs import Outputs
from nn.own_data import doubts, held_out_last, missing, transposed

ROOT = Path(__file__).parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals and streams")


# --- signals ------------------------------------------------------------------------------------------------

@posix
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_ends_after_the_step_and_says_what_is_saved(interruptible, idx_data, tmp_path, number, code):
    checkpoint = tmp_path / "mine.checkpoint.npz"
    process = start("--data", idx_data, "--out", tmp_path / "mine.npz", "--epochs", 1000)
    wait_for(checkpoint.exists, process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    said, command = errors.split(". Go on with:  ")
    assert re.fullmatch(r"\nStopped\. The weights after epoch \d+ are in .*", said)
    assert re.fullmatch(r".* --resume --out .*mine\.npz\n", command)
    assert os.listdir(tmp_path) == [checkpoint.name]


WAITS = """
import os, signal, sys, time
from nn import stopping
stopping.listen()
stopping.say("Stopped here.")
with stopping.tidied(lambda: print("tidied", flush=True)), stopping.patiently():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    print("asked", stopping.asked(), flush=True)
    if "twice" in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
if "after" in sys.argv:
    stopping._asked = 0
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
"""


@posix
@pytest.mark.parametrize("how, code, said", [
    ("once", 0, ""), ("twice", 143, ""), ("after", 143, "Stopped here.\n"),
])  # fmt: skip
def test_a_signal_asks_the_second_or_one_outside_patience_ends_at_once(interruptible, how, code, said):
    before = time.monotonic()
    done = subprocess.run([sys.executable, "-c", WAITS, how], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, "asked 130\ntidied\n", said)
    assert time.monotonic() - before < 4


def listens(process):
    """Whether a process catches SIGTERM, which Python by itself doesn't."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (signal.SIGTERM - 1) & 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells who listens")
@pytest.mark.parametrize("program", ["train.py", "play.py"])
def test_a_signal_at_any_moment_of_the_start_is_no_traceback(interruptible, program, tmp_path):
    arguments = ["--out", tmp_path / "a.npz"] if program == "train.py" else ["--predict", "weights/window.png"]
    for wait in (0, 0.05, 0.2, 0.5, 1.0):
        process = start(*arguments, program=program)
        wait_for(lambda: listens(process), process)  # noqa: B023
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors and process.returncode in (0, 2, 130), (wait, errors)
    assert not list(tmp_path.iterdir())


def test_before_a_program_listens_it_imports_nothing_that_takes_time():
    """digits-train and digits-play import all of train.py or play.py first."""
    script = "import sys, train, play; print(*sys.modules.keys() & {'numpy', 'numba', 'PIL', 'pygame', 'matplotlib'})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\n", "")
    for program in ("train.py", "play.py"):
        command = [sys.executable, "-X", "importtime", program, "--help"]
        imported = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stderr
        assert imported.index("| nn.stopping\n") < imported.index("| argparse\n"), program


@posix
def test_the_window_closes_on_a_signal(interruptible, tmp_path):
    pytest.importorskip("pygame")
    process = subprocess.Popen(
        [sys.executable, "play.py", "--samples", tmp_path], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"SDL_VIDEODRIVER": "dummy"},
    )  # fmt: skip
    time.sleep(2.5)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 143 and "Traceback" not in errors


# --- streams ------------------------------------------------------------------------------------------------

@posix
@pytest.mark.parametrize("shell", [
    "{} | head -n 1", "{} >&-", "{} 2>&-", "{} >/dev/full 2>/dev/full", "PYTHONIOENCODING=ascii {}",
])  # fmt: skip
def test_a_training_whose_words_go_nowhere_goes_on(idx_data, tmp_path, shell):
    folder = tmp_path / "zeichen-é-\N{SNOWMAN}"
    command = f"'{sys.executable}' train.py --data '{idx_data}' --epochs 1 --threads 1 --out '{folder}/a.npz'"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell.format(command)], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(os.listdir(folder)) == ["a.json", "a.npz", "a.report.png"]


@posix
@pytest.mark.parametrize("program", ["train.py --evaluate weights/digits.npz", "play.py --predict '{}'"])
def test_an_answer_that_cannot_be_printed_is_an_error(program, digits, tmp_path):
    Image.fromarray(digits[1][0][0]).save(tmp_path / "seven.png")
    command = f"'{sys.executable}' {program.format(tmp_path / 'seven.png')} >/dev/full"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "No space left" in done.stderr and done.stderr.count("\n") == 1


@posix
def test_help_and_predict_need_no_home():
    script = "import os; os.path.expanduser = lambda path: path; import play; play.parser(); print('made')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "made\n", done.stderr


# --- outputs ------------------------------------------------------------------------------------------------

def test_what_would_fail_at_the_end_is_refused_at_the_start(tmp_path):
    for name in ("a.npz", "a.checkpoint.npz", "a.json", "a.report.png"):
        folder = tmp_path / name.replace(".", "-")
        (folder / name).mkdir(parents=True)
        with pytest.raises(ValueError, match="is a folder"), Outputs(folder / "a.npz").claimed(digit_net()):
            pass
    too_long = pytest.raises(ValueError, match=r"x\.npz can't be written \(File name too long\); choose another --out")
    with too_long, Outputs(tmp_path / ("x" * 240 + ".npz")).claimed(digit_net()):
        pass
    unsaveable = digit_net(batch_norm=True)
    unsaveable.layers.pop()
    refused = pytest.raises(ValueError, match="can't be saved and loaded again")
    with refused, Outputs(tmp_path / "b.npz").claimed(unsaveable):
        pass
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_finished_training_and_a_folder_are_no_outputs(tmp_path, capsys):
    (tmp_path / "mine.npz").touch()
    assert train.main(["--resume", "--out", str(tmp_path / "mine")]) == 2
    assert f"this training is finished, its weights are in {tmp_path / 'mine.npz'}\n" in capsys.readouterr().err
    (tmp_path / "runs").mkdir()
    with pytest.raises(ValueError, match="runs is a folder; give --out the name of a file"):
        Outputs(tmp_path / "runs")


def test_two_trainings_to_one_file_and_what_a_killed_one_left(tmp_path):
    left = tmp_path / ".a.npz.12345"
    left.touch()
    out = Outputs(tmp_path / "a")
    with out.claimed(digit_net()):
        assert not left.exists()
        with pytest.raises(ValueError, match="another training"), out.claimed(digit_net()):
            pass
        with Outputs(tmp_path / "b").claimed(digit_net()):
            pass
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_named_with_the_file_and_the_way_on(idx_data, tmp_path, monkeypatch, capsys):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", lambda file: full(file) if (tmp_path / "a.checkpoint.npz").exists() else None)
    assert train.main([*map(str, OPTIONS), "--data", str(idx_data), "--out", str(tmp_path / "a.npz")]) == 2
    errors = capsys.readouterr().err
    assert re.fullmatch(r"train.py: .*/a\.checkpoint\.npz: No space left.* after epoch 1 .*--resume.*\n", errors)


def test_an_error_of_writing_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match=r"mine\.bin"):
        write_whole(tmp_path / "mine.bin", b"x")


def test_resume_finds_its_data_from_another_folder(idx_data, tmp_path):
    command = [sys.executable, str(ROOT / "train.py"), "--out", str(tmp_path / "a.npz")]
    options = "--data", idx_data.name, "--epochs", "2", "--threads", "1"
    process = subprocess.Popen([*command, *options], cwd=idx_data.parent)
    wait_for((tmp_path / "a.checkpoint.npz").exists, process)
    process.kill()
    process.wait()
    done = subprocess.run([*command, "--resume"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# --- numbers and data ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("option, value", [
    ("--epochs", "9" * 18), ("--seed", "9" * 200), ("--seed", "9" * 5000), ("--threads", "100000"),
    ("--batch-size", "9" * 18), ("--epochs", "²"), ("--held-out", "9" * 18),
])  # fmt: skip
def test_absurd_numbers_are_one_short_line(option, value, capsys):
    with pytest.raises(SystemExit) as stop:
        train.main([option, value])
    errors = capsys.readouterr().err
    assert stop.value.code == 2 and errors.count("\n") == 1 and option in errors and len(errors) < 200


def test_a_training_that_ends_in_no_number_is_no_success(idx_data, tmp_path):
    arguments = "--out", tmp_path / "a.npz", "--lr", "1e6", "--epochs", 1, "--threads", 1
    code, _, errors = run("--data", idx_data, *arguments)
    assert code == 2 and errors.count("\n") == 1 and "--lr" in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("held_out", ["30", "0"])
def test_finite_weights_whose_answers_are_not_finite_are_no_success(idx_data, tmp_path, monkeypatch, capsys, held_out):
    """With images held out and without."""
    answers = np.full((64, 10), np.inf, np.float32)
    monkeypatch.setattr("nn.training.predict_logits", lambda *_: answers[: 30 if held_out == "30" else 64])
    arguments = "--held-out", held_out, "--epochs", "1", "--out", str(tmp_path / "a.npz"), "--data", str(idx_data)
    assert train.main(list(arguments)) == 2
    assert "no finite numbers" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_share_of_each_digit_is_held_out(digits):
    labels = np.sort(digits[0][1][:6000])
    order = held_out_last(labels, 500)
    assert np.array_equal(np.sort(order), np.arange(6000)) and np.array_equal(order, held_out_last(labels, 500))
    shares = np.bincount(labels[order[-500:]]) / np.bincount(labels)
    assert shares == pytest.approx(1 / 12, abs=0.003)


def test_what_looks_wrong_with_data_is_said(digits, one_or_seven):
    assert missing(np.arange(10), "held out") == "" and missing(np.arange(9), "held out").endswith("shows a 9.")
    assert doubts(0.05, 1.2) == [] and len(doubts(3.0, 10.0)) == 2
    images, labels = digits[1]
    few = np.flatnonzero((labels == 1) | (labels == 7))
    images, labels = images[few], labels[few]
    assert transposed(one_or_seven, images, labels) == ""
    assert "swapped" in transposed(one_or_seven, images.swapaxes(1, 2), labels)
