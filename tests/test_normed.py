"""nn/normed.py: a fused network's batch norm gives the bits of the layer's, with whatever memory it kept."""

import numpy as np
import pytest

from nn.fused import FusedNetwork
from nn.layers import BatchNorm
from nn.network import Network
from nn.normed import TrainedBatchNorm


def rng(seed=0):
    return np.random.default_rng(seed)


def norm(channels=3):
    layer = BatchNorm(channels)
    for number, array in enumerate((*layer.params.values(), *layer.state.values())):
        array[...] = rng(number).uniform(0.5, 2, channels)
    return Network([layer])


def assert_the_same_bits(network, twin, x, dy, training=True):
    layer, step = network.layers[0], twin.steps[0]
    assert type(step) is TrainedBatchNorm
    y, dx = layer.forward(x, training), layer.backward(dy)
    its = step.forward(x, training)
    assert its.dtype == y.dtype and np.array_equal(its, y)
    its = step.backward(dy)
    assert its.dtype == dx.dtype and its.shape == dx.shape and np.array_equal(its, dx)
    for mine, its in ((layer.grads, step.norm.grads), (layer.state, step.norm.state)):
        assert its.keys() == mine.keys()
        assert all(its[name].dtype == a.dtype and np.array_equal(its[name], a) for name, a in mine.items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_backward_and_statistics_have_the_layers_bits(dtype):
    """Sizes one after the other, so that more is kept than is needed; prediction between them."""
    network = norm()
    network.layers[0].state = {name: a.astype(dtype) for name, a in network.layers[0].state.items()}
    twin = FusedNetwork(network)
    for number, shape in enumerate([(7, 5, 2, 3), (40, 3), (2, 2, 3), (64, 13, 11, 3)]):
        x, dy = (rng(10 * number + k).normal(k, 2, shape).astype(dtype) for k in (1, 2))
        assert_the_same_bits(network, twin, x, dy, training=number != 1)


def test_arrays_that_lie_otherwise_in_memory():
    network = norm()
    x, dy = (rng(k).standard_normal((3, 4, 6, 5)).transpose(3, 2, 1, 0)[::-1] for k in (1, 2))
    twin = FusedNetwork(network)
    before = x.copy(), dy.copy()
    assert_the_same_bits(network, twin, x, dy)
    assert np.array_equal(x, before[0]) and np.array_equal(dy, before[1])


def test_backward_can_be_taken_twice():
    step = FusedNetwork(norm()).steps[0]
    y = step.forward(rng().standard_normal((5, 3)), training=True)
    before, dy = y.copy(), rng(1).standard_normal((5, 3))
    dx = step.backward(dy).copy()
    assert np.array_equal(step.backward(dy), dx) and np.array_equal(y, before)  # y is what the next layer kept


def test_it_refuses_what_the_layer_refuses():
    step = FusedNetwork(norm()).steps[0]
    with pytest.raises(RuntimeError, match="call forward first"):
        step.backward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"BatchNorm expects \(\.\.\., 3\), got \(2, 4\)"):
        step.forward(np.ones((2, 4)), training=True)
    step.forward(np.ones((2, 3)), training=True)
    with pytest.raises(ValueError, match="backward expects a dy"):
        step.backward(np.ones((3, 3)))
