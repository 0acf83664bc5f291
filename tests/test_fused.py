"""nn/fused.py: the fused network is the plain one, forward and backward, whatever the sizes and whatever came first."""

import naive
import numpy as np
import pytest

from nn import fused
from nn.fused import FusedNetwork
from nn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from nn.network import Network, digit_net


def rng(seed=0):
    return np.random.default_rng(seed)


def convolutions(kernel, C=1):
    """Two convolutions with ReLU and pooling, biases not 0."""
    network = Network([
        Conv2D(C, 3, kernel, rng=rng(1)), ReLU(), MaxPool2D(2), Conv2D(3, 4, kernel, rng=rng(2)), ReLU(), MaxPool2D(2),
    ])  # fmt: skip
    for i in (0, 3):
        network.layers[i].params["b"][...] = rng(i).normal(0, 0.2, network.layers[i].params["b"].shape)
    return network


def assert_equal_both_ways(network, twin, x, rtol=1e-9):
    """`twin` is FusedNetwork(network), perhaps used before."""
    dtype = x.dtype
    logits = network.forward(x, training=True)
    fused_logits = twin.forward(x, training=True)
    assert fused_logits.dtype == dtype
    assert np.allclose(fused_logits, logits, rtol, atol=rtol)
    dy = rng(9).standard_normal(logits.shape).astype(dtype)
    network.backward(dy)
    twin.backward(dy)
    assert twin.grads.keys() == network.grads.keys()
    for name, grad in network.grads.items():
        assert twin.grads[name].dtype == dtype
        assert twin.grads[name].shape == grad.shape
        assert np.allclose(twin.grads[name], grad, rtol, atol=rtol * np.abs(grad).max()), name


@pytest.mark.parametrize("H", [10, 11, 12, 13])
@pytest.mark.parametrize("W", [14, 17])
def test_first_layer_of_one_channel(H, W):
    """Odd and even sizes, so that each pooling drops a last row or column or doesn't."""
    network = convolutions(3)
    assert_equal_both_ways(network, FusedNetwork(network), rng().standard_normal((3, H, W, 1)))


@pytest.mark.parametrize("kernel", [2, 3, (2, 3), (3, 1), 1])
@pytest.mark.parametrize(("H", "W", "C"), [(12, 15, 2), (13, 12, 1)])
def test_other_kernels_and_channels(kernel, H, W, C):
    network = convolutions(kernel, C)
    assert_equal_both_ways(network, FusedNetwork(network), rng().standard_normal((3, H, W, C)))


def test_the_digit_network_with_batches_of_all_sizes_one_after_the_other():
    """What is kept of a larger batch must not show in a smaller one."""
    network = digit_net(rng())
    twin = FusedNetwork(network)
    for N in (5, 16, 1, 4, 17, 3):
        assert_equal_both_ways(network, twin, rng(N).random((N, 28, 28, 1)))


def test_the_digit_network_in_float32_and_then_in_float64():
    network = digit_net(rng())
    twin = FusedNetwork(network)
    for dtype, rtol in ((np.float32, 1e-4), (np.float64, 1e-9), (np.float32, 1e-4)):
        assert_equal_both_ways(network, twin, rng().random((6, 28, 28, 1)).astype(dtype), rtol)


def test_blank_paper():
    """All values of a window are equal: the first wins, here as there."""
    network = convolutions(3)
    assert_equal_both_ways(network, FusedNetwork(network), np.zeros((2, 13, 13, 1)))


def test_other_layers_stay_as_they_are():
    """Dropout, padding, strides and other poolings aren't fused, and still right."""
    network = Network([
        Conv2D(1, 4, 3, rng=rng(1)), BatchNorm(4), ReLU(), MaxPool2D(2), Conv2D(4, 4, 3, padding="same", rng=rng(2)),
        ReLU(), MaxPool2D(2), Conv2D(4, 4, 2, rng=rng(3)), ReLU(), MaxPool2D(3, stride=2),
        Flatten(), Dropout(0.5), Dense(4 * 2 * 2, 3, rng=rng(4)),
    ])  # fmt: skip
    twin = FusedNetwork(network)
    assert not any(isinstance(step, fused._Fused) for step in twin.steps)
    network.layers[11].rng, twin.steps[11].rng = rng(5), rng(5)
    assert_equal_both_ways(network, twin, rng().standard_normal((4, 28, 28, 1)))


@pytest.mark.shipped
def test_the_digit_network_is_fused():
    steps = FusedNetwork(digit_net()).steps
    kinds = [fused.FirstConvReLUPool, fused.ConvReLUPool, Conv2D, ReLU, Flatten, Dense, ReLU, Dense]
    assert [type(step) for step in steps] == kinds


def test_weights_are_shared_and_grads_are_not():
    network = digit_net(rng())
    twin, other = FusedNetwork(network), FusedNetwork(network)
    x = rng().random((2, 28, 28, 1), np.float32)
    before = twin.forward(x).copy()
    network.layers[0].params["w"] += 0.1
    assert not np.allclose(twin.forward(x), before)
    twin.backward(np.ones((2, 10), np.float32))
    assert not network.grads and not other.grads


def test_neither_call_writes_into_its_argument():
    twin = FusedNetwork(convolutions(3))
    x = rng().standard_normal((2, 13, 13, 1))
    x_before = x.copy()
    dy = rng().standard_normal(twin.forward(x).shape)
    dy_before = dy.copy()
    twin.backward(dy)
    assert np.array_equal(x, x_before) and np.array_equal(dy, dy_before)


@pytest.mark.parametrize("shape", [(2, 28, 28, 3), (28, 28, 1)])
def test_a_wrong_shape_is_named(shape):
    with pytest.raises(ValueError, match=r"Conv2D expects \(N, H, W, 1\), got"):
        FusedNetwork(digit_net()).forward(np.zeros(shape, np.float32))


@pytest.mark.parametrize("wrong", ["w", "b", "float16", "dy", "first dy"])
def test_nothing_that_does_not_fit_reaches_a_kernel(wrong):
    """Weights of another shape put in the place of the first ones, and a dy of another batch."""
    network, x = convolutions(3), rng().standard_normal((4, 13, 13, 1))
    twin = FusedNetwork(network)
    dy = twin.forward(x)
    params = network.layers[0].params
    expected = ValueError
    if wrong == "w":
        params["w"] = params["w"][..., :2]
    elif wrong == "b":
        params["b"] = np.zeros(3000, np.float32)
    elif wrong == "float16":
        params["w"], expected = params["w"].astype(np.float16), TypeError
    with pytest.raises(expected, match=r"Conv2D('s w|.backward)? expects"):
        if wrong == "dy":
            twin.backward(np.repeat(dy, 9, axis=0))
        elif wrong == "first dy":
            twin.steps[0].backward(np.zeros((400, 5, 5, 3)))
        else:
            twin.forward(x)


@pytest.mark.parametrize("place", [(0, 0), (3, 4), (9, 9)])
@pytest.mark.parametrize("channels", [1, 3])
def test_nan_in_is_nan_out(channels, place):
    network, x = convolutions(3, channels), rng().standard_normal((2, 10, 10, channels))
    x[1, *place, -1] = np.nan
    y = FusedNetwork(network).forward(x)
    assert np.isfinite(y[0]).all() and np.isnan(y[1]).any()
    network.layers[0].params["b"][1] = np.nan
    assert np.isnan(FusedNetwork(network).forward(rng().standard_normal((1, 10, 10, channels)))).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 9), (3, 9), (9, 3)])
def test_an_image_without_room_for_one_window_is_named(channels, size):
    with pytest.raises(ValueError, match="Conv2D expects an image of at least 4 x 4, got"):
        FusedNetwork(convolutions(3, channels)).forward(np.zeros((1, *size, channels)))


# --- the first convolution's kernels ------------------------------------------------------------------------

@pytest.mark.parametrize(("H", "W", "F"), [(6, 8, 2), (7, 9, 3), (4, 11, 1)])
def test_first_conv_relu_pool_is_its_naive_twin_forward_and_backward(H, W, F):
    x, w, b = rng(1).standard_normal((3, H, W)), rng(2).standard_normal((3, 3, F)), rng(3).standard_normal(F)
    y = np.empty((3, (H - 2) // 2, (W - 2) // 2, F))
    winner = np.empty(y.shape, np.uint8)
    fused.first_conv_relu_pool(x, w, b, y, winner)
    assert np.allclose(y, naive.conv_relu_pool(x[..., None], w[:, :, None], b))

    dy = rng(4).standard_normal(y.shape)
    dw, db = np.full(w.shape, 9.0), np.full(F, 9.0)
    fused.first_conv_relu_pool_backward(x, dy, winner, dw, db)
    _, dw_naive, db_naive = naive.conv_relu_pool_backward(x[..., None], w[:, :, None], b, dy)
    assert np.allclose(dw, dw_naive[:, :, 0])
    assert np.allclose(db, db_naive)


@pytest.mark.parametrize("place", range(16))
def test_first_conv_relu_pool_keeps_a_nan_wherever_it_stands(place):
    x, y = np.ones((1, 4, 4)), np.empty((1, 1, 1, 2))
    x.flat[place] = np.nan
    fused.first_conv_relu_pool(x, rng().standard_normal((3, 3, 2)), np.zeros(2), y, np.empty(y.shape, np.uint8))
    assert np.isnan(y).all()


def test_first_conv_relu_pool_lets_the_first_of_equal_values_win():
    """On white paper all four values are equal, and positive with this bias."""
    y, winner = np.empty((1, 1, 1, 1)), np.full((1, 1, 1, 1), 9, np.uint8)
    fused.first_conv_relu_pool(np.zeros((1, 4, 4)), np.ones((3, 3, 1)), np.ones(1), y, winner)
    assert (y.item(), winner.item()) == (1, 0)
