"""Backward in the window, through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, press, until  # noqa: E402

from nn.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, MaxPool2D, ReLU  # noqa: E402
from nn.network import Network, digit_net  # noqa: E402
from window.data.anatomy import shown as maps_of  # noqa: E402
from window.panels import backward, how, widgets  # noqa: E402
from window.panels.layout import Rect  # noqa: E402
from window.panels.theme import DARK  # noqa: E402


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
    app.backward.tell(app.reading, 4)
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


@pytest.fixture
def seven(app):
    """Backward of a 7 that is said to be a 3."""
    draw(app, SEVEN)
    press(app, "B", "3")
    app.update(0.1)
    return app


def test_the_arrows_lead_back_a_layer_at_a_time_and_the_rest_keeps_its_values(seven):
    app, count = seven, len(seven.reading.stages)
    assert app.backward.reached == 1
    for reached in range(2, count + 2):
        press(app, "Left")
        assert app.backward.reached == reached
        shown(app)
    press(app, "Left")
    assert app.backward.reached == count + 1
    press(app, "Right", ".", "A")
    assert app.backward.reached == count + 1
    press(app, "A", ",")
    assert app.backward.reached == 2
    click(app, "further")
    assert app.backward.reached == 3

    pin_a_weight(app)
    press(app, ".")  # closes it, so that the layer is seen that is walked to
    assert app.looking.pinned is None and app.backward.weight is None
    press(app, ",")
    app.backward.reached = 3
    app.looking.pointer = None

    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    way = app.backward.way(app.reading)
    for number, stage in enumerate(app.reading.stages[:-1]):
        reached = count - number <= 3
        assert backward.reaches(app, number) == reached
        box = app.layout.parts[f"stage {number}"]
        mosaic = how.mosaic(how.colours_of(maps_of(stage, way.values), app.theme), app.layout, number, app.theme)
        same = np.array_equal(pygame.surfarray.array3d(surface.subsurface(box)), pygame.surfarray.array3d(mosaic))
        assert same != reached, number


def test_hatches_lie_on_what_relu_stopped_and_dots_on_winners(seven):
    way, stage = seven.backward.way(seven.reading), seven.reading.stages[2]
    for cell in range(20):
        pixels = backward.marked(way, stage, DARK, 8, cell).reshape(11, 8, 11, 8, 3)
        hatched = (pixels == DARK.faint).all(-1).any((1, 3))
        dots = (pixels == DARK.text).all(-1).any((1, 3))
        pool = way.network.layers[stage.last + 1]
        np.testing.assert_array_equal(hatched, way.values[stage.last][0, :, :, cell] <= 0)
        np.testing.assert_array_equal(dots, pool.winners(way.values[stage.last + 1][0])[..., cell])


SIZES = [(900, 600), (1280, 800), (1920, 1080)]


@pytest.mark.parametrize("size", SIZES)
def test_every_card_is_drawn_at_every_size(seven, size, monkeypatch):
    """And nothing that it writes is cut short."""
    app, cut, written = seven, [], []
    whole = widgets.shortened

    def spy(words, width, *rest):
        found = whole(words, width, *rest)
        written.append(words)
        cut.extend([words] if found != words else [])
        return found

    app.resize(size)
    press(app, "A")
    monkeypatch.setattr(widgets, "shortened", spy)
    shown(app)
    for number, stage in enumerate(app.reading.stages):
        app.looking.pointer = app.layout.cell(number, stage.channels // 2).middle
        shown(app)
        click(app, app.layout.cell(number, stage.channels // 2))
        assert app.looking.pinned[:2] == (number, stage.channels // 2)
        shown(app)
        assert any("A little more of it" in words or "doesn't change" in words for words in written)
        press(app, "Esc")
    press(app, "G", "G")
    app.looking.pointer = None
    shown(app)
    assert not {words for words in cut if not words.startswith(app.message.words[:20])}


def pin_a_weight(app, part="filter", number=3, cell=17):
    click(app, app.layout.cell(number, cell))
    click(app, part)
    until(app, lambda: app.backward.check)


def test_a_weight_clicked_in_the_filter_is_checked_by_finite_differences(seven):
    app = seven
    pin_a_weight(app)
    stage, index = app.backward.weight
    assert stage == 4 and index[:3] == (1, 1, 17)
    way, found = app.backward.way(app.reading), app.backward.check
    assert found.by_backprop == pytest.approx(way.grads["6.w"][index], rel=1e-3, abs=1e-7)
    assert found.by_backprop == pytest.approx(found.by_difference, rel=1e-5, abs=1e-9)
    shown(app)
    press(app, "Right")
    assert app.backward.weight == (4, (1, 2, *index[2:])) and app.backward.check is None
    press(app, "Left", "Down")
    assert app.backward.weight == (4, (1, 1, 18, index[3]))
    press(app, "Esc")
    assert app.backward.weight is None and app.looking.pinned
    press(app, "Esc")
    assert not app.looking.pinned
    for part, row, column in (("filter", 0, 2), ("own", 2, 0)):  # not only the middle, where both are alike
        click(app, app.layout.cell(4, 9))
        box = app.layout.parts[part]
        rows, columns = (8, 8) if part == "filter" else (3, 3)
        click(app, Rect(box.x + (2 * column + 1) * box.w // (2 * columns), box.y + (2 * row + 1) * box.h // (2 * rows),
                        1, 1))  # fmt: skip
        index = app.backward.weight[1]
        assert index[1] == 8 * row + column if part == "filter" else index[:2] == (row, column)
        press(app, "Esc", "Esc")


def test_a_cells_own_filter_is_clicked_too_and_all_goes_by_keyboard(seven):
    app = seven
    pin_a_weight(app, "own", 0, 5)
    assert app.backward.weight == (0, (1, 1, 0, 5))
    shown(app)
    press(app, "Esc", "Esc")
    app.looking.pointer = None
    while app.looking.focus != "stage 5":
        press(app, "Tab")
    press(app, "Right", "Enter")
    assert app.looking.pinned == (5, 1, (0, 0))
    for part in ("filter", "own"):
        while app.looking.focus != part:
            press(app, "Tab")
        press(app, "Enter")
        stage, index = app.backward.weight
        assert (stage, index[0]) == (6, 1) if part == "filter" else (stage, index[1]) == (5, 1)
        shown(app)
        press(app, "Right", "Up", "Esc")


def test_a_step_learns_the_drawing_on_a_copy_and_undo_takes_it_back(seven):
    app, network = seven, seven.reading.network
    arrays = {name: a.copy() for name, a in network.params.items()}
    losses = [app.backward.way(app.reading).loss]
    for _ in range(3):
        press(app, "G")
        losses.append(app.backward.way(app.reading).loss)
        shown(app)
    assert losses == sorted(losses, reverse=True) and app.reading.network is network
    assert all(np.array_equal(a, arrays[name]) for name, a in network.params.items())
    assert "stay as they are" in app.message.words
    press(app, "U")
    app.update(0.1)
    assert app.backward.way(app.reading).loss == pytest.approx(losses[2])
    click(app, "back")
    click(app, "back")
    app.update(0.1)
    assert not app.backward.steps and app.backward.way(app.reading).network.layers[0].params is network.layers[0].params
    press(app, "U")
    assert "no step" in app.message.words


def test_repeating_goes_on_until_it_is_stopped_and_forgets_others(seven, digits):
    app = seven
    app.reading.tests = tuple(part[:1000] for part in digits[1])
    app.backward.rate = 1e-2
    press(app, "J")
    until(app, lambda: len(app.backward.steps) >= 4)
    press(app, "J")
    count = len(app.backward.steps)
    until(app, lambda: count in app.backward.accuracies)
    assert len(app.backward.steps) == count
    of = app.reading.tests
    expected = (app.backward.steps[-1].network.predict(of[0]).argmax(axis=1) == of[1]).mean()
    assert app.backward.accuracies[count] == expected < app.backward.accuracies[0]
    shown(app)
    draw(app, ONE)  # another drawing
    app.update(0.1)
    assert not app.backward.steps and not app.backward.accuracies


def test_old_steps_are_let_go_and_then_undo_says_so(seven, monkeypatch):
    monkeypatch.setattr("window.state.backward.KEPT", 3)
    press(seven, *"GGGGGG")
    press(seven, *"UUUUUU")
    assert len(seven.backward.steps) == 4 and "starts again" in seven.message.words
    press(seven, "3")
    assert not seven.backward.steps


def test_a_rate_that_is_too_high_is_said(seven):
    press(seven, *["="] * 20)
    assert seven.backward.rate == 3
    seven.backward.rate = 1e30
    press(seven, "J")
    until(seven, lambda: seven.message.bad)
    assert not seven.backward.repeating and "rate is too high" in seven.message.words
    shown(seven)
    seven.backward.rate = 1e-5
    press(seven, *["-"] * 30)
    assert seven.backward.rate == pytest.approx(1e-7)


def test_without_the_test_set_the_steps_go_on(seven, monkeypatch):
    def none():
        raise ValueError("no files")
        yield

    monkeypatch.setattr("window.data.testset.test_set", none)
    press(seven, "G")
    until(seven, lambda: seven.backward.untestable)
    shown(seven)
    assert seven.backward.untestable == "no files"


def test_a_check_that_fails_is_said_and_not_tried_again(seven, monkeypatch):
    calls = []

    def fails(*_):
        calls.append(1)
        raise ValueError("no such thing")

    monkeypatch.setattr("window.data.weight.check", fails)
    click(seven, seven.layout.cell(3, 17))
    click(seven, "filter")
    until(seven, lambda: seven.backward.unchecked)
    for _ in range(5):
        seven.update(0.1)
    shown(seven)
    assert seven.backward.unchecked == "no such thing" and len(calls) == 1
    press(seven, "Right")
    until(seven, lambda: len(calls) == 2)


def written(app, monkeypatch):
    """All lines that the window writes in one frame."""
    lines = []
    monkeypatch.setattr(widgets, "shortened", lambda words, *_: lines.append(words) or words)
    app.draw(pygame.Surface(app.layout.size))
    return lines


def test_that_p_is_without_forwards_temperature_is_said(seven, monkeypatch):
    seven.reading.network.temperature = 0.56
    assert "scores as they are" in " ".join(written(seven, monkeypatch))
    assert "temperature, 0.56" in " ".join(written(seven, monkeypatch))


def test_a_product_that_is_written_out_is_that_of_its_factors(seven, monkeypatch):
    click(seven, seven.layout.cell(4, 9))
    lines = written(seven, monkeypatch)
    at = next(i for i, words in enumerate(lines) if words.startswith("unit "))
    a, b = (float(number.replace("−", "-")) for number in lines[at].split(": ")[1].split(" × "))
    assert a * b == pytest.approx(float(lines[at - 1].replace("−", "-")), rel=2e-4)
    assert any("value after ReLU" in words for words in lines) and any("sum before ReLU" in words for words in lines)


@pytest.mark.parametrize("kind", ["norm", "odd", "own", "flat"])
def test_other_networks_are_shown_or_the_layer_is_named(app, kind):
    rng = np.random.default_rng(0)
    after = {"own": [Twice()], "flat": [BatchNorm(180), ReLU()]}.get(kind, [])
    network = digit_net(rng, batch_norm=True) if kind == "norm" else Network(
        [Conv2D(1, 5, (5, 2), stride=2, padding="same", rng=rng), ReLU(), MaxPool2D(3, stride=2), Flatten(), *after,
         Dense(180, 10, rng=rng)])  # fmt: skip
    app.use(network)
    draw(app, SEVEN)
    press(app, "B", "3", "A")
    app.update(0.1)
    for number, stage in list(enumerate(app.reading.stages))[:: 2 if kind == "norm" else 1]:
        click(app, app.layout.cell(number, stage.channels - 1))
        shown(app)
        for part in ("own", "filter"):
            click(app, part)
            shown(app)
            if app.backward.weight:
                until(app, lambda: app.backward.check)
                assert app.backward.check.digits >= 4 or abs(app.backward.check.by_backprop) < 1e-9
                shown(app)
                press(app, "Esc")
        press(app, "Esc")
    press(app, "G")
    shown(app)


class Twice(Layer):
    """A layer of one's own that says nothing of itself."""

    def forward(self, x, training=False):
        return x * 2

    def backward(self, dy):
        return dy * 2


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


def test_a_network_of_fewer_stages_is_gone_back_through_as_far(seven):
    press(seven, "A")
    seven.use(Network([Flatten(), Dense(784, 10, rng=0)]))
    seven.update(0.1)
    shown(seven)
    assert seven.backward.reached == 2
