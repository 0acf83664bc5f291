"""nn/layers.py: every layer's gradient by finite differences, its contract, and a case on paper for each."""

import copy

import naive
import numpy as np
import pytest

from nn.check import check, distinct
from nn.layers import (
    LAYERS,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    ReLU,
    Softmax,
    empty,
)


def rng(seed=0):
    return np.random.default_rng(seed)


# The one place to list a new layer: with it come the gradient check and the contract. Sizes are uneven on purpose.
CASES = [
    (Conv2D(2, 3, (3, 2), rng=rng()), (2, 5, 7, 2)),
    (Conv2D(1, 2, (2, 3), stride=2, rng=rng()), (2, 6, 8, 1)),
    (Conv2D(2, 2, (2, 4), padding="same", rng=rng()), (1, 5, 4, 2)),
    (Conv2D(2, 1, 3, stride=2, padding="same", rng=rng()), (2, 6, 5, 2)),
    (Conv2D(1, 2, 1, stride=3, padding="same", rng=rng()), (2, 5, 7, 1)),
    (Dense(5, 3, rng=rng()), (4, 5)),
    (ReLU(), (2, 3, 5, 2)),
    (MaxPool2D(2), (2, 5, 7, 2)),
    (MaxPool2D((2, 3), stride=1), (2, 4, 5, 1)),
    (MaxPool2D(2, stride=3), (1, 6, 8, 2)),
    (AvgPool2D(2), (2, 5, 7, 2)),
    (AvgPool2D((3, 2), stride=1), (2, 4, 5, 1)),
    (AvgPool2D(2, stride=3), (1, 6, 8, 2)),
    (Flatten(), (2, 3, 4, 2)),
    (Dropout(0.4), (3, 4, 5, 2)),
    (BatchNorm(3), (2, 3, 5, 3)),
    (BatchNorm(3), (7, 3)),
    (Softmax(), (4, 5)),
]
each_layer = pytest.mark.parametrize(("layer", "shape"), CASES, ids=lambda a: str(a))


def test_every_layer_is_listed():
    assert {type(layer) for layer, _ in CASES} == set(LAYERS.values())


def ready(layer, dtype):
    """A copy with every parameter and statistic random, so that no bias of 0 or gamma of 1 hides a fault."""
    layer = copy.deepcopy(layer)
    for i, home in enumerate((layer.params, layer.state)):
        for j, name in enumerate(home):
            home[name] = rng(10 * i + j).uniform(0.5, 1.5, home[name].shape).astype(dtype)
    return layer


@each_layer
def test_gradient_and_contract(layer, shape):
    assert check(layer, shape) < 1e-6


@each_layer
def test_config_builds_the_layer_again(layer, shape):
    twin = type(layer)(**layer.config)
    assert repr(twin) == repr(layer)
    assert {k: p.shape for k, p in twin.params.items()} == {k: p.shape for k, p in layer.params.items()}


@pytest.mark.parametrize(("layer", "shape", "message"), [
    (Conv2D(32, 8, 3), (8, 13, 13, 16), "Conv2D expects (N, H, W, 32), got (8, 13, 13, 16)"),
    (Conv2D(1, 8, 3), (28, 28, 1), "Conv2D expects (N, H, W, 1), got (28, 28, 1)"),
    (Conv2D(1, 8, 3), (1, 2, 9, 1), "Conv2D expects an image of at least 3 x 3, got (1, 2, 9, 1)"),
    (Conv2D(1, 8, 3), (1, 9, 2, 1), "Conv2D expects an image of at least 3 x 3, got (1, 9, 2, 1)"),
    (Dense(576, 64), (2, 64), "Dense expects (N, 576), got (2, 64)"),
    (Dense(3, 4), (2, 3, 3), "Dense expects (N, 3), got (2, 3, 3)"),
    (MaxPool2D(2), (2, 8), "MaxPool2D expects (N, H, W, C), got (2, 8)"),
    (MaxPool2D((2, 3), 2), (2, 8, 2, 1), "MaxPool2D expects an image of at least 2 x 3, got (2, 8, 2, 1)"),
    (AvgPool2D(3), (2, 2, 8, 1), "AvgPool2D expects an image of at least 3 x 3, got (2, 2, 8, 1)"),
    (BatchNorm(3), (2, 5, 5, 4), "BatchNorm expects (..., 3), got (2, 5, 5, 4)"),
    (Softmax(), (2, 5, 5), "Softmax expects (N, classes), got (2, 5, 5)"),
])  # fmt: skip
def test_a_wrong_shape_is_named(layer, shape, message):
    with pytest.raises(ValueError) as error:
        layer.forward(np.zeros(shape, np.float32))
    assert str(error.value) == message


@each_layer
def test_backward_first_and_a_dy_of_another_shape_are_named(layer, shape):
    """Every wrong dy is refused before a kernel sees it: too many rows, too few, another order of the same numbers."""
    layer, name = copy.deepcopy(layer), f"{type(layer).__name__}.backward"
    with pytest.raises(RuntimeError, match=f"{name} needs what forward keeps: call forward first"):
        type(layer)(**layer.config).backward(np.zeros(1, np.float32))
    y = layer.forward(distinct(shape, np.float32))
    for wrong in (np.repeat(y, 9, axis=0), y[:0], y[..., :-1], y.reshape(-1), y[None], np.swapaxes(y, 0, -1)):
        if wrong.shape != y.shape:
            with pytest.raises(ValueError, match=f"{name} expects a dy of") as error:
                layer.backward(wrong)
            assert str(y.shape) in str(error.value) and str(wrong.shape) in str(error.value)
    for wrong in (y.astype(np.float16), y.tolist()):
        with pytest.raises(TypeError, match=f"{name} expects a NumPy array of float32 or float64, got"):
            layer.backward(wrong)


@pytest.mark.parametrize(("change", "got"), [
    (lambda x: x.astype(np.float16), "got dtype <f2; .astype(np.float32) converts it"),
    (lambda x: x.astype(">f4"), "got dtype >f4; .astype(np.float32) converts it"),
    (lambda x: x.astype(np.int64), "got dtype int64; .astype(np.float32) converts it"),
    (lambda x: x.astype(np.uint8), "got uint8; network.to_input makes uint8 images float32, from 0 to 1"),
    (np.ma.masked_array, "got a MaskedArray; np.array(...) makes a plain one"),
    (np.ndarray.tolist, "got a list; np.array(...) makes a plain one"),
], ids=str)  # fmt: skip
@each_layer
def test_a_wrong_type_is_one_line_that_names_it(layer, shape, change, got):
    with pytest.raises(TypeError) as error:
        copy.deepcopy(layer).forward(change(distinct(shape, np.float32)))
    assert str(error.value) == f"{type(layer).__name__} expects a NumPy array of float32 or float64, {got}"


@each_layer
def test_nan_in_is_nan_out(layer, shape):
    """Wherever it stands: no layer loses a NaN that one of its outputs sees."""
    layer = ready(layer, np.float32)
    for place in range(int(np.prod(shape))):
        x = distinct(shape, np.float32)
        before = layer.forward(x.copy())
        x.flat[place] += 1
        seen = not np.array_equal(before, layer.forward(x.copy()))  # strides and odd edges leave some out
        x.flat[place] = np.nan
        assert np.isnan(layer.forward(x)).any() or not seen


@pytest.mark.parametrize("build", [
    lambda: Conv2D(1, 1, 3, padding="full"),
    lambda: MaxPool2D((2, 3)),
    lambda: MaxPool2D(2, stride=1.5),
    lambda: MaxPool2D(0),
    lambda: Conv2D(1, 1, (3, 3, 3)),
    lambda: Conv2D(1, 1, 3, stride=0),
    lambda: Dropout(1.0),
    lambda: Dropout(-0.1),
])  # fmt: skip
def test_a_wrong_argument_is_refused(build):
    with pytest.raises(ValueError):
        build()


# --- Conv2D -------------------------------------------------------------------------------------------------

def image(*rows):
    """One image of one channel, (1, H, W, 1)."""
    return np.array(rows, float)[None, ..., None]


def test_conv_by_hand():
    """Image 1 to 9, filter (1 0 / 0 -1), bias 10: each place is 10 + x - (its neighbour down right)."""
    conv = Conv2D(1, 1, 2)
    conv.params = {"w": np.array([[1.0, 0], [0, -1]])[..., None, None], "b": np.array([10.0])}
    x = image([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert conv.forward(x)[0, :, :, 0].tolist() == [[6, 6], [6, 6]]

    dx = conv.backward(image([1, 2], [3, 4]))
    assert conv.grads["w"][:, :, 0, 0].tolist() == [[37, 47], [67, 77]]  # 1*1+2*2+3*4+4*5, 1*2+2*3+3*5+4*6, ...
    assert conv.grads["b"].tolist() == [10]
    assert dx[0, :, :, 0].tolist() == [[1, 2, 0], [3, 4 - 1, -2], [0, -3, -4]]


def test_same_padding_puts_the_odd_zero_below_and_right():
    conv = Conv2D(1, 1, 2, padding="same")
    conv.params["w"][...] = 1
    assert conv.forward(image([1, 2], [3, 4]))[0, :, :, 0].tolist() == [[10, 6], [7, 4]]


@pytest.mark.parametrize(("H", "k", "stride"), [(7, 3, 1), (7, 3, 2), (8, 3, 2), (6, 2, 3), (5, 1, 3), (4, 7, 2)])
def test_same_padding_gives_one_output_for_each_stride(H, k, stride):
    y = Conv2D(1, 1, k, stride, padding="same").forward(np.zeros((1, H, H + 1, 1)))
    assert y.shape[1:3] == (np.ceil(H / stride), np.ceil((H + 1) / stride))


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv_is_its_naive_twin_forward_and_backward(stride):
    conv = ready(Conv2D(2, 3, (3, 2), stride), np.float64)
    w, b = conv.params["w"], conv.params["b"]
    x = rng(1).standard_normal((2, 8, 7, 2))
    y = conv.forward(x)
    assert np.allclose(y, naive.conv(x, w, b, stride))
    dy = rng(2).standard_normal(y.shape)
    twins = naive.conv_backward(x, w, dy, stride)
    for ours, twin in zip((conv.backward(dy), conv.grads["w"], conv.grads["b"]), twins, strict=True):
        assert np.allclose(ours, twin)


def test_a_kernel_of_one_is_a_dense_layer_at_each_pixel():
    conv, dense = ready(Conv2D(3, 4, 1), np.float64), ready(Dense(3, 4), np.float64)
    dense.params = {"w": conv.params["w"][0, 0], "b": conv.params["b"]}
    x = rng(1).standard_normal((2, 3, 5, 3))
    assert np.allclose(conv.forward(x), dense.forward(x.reshape(-1, 3)).reshape(2, 3, 5, 4))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_adjoint_of_a_convolution_is_its_backward(padding):
    """<conv(x), dy> = <x, dx> where the bias is 0, because the layer is then linear in x."""
    conv = Conv2D(2, 3, (2, 3), stride=2, padding=padding, rng=rng())
    x = rng(1).standard_normal((2, 7, 6, 2))
    y = conv.forward(x)
    dy = rng(2).standard_normal(y.shape)
    assert np.isclose((y * dy).sum(), (x * conv.backward(dy)).sum())


def test_he_initialisation_keeps_the_size_of_a_signal():
    """Through ReLU the mean square stays: E[relu(xw)^2] = Var(x w) / 2 = fan_in * (2 / fan_in) / 2 = 1."""
    x = rng().standard_normal((400, 300)).astype(np.float32)
    y = ReLU().forward(Dense(300, 200, rng=rng(1)).forward(x))
    assert np.isclose((y**2).mean(), 1, rtol=0.05)
    y = ReLU().forward(Conv2D(30, 50, (3, 2), rng=rng(2)).forward(rng(3).standard_normal((4, 12, 12, 30))))
    assert np.isclose((y**2).mean(), 1, rtol=0.05)


def test_without_a_generator_weights_are_drawn_afresh_and_empty_ones_are_zero():
    for kind, sizes in ((Conv2D, {"c_in": 1, "c_out": 32, "kernel": 3}), (Dense, {"n_in": 9, "n_out": 5})):
        one, other = kind(**sizes), kind(**sizes)
        assert one.params["w"].std() > 0.1 and not np.array_equal(one.params["w"], other.params["w"])
        assert not empty(kind, sizes).params["w"].any()
    assert not np.array_equal(Dropout(0.5).rng.random(9), Dropout(0.5).rng.random(9))


# --- the others, by hand ------------------------------------------------------------------------------------

def test_dense_by_hand():
    dense = Dense(2, 3)
    dense.params = {"w": np.array([[1.0, 2, 3], [4, 5, 6]]), "b": np.array([10.0, 20, 30])}
    assert dense.forward(np.array([[1.0, 0], [0, 2]])).tolist() == [[11, 22, 33], [18, 30, 42]]
    dx = dense.backward(np.array([[1.0, 0, 0], [0, 1, 1]]))
    assert dx.tolist() == [[1, 4], [5, 11]]  # rows of dy times w's rows
    assert dense.grads["w"].tolist() == [[1, 0, 0], [0, 2, 2]]
    assert dense.grads["b"].tolist() == [1, 1, 1]


def test_relu_by_hand():
    """At 0 itself nothing passes."""
    relu = ReLU()
    assert relu.forward(np.array([-1.0, 0, 2])).tolist() == [0, 0, 2]
    assert relu.backward(np.array([5.0, 6, 7])).tolist() == [0, 0, 7]


def test_max_pool_by_hand():
    """The last row is dropped; on the left all are equal and the first wins alone."""
    pool = MaxPool2D(2)
    assert pool.forward(image([0, 0, 1, 2], [0, 0, 3, 4], [9, 9, 9, 9]))[0, :, :, 0].tolist() == [[0, 4]]
    dx = pool.backward(image([5, 6]))
    assert dx[0, :, :, 0].tolist() == [[5, 0, 0, 0], [0, 0, 0, 6], [0, 0, 0, 0]]


def test_avg_pool_by_hand():
    """Two windows of 1 x 2, one pixel apart: the middle pixel belongs to both."""
    pool = AvgPool2D((1, 2), stride=1)
    assert pool.forward(image([1, 3, 7]))[0, :, :, 0].tolist() == [[2, 5]]
    assert pool.backward(image([10, 20]))[0, :, :, 0].tolist() == [[5, 15, 10]]


@pytest.mark.parametrize(("window", "stride"), [((2, 2), 2), ((3, 2), 1), ((2, 3), 3), ((1, 2), 3)])
def test_avg_pool_is_its_naive_twin(window, stride):
    x = rng().standard_normal((2, 8, 7, 3))
    assert np.allclose(AvgPool2D(window, stride).forward(x), naive.avg_pool(x, *window, stride))


def test_softmax_by_hand():
    softmax = Softmax()
    p = softmax.forward(np.log([[1.0, 2, 5]]))
    assert np.allclose(p, [[1 / 8, 2 / 8, 5 / 8]])
    assert np.allclose(softmax.backward(np.array([[8.0, 0, 0]])), [[7 / 8, -2 / 8, -5 / 8]])  # p (dy - 1)


def test_softmax_of_large_scores_stays_finite():
    p = Softmax().forward(np.array([[1000.0, 0, -1000]], np.float32))
    assert p.tolist() == [[1, 0, 0]]


def test_dropout_keeps_the_mean_and_drops_its_share():
    dropout = Dropout(0.25, rng())
    y = dropout.forward(np.ones((100, 100)), training=True)
    assert np.isclose((y == 0).mean(), 0.25, atol=0.02)
    assert np.isclose(y.mean(), 1, atol=0.02)
    assert np.allclose(y[y > 0], 1 / 0.75)
    assert not np.array_equal(y, dropout.forward(np.ones((100, 100)), training=True))


def test_dropout_leaves_prediction_alone():
    x = rng().standard_normal((3, 4))
    dropout = Dropout(0.9, rng())
    dropout.forward(x, training=True)
    assert np.array_equal(dropout.forward(x), x)
    assert np.array_equal(dropout.backward(x), x)


def test_batch_norm_by_hand():
    """Mean 3 and variance 4: 1 and 5 become -1 and 1, then gamma 2 and beta 7 make them 5 and 9."""
    norm = BatchNorm(1, momentum=0.75, eps=0)
    norm.params = {"gamma": np.array([2.0]), "beta": np.array([7.0])}
    assert norm.forward(np.array([[1.0], [5.0]]), training=True).ravel().tolist() == [5, 9]
    assert norm.state["mean"].tolist() == [0.75 * 0 + 0.25 * 3]
    assert norm.state["var"].tolist() == [0.75 * 1 + 0.25 * 4]

    state = copy.deepcopy(norm.state)
    y = norm.forward(np.array([[0.75], [5.0]]))  # prediction uses the running mean .75 and variance 1.75
    assert np.allclose(y.ravel(), [7, 7 + 2 * 4.25 / np.sqrt(1.75)])
    assert norm.state == state


def test_batch_norm_gives_each_channel_mean_0_and_variance_1():
    x = 5 + 3 * rng().standard_normal((6, 4, 5, 2))
    y = BatchNorm(2).forward(x, training=True)
    assert np.allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    assert np.allclose(y.var(axis=(0, 1, 2)), 1, atol=1e-4)
