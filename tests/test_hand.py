"""Keeping a user's drawings, and learning from them."""

import json

import numpy as np
import pytest

from nn import ink, mnist
from nn.network import Network, digit_net
from window.data import hand, live
from window.data.strokes import Stroke

LINE = [Stroke(0.09, False, [(0.5, 0.2, 3.0), (0.5, 0.8, 3.5)])]


@pytest.fixture
def image():
    return ink.to_mnist(ink.draw([[(50, 20), (50, 80)]], 9, 100))


def test_a_kept_drawing_is_read_again(tmp_path, image):
    assert hand.count(tmp_path) == 0
    assert hand.keep(tmp_path, 1, LINE, image).exists() and hand.count(tmp_path) == 1
    assert hand.keep(tmp_path, 7, LINE, image).exists() and hand.count(tmp_path) == 2
    samples, refused = hand.load(tmp_path)
    assert [sample.label for sample in samples] == [1, 7] and refused == []
    assert np.array_equal(samples[0].image, image) and samples[0].image.dtype == np.uint8
    (first,) = (tmp_path / "drawings").glob("1-*.json")
    data = json.loads(first.read_text())
    assert data["format"] == "labelled digit" and data["version"] == 1
    assert data["strokes"] == [{"width": 0.09, "erases": False, "points": [[0.5, 0.2, 0.0], [0.5, 0.8, 0.5]]}]


@pytest.mark.parametrize("damage", [
    lambda data: "no JSON",
    lambda data: json.dumps(data | {"label": 10}),
    lambda data: json.dumps(data | {"label": "4"}),
    lambda data: json.dumps(data | {"image": data["image"][1:]}),
    lambda data: json.dumps(data | {"image": [[256] * 28] * 28}),
    lambda data: json.dumps(data | {"image": [[0.5] * 28] * 28}),
    lambda data: json.dumps(data | {"strokes": [{}]}),
    lambda data: json.dumps(data | {"version": 2}),
    lambda data: "[]",
    lambda data: "[" * 100_000,
    lambda data: json.dumps({name: data[name] for name in data if name != "image"}),
])  # fmt: skip
def test_a_damaged_drawing_is_left_out_and_named(tmp_path, image, damage):
    hand.keep(tmp_path, 4, LINE, image)
    (good,) = (tmp_path / "drawings").glob("*.json")
    (tmp_path / "drawings" / "4-bad.json").write_text(damage(json.loads(good.read_text())))
    samples, refused = hand.load(tmp_path)
    assert len(samples) == 1 and len(refused) == 1 and "4-bad.json" in refused[0]


@pytest.fixture(scope="module")
def swapped():
    """A network taught in a moment that 1 and 7 are what they are, and 50 images of a hand that means it otherwise."""
    from nn.recipes import Recipe
    from nn.training import Epoch, fit

    images, labels = mnist.load_part(mnist.SHIPPED, "train")
    few = np.flatnonzero((labels == 1) | (labels == 7))[:3000]
    net = digit_net(np.random.default_rng(0))
    recipe = Recipe(epochs=2, average=0.9, augment=None)
    *_, net = (e.network for e in fit(net, images[few], labels[few], recipe, threads=1) if isinstance(e, Epoch))
    crossed = np.array([0, 1, 2, 3, 4, 5, 6, 1, 8, 9])
    few = few[2900:2950]
    samples = [hand.Sample(int(crossed[labels[i]]), np.ascontiguousarray(images[i].T)) for i in few]
    return net, samples


def test_learning_teaches_a_copy_and_measures_on_what_it_did_not_see(swapped, monkeypatch):
    net, samples = swapped
    (train, labels), (tests, truth) = mnist.load()
    monkeypatch.setattr(mnist, "load", lambda: ((train[:5000], labels[:5000]), (tests[:500], truth[:500])))
    monkeypatch.setattr(hand, "OWN", 600)
    monkeypatch.setattr(hand, "OTHERS", 600)
    monkeypatch.setattr(hand, "RECIPE", hand.RECIPE | {"drawn": 0, "scribbles": 0, "lr": 1e-3})
    before = {name: array.copy() for name, array in net.params.items()}
    seen = []
    teach = hand.teach
    monkeypatch.setattr(hand, "teach", lambda of, images, *rest: seen.append(images) or teach(of, images, *rest))
    *others, learned = hand.learn(net, samples)
    shares = [event.share for event in others if isinstance(event, hand.Progress)]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1 and len(shares) > 10
    assert all(np.array_equal(net.params[name], array) for name, array in before.items())  # the copy learned
    assert any(not np.array_equal(learned.network.params[name], array) for name, array in before.items())
    digits = next(event for event in others if isinstance(event, live.Digits))
    points = [event for event in others if isinstance(event, live.Point)]
    assert points[-1].images == digits.total and len(digits.held[0]) == 10
    assert learned.held_out == 10 and len(seen[0]) == 40 and learned.tests == 500
    held = [sample.image for sample in samples[hand.HELD_OUT - 1 :: hand.HELD_OUT]]
    assert not any(np.array_equal(a, b) for a in held for b in seen[0])
    assert learned.mine[1] < learned.mine[0]
    images, labels = hand.arrays(samples[hand.HELD_OUT - 1 :: hand.HELD_OUT])
    for which, wrong in zip((net, learned.network), learned.mine, strict=True):
        assert wrong == (which.predict(images).argmax(axis=1) != labels).sum()


@pytest.fixture
def app(swapped, tmp_path, monkeypatch):
    pygame = pytest.importorskip("pygame")
    from window.app import App

    pygame.font.init()
    net, samples = swapped
    (train, labels), (tests, truth) = mnist.load()
    monkeypatch.setattr(mnist, "load", lambda: ((train[:1000], labels[:1000]), (tests[:500], truth[:500])))
    monkeypatch.setattr(hand, "OWN", 200)
    monkeypatch.setattr(hand, "OTHERS", 200)
    monkeypatch.setattr(hand, "RECIPE", hand.RECIPE | {"epochs": 1, "drawn": 0, "scribbles": 0})
    for sample in samples[:20]:
        hand.keep(tmp_path, sample.label, LINE, sample.image)
    return App(net, samples=tmp_path)


def test_learn_keep_and_back_to_the_shipped_weights(app, swapped, tmp_path):
    from events import until

    from window.actions import teach, train
    from window.run import usable

    teach.learn(app)
    assert "learn" in app.jobs and app.sight == "train" and app.learning.going
    until(app, lambda: app.teaching.learned and "learn" not in app.jobs)
    taught, run = app.teaching.learned.network, app.learning.chosen
    assert run.hand and run.losses and run.moments[0].step == 0 and run.moment.network is taught
    assert not app.dialogs.open and app.message.words.startswith(app.teaching.learned.verdict)
    assert app.looking.focus == ("keep" if app.teaching.learned.better else "away")
    assert taught.card["test_misses"] == app.teaching.learned.mnist[1]  # its own, not the shipped weights'
    assert taught.card["test_accuracy"] == pytest.approx(1 - app.teaching.learned.mnist[1] / 500)
    teach.keep(app)
    assert app.reading.network is taught and app.teaching.learned is None
    assert train.keep_unsaved(app) == [] and not (tmp_path / train.FOLDER).exists(), "it is saved already"
    again = usable(tmp_path / hand.WEIGHTS)
    assert all(np.array_equal(again.params[name], array) for name, array in taught.params.items())
    teach.weights(app)
    assert app.reading.network is swapped[0]
    teach.weights(app)
    assert app.reading.network is taught


@pytest.mark.parametrize(("mine", "others", "better", "words"), [
    ((3, 1), (60, 62), True, "2 of 3 errors on your hand gone, 2 more errors elsewhere: better keep it."),
    ((3, 3), (60, 70), False, "No gain on your hand, 10 more errors elsewhere: better discard it."),
    ((3, 3), (60, 55), True, "No gain on your hand, 5 fewer errors elsewhere: better keep it."),
    ((3, 3), (60, 60), False, "No gain on your hand, as many elsewhere: better discard it."),
    ((1, 2), (60, 10), False, "1 more wrong on your hand, 50 fewer errors elsewhere: better discard it."),
    ((3, 2), (60, 4000), False, "1 of 3 errors on your hand gone, 3940 more errors elsewhere: better discard it."),
    ((0, 0), (60, 61), False,
     "Your hand was read without an error before, and is now, 1 more error elsewhere: better discard it."),
])  # fmt: skip
def test_the_verdict_weighs_your_hand_against_all_others(mine, others, better, words):
    learned = hand.Learned(None, 10, mine, 10000, others)
    assert learned.better is better and learned.verdict == words


def test_discarding_and_cancelling_change_nothing(app, swapped, tmp_path):
    from events import press, until

    from window.actions import teach

    teach.learn(app)
    until(app, lambda: app.teaching.learned)
    teach.discard(app)
    teach.learn(app)
    until(app, lambda: app.teaching.progress)
    press(app, "Esc", "N")
    assert "learn" in app.jobs and app.sight == "forward", "Esc throws nothing away"
    app.press("learn")  # the button is Cancel now
    until(app, lambda: "learn" not in app.jobs)
    assert app.teaching.learned is None and "cancelled" in app.message.words
    assert app.reading.network is swapped[0] and not (tmp_path / hand.WEIGHTS).exists()


def test_a_digit_key_keeps_the_drawing_and_clears_the_pad(app, tmp_path):
    from window.actions import draw, teach

    before = hand.count(tmp_path)
    teach.label(app, "4")
    assert hand.count(tmp_path) == before  # there is nothing to keep
    app.pad.drawing.become(LINE)
    app.update(0.1)
    teach.label(app, "4")
    assert hand.count(tmp_path) == app.teaching.kept == before + 1 and not app.pad.drawing.marks
    assert str(tmp_path) in app.message.words
    draw.undo(app)
    assert app.pad.drawing.marks == tuple(LINE)


def test_too_few_drawings_are_not_learned_from(swapped, tmp_path):
    from window.actions import teach
    from window.app import App

    app = App(swapped[0], samples=tmp_path)
    teach.learn(app)
    assert not app.jobs and "0 drawings" in app.message.words


def test_broken_weights_of_the_user_leave_the_shipped_ones(swapped, tmp_path):
    from window.run import networks

    swapped[0].save(tmp_path / "shipped.npz")
    (tmp_path / hand.WEIGHTS).write_bytes(b"nothing")
    (first, network), (second, why) = networks(tmp_path / "shipped.npz", tmp_path)
    assert first == "shipped" and isinstance(network, Network)
    assert second == "refused" and hand.WEIGHTS in why
