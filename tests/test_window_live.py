"""A training looked at: its data without pygame, and the view."""

import threading

import numpy as np
import pytest

from nn.network import digit_net
from nn.training import Diverged
from window.data import live
from window.state.learning import Learning


def run(controls, batch_norm=False):
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 256, (96, 28, 28)).astype(np.uint8), np.arange(96) % 10
    network = digit_net(np.random.default_rng(0), batch_norm)
    return network, live.learn(network, live.Choices(batch_size=32, batch_norm=batch_norm), controls, digits, digits, 1)


def test_moments_bring_the_network_back_and_the_rate_is_live():
    controls = live.Controls(0.0)
    controls.batches = None
    network, events = run(controls)
    first = next(events)
    assert isinstance(first, live.Moment) and first.step == 0
    assert next(events).step == 1
    still = network.params
    assert all(np.array_equal(still[k].astype(np.float16), first.arrays[k]) for k in still), "a rate of 0 moves nothing"
    controls.rate = 1e-2
    learning = Learning()
    learning.begin(digit_net(np.random.default_rng(1), False))
    learning.take(first)
    for event in events:
        learning.take(event)
    assert [point.step for point in learning.points] == list(range(2, 16))
    last = learning.moments[-1].arrays
    assert any(not np.array_equal(last[k], first.arrays[k]) for k in last)
    image = np.full((28, 28), 99, np.uint8)
    assert learning.follow(image, 99).shape == (len(learning.moments), 10)


def test_a_pause_waits_and_a_stop_ends_it():
    controls = live.Controls()
    _, events = run(controls)
    next(events)
    controls.batches = 1
    assert next(events).step == 1 and controls.batches == 0
    threading.Timer(0.1, lambda: setattr(controls, "stopped", True)).start()
    assert all(isinstance(event, live.Moment) for event in events)


def test_a_rate_far_too_high_diverges_and_keeps_what_was_before():
    controls = live.Controls(1e30)
    controls.batches = None
    _, events = run(controls)
    assert np.isfinite(next(events).plane).all()
    with pytest.raises(Diverged):
        list(events)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (1920, 1080)])
def test_the_view_is_drawn_and_scrubbed(size, theme, tmp_path):
    import pygame

    from window.actions import train
    from window.app import App

    pygame.init()
    app = App(digit_net(np.random.default_rng(0), False), size=size, theme=theme, samples=tmp_path)
    train.view(app)
    surface = pygame.Surface(size)
    app.draw(surface)
    train.earlier(app)  # there is nothing yet
    controls = live.Controls()
    controls.batches = None
    network, events = run(controls)
    app.learning.begin(network)
    app.learning.labels = np.arange(96) % 10
    for event in events:
        app.learning.take(event)
    app.draw(surface)
    train.earlier(app)
    assert app.learning.moment is app.learning.moments[-2]
    box = app.layout.parts["ribbon"]
    app.looking.pointer = box.x + 1, box.y + 1
    app.press("ribbon")
    assert app.learning.moment is app.learning.moments[0]
    app.draw(surface)
    train.view(app)
    assert app.sight == "forward"
    app.draw(surface)
