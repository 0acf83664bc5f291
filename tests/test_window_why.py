"""Why one digit and not another, and the nearest training digits: the numbers, and the view through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import SEVEN, click, draw, press, send, until  # noqa: E402

from nn.layer import Layer  # noqa: E402
from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, ReLU  # noqa: E402
from nn.network import Network, digit_net  # noqa: E402
from window.app import App  # noqa: E402
from window.data import anatomy, nearest, why  # noqa: E402


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


def scaled(by):
    """The digit network with weights of its last layer times a number."""
    network = digit_net(np.random.default_rng(0))
    network.layers[-1].params["w"] *= by
    return network


def other(kind):
    rng = np.random.default_rng(3)
    return {
        "normed": lambda: normed(rng),
        "no hidden layer": lambda: Network([Flatten(), Dense(784, 10, rng=rng)]),
        "convolution, then scores": lambda: Network(
            [Conv2D(1, 6, 5, rng=rng), ReLU(), MaxPool2D(4), Flatten(), Dense(216, 10, rng=rng)]),
        "ReLU behind Flatten": lambda: Network(
            [Conv2D(1, 6, 5, rng=rng), MaxPool2D(4), Flatten(), ReLU(), Dense(216, 10, rng=rng)]),
        "hidden 100 and 30": lambda: Network(
            [Flatten(), Dense(784, 100, rng=rng), ReLU(), Dense(100, 30, rng=rng), ReLU(), Dense(30, 10, rng=rng)]),
        "own last": lambda: Network([Flatten(), Dense(784, 10, rng=rng), Doubled()]),
        "own before": lambda: Network([Flatten(), Dense(784, 20, rng=rng), Doubled(), Dense(20, 10, rng=rng)]),
        "mean last": lambda: Network([Conv2D(1, 10, 5, rng=rng), AvgPool2D(24), Flatten()]),
        "diverged": lambda: scaled(np.nan),
        "huge": lambda: scaled(1e30),
        "relu last": lambda: Network([Flatten(), Dense(784, 10, rng=rng), ReLU()]),
    }[kind]()  # fmt: skip


SHOWN = ("huge", "normed", "no hidden layer", "convolution, then scores", "ReLU behind Flatten",
         "hidden 100 and 30", "own before")  # fmt: skip
REFUSED = {"own last": "Doubled", "mean last": "Mean pool", "relu last": "ReLU", "diverged": "diverged"}


def looked(network, image):
    return anatomy.stages(network), anatomy.activations(network, image)


@pytest.fixture
def app(app, digits):
    """The window, with 600 training digits to look for near ones among."""
    app.nearest.digits = digits[0][0][:600], digits[0][1][:600]
    return app


def window(network, folder, digits):
    app = App(network, samples=folder)
    app.nearest.digits = digits[0][0][:20], digits[0][1][:20]
    app.reading.tests = digits[1][0][:20], digits[1][1][:20]
    return app


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


# --- the nearest training digits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["normed", "hidden 100 and 30", "convolution, then scores", "digit network"])
def test_the_nearest_digits_are_those_of_the_least_distance_in_what_the_last_layer_receives(kind, digits, image):
    network = digit_net(np.random.default_rng(1)) if kind == "digit network" else other(kind)
    (images, labels), _ = digits
    some = images[:2300], labels[:2300]  # more than a block, and no whole number of them
    stages, values = looked(network, image)
    *shares, found = nearest.learned(network, stages, some)
    assert shares[-1] == 1.0 and found.hidden.shape == (2300, values[stages[-1].first].size)
    for n in (0, 1, 2299):
        own = anatomy.activations(network, images[n])[stages[-1].first].ravel()
        assert np.allclose(found.hidden[n], own, rtol=1e-3, atol=1e-4)
    hidden = values[stages[-1].first][0]
    distances = np.sqrt(((found.hidden.astype(float) - hidden) ** 2).sum(axis=1))
    eight = found.nearest(hidden)
    assert [one.number for one in eight] == np.argsort(distances, kind="stable")[:8].tolist()
    for one in eight:
        assert np.isclose(one.distance, distances[one.number]) and one.label == labels[one.number]
        assert (one.image == images[one.number]).all()
    assert found.nearest(found.hidden[7])[0].distance < 1e-2
    assert 7 in [one.number for one in found.nearest(found.hidden[7])]


def test_what_the_nearest_digits_cannot_be_made_of_is_said_in_one_line(image, tmp_path, monkeypatch):
    with pytest.raises(why.CannotSay, match="784"):
        nearest.upto(other("no hidden layer"), anatomy.stages(other("no hidden layer")))
    with pytest.raises(why.CannotSay, match="maps"):
        nearest.upto(other("mean last"), anatomy.stages(other("mean last")))
    monkeypatch.setattr(nearest.mnist, "SHIPPED", tmp_path)
    with pytest.raises(why.CannotSay, match="train-images-idx3-ubyte") as gone:
        nearest.training_digits()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"broken")
    with pytest.raises(why.CannotSay, match="train-images-idx3-ubyte") as broken:
        nearest.training_digits()
    assert "\n" not in str(gone.value) + str(broken.value)


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
    click(app, "view forward")
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
def test_every_network_is_shown_or_said_to_be_beyond_it(kind, tmp_path, digits):
    app = window(other(kind), tmp_path, digits)
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


def test_the_nearest_digits_come_by_themselves_once_for_each_network_and_can_be_put_on_the_pad(app, digits):
    (images, labels), _ = digits
    app.nearest.digits = images[:2100], labels[:2100]
    press(app, "Y")
    until(app, lambda: app.reading.network in app.nearest.features)
    seen(app)
    assert app.nearest.of(app.reading) is None  # there is no drawing
    draw(app, SEVEN)
    found = app.nearest.of(app.reading)
    assert len(found) == 8 and found is app.nearest.of(app.reading)
    features = app.nearest.features[app.reading.network]
    press(app, "Y", "Y")
    app.update(0.1)
    assert "nearest" not in app.jobs and app.nearest.features[app.reading.network] is features
    seen(app)
    click(app, "near 3")
    app.update(0.1)
    assert app.pad.drawing.picture.label == found[3].label
    assert (app.answer.image == found[3].image).all()
    assert app.nearest.of(app.reading)[0].number == found[3].number
    press(app, "Ctrl+Z")
    app.update(0.1)
    assert [one.number for one in app.nearest.of(app.reading)] == [one.number for one in found]


def test_without_mnist_the_view_says_so_and_looks_again_when_it_is_opened_again(app, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(nearest.mnist, "SHIPPED", tmp_path)
    app.nearest.digits = None
    press(app, "Y")
    app.update(0.1)
    until(app, lambda: app.reading.network in app.nearest.refused)
    seen(app)
    assert "train-images" in app.nearest.refused[app.reading.network]
    app.update(0.1)
    assert "nearest" not in app.jobs
    monkeypatch.undo()
    app.nearest.digits = digits[0][0][:500], digits[0][1][:500]
    press(app, "Y", "Y")
    app.update(0.1)
    until(app, lambda: app.reading.network in app.nearest.features)


def test_a_digits_key_chooses_the_one_to_compare_with_and_keeps_nothing(app):
    draw(app, SEVEN)
    press(app, "Y")
    digit = app.answer.order[6]
    press(app, str(digit))
    assert app.why.pair(app.answer) == (app.answer.digit, digit)
    assert app.pad.marks and app.teaching.kept == 0


def test_the_help_tells_of_the_view_and_names_its_keys(app):
    pages = []
    for key in ("Y", "X"):
        press(app, key, "F1")
        pages.append(seen(app))
        press(app, "Right")
        pages.append(seen(app))
        press(app, "Right", "F1")
    assert all((a != b).any() for n, a in enumerate(pages) for b in pages[:n])
