"""nn/stored.py: layers that a file describes are checked before they are built, and so are their answers."""

import json

import numpy as np
import pytest

from nn import layers
from nn.files import read_npz, write_npz
from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, ReLU, Softmax
from nn.network import Network, load_digit_net
from nn.stored import SHAPES, WORK, build_layers, check_card


def zeros(*shape):
    return np.zeros(shape, np.float32)


def arrays_of(described):
    network = Network(described)
    return [[type(layer).__name__, layer.config] for layer in network.layers], network.params | network.state


def test_layers_come_back_with_their_options():
    made = [Conv2D(1, 2, (2, 3), stride=2, padding="same"), BatchNorm(2, momentum=0.5), AvgPool2D(2, stride=1), ReLU(),
            Flatten(), Dropout(0.25), Dense(12, 10), Softmax()]  # fmt: skip
    described, arrays = arrays_of(made)
    built = build_layers(json.loads(json.dumps(described)), arrays)
    assert [repr(layer).replace("[2, 3]", "(2, 3)") for layer in built] == [repr(layer) for layer in made]


def test_the_shapes_that_are_promised_are_those_that_layers_have():
    for layer in (Conv2D(2, 3, (4, 5)), Dense(3, 4), BatchNorm(5)):
        shapes = SHAPES[type(layer).__name__](**layer.config)
        assert shapes == {name: a.shape for name, a in (layer.params | layer.state).items()}
    assert {name for name, kind in layers.LAYERS.items() if kind.__init__ is not layers.Layer.__init__} == {
        *SHAPES, "MaxPool2D", "AvgPool2D", "Dropout"
    }, "a new layer with weights wants a line in SHAPES"  # fmt: skip


def conv(**changes):
    return "Conv2D", {"c_in": 1, "c_out": 2, "kernel": 3} | changes


@pytest.mark.parametrize(("name", "options", "words"), [
    ("BatchNorm", {"channels": 300_000_000}, "channels = 300000000"),
    ("BatchNorm", {"channels": 999_999}, "'0.gamma' is missing"),
    ("Dense", {"n_in": 5, "n_out": 10**6}, "'0.w' should be float32 (5, 1000000), it is float32 (3, 3, 1, 2)"),
    ("Dense", {"n_in": 5, "n_out": 10, "rng": 5}, "rng = 5"),
    ("Attention", {}, "no layer is called 'Attention'"),
    (["Dense"], {}, "no layer is called ['Dense']"),
    ("ReLU", {"slope": 1}, "slope = 1"),
    ("MaxPool2D", {"window": True}, "window = True"),
    ("MaxPool2D", {"window": [2, 2, 2]}, "window = [2, 2, 2]"),
    ("MaxPool2D", {"window": [2, 2.5], "stride": 1}, "window = [2, 2.5]"),
    ("AvgPool2D", {"window": 1, "stride": 10**30}, "stride = 1000"),
    ("AvgPool2D", {"window": 0}, "whole numbers from 1"),
    ("Dropout", {"rate": float("inf")}, "rate = inf"),
    ("Dropout", {"rate": -0.5}, "rate = -0.5"),
    (*conv(kernel=9001), "should be float32 (9001, 9001, 1, 2)"),
    (*conv(c_out=3), "should be float32 (3, 3, 1, 3), it is float32 (3, 3, 1, 2)"),
    (*conv(stride=0), "whole numbers from 1"),
    (*conv(padding="round"), "'valid' or 'same'"),
    (*conv(padding={}), "padding = {}"),
])  # fmt: skip
def test_options_that_no_layer_has_or_that_the_arrays_do_not_bear_out(name, options, words):
    with pytest.raises(ValueError) as error:
        build_layers([[name, options]], {"0.w": zeros(3, 3, 1, 2), "0.b": zeros(2)})
    assert words in str(error.value)


@pytest.mark.parametrize("described", [None, {}, "Dense", [[]], [["Dense"]], [["Dense", []]], [["ReLU", {}]] * 1001,
                                       [1]])
def test_descriptions_that_are_none(described):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        build_layers(described, {})


@pytest.mark.parametrize(("card", "words"), [
    ([], "no object"), ({"test_accuracy": None}, "test_accuracy"), ({"test_accuracy": "99"}, "test_accuracy"),
    ({"test_accuracy": 99.7}, "test_accuracy"), ({"test_misses": -1}, "test_misses"), ({"test_images": []}, "images"),
    ({"test_accuracy": True}, "test_accuracy"),
])  # fmt: skip
def test_a_card_whose_score_is_no_number(card, words):
    with pytest.raises(ValueError, match=words):
        check_card(card)


def test_cards_are_optional():
    check_card({})
    check_card({"test_accuracy": 1, "test_misses": 0, "test_images": 10, "recipe": "mine"})


# --- answers ----------------------------------------------------------------------------------------------------

def saved(path, *made, spoil=lambda arrays: None, **about):
    """A file of a network, its weights at random."""
    network = Network(made)
    arrays = network.params | network.state
    for i, a in enumerate(arrays.values()):
        a += np.random.default_rng(i).uniform(0, 0.1, a.shape).astype(np.float32)
    spoil(arrays)
    network.save(path)
    found = read_npz(path)
    found["about"] = np.array(json.dumps(json.loads(str(found["about"])) | about))
    write_npz(path, found)
    return path


@pytest.mark.parametrize("made", [
    (Flatten(), Dense(784, 10)), (Flatten(), ReLU(), BatchNorm(784), Dropout(0.5), Dense(784, 10), Softmax()),
    (Conv2D(1, 32, 5, padding="same"), Conv2D(32, 64, 5, padding="same"), Flatten(), Dense(784 * 64, 10)),
    (Conv2D(1, 10, 28), Flatten()),
])  # fmt: skip
def test_other_networks_that_read_digits_load(tmp_path, made):
    assert load_digit_net(saved(tmp_path / "a.npz", *made)).layers


def test_a_softmax_at_the_end_is_left_to_predict(tmp_path):
    path = saved(tmp_path / "a.npz", Flatten(), Dense(784, 10), Softmax())
    page = np.eye(28, dtype=np.uint8)[None] * 255
    x = page[..., None] / np.float32(255)
    assert np.allclose(load_digit_net(path).predict(page), Network.load(path).forward(x), atol=1e-6)


def last(number, value):
    def spoil(arrays):
        arrays[number][..., -1] = value

    return spoil


@pytest.mark.parametrize(("made", "spoil", "about", "words"), [
    ((Flatten(), Dense(784, 9)), None, {}, "not a network from 28 x 28"),
    ((Dense(784, 10),), None, {}, "expects"),
    ((Flatten(), Dense(784, 10), Flatten(), Softmax(), Conv2D(1, 1, 1)), None, {}, "expects"),
    ((Flatten(), Dense(784, 10)), None, {"temperature": 1e-320}, "not a number"),
    ((Flatten(), BatchNorm(784), Dense(784, 10)), last("1.var", -1), {}, "not a number"),  # its square root
    ((Flatten(), Dense(784, 10), Dense(10, 10)), last("1.w", 3e38), {}, "not a number"),  # a full page's sum overflows
    ((Conv2D(1, 1, 3, padding="same"),) * 3 + (Flatten(), Dense(784, 10)), last("1.w", 3e38), {}, "not a number"),
    ((Conv2D(1, 20_000, 1), Conv2D(20_000, 1, 1), Flatten(), Dense(784, 10)), None, {}, f"more than {WORK:,} numbers"),
    ((Conv2D(1, 1, 150, padding="same"), Flatten(), Dense(784, 10)), None, {}, "more than"),
    (((ReLU(),) * 999 + (Conv2D(1, 20, 28),)), None, {}, "not a network from"),
    ((Conv2D(1, 99, 1), *(ReLU(),) * 200), None, {}, "more than"),
])  # fmt: skip
def test_a_network_that_answers_no_numbers_or_asks_too_much_is_refused(tmp_path, made, spoil, about, words):
    path = saved(tmp_path / "a.npz", *made, spoil=spoil or (lambda arrays: None), **about)
    with pytest.raises(ValueError) as error:
        load_digit_net(path)
    assert str(error.value).startswith(f"{path}: can't be used") and words in str(error.value)
