"""`play.py --predict`: picture files read without a window."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import play
from nn import ink
from nn.layers import Dense, Flatten
from nn.network import Network, digit_net
from nn.training import evaluate

SEVEN = [[(30, 40), (90, 40), (60, 120)]]
ONE = [[(150, 38), (145, 122)]]
shipped = pytest.mark.skipif(not play.WEIGHTS.exists(), reason="weights/digits.npz is not made yet")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of untrained weights: what it says is arbitrary, and always the same."""
    network = digit_net(np.random.default_rng(3))
    path = tmp_path_factory.mktemp("weights") / "untrained.npz"
    network.save(path)
    return path


@pytest.fixture
def pictures(tmp_path, digits):
    """An image of MNIST, which any network is asked about as it is, a picture of two digits, and one of none."""
    Image.fromarray(digits[1][0][0]).save(tmp_path / "seven.png")
    Image.fromarray(255 - ink.draw(SEVEN + ONE, 12, 180)).save(tmp_path / "number.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "seven.png").read_bytes()[:200])
    return [str(tmp_path / name) for name in ("seven.png", "number.png", "broken.png")]


def predict(capsys, *arguments):
    """Exit code, lines printed, and lines of errors."""
    code = play.main(["--predict", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_json_says_what_the_network_says(weights, pictures, capsys):
    code, (line,), errors = predict(capsys, "--json", "--weights", weights, pictures[0])
    reading = json.loads(line)
    expected = Network.load(weights).predict(ink.to_mnist(ink.read(pictures[0]).ink)[None])[0]
    assert (code, errors) == (0, [])
    assert set(reading) == {"file", "digit", "confidence", "reading", "second", "probabilities", "looks_like_digit"}
    assert reading["file"] == pictures[0]
    assert reading["digit"] == expected.argmax()
    assert reading["probabilities"] == pytest.approx(expected.tolist(), abs=1e-6)
    assert reading["confidence"] == max(reading["probabilities"])
    assert reading["second"] == expected.argsort()[-2]


def test_text_has_the_digit_the_confidence_and_ten_probabilities(weights, pictures, capsys):
    _, (json_line,), _ = predict(capsys, "--json", "--weights", weights, pictures[0])
    _, (line,), _ = predict(capsys, "--weights", weights, pictures[0])
    reading = json.loads(json_line)
    assert line.startswith(f"{pictures[0]}: {reading['digit']}, {100 * reading['confidence']:.1f} %")
    for digit, p in enumerate(reading["probabilities"]):
        assert f"{digit}: {100 * p:.1f}" in line


def test_several_digits_are_a_number(pictures, capsys):
    _, lines, _ = predict(capsys, "--json", "--weights", str(play.WEIGHTS), pictures[1])
    readings = [json.loads(line) for line in lines]
    assert [reading["place"] for reading in readings] == [0, 1]
    assert [reading["line"] for reading in readings] == [0, 0]
    assert {reading["number"] for reading in readings} == {"".join(str(reading["digit"]) for reading in readings)}
    Image.fromarray(255 - ink.draw(SEVEN, 12, 180)).save(pictures[0])
    _, (alone,), _ = predict(capsys, "--json", "--weights", str(play.WEIGHTS), pictures[0])
    assert readings[0]["probabilities"] == pytest.approx(json.loads(alone)["probabilities"], abs=1e-5)
    _, lines, _ = predict(capsys, "--weights", str(play.WEIGHTS), pictures[1])
    assert lines[1].startswith(f"{pictures[1]} ({readings[0]['number']}, 2 of 2): {readings[1]['digit']}, ")


def test_which_page_of_a_file_was_read_is_said(weights, pictures, capsys, tmp_path):
    blank, seven = Image.new("L", (28, 28)), Image.open(pictures[0])
    blank.save(tmp_path / "scan.tiff", save_all=True, append_images=[seven])
    _, (line,), _ = predict(capsys, "--json", "--weights", weights, tmp_path / "scan.tiff")
    assert json.loads(line)["note"] == "page 2 of 2"
    _, (line,), _ = predict(capsys, "--weights", weights, tmp_path / "scan.tiff")
    assert line.startswith(f"{tmp_path / 'scan.tiff'}, page 2 of 2: ")


def test_all_files_are_tried(weights, pictures, capsys):
    missing = str(Path(pictures[0]).with_name("missing.png"))
    files = [pictures[2], missing, pictures[0]]
    code, (line,), errors = predict(capsys, "--weights", weights, *files)
    assert code == 2 and line.startswith(pictures[0])
    assert [error.split(": ")[:2] for error in errors] == [["play.py", pictures[2]], ["play.py", missing]]

    code, lines, errors = predict(capsys, "--json", "--weights", weights, *files)
    broken, absent, good = map(json.loads, lines)
    assert (code, errors) == (2, [])
    assert broken["file"] == pictures[2] and "truncated" in broken["error"] and pictures[2] not in broken["error"]
    assert absent == {"file": missing, "error": "No such file or directory"}
    assert "digit" in good


@pytest.mark.parametrize(
    "threshold, temperature, word, sentence",
    [
        (0.0, 1e-3, "sure", "Sure."),
        (0.0, 1.0, "unsure", "Unsure: "),
        (1.0, 1.0, "no digit", "This doesn't look like a digit."),
    ],
)
def test_how_sure_it_is_is_said(threshold, temperature, word, sentence, weights, pictures, capsys, tmp_path):
    network = Network.load(weights)
    network.threshold, network.temperature = threshold, temperature
    network.save(tmp_path / "doubting.npz")
    _, (line,), _ = predict(capsys, "--json", "--weights", tmp_path / "doubting.npz", pictures[0])
    assert json.loads(line)["reading"] == word
    assert json.loads(line)["looks_like_digit"] is (word != "no digit")
    _, (line,), _ = predict(capsys, "--weights", tmp_path / "doubting.npz", pictures[0])
    assert f" %. {sentence}" in line


@shipped
def test_what_was_left_out_of_a_number_is_said_once(tmp_path, capsys):
    point = [[(115, 120), (118, 122)]]
    number = tmp_path / "number.png"
    Image.fromarray(255 - ink.draw(SEVEN + point + [[(170, 38), (165, 122)]], 12, 220)).save(number)
    _, lines, _ = predict(capsys, number)
    assert ["Left out: a mark." in line for line in lines] == [True, False]
    _, lines, _ = predict(capsys, "--json", number)
    assert [json.loads(line)["left_out"] for line in lines] == [["a mark"]] * 2


def test_unusable_weights_are_named_with_the_mend(pictures, capsys, tmp_path):
    (tmp_path / "text.npz").write_text("no weights")
    Network([Flatten(), Dense(784, 7, rng=np.random.default_rng(0))]).save(tmp_path / "seven.npz")
    Network([Dense(784, 10, rng=np.random.default_rng(0))]).save(tmp_path / "flat.npz")
    for name in ("missing.npz", "text.npz", "seven.npz", "flat.npz"):
        code, lines, (error,) = predict(capsys, "--weights", tmp_path / name, pictures[0])
        assert (code, lines) == (2, [])
        assert str(tmp_path / name) in error and "python train.py" in error


@pytest.mark.parametrize(
    "arguments", [["--predict"], ["--json"], ["--json", "x.png"], ["--scale", "big"], ["--scale", "9"]]
)
def test_options_that_make_no_sense(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        play.main(arguments)
    printed = capsys.readouterr()
    assert stop.value.code == 2 and printed.out == ""
    assert printed.err.startswith(("play.py: --", "play.py: argument --")) and len(printed.err.splitlines()) == 1


@shipped
def test_as_a_user_runs_it_without_pygame(pictures):
    script = "import sys, play; code = play.main(sys.argv[1:]); assert 'pygame' not in sys.modules; sys.exit(code)"
    run = [sys.executable, "-c", script, "--predict", *pictures]
    done = subprocess.run(run, cwd=play.ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 3  # one digit, and two
    assert done.stderr.startswith(f"play.py: {pictures[2]}: ") and len(done.stderr.splitlines()) == 1


@shipped
def test_the_shipped_network_reads_files_of_mnist(digits, tmp_path, capsys):
    images, labels = digits[1][0][:20], digits[1][1][:20]
    files = []
    for i, image in enumerate(images):
        large = Image.fromarray(255 - image).resize((200, 200), Image.Resampling.BICUBIC)
        files.append(tmp_path / f"{i}{('.png', '.jpg', '.webp', '.gif')[i % 4]}")
        large.save(files[-1])
    code, lines, _ = predict(capsys, "--json", *files)
    assert code == 0
    assert np.sum([json.loads(line)["digit"] for line in lines] == labels) >= 19


@shipped
def test_digits_redrawn_large_are_read_as_well(digits):
    """Crisp ink of 560 pixels, through the preprocessing: within 0.3 points of the test accuracy."""
    network = Network.load(play.WEIGHTS)
    images, labels = digits[1]
    redrawn = []
    for image in images:
        smooth = Image.fromarray(image).resize((560, 560), Image.Resampling.BICUBIC)
        redrawn.append(ink.to_mnist(np.where(np.asarray(smooth) > 127, np.uint8(255), np.uint8(0))))
    as_is, again = (evaluate(network, x, labels)[1] for x in (images, np.stack(redrawn)))
    assert again >= as_is - 0.003


@shipped
def test_explain_writes_a_picture_or_says_why_not(pictures, tmp_path, capsys):
    code, lines, _ = predict(capsys, pictures[1], "--explain", tmp_path / "how.png")
    assert code == 0 and lines and (tmp_path / "how.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "file").write_text("")
    code, _, error = predict(capsys, pictures[1], "--explain", tmp_path / "file" / "how.png")
    assert code == 2 and "how.png" in str(error)
    with pytest.raises(SystemExit):
        predict(capsys, pictures[0], pictures[1], "--explain", tmp_path / "how.png")
