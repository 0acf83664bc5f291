"""Why one digit and not another, the nearest training digits, and what-if: numbers, and the views through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import SEVEN, click, draw, press, send  # noqa: E402

from nn.layer import Layer  # noqa: E402
from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, ReLU  # noqa: E402
from nn.network import Network, digit_net  # noqa: E402
from window.app import App  # noqa: E402
from window.data import anatomy, why  # noqa: E402


class Doubled(Layer):
    """A layer of one's own, which says nothing of itself."""

    def forward(self, x, training=False):
        return 2 * x

    def backward(self, dy):
        return 2 * dy


def normed(rng):
    """The digit network with BatchNorm, whose statistics are as after a training."""
    network = digit_net(rng, batch_norm=True)
    for layer in network.layers:
        if isinstance(layer, BatchNorm):
            layer.state["mean"][:], layer.state["var"][:] = rng.normal(size=(2, layer.channels)) ** 2
            layer.params["gamma"][:], layer.params["beta"][:] = rng.normal(size=(2, layer.channels))
    return network


def other(kind):
    rng = np.random.default_rng(3)
    return {
        "normed": lambda: normed(rng),
        "no hidden layer": lambda: Network([Flatten(), Dense(784, 10, rng=rng)]),
        "convolution, then scores": lambda: Network(
            [Conv2D(1, 6, 5, rng=rng), ReLU(), MaxPool2D(4), Flatten(), Dense(216, 10, rng=rng)]),
        "hidden 100 and 30": lambda: Network(
            [Flatten(), Dense(784, 100, rng=rng), ReLU(), Dense(100, 30, rng=rng), ReLU(), Dense(30, 10, rng=rng)]),
        "own last": lambda: Network([Flatten(), Dense(784, 10, rng=rng), Doubled()]),
        "own before": lambda: Network([Flatten(), Dense(784, 20, rng=rng), Doubled(), Dense(20, 10, rng=rng)]),
        "mean last": lambda: Network([Conv2D(1, 10, 5, rng=rng), AvgPool2D(24), Flatten()]),
        "relu last": lambda: Network([Flatten(), Dense(784, 10, rng=rng), ReLU()]),
    }[kind]()  # fmt: skip


SHOWN = ("normed", "no hidden layer", "convolution, then scores", "hidden 100 and 30", "own before")
REFUSED = {"own last": "Doubled", "mean last": "Mean pool", "relu last": "ReLU"}


def looked(network, image):
    return anatomy.stages(network), anatomy.activations(network, image)


@pytest.fixture
def image(digits):
    return digits[1][0][115]


@pytest.mark.parametrize("kind", SHOWN)
def test_the_terms_and_the_bias_are_the_difference_of_the_scores(kind, image):
    network = other(kind)
    stages, values = looked(network, image)
    scores = values[-1][0].astype(float)
    for a, b in ((4, 9), (9, 4), (0, 1)):
        found = why.difference(network, stages, values, a, b)
        assert np.isclose(found.total, scores[a] - scores[b], rtol=1e-4, atol=1e-4) and found.total != 0
        assert found.shown == scores[a] - scores[b]
    last = network.layers[-1]
    assert len(found.terms) == len(last.params["w"])
    assert np.allclose(found.terms, values[-2][0] * (last.params["w"][:, 0] - last.params["w"][:, 1]))


def test_the_digit_network_has_64_terms_and_each_rests_on_3_by_3_by_64(one_or_seven, image):
    stages, values = looked(one_or_seven, image)
    found = why.difference(one_or_seven, stages, values, 1, 7)
    assert found.terms.shape == (64,) and abs(found.total - found.shown) < 1e-4
    for unit in (0, 17, 63):
        rest = why.rest(one_or_seven, stages, values, found, unit)
        maps, w = values[8][0], one_or_seven.layers[9].params["w"][:, unit].reshape(3, 3, 64)
        assert np.allclose(rest.products, maps * w, atol=1e-6) and rest.products.shape == (3, 3, 64)
        assert np.isclose(max(rest.products.sum() + one_or_seven.layers[9].params["b"][unit], 0), found.values[unit],
                          atol=1e-3)  # fmt: skip
        assert np.isclose(rest.steps[-1][1], found.values[unit], atol=1e-3)


@pytest.mark.parametrize(("kind", "shape"), [("no hidden layer", (28, 28, 1)), ("convolution, then scores", (6, 6, 6)),
                                             ("hidden 100 and 30", (1, 1, 100)), ("normed", (3, 3, 64))])  # fmt: skip
def test_what_a_term_rests_on_has_the_shape_of_what_was_flattened(kind, shape, image):
    network = other(kind)
    stages, values = looked(network, image)
    found = why.difference(network, stages, values, 4, 9)
    rest = why.rest(network, stages, values, found, 5)
    assert rest.products.shape == shape
    if why.units(stages) is None:
        assert np.isclose(rest.products.sum() + found.bias, found.shown, rtol=1e-4, atol=1e-4)
    else:
        assert np.isclose(rest.steps[-1][1], found.values[5], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_network_that_cannot_be_taken_apart_names_the_layer(kind, image):
    network = other(kind)
    stages, values = looked(network, image)
    with pytest.raises(why.CannotSay, match=REFUSED[kind]):
        why.difference(network, stages, values, 4, 9)


@pytest.mark.parametrize("temperature", [1.0, 0.56, 1e-3])
def test_the_softmax_is_the_networks_own(one_or_seven, image, temperature):
    network = one_or_seven.replica()
    network.temperature = temperature
    scores = anatomy.activations(network, image)[-1]
    table = why.softmax(scores[0], temperature)
    assert np.allclose(table.shares, network.probabilities(scores)[0], atol=1e-6)
    assert np.allclose(table.divided, scores[0] / temperature) and np.array_equal(table.scores, scores[0])
    assert np.allclose(np.log(table.exponentials + 1e-300), np.maximum(table.divided - table.less, np.log(1e-300)))
    assert (table.less != 0) == (table.divided.max() > 700)


# --- the view -----------------------------------------------------------------------------------------------------


def seen(app):
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    return pygame.surfarray.array3d(surface)


def test_the_view_compares_answer_and_second_until_others_are_chosen(app):
    press(app, "Y")
    seen(app)
    assert app.sight == "why"
    click(app, "for 3")
    assert "Draw a digit" in app.message.words
    draw(app, SEVEN)
    assert app.why.pair(app.answer) == tuple(app.answer.order[:2])
    first, second = app.answer.order[:2]
    third = app.answer.order[5]
    click(app, f"against {third}")
    assert app.why.pair(app.answer) == (first, third)
    found = app.why.difference(app.reading)
    assert np.isclose(found.shown, float(app.answer.values[-1][0, first]) - float(app.answer.values[-1][0, third]))
    click(app, f"for {third}")
    assert app.why.pair(app.answer) == (third, first)  # they changed places
    assert np.isclose(app.why.difference(app.reading).shown, -found.shown)
    click(app, f"for {third}")
    assert app.why.pair(app.answer) == (first, second)
    click(app, "forward")
    assert app.sight == "forward"


def test_terms_are_sorted_and_chosen_by_click_and_by_arrow_keys(app):
    draw(app, SEVEN)
    press(app, "Y")
    found = app.why.difference(app.reading)
    assert app.why.looked_at(found) == abs(found.terms).argmax()
    box, sorted_terms = app.layout.parts["terms"], np.argsort(-found.terms, kind="stable")
    before = seen(app)
    for n in (0, 40, 63):
        click(app, box._replace(x=box.x + box.w * n // 64, w=box.w // 64))
        assert found.terms[app.why.looked_at(found)] == found.terms[sorted_terms[n]]
    assert (seen(app) != before).any()
    app.looking.focus = "terms"
    press(app, "Left")
    assert found.terms[app.why.looked_at(found)] == found.terms[sorted_terms[62]]
    press(app, "Right", "Right")
    assert app.why.looked_at(found) == sorted_terms[0]
    app.looking.focus = "for 9"
    press(app, "Down", "Right")
    assert app.looking.focus == "against 0"
    press(app, "Enter")
    assert 0 in app.why.pair(app.answer)


@pytest.mark.parametrize("kind", [*SHOWN, *REFUSED])
def test_every_network_is_shown_or_said_to_be_beyond_it(kind, tmp_path):
    app = App(other(kind), samples=tmp_path)
    draw(app, SEVEN)
    press(app, "Y")
    box = app.layout.parts["terms"]
    for theme, size in (("T", (900, 600)), ("T", (640, 480))):
        press(app, theme)
        seen(app)
        click(app, box)
        send(app, pygame.VIDEORESIZE, w=size[0], h=size[1], size=size)
    app.looking.focus = "terms"
    press(app, "Right")
    seen(app)
