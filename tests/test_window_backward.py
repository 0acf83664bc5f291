"""The way back that the window shows: equal to the network's own arrays, and those to finite differences."""

import numpy as np
import pytest

from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from nn.network import Network, digit_net
from window.data import backward
from window.data.anatomy import stages


def odd_net(rng):
    """Strides, padding, a mean pool, batch norm in the middle: nothing that the digit network has."""
    norm = BatchNorm(6)
    norm.state["mean"][:], norm.state["var"][:] = rng.normal(0, 0.1, 6), rng.uniform(0.5, 2, 6)
    return Network([
        Conv2D(1, 6, (3, 2), stride=2, padding="same", rng=rng), norm, ReLU(), AvgPool2D(2),
        Conv2D(6, 5, 2, rng=rng), ReLU(), MaxPool2D(3, stride=1), Dropout(0.5), Flatten(),
        Dense(80, 7, rng=rng), ReLU(), Dense(7, 10, rng=rng),
    ])  # fmt: skip


@pytest.fixture(params=[digit_net, odd_net])
def network(request):
    """With biases that aren't 0, as after training: on blank paper a sum of 0 is at ReLU's kink, without a slope."""
    rng = np.random.default_rng(3)
    network = request.param(rng)
    for layer in network.layers:
        if "b" in layer.params:
            layer.params["b"][:] = rng.normal(0, 0.1, layer.params["b"].shape)
    return network


@pytest.fixture
def image(digits):
    return digits[1][0][0]


def test_the_loss_and_p_minus_y(network, image):
    way = backward.backward(network, image, 3)
    assert way.loss == pytest.approx(-np.log(way.p[3]), rel=1e-5)
    np.testing.assert_allclose(way.gradients[-1][0], way.p - np.eye(10)[3], atol=1e-6)


def test_every_gradient_on_a_card_is_the_networks_own(network, image):
    """A value of each cell of each stage: the terms add up to the array that backward computed."""
    way, found = backward.backward(network, image, 3), stages(network)
    rng, counted = np.random.default_rng(0), 0
    for number, stage in enumerate(found):
        for cell in range(stage.channels):
            place = tuple(rng.integers(0, side) for side in stage.shape[:-1]) or (0, 0)
            back = backward.gradient(way, found, number, cell, place)
            expected = way.gradients[stage.last + 1][0]
            expected = expected[*place, cell] if expected.ndim == 3 else expected[cell]
            assert back.shown == pytest.approx(expected, abs=1e-9)
            total = (way.p - np.eye(10)[3])[cell] if back.terms is None else back.terms.total
            assert total == pytest.approx(expected, rel=1e-4, abs=1e-6), (number, cell, place)
            counted += expected != 0
    assert counted > 20


def test_the_gradient_of_a_weight_is_the_sum_over_its_places(network, image):
    way, rng = backward.backward(network, image, 3), np.random.default_rng(1)
    for stage in stages(network):
        w = network.layers[stage.first].params.get("w")
        for _ in range(10 if w is not None else 0):
            index = tuple(rng.integers(0, side) for side in w.shape)
            terms = backward.weight(way, stage, index)
            assert terms.total == pytest.approx(way.grads[f"{stage.first}.w"][index], rel=1e-3, abs=1e-6)


def test_backprop_and_finite_differences_agree_on_any_weight(network, image):
    rng = np.random.default_rng(2)
    for i, layer in enumerate(network.layers):
        for name, w in layer.params.items():
            index = tuple(rng.integers(0, side) for side in w.shape)
            check = backward.check(network, image, 3, f"{i}.{name}", index)
            assert check.by_backprop == pytest.approx(check.by_difference, rel=1e-5, abs=1e-8), (i, name, index)
            assert check.losses[20] == pytest.approx(backward.backward(network, image, 3).loss, rel=1e-4)


def test_a_step_goes_down_and_leaves_the_network_alone(network, image):
    before = {name: w.copy() for name, w in network.params.items()}
    way = backward.backward(network, image, 3)
    further = backward.step(network, way, 0.01)
    assert backward.backward(further, image, 3).loss < way.loss
    for name, w in network.params.items():
        np.testing.assert_array_equal(w, before[name])
    cell, distance = backward.moved(network, further)[0]
    change = further.layers[0].params["w"] - network.layers[0].params["w"]
    assert distance == pytest.approx(np.linalg.norm(change.reshape(-1, change.shape[-1]), axis=0).max(), rel=1e-5)
    assert np.linalg.norm(change[..., cell]) == pytest.approx(distance, rel=1e-5)
