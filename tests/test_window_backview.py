"""Backward in the window, through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, press, until  # noqa: E402

from nn.layers import Dense, Flatten, Layer  # noqa: E402
from nn.network import Network  # noqa: E402
from window.data.backward import reach  # noqa: E402


def shown(app):
    """Let the window do what is due and draw itself, in both themes."""
    for _ in "TT":
        press(app, "T")
        app.update(0.1)
        app.draw(pygame.Surface(app.layout.size))


def test_backward_asks_for_the_true_digit_and_shows_p_minus_y(app):
    draw(app, SEVEN)
    press(app, "B")
    assert app.sight == "backward" and "which digit" in app.message.words
    shown(app)
    assert app.backward.way(app.reading) is None
    click(app, "true 3")
    shown(app)
    way = app.backward.way(app.reading)
    assert way.label == 3 and np.allclose(way.gradients[-1][0], way.p - np.eye(10)[3], atol=1e-6)
    app.looking.pointer = app.layout.cell(2, 5).middle
    shown(app)
    press(app, "B")
    assert app.sight == "forward"


def test_a_digits_key_is_the_true_digit_and_keeps_no_drawing(app):
    press(app, "B", "4")
    assert "Draw a digit first" in app.message.words
    draw(app, SEVEN)
    press(app, "4")
    app.update(0.1)
    assert app.backward.way(app.reading).label == 4
    assert app.pad.marks and not list(app.teaching.samples.iterdir())
    press(app, "B", "4")
    assert not app.pad.marks and list(app.teaching.samples.iterdir())  # elsewhere it still keeps it


def test_enter_says_that_the_answer_is_right(app):
    press(app, "B")
    draw(app, SEVEN)
    assert app.backward.way(app.reading) is None and "Enter says 7" in app.message.words
    press(app, "Enter")
    app.update(0.1)
    assert app.backward.way(app.reading).label == app.answer.digit == 7


def test_the_true_digit_goes_with_its_drawing(app):
    draw(app, SEVEN)
    press(app, "B", "3")
    app.update(0.1)
    press(app, "N", "B", "B", "B", "Space")  # away and back, and the same ink read once more
    app.update(0.1)
    assert app.backward.way(app.reading).label == 3
    draw(app, ONE)  # more ink: another drawing
    assert app.backward.label is None and app.backward.way(app.reading) is None
    press(app, "3", "C")
    app.update(0.1)
    draw(app, ONE)
    assert app.backward.label is None


def test_a_test_digits_label_is_the_true_digit_until_another_is_given(app):
    press(app, "B", "R")
    until(app, lambda: app.pad.marks and app.backward.way(app.reading))
    assert app.backward.label == app.pad.drawing.picture.label
    other = (app.backward.label + 1) % 10
    press(app, str(other))
    app.update(0.1)
    assert app.backward.way(app.reading).label == other
    press(app, "R")
    app.update(0.1)
    assert app.backward.label == app.pad.drawing.picture.label


def test_nothing_is_worked_out_while_drawing_a_frame(app, monkeypatch):
    draw(app, SEVEN)
    press(app, "B", "3")
    monkeypatch.setattr("window.state.backward.backward", None)
    app.draw(pygame.Surface(app.layout.size))
    assert app.backward.way(app.reading) is None


def test_a_button_leads_from_every_view_to_every_other(app):
    for name in ("train", "backward", "why", "forward", "backward", "train", "forward"):
        click(app, f"view {name}")
        assert app.sight == name and app.message.words.lower().startswith(name)
        shown(app)


def test_a_stroke_under_way_ends_when_the_view_changes(app):
    pad = app.layout.parts["pad"]
    app.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pad.middle, button=1))
    press(app, "N")
    app.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=(pad.x + 9, pad.y + 9), rel=(0, 0), buttons=(1, 0, 0)))
    assert len(app.pad.drawing.strokes[0].points) == 1


class Own(Layer):
    def forward(self, x, training=False):
        return x * 2


class Short(Own):
    def backward(self, dy):
        return dy[:, :5]


@pytest.mark.parametrize(("layer", "said"), [(Own(), "layer 0, Own"), (Short(), "layer 0, Short")])
def test_a_layer_without_a_way_back_is_named(app, layer, said):
    app.use(Network([layer, Flatten(), Dense(784, 10, rng=0)]))
    press(app, "B")
    draw(app, SEVEN)
    press(app, "3")
    shown(app)
    assert app.backward.way(app.reading) is None and said in app.backward.trouble


def test_one_wild_cell_leaves_the_others_their_colours():
    maps = np.random.default_rng(0).uniform(0.5, 1, (64, 5, 5))
    maps[26] *= 1000
    assert 0.9 < reach(maps) < 1.1
    maps[:] = 0
    assert reach(maps) == 0
    maps[3, 2, 2] = -2
    assert reach(maps) == 2
