"""nn/network.py: PyTorch's numbers, the whole network's gradient, and the table; files are test_network_files.py's."""

import os
import tracemalloc
import warnings

import numpy as np
import pytest
from make_golden import GOLDEN, SMOOTHING, network_case

from nn.check import check
from nn.fused import FusedNetwork
from nn.layers import LAYERS, AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU, Softmax
from nn.losses import SoftmaxCrossEntropy
from nn.network import Network, digit_net, to_input


def rng(seed=0):
    return np.random.default_rng(seed)


def small_net():
    """One of each kind, for images of 10 x 9, with no parameter at its first value."""
    network = Network([
        Conv2D(1, 2, 3, rng=rng(1)), BatchNorm(2), ReLU(), MaxPool2D(2),  # (N, 4, 3, 2)
        Conv2D(2, 3, (2, 3), padding="same", rng=rng(2)), ReLU(), AvgPool2D(2, stride=1),  # (N, 3, 2, 3)
        Flatten(), Dropout(0.2), Dense(18, 5, rng=rng(3)), BatchNorm(5), ReLU(), Dense(5, 4, rng=rng(4)),
    ])  # fmt: skip
    for i, a in enumerate((network.params | network.state).values()):
        a += rng(i).uniform(0.1, 0.5, a.shape).astype(np.float32)
    return network


# --- the same numbers as PyTorch ----------------------------------------------------------------------------

@pytest.mark.shipped
@pytest.mark.parametrize("make", [lambda network: network, FusedNetwork], ids=["plain", "fused"])
def test_logits_loss_and_every_gradient_are_those_of_pytorch(make):
    golden = np.load(GOLDEN)
    params, x, labels = network_case()
    network = digit_net()
    network.assign(params)
    network = make(network)
    loss = SoftmaxCrossEntropy(SMOOTHING)
    logits = network.forward(x, training=True)
    assert np.allclose(logits, golden["logits"], atol=1e-5)
    assert np.isclose(loss.forward(logits, labels), golden["loss"], atol=1e-5)
    network.backward(loss.backward())
    assert network.grads.keys() == params.keys()
    for name, grad in network.grads.items():
        assert grad.dtype == np.float32
        assert np.allclose(grad, golden[f"grad.{name}"], rtol=0, atol=1e-5), name
        assert np.abs(golden[f"grad.{name}"]).max() > 1e-3  # so that 1e-5 says something


# --- forward and backward -----------------------------------------------------------------------------------

def test_gradient_and_contract_of_the_whole_network():
    check(small_net(), (3, 10, 9, 1))


def test_training_turns_on_dropout_and_the_batch_s_statistics():
    network, x = small_net(), rng().random((4, 10, 9, 1), np.float32)
    state = {name: a.copy() for name, a in network.state.items()}
    prediction = network.forward(x)
    assert all(np.array_equal(network.state[name], a) for name, a in state.items())
    assert not np.allclose(network.forward(x, training=True), prediction)
    assert not any(np.array_equal(network.state[name], a) for name, a in state.items())
    assert (network.layers[8].mask == 0).any()


@pytest.mark.shipped
def test_digit_net_is_the_one_promised():
    network = digit_net(rng())
    assert sum(a.size for a in network.params.values()) == 93_322
    assert network.forward(np.zeros((3, 28, 28, 1), np.float32)).shape == (3, 10)


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    a, b, c = (digit_net(rng(seed)).params for seed in (5, 5, 6))
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not any(np.array_equal(a[name], c[name]) for name in a if name.endswith("w"))


def test_an_image_does_not_care_who_else_is_in_its_batch():
    network, x = small_net(), rng().random((5, 10, 9, 1), np.float32)
    alone = np.concatenate([network.forward(x[i : i + 1]) for i in range(5)])
    assert np.allclose(network.forward(x), alone, atol=1e-6)


# --- predict ------------------------------------------------------------------------------------------------

def test_to_input_by_hand():
    x = to_input(np.array([[[0, 51], [102, 255]]], np.uint8))
    assert x.dtype == np.float32
    assert np.allclose(x, np.array([[0, 0.2], [0.4, 1]])[None, ..., None])


def test_probabilities_are_softened_by_the_temperature():
    network = Network([])
    assert np.allclose(network.probabilities(np.log([[1.0, 4]])), [[0.2, 0.8]])
    network.temperature = 2.0
    assert np.allclose(network.probabilities(np.log([[1.0, 4]])), [[1 / 3, 2 / 3]])  # square roots: 1 and 2


def test_predict_gives_a_row_of_probabilities_for_each_image(digits):
    _, (images, _) = digits
    network = digit_net(rng())
    p = network.predict(images[:3])
    assert p.shape == (3, 10)
    assert np.allclose(p.sum(axis=1), 1, atol=1e-6)
    assert np.allclose(p, network.probabilities(network.forward(images[:3, ..., None].astype(np.float32) / 255)))


def test_predict_takes_more_than_a_block_and_keeps_memory_low():
    """10,000 images in under 150 MB; and the answers are those of one pass."""
    network, images = digit_net(rng()), rng().integers(0, 256, (259, 28, 28), np.uint8)
    whole = network.probabilities(network.forward(to_input(images)))
    assert np.allclose(network.predict(images), whole, atol=3e-6)
    assert network.predict(images[:0]).shape == (0, 10)
    many = np.zeros((10_000, 28, 28), np.uint8)
    tracemalloc.start()
    try:
        network.predict(many)
        assert tracemalloc.get_traced_memory()[1] < 150e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("arrays", "error", "words"), [
    ({"0.b": np.float32(1)}, ValueError, "'0.b' has shape (32,), got ()"),
    ({"2.b": np.zeros(10, np.float32)}, KeyError, "the network has no '2.b', only 0.w, 0.b"),
    ({"11.b": np.zeros((1, 10), np.float32)}, ValueError, "'11.b' has shape (10,), got (1, 10)"),
    ({"w": np.zeros(1, np.float32)}, KeyError, "the network has no 'w'"),
])  # fmt: skip
def test_assign_takes_exactly_what_fits(arrays, error, words):
    with pytest.raises(error) as caught:
        digit_net().assign(arrays)
    assert words in str(caught.value)


def test_predict_names_the_shape_of_what_is_no_batch_of_images():
    with pytest.raises(ValueError, match=r"expects images \(N, H, W\), got \(28, 28\)"):
        digit_net().predict(np.zeros((28, 28), np.uint8))


# --- replica and folded -------------------------------------------------------------------------------------

def test_a_replica_shares_weights_and_nothing_else():
    network, x = small_net(), rng().random((2, 10, 9, 1), np.float32)
    twin = network.replica()
    assert all(twin.params[name] is a for name, a in network.params.items())

    network.backward(network.forward(x, training=True))
    grads, state = {k: a.copy() for k, a in network.grads.items()}, {k: a.copy() for k, a in network.state.items()}
    cols = network.layers[0].cols
    twin.backward(twin.forward(x[:1] + 1, training=True))
    assert all(np.array_equal(network.grads[name], a) for name, a in grads.items())
    assert all(np.array_equal(network.state[name], a) for name, a in state.items())
    assert network.layers[0].cols is cols
    assert not np.array_equal(twin.grads["0.w"], grads["0.w"])


def test_folded_computes_the_same_without_batch_norm():
    network, x = digit_net(rng(), batch_norm=True), rng().random((4, 28, 28, 1), np.float32)
    for i, a in enumerate((network.params | network.state).values()):
        a += rng(i).uniform(0, 0.1, a.shape).astype(np.float32)  # no parameter at its first value
    before = network.forward(x)
    folded = network.folded()
    assert [type(layer) for layer in folded.layers] == [type(layer) for layer in digit_net().layers]
    assert np.allclose(folded.forward(x), before, rtol=1e-4, atol=1e-4 * np.abs(before).max())
    assert np.array_equal(network.forward(x), before)  # folding left it alone


def random(layers, shape):
    """(network of these layers with no parameter at its first value, an x of this shape)."""
    network = Network(layers)
    for i, a in enumerate((network.params | network.state).values()):
        a += rng(i).uniform(0.1, 0.9, a.shape).astype(np.float32)
    return network, rng(9).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("layers", "left"), [
    ([Conv2D(1, 2, 3), BatchNorm(2), ReLU()], "Conv2D ReLU"),  # the textbook's order
    ([Conv2D(1, 2, 3, padding="same"), BatchNorm(2), ReLU(), Conv2D(2, 3, 2)], "Conv2D ReLU Conv2D"),
    ([Flatten(), Dense(30, 2), BatchNorm(2)], "Flatten Dense"),
    ([Conv2D(1, 2, 3), BatchNorm(2), BatchNorm(2), ReLU()], "Conv2D ReLU"),
    ([Conv2D(1, 2, 3), ReLU(), BatchNorm(2), Conv2D(2, 3, 2)], "Conv2D ReLU Conv2D"),
    ([ReLU(), BatchNorm(1), Flatten(), Dropout(0.5), Dense(30, 2)], "ReLU Flatten Dropout Dense"),
    ([BatchNorm(1), BatchNorm(1), Conv2D(1, 2, 2)], "BatchNorm Conv2D"),
    ([ReLU(), BatchNorm(1), ReLU()], "ReLU BatchNorm ReLU"),  # neither side allows it
    ([BatchNorm(1), Conv2D(1, 2, 3, padding="same")], "BatchNorm Conv2D"),
    ([Conv2D(1, 2, 3), ReLU(), BatchNorm(2)], "Conv2D ReLU BatchNorm"),
], ids=str)  # fmt: skip
def test_batch_norm_folds_into_the_layer_before_or_after_it_or_stays(layers, left, tmp_path):
    network, x = random(layers, (2, 6, 5, 1))
    before, arrays = network.forward(x), {name: a.copy() for name, a in network.params.items()}
    folded = network.folded()
    assert " ".join(type(layer).__name__ for layer in folded.layers) == left
    assert np.allclose(folded.forward(x), before, rtol=1e-4, atol=1e-5)
    assert all(np.array_equal(network.params[name], a) for name, a in arrays.items())


class Scale(Layer):
    """A layer of one's own, twice everything."""

    def __init__(self, channels, factor=2.0):
        super().__init__(channels=channels, factor=factor)
        self.params = {"w": np.full(channels, factor, np.float32)}

    def forward(self, x, training=False):
        self.x = x
        return x * self.params["w"]

    def backward(self, dy):
        self.grads = {"w": (dy * self.x).reshape(-1, self.x.shape[-1]).sum(axis=0)}
        return dy * self.params["w"]


def test_a_layer_of_one_s_own_folds_shows_and_once_it_is_listed_saves(monkeypatch):
    network, x = random([Conv2D(1, 2, 3), ReLU(), BatchNorm(2), Scale(2), Flatten(), Dense(24, 3)], (2, 6, 5, 1))
    folded = network.folded()
    assert [type(layer) for layer in folded.layers] == [Conv2D, ReLU, BatchNorm, Scale, Flatten, Dense]
    assert np.allclose(FusedNetwork(folded).forward(x), network.forward(x), atol=1e-5)
    line = network.summary((6, 5, 1)).splitlines()[4]
    assert line.split() == ["Scale", "4", "x", "3", "x", "2", "2"]  # shape and parameters; multiply-adds unknown
    with pytest.raises(ValueError, match="layer 3, Scale, can't be saved: name its class in LAYERS"):
        network.check_savable()
    monkeypatch.setitem(LAYERS, "Scale", Scale)
    network.check_savable()


class Forgetful(Scale):
    def __init__(self, channels):
        super().__init__(channels)
        self.config = {}


class Growing(Scale):
    def __init__(self, channels, factor=2.0):
        super().__init__(channels, factor)
        self.params["w"] = np.zeros(self.grown, np.float32)

    grown = 2


def test_what_could_not_be_loaded_again_is_said_before_it_is_saved(tmp_path, monkeypatch):
    monkeypatch.setitem(LAYERS, "Forgetful", Forgetful)
    monkeypatch.setitem(LAYERS, "Growing", Growing)
    with pytest.raises(ValueError, match=r"layer 0, Forgetful, can't be built again from its config {}"):
        Network([Forgetful(3)]).save(tmp_path / "x.npz")
    layer = Growing(2)
    monkeypatch.setattr(Growing, "grown", 3)
    with pytest.raises(ValueError, match="layer 0, Growing, can't be saved: its config"):
        Network([layer]).save(tmp_path / "x.npz")
    assert not os.listdir(tmp_path)


def test_a_snapshot_stays_as_it_was():
    network = small_net()
    twin, before = network.snapshot(), {k: a.copy() for k, a in (network.params | network.state).items()}
    for a in (network.params | network.state).values():
        a += 1
    assert all(np.array_equal(a, before[name]) for name, a in (twin.params | twin.state).items())


# --- images of another scale --------------------------------------------------------------------------------

@pytest.mark.parametrize(("change", "words"), [
    (lambda x: x * 255, "whole numbers up to 255"),
    (lambda x: x / 255, "divided by 255 twice"),
])  # fmt: skip
def test_images_that_are_not_scaled_or_scaled_twice_are_warned_of(some, change, words):
    network, x = digit_net(rng()), to_input(some[:8])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for usual in (x, (x - 0.13) / 0.31, 0 * x, x[..., :1] - 0.5, (x > 0.5).astype(np.float32), 9 * x):
            network.forward(usual)
    with pytest.warns(UserWarning, match=words):
        network.forward(np.rint(change(x)) if words[0] == "w" else change(x))


def test_uint8_where_floats_are_due_and_floats_where_uint8_is_due_are_named(some):
    network = digit_net(rng())
    with pytest.raises(TypeError, match=r"got uint8; network\.to_input makes uint8 images float32"):
        network.forward(some[..., None])
    for wrong in (some / 255, some.astype(np.float32), some.astype(int), some.tolist()):
        with pytest.raises(TypeError, match="to_input expects uint8 images"):
            network.predict(wrong)


def test_predict_and_a_softmax_at_the_end_do_not_go_together():
    with pytest.raises(ValueError, match="leave Softmax out"):
        Network([Flatten(), Dense(784, 10), Softmax()]).predict(np.zeros((1, 28, 28), np.uint8))


# --- the table ----------------------------------------------------------------------------------------------

@pytest.mark.shipped
def test_summary():
    """320 = (9 + 1) * 32, and 194,688 = 26 * 26 * 9 * 32 multiply-adds; and so on down."""
    assert [" ".join(line.split()) for line in digit_net().summary().splitlines()] == [
        "layer output parameters multiply-adds",
        "Conv2D 3 x 3 26 x 26 x 32 320 194,688",
        "ReLU 26 x 26 x 32",
        "MaxPool2D 2 x 2 13 x 13 x 32",
        "Conv2D 3 x 3 11 x 11 x 64 18,496 2,230,272",
        "ReLU 11 x 11 x 64",
        "MaxPool2D 2 x 2 5 x 5 x 64",
        "Conv2D 3 x 3 3 x 3 x 64 36,928 331,776",
        "ReLU 3 x 3 x 64",
        "Flatten 576",
        "Dense 64 36,928 36,864",
        "ReLU 64",
        "Dense 10 650 640",
        "-" * 70,
        "total 93,322 2,794,240",
    ]


def test_summary_of_other_shapes_leaves_the_network_as_it_was():
    network = small_net()
    state = {name: a.copy() for name, a in network.state.items()}
    table = network.summary((10, 9, 1))
    assert "Conv2D 2 x 3" in table and "AvgPool2D 2 x 2" in table
    assert len({len(line) for line in table.splitlines()}) == 1  # columns line up
    assert all(np.array_equal(network.state[name], a) for name, a in state.items())
