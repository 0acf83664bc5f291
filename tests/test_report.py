"""nn/report.py: a picture of the right size, whole or not at all, that shows what it was given."""

import os
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from nn import report
from nn.network import digit_net


def rng(seed=0):
    return np.random.default_rng(seed)


NETWORK = digit_net(rng())
HISTORY = [
    {"epoch": n, "loss": 1 / n, "validation_loss": 0.9 / n, "validation_accuracy": 1 - 0.1 / n, "seconds": 3.0}
    for n in (1, 2, 3)
]
LABELS = np.arange(40) % 10


def probabilities(wrong):
    """40 answers, the first `wrong` of them one too high and ever less sure of it."""
    answers = np.where(np.arange(40) < wrong, (LABELS + 1) % 10, LABELS)
    confidence = np.linspace(0.9, 0.5, 40)[:, None]
    return np.where(np.eye(10)[answers] > 0, confidence, (1 - confidence) / 9)


def write(path, history=HISTORY, wrong=5):
    images = rng().integers(0, 256, (40, 28, 28), dtype=np.uint8)
    report.write_report(path, NETWORK, history, images, LABELS, probabilities(wrong), "A title")


def texts(monkeypatch, tmp_path, **changes):
    """Every text that stands in the picture, in order."""
    return [text.get_text() for text in drawn(monkeypatch, tmp_path, **changes).findobj(Text)]


def drawn(monkeypatch, tmp_path, **changes):
    """The figure, not yet saved."""
    kept = []
    with monkeypatch.context() as patched:
        patched.setattr(report.Figure, "savefig", lambda figure, *_, **__: kept.append(figure))
        write(tmp_path / "report.png", **changes)
    return kept[0]


@pytest.mark.parametrize("history", [HISTORY, HISTORY[:1]], ids=["three epochs", "one epoch"])
def test_the_picture_is_large_and_not_blank(tmp_path, history):
    write(tmp_path / "report.png", history)
    picture = Image.open(tmp_path / "report.png")
    assert picture.width > 1000 and picture.height > 800
    assert np.asarray(picture.convert("L")).std() > 20
    assert os.listdir(tmp_path) == ["report.png"]


def test_it_tells_the_title_the_count_and_the_worst_mistakes_first(monkeypatch, tmp_path):
    shown = texts(monkeypatch, tmp_path, wrong=5)
    assert "A title" in shown
    assert "Confusion: 5 wrong of 40" in shown
    mistakes = [text for text in shown if "→" in text and "%" in text]
    assert [m.split()[:3] for m in mistakes] == [[str(n), "→", str(n + 1)] for n in range(5)]
    shares = [int(m.split()[-1].rstrip("%")) for m in mistakes]
    assert shares[0] == 90 and shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("wrong", [0, 40])
def test_no_mistake_at_all_and_nothing_but_mistakes(monkeypatch, tmp_path, wrong):
    assert f"Confusion: {wrong} wrong of 40" in texts(monkeypatch, tmp_path, wrong=wrong)


def test_a_training_without_validation_has_one_curve(monkeypatch, tmp_path):
    history = [h | {"validation_loss": None, "validation_accuracy": None} for h in HISTORY]
    shown = texts(monkeypatch, tmp_path, history=history)
    assert "loss" in shown and "validation" not in shown
    assert "validation" in texts(monkeypatch, tmp_path)


def test_one_epoch_is_labelled_1(monkeypatch, tmp_path):
    figure = drawn(monkeypatch, tmp_path, history=HISTORY[:1])
    figure.draw_without_rendering()
    axes = next(axes for axes in figure.axes if axes.get_xlabel() == "epoch")
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert [tick.label1.get_text() for tick in ticks] == ["1"]


def test_each_mistake_stands_below_its_words_and_each_filter_in_its_place(monkeypatch, tmp_path):
    figure = drawn(monkeypatch, tmp_path, wrong=10)
    (mistakes,) = (axes for axes in figure.axes if axes.get_title("left").startswith("Worst mistakes"))
    (filters,) = (axes for axes in figure.axes if axes.get_title("left").startswith("The first layer"))
    sheet, images = mistakes.images[0].get_array(), rng().integers(0, 256, (40, 28, 28), dtype=np.uint8)
    for words, image in zip(mistakes.texts, images[:10], strict=True):  # the first is the most certain
        x, y = map(int, words.get_position())
        assert np.array_equal(sheet[y + 2 : y + 30, x - 14 : x + 14], image)
    w, (kh, kw) = NETWORK.layers[0].params["w"], (26, 26)  # three numbers of 8 x 8, and white around them
    sheet = filters.images[0].get_array()
    for f in (0, 15, 16, 31):
        row, column = divmod(f, 16)
        place = sheet[row * kh + 1 : (row + 1) * kh - 1, column * kw + 1 : (column + 1) * kw - 1]
        assert np.array_equal(place[4::8, 4::8], w[:, :, 0, f])


@pytest.mark.parametrize("last", [0.5, 0.1, 0.055, 0.004])
def test_the_labels_of_the_losses_leave_each_other_room(monkeypatch, tmp_path, last):
    falling = np.geomspace(0.67, last, 12)
    history = [HISTORY[0] | {"epoch": n + 1, "loss": loss, "validation_loss": loss} for n, loss in enumerate(falling)]
    figure, spans = drawn(monkeypatch, tmp_path, history=history), []
    figure.draw_without_rendering()
    axis = next(axis for axis in figure.axes if axis.get_ylabel() == "loss")
    low, high = axis.get_ylim()
    for tick in [*axis.yaxis.get_major_ticks(), *axis.yaxis.get_minor_ticks()]:
        if low <= tick.get_loc() <= high and tick.label1.get_text():
            box = tick.label1.get_window_extent()
            spans.append((box.y0, box.y1))
    spans.sort()
    assert len(spans) >= 2
    assert all(below[1] <= above[0] for below, above in pairwise(spans))


def test_an_interrupted_report_leaves_the_old_one(monkeypatch, tmp_path):
    path = tmp_path / "report.png"
    path.write_text("old")

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "_filters", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.png"]
