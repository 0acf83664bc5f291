"""train.py as a person runs it: train, score, stop, kill, go on, and mistakes of every kind."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import train
from nn import mnist
from nn.files import read_npz
from nn.network import Network, digit_net
from nn.own_data import held_out_last
from nn.recipes import RECIPES, training_images
from nn.training import fit, fit_temperature

ROOT = Path(__file__).parents[1]
IDX = "{}-{}-idx{}-ubyte"
SHIPPED = "digits.npz", "digits.json", "digits.report.png"


def start(*arguments, cwd=ROOT, program="train.py"):
    return subprocess.Popen([sys.executable, program, *map(str, arguments)], cwd=cwd,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def run(*arguments, **where):
    """(exit code, stdout, stderr)."""
    process = start(*arguments, **where)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def same_arrays(a, b):
    a, b = read_npz(a), read_npz(b)
    a.pop("about"), b.pop("about")  # the card has times in it
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


# --- a training from beginning to end -----------------------------------------------------------------------

OPTIONS = "--epochs", 2, "--batch-size", 50, "--seed", 7, "--threads", 2


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project whose shipped weights may be spoilt."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "weights").mkdir()
    for name in SHIPPED:
        (folder / "weights" / name).write_text("shipped")
    shutil.copy(ROOT / "train.py", folder)
    (folder / "nn").symlink_to(ROOT / "nn")
    return folder


@pytest.fixture(scope="module")
def finished(project, idx_data):
    """(weights file, what was printed) of a small training that nothing disturbed."""
    code, printed, errors = run("--data", idx_data, *OPTIONS, cwd=project)
    assert (code, errors) == (0, "")
    return project / "weights/trained.npz", printed


def test_training_prints_the_table_the_recipe_and_a_line_for_each_epoch(finished):
    _, printed = finished
    assert digit_net(batch_norm=True).summary() in printed
    assert "Recipe standard, seed 7, 2 threads" in printed
    assert re.search(r"epochs +2\n", printed) and re.search(r"batch_size +50\n", printed)
    assert "330 images to train on, and 30 held out for validation, a random share of each digit" in printed
    line = r"epoch +{} of 2 +[\d.]+ s +train loss \d\.\d+ +validation loss \d\.\d+, accuracy \d+\.\d\d%"
    assert all(re.search(line.format(n), printed) for n in (1, 2))
    assert "python play.py --weights weights/trained.npz" in printed


def test_training_leaves_weights_a_card_and_pictures_that_agree(finished, digits):
    out, printed = finished
    accuracy, misses = re.search(r"Test accuracy ([\d.]+)%, (\d+) of 300 wrong", printed).groups()
    network = Network.load(out)
    images, labels = (a[:300] for a in digits[1])
    wrong = (network.predict(images).argmax(axis=1) != labels).sum()
    assert wrong == int(misses) and f"{1 - wrong / 300:.2%}" == f"{accuracy}%"

    card = json.loads(out.with_suffix(".json").read_text())
    assert card == network.card
    assert (card["seed"], card["threads"], card["settings"]["epochs"]) == (7, 2, 2)
    assert (card["test_misses"], card["test_images"]) == (wrong, 300)
    assert len(card["history"]) == 2 and len(card["data_checksum"]) == 64
    assert card["command"].startswith("python train.py --recipe standard --seed 7 --threads")
    assert {"python", "numpy", "numba"} <= card["versions"].keys()
    assert out.with_suffix(".report.png").read_bytes().startswith(b"\x89PNG")


def test_training_leaves_what_is_shipped_alone_and_nothing_half_done(finished):
    folder = finished[0].parent
    assert {path.name for path in folder.iterdir()} == {*SHIPPED, "trained.npz", "trained.json", "trained.report.png"}
    assert all((folder / name).read_text() == "shipped" for name in SHIPPED)


@pytest.mark.parametrize("out", ["weights/digits.npz", "weights/../weights/digits", "link/digits.npz"])
def test_the_shipped_weights_are_not_overwritten(project, idx_data, out):
    (project / "link").unlink(missing_ok=True)
    (project / "link").symlink_to(project / "weights")
    code, printed, errors = run("--data", idx_data, "--out", out, cwd=project)
    assert (code, printed) == (2, "")
    assert "shipped weights" in errors and errors.count("\n") == 1
    assert (project / "weights/digits.npz").read_text() == "shipped"


def test_the_weights_are_the_averaged_ones_of_fit(finished, idx_data):
    (images, labels), _ = mnist.load(idx_data)
    images, labels = (array[held_out_last(labels, 30)] for array in (images, labels))
    recipe = replace(RECIPES["standard"], epochs=2, batch_size=50, held_out=30)
    network = digit_net(np.random.default_rng(7), recipe.batch_norm)
    *_, last = fit(network, *training_images(recipe, images, labels, seed=7), recipe, seed=7, threads=2)
    found = Network.load(finished[0]).params
    assert all(np.array_equal(found[name], a) for name, a in last.network.folded().params.items())


def test_the_weights_have_the_recipes_threshold_and_the_temperature_of_the_held_out_images(finished, idx_data):
    (images, labels), _ = mnist.load(idx_data)
    network, recipe = Network.load(finished[0]), RECIPES["standard"]
    assert network.threshold == recipe.threshold > 0
    last = held_out_last(labels, 30)[-30:]
    held_out = images[last], labels[last]
    assert network.temperature == fit_temperature(network, *held_out) != 1


@pytest.mark.shipped
def test_batch_norm_is_folded_away_when_the_weights_are_saved(idx_data, tmp_path, monkeypatch, capsys):
    recipe = replace(RECIPES["best"], scribbles=5, drawn=20, late_drawn=3)
    monkeypatch.setitem(RECIPES, "best", recipe)
    out = tmp_path / "best.npz"
    assert train.main(["--data", str(idx_data), "--recipe", "best", "--epochs", "1", "--out", str(out)]) == 0
    assert "360 images to train on, 25 more that nn/hands draws, and 0 held out" in capsys.readouterr().out
    network = Network.load(out)
    assert recipe.batch_norm and sum(a.size for a in network.params.values()) == 93_322 and not network.state
    assert (network.temperature, network.threshold) == (recipe.temperature, recipe.threshold)


def test_a_name_with_a_dot_is_kept_whole(idx_data, tmp_path):
    assert run("--data", idx_data, "--out", tmp_path / "lr0.003", "--epochs", 1)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"lr0.003.npz", "lr0.003.json", "lr0.003.report.png"}


def test_evaluate_measures_the_same_again(finished, idx_data):
    out, printed = finished
    code, again, errors = run("--evaluate", out, "--data", idx_data)
    assert (code, errors) == (0, "")
    assert re.search(r"est accuracy ([\d.]+%, \d+ of 300 wrong)", printed)[1] in again


@pytest.mark.skipif(not (ROOT / "weights/digits.npz").exists(), reason="no weights/digits.npz yet")
def test_the_shipped_weights_are_as_good_as_their_card_says(tmp_path):
    """Scored from another folder, without their name."""
    card = json.loads((ROOT / "weights/digits.json").read_text())
    code, printed, _ = run("--evaluate", cwd=tmp_path, program=ROOT / "train.py")
    assert code == 0
    misses = int(re.search(r"(\d+) of 10,000 wrong", printed)[1])
    assert abs(misses - card["test_misses"]) <= 1  # another processor's rounding may tip one image
    assert card["test_accuracy"] >= 0.995


# --- stopping and going on ----------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import train
from nn import checkpoint

write = checkpoint.write

def write_and_die(path, run, state):
    write(path, run, state)
    if state["epoch"] == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

checkpoint.write = write_and_die
train.main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("epoch", [1, 2], ids=["in the middle", "after the last epoch"])
def test_a_killed_run_that_goes_on_ends_with_the_same_bits(finished, idx_data, tmp_path, epoch):
    """Killed once when the checkpoint of an epoch is written; epoch 2 is the last, and its report is still to come."""
    out, checkpoint = tmp_path / "mine.npz", tmp_path / "mine.checkpoint.npz"
    process = start(KILLED, epoch, "--data", idx_data, "--out", out, *OPTIONS, program="-c")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.exists() and not out.exists()

    code, printed, errors = run("--out", out, "--resume")
    assert (code, errors) == (0, "")
    assert ("epoch  2 of 2" in printed) == (epoch == 1)
    assert same_arrays(out, finished[0])
    card = json.loads(out.with_suffix(".json").read_text())
    assert [line["epoch"] for line in card["history"]] == [1, 2]
    assert not checkpoint.exists()


def test_ctrl_c_says_what_is_saved_and_exits_130(interruptible, idx_data, tmp_path):
    out, checkpoint = tmp_path / "mine.npz", tmp_path / "mine.checkpoint.npz"
    process = start("--data", idx_data, "--out", out, "--epochs", 1000)
    wait_for(checkpoint.exists, process)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    epoch = int(read_npz(checkpoint)["epoch"])
    said, command = errors.strip().split(". Go on with:  ")
    assert said == f"Stopped. The weights after epoch {epoch} are in {checkpoint}"
    *words, path = shlex.split(command)
    assert words[1:] == ["train.py", "--resume", "--out"] and (ROOT / path).resolve() == out.resolve()
    assert sorted(path.name for path in tmp_path.iterdir()) == [checkpoint.name]


def test_ctrl_c_at_the_start_says_that_nothing_is_saved(interruptible, idx_data, tmp_path):
    """At once when the program has begun to print, while it loads its kernels."""
    process = start("--data", idx_data, "--out", tmp_path / "mine.npz")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() in ("Stopped; nothing was written.", "Stopped. No epoch was complete, so nothing is saved.")
    assert not list(tmp_path.iterdir())


def test_a_loss_that_explodes_stops_the_run_in_one_line(idx_data, tmp_path):
    code, _, errors = run("--data", idx_data, "--out", tmp_path / "mine.npz", "--lr", "1e6", "--epochs", 1)
    assert code == 2
    assert re.fullmatch(r"train.py: .* epoch 1.*--lr.*nothing is saved.\n", errors)
    assert not list(tmp_path.iterdir())


# --- mistakes -----------------------------------------------------------------------------------------------

MISTAKES = {
    "unknown option": (["--epoch-count", "3"], "--epoch-count"),
    "no epochs": (["--epochs", "0"], "--epochs: expected a whole number from 1 to 1,000,000, got '0'"),
    "no number": (["--epochs", "many"], "--epochs: expected a whole number from 1 to 1,000,000, got 'many'"),
    "no threads": (["--threads", "0"], "--threads"),
    "no batch": (["--batch-size", "0"], "--batch-size"),
    "rate of zero": (["--lr", "0"], "--lr: expected a number from 1e-12 to 1,000,000, got '0'"),
    "rate no number": (["--lr", "nan"], "--lr"),
    "rate beyond what a checkpoint may hold": (["--lr", "1000001"], "--lr"),
    "negative seed": (["--seed", "-1"], "--seed"),
    "unknown recipe": (["--recipe", "perfect"], "perfect"),
    "no such data": (["--data", "nowhere"], "nowhere/train-images-idx3-ubyte: no such file"),
    "batch of one": (["--batch-size", "1"], "at least 2 images a thread"),
    "batch smaller than the threads": (["--batch-size", "4", "--threads", "4"], "so 8 or more"),
    "score and train": (["--evaluate", "weights/digits.npz", "--epochs", "3"], "leave --epochs away"),
    "score with seed 0": (["--evaluate", "weights/digits.npz", "--seed", "0"], "leave --seed away"),
    "score into a file": (["--evaluate", "weights/digits.npz", "--out", "mine.npz"], "leave --out away"),
    "no such weights": (["--evaluate", "nowhere.npz"],
                        "python train.py` makes weights; --evaluate alone scores the shipped weights"),
    "a model in a folder that isn't": (["--evaluate", "--export", "nowhere/x.onnx"], "there is no folder nowhere"),
    "a folder for a model": (["--evaluate", "--export", "nn"], "nn is a folder"),
    "a folder to train into": (["--out", "tests"], "tests is a folder; give --out the name of a file"),
    "no weights": (["--evaluate", "train.py"], "train.py: not a readable .npz"),
    "a folder for weights": (["--evaluate", "nn"], "nn: a folder, no file"),
    "nothing to resume": (["--out", "nowhere/mine.npz", "--resume"], "nowhere/mine.checkpoint.npz: no checkpoint"),
    "resume with options": (["--out", "mine.npz", "--resume", "--epochs", "9"], "--epochs"),
    "resume with seed 0": (["--out", "mine.npz", "--resume", "--seed", "0"], "--seed"),
}


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, words):
    code, printed, errors = run(*arguments)
    assert (code, printed) == (2, "")
    assert words in errors and errors.count("\n") == 1 and errors.startswith("train.py: ")
    assert not (ROOT / "nowhere").exists()


@pytest.fixture
def checkpoint(idx_data, tmp_path):
    """The checkpoint of a training killed after its first epoch."""
    path = tmp_path / "mine.checkpoint.npz"
    process = start("--data", idx_data, "--out", tmp_path / "mine.npz", "--epochs", 50)
    wait_for(path.exists, process)
    process.kill()
    process.communicate()
    return path


def test_a_spoilt_checkpoint_is_refused(checkpoint, capsys):
    good = read_npz(checkpoint)
    not_finite = good["network/0.w"].copy()
    not_finite[0] = np.nan
    spoilt = {
        "is missing": {name: a for name, a in good.items() if name != "optimizer/m.4.w"},
        "not finite": good | {"network/0.w": not_finite},
        "should be": good | {"average/0.w": good["average/0.w"][..., :3]},
        "belongs to no": good | {"network/99.w": good["network/0.w"]},
        "not a checkpoint": {name: a for name, a in good.items() if name != "run"},
        "other data": good | {"run": np.array(str(good["run"]).replace('"data_checksum": "', '"data_checksum": "0'))},
    }
    for words, arrays in spoilt.items():
        np.savez(checkpoint, **arrays)
        before = checkpoint.read_bytes()
        assert train.main(["--out", str(checkpoint.with_name("mine.npz")), "--resume"]) == 2
        errors = capsys.readouterr().err
        assert words in errors and str(checkpoint) in errors and errors.count("\n") == 1
        assert checkpoint.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named_before_the_training(tmp_path):
    (tmp_path / "file").touch()
    code, printed, errors = run("--out", tmp_path / "file" / "weights.npz")
    assert (code, printed, len(errors.splitlines())) == (2, "", 1)
    assert errors == f"train.py: {tmp_path / 'file'} is a file, no folder; choose another --out\n"


def test_two_ranks_end_with_the_bits_of_two_threads(project, idx_data, finished, tmp_path):
    pytest.importorskip("mpi4py")
    mpiexec = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if mpiexec is None:
        pytest.skip("no mpiexec")
    out, (weights, _) = tmp_path / "ranks.npz", finished
    options = [*map(str, OPTIONS[:-1]), "1"]
    command = [mpiexec, "-n", "2", sys.executable, "train.py", "--data", str(idx_data), *options, "--out", str(out)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch  1 of 2") == 1, "the first rank alone prints"
    ranks, threads = Network.load(out), Network.load(weights)
    for name, w in threads.params.items():
        np.testing.assert_array_equal(ranks.params[name], w, err_msg=name)
    assert ranks.card["command"].startswith("mpiexec -n 2 python train.py")
