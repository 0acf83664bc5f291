"""A training looked at: its data, without pygame. The view is test_window_train.py."""

import threading
from array import array

import numpy as np
import pytest

from nn.network import digit_net, to_input
from nn.training import Diverged
from window.data import live, looks
from window.state.learning import Learning, Run, along

RNG = np.random.default_rng(0)
FEW = RNG.integers(0, 256, (156, 28, 28)).astype(np.uint8), np.arange(156) % 10  # a twelfth of them is held out
IMAGE = np.full((28, 28), 99, np.uint8)


def events(controls, **choices):
    choices = live.Choices(**{"batch_size": 32, "batch_norm": False} | choices)
    network = digit_net(np.random.default_rng(0), choices.batch_norm)
    return network, live.learn(network, choices, controls, 1, load=lambda: (FEW, FEW))


def ran(rate=1e-2, **choices):
    """A Run that has learned all it was given; the exception that ended it is in `failed`."""
    controls = live.Controls(rate)
    controls.allow(None)
    run = Run(1, live.Choices(), controls)
    try:
        for event in events(controls, **choices)[1]:
            run.take(event)
    except Diverged as error:
        run.failed = str(error)
    return run


@pytest.fixture(scope="module")
def run():
    return ran(batch_norm=True)


def test_it_holds_out_digits_and_tells_every_batch(run):
    assert len(run.digits.held[0]) == 13 and run.digits.total == 143 * live.EPOCHS
    assert np.array_equal(run.digits.held[0], FEW[0][143:])
    assert list(run.images) == [*np.cumsum(([32] * 4 + [15]) * live.EPOCHS)]
    assert (run.last.step, run.last.epoch, run.last.images) == (25, 5, 143 * 5)


def test_moments_are_kept_densely_at_first_and_rarely_later():
    steps = sorted(live.due(4300))
    gaps = np.diff(steps)
    assert steps[0] == 0 and steps[-1] == 4300 and 55 <= len(steps) <= 60
    assert (gaps[:4] == 1).all() and gaps[:10].max() <= 3 and gaps[-1] > 300


def test_a_moment_is_what_the_network_was_and_stays_it(run):
    """Folded, it answers as the network did at that step; learning went on and didn't reach it."""
    controls = live.Controls(1e-2)
    controls.allow(None)
    network, going = events(controls, batch_norm=True)
    for event in going:
        if isinstance(event, live.Moment) and event.step == 3:
            break
    then = network.predict(FEW[0])
    list(going)
    assert np.allclose(event.network.predict(FEW[0]), then, atol=1e-5)
    assert not np.allclose(network.predict(FEW[0]), then, atol=1e-3)
    twin = next(moment for moment in run.moments if moment.step == 3)
    assert all(np.array_equal(a, twin.network.params[name]) for name, a in event.network.params.items())


def test_the_rate_and_the_warping_are_changed_while_it_learns():
    controls = live.Controls(0.0)
    controls.allow(None)
    network, going = events(controls)
    before = {name: a.copy() for name, a in network.params.items()}
    while not isinstance(event := next(going), live.Point):
        pass
    assert all(np.array_equal(a, before[name]) for name, a in network.params.items()), "a rate of 0 moves nothing"
    controls.rate = 1e-2
    while not isinstance(event := next(going), live.Point):
        pass
    assert event.step == 2 and not np.array_equal(network.params["0.w"], before["0.w"])


def test_warped_or_not_is_changed_while_it_learns():
    """A network that only counts what it is given: whole images, or warped ones."""
    losses = []
    for augment in (True, False, False):
        controls = live.Controls(0.0)
        controls.allow(None)
        going = events(controls)[1]
        points = (event for event in going if isinstance(event, live.Point))
        first = next(points)
        controls.augment = augment
        losses.append([first.loss, next(points).loss])
    assert losses[1] == losses[2] and losses[0][0] == losses[1][0] and losses[0][1] != losses[1][1]


def test_the_optimizer_is_changed_while_it_learns_and_begins_anew():
    controls, params = live.Controls(), {"w": np.ones((2, 2), np.float32)}
    controls.allow(None)
    optimizer, g = live.Changeable(params, 0.0, controls), {"w": np.full((2, 2), 4, np.float32)}
    optimizer.step(g, 0.1)
    assert np.allclose(params["w"], 0.9), "AdamW's first step is as long as the rate"
    controls.optimizer = "sgd"
    controls.wait()
    optimizer.step(g, 0.1)
    assert np.allclose(params["w"], 0.5) and "v.w" in optimizer.state
    optimizer.step(g, 0.1)
    assert np.allclose(params["w"], 0.5 - 0.1 * (0.9 * 4 + 4)), "its momentum goes on"


def test_a_pause_waits_and_a_stop_ends_it():
    controls = live.Controls()
    controls.allow(1)
    _, going = events(controls)
    found = [next(going) for _ in range(4)]
    assert [type(event).__name__ for event in found] == ["Digits", "Moment", "Point", "Moment"]
    assert controls.batches == 0 and found[3].step == 1, "what a pause stops at is looked at"
    threading.Timer(0.1, controls.stop).start()
    assert list(going) == []


def test_slow_motion_is_slow(monkeypatch):
    monkeypatch.setattr(live, "SLOW", 30)
    controls = live.Controls()
    controls.slow = True
    controls.allow(None)
    waiting = threading.Thread(target=controls.wait)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    controls.stop()
    waiting.join(5)
    assert not waiting.is_alive()


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_rate_far_too_high_diverges_and_keeps_what_was_before(batch_norm):
    run = ran(1e30, batch_norm=batch_norm)
    assert "no finite number" in run.failed or "nan" in run.failed or "inf" in run.failed
    for moment in run.moments:
        judged, look = looks.judge(moment.network, FEW, FEW), looks.look(moment.network, IMAGE)
        assert np.isfinite(judged.plane).all() and np.isfinite(look.spot).all()
    run.scrub(-99)
    assert run.moment.step == 0 and looks.look(run.moment.network, IMAGE).probabilities.sum() == pytest.approx(1)


# --- what is seen of a moment ---------------------------------------------------------------------------------

def test_a_look_is_what_the_network_computes(run):
    network = run.moments[-1].network
    image = FEW[0][0]
    look = looks.look(network, image)
    assert [maps.shape for maps in look.maps] == [(32, 26, 26), (64, 11, 11), (64, 3, 3)]
    assert np.allclose(look.probabilities, network.predict(image[None])[0], atol=1e-5)
    x = network.layers[1].forward(network.layers[0].forward(to_input(image[None])))
    assert np.allclose(look.maps[0][5], x[0, :, :, 5])
    assert looks.filters(network)[7, 2, 0] == network.params["0.w"][2, 0, 0, 7]


def test_the_plane_pulls_a_digit_to_the_place_of_its_score(run):
    places = looks.spread(np.eye(10) * 3)
    assert np.allclose(np.linalg.norm(places, axis=1), 3) and np.allclose(places[0], [0, -3], atol=1e-9)
    assert np.allclose(looks.spread(np.eye(10) + 7), looks.spread(np.eye(10))), "what all scores share moves nothing"
    judged = looks.judge(run.moments[-1].network, FEW, run.digits.held)
    assert np.allclose(judged.plane[4], looks.look(run.moments[-1].network, FEW[0][4]).spot, atol=1e-3)
    right = run.moments[-1].network.predict(run.digits.held[0]).argmax(axis=1) == run.digits.held[1]
    assert (judged.accuracy, judged.count) == (right.mean(), 13)
    hasty = looks.judge(run.moments[-1].network, FEW)
    assert hasty.accuracy is None and np.array_equal(hasty.plane, judged.plane)


# --- scrubbing ------------------------------------------------------------------------------------------------

def test_scrubbing_goes_through_the_kept_moments_and_ends_at_now(run):
    count = len(run.moments)
    run.shown = None
    run.scrub(-1)
    assert run.moment is run.moments[-1]
    run.scrub(-1)
    assert run.moment is run.moments[-2]
    run.scrub(-999)
    assert run.moment is run.moments[0]
    run.scrub(count)
    assert run.shown is None and run.moment is run.news
    for n in (0, 3, count - 1):
        run.scrub_to(along(run.moments[n].images, run.total), run.total)
        assert run.moment is run.moments[n]
    run.scrub_to(1.5, run.total)
    assert run.shown is None


def test_the_ribbon_is_worked_out_a_few_at_a_time_and_keeps_the_old_until_then(run):
    count, other = len(run.moments), np.zeros((28, 28), np.uint8)
    run.follow(IMAGE, count)
    full = run.follow(IMAGE, 0).copy()
    expected = np.concatenate([moment.network.predict(IMAGE[None]) for moment in run.moments])
    assert full.shape == (count, 10) and np.allclose(full, expected)
    now = run.follow(other, 2).copy()
    assert np.array_equal(now[2:], full[2:]) and not np.array_equal(now[:2], full[:2])
    now = run.follow(IMAGE.copy(), 1)  # the drawing has changed again: it is the third one's turn
    assert not np.array_equal(now[0], full[0])
    assert len(run._stale) == count - 1 and run._stale[0] == 3


def test_a_look_is_of_the_moment_and_of_the_drawing_shown(run):
    other, seen = np.zeros((28, 28), np.uint8), []
    for shown, image in ((0, IMAGE), (None, IMAGE), (None, other)):
        run.shown = shown
        assert run.look(image) is run.look(image), "it isn't worked out twice"
        seen.append(run.look(image).probabilities)
        assert np.allclose(seen[-1], run.moment.network.predict(image[None])[0], atol=1e-5)
    assert not np.allclose(seen[0], seen[1]) and not np.allclose(seen[1], seen[2])


def test_what_is_seen_next_is_judged_next(run):
    run.shown, run.judged = 2, {}
    assert run.unjudged() is run.moments[2]
    run.judge(run.moments[2], "judged")
    assert run.unjudged() is run.moments[-1]
    news, run.news = run.news, live.Moment(99, 99, run.news.network, kept=False)
    run.shown = None
    assert run.unjudged() is run.news and run.unjudged(seen=False) is run.moments[-1]
    run.news = news
    gone = live.Moment(1, 1, None, kept=False)
    run.judge(gone, "judged")
    assert gone not in run.judged, "a moment that isn't kept holds no memory"
    run.shown = None


def test_another_choice_is_another_run_and_the_one_before_stays():
    learning = Learning()
    first = learning.begin()
    learning.controls.rate, learning.controls.optimizer = 0.5, "sgd"
    learning.prepare(live.Choices(seed=3))
    assert learning.chosen is None and learning.runs == [first] and learning.controls.rate == 0.5
    second = learning.begin()
    learning.controls.rate = 0.1
    assert second.controls.optimizer == "sgd"
    assert first.controls.rate == 0.5 and (second.number, second.choices.seed) == (2, 3)
    learning.drop()
    assert second.controls.stopped and learning.chosen is first
    learning.drop()
    assert learning.chosen is None and learning.moment is None
    assert learning.begin().number == 3, "a number is never used twice"


def test_a_rising_loss_is_said_before_it_is_no_number():
    run = Run(1, live.Choices(), live.Controls())
    run.losses.extend([2.4] * 30)
    assert not run.rising, "no better than guessing isn't rising"
    run.losses[-20:] = array("d", [3.5] * 20)
    assert run.rising
    run.losses[-20:] = array("d", [0.5] * 19 + [9.0])
    assert not run.rising, "one bad batch is no trend"
