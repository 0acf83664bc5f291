"""nn/kernels.py: each kernel on paper, against its naive twin, and once more without the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import naive
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import kernels

ROOT = Path(__file__).parents[1]


def rng(seed=0):
    return np.random.default_rng(seed)


def image(*rows):
    """One image of one channel, (1, H, W, 1)."""
    return np.array(rows, float)[None, ..., None]


@st.composite
def windows(draw):
    """A random image (N, H, W, C) without ties, and kh, kw, stride of windows that fit into it."""
    kh, kw, stride = (draw(st.integers(1, 3)) for _ in range(3))
    N, C = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    H, W = draw(st.integers(kh, 7)), draw(st.integers(kw, 7))
    return rng(draw(st.integers(0, 99))).permutation(N * H * W * C).reshape(N, H, W, C) / 7, kh, kw, stride


def size(x, kh, kw, stride):
    return (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1


# --- im2col and col2im --------------------------------------------------------------------------------------

def test_im2col_by_hand():
    x = image([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert kernels.im2col(x, 2, 2, 1, 2, 2).tolist() == [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]


def test_im2col_keeps_the_channels_of_a_pixel_together():
    x = np.array([[[[1, 10], [2, 20]]]], float)  # one row of two pixels, two channels
    assert kernels.im2col(x, 1, 2, 1, 1, 1).tolist() == [[1, 10, 2, 20]]


def test_col2im_by_hand():
    """Ones come back as the number of windows that saw each pixel."""
    x = kernels.col2im(np.ones((4, 4)), (1, 3, 3, 1), 2, 2, 1, 2, 2)
    assert x[0, :, :, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@given(windows())
def test_im2col_is_its_naive_twin(case):
    x, kh, kw, stride = case
    assert np.array_equal(kernels.im2col(x, kh, kw, stride, *size(*case)), naive.im2col(x, kh, kw, stride))


@given(windows())
def test_col2im_is_its_naive_twin(case):
    x, kh, kw, stride = case
    cols = rng().standard_normal(naive.im2col(x, kh, kw, stride).shape)
    ours = kernels.col2im(cols, x.shape, kh, kw, stride, *size(*case))
    assert np.allclose(ours, naive.col2im(cols, x, kh, kw, stride), rtol=1e-12)


@given(windows())
def test_col2im_is_the_adjoint_of_im2col(case):
    """<im2col(x), c> = <x, col2im(c)> for all x and c: a linear map's backward needs no other proof."""
    x, kh, kw, stride = case
    cols = kernels.im2col(x, kh, kw, stride, *size(*case))
    c = rng(1).standard_normal(cols.shape)
    back = kernels.col2im(c, x.shape, kh, kw, stride, *size(*case))
    assert np.isclose((cols * c).sum(), (x * back).sum(), rtol=1e-10)


# --- max pooling --------------------------------------------------------------------------------------------

def test_max_pool_by_hand():
    y, winner = kernels.max_pool(image([1, 8, 0, 3], [5, 2, 4, 9]), 2, 2, 2)
    assert y[0, :, :, 0].tolist() == [[8, 9]]
    assert winner[0, :, :, 0].tolist() == [[1, 3]]  # places 0 1 / 2 3 of each window


def test_the_first_of_equal_values_wins():
    _, winner = kernels.max_pool(np.zeros((1, 4, 4, 1)), 2, 2, 2)
    assert winner.max() == 0
    _, winner = kernels.max_pool(image([1, 7], [7, 7]), 2, 2, 2)
    assert winner.item() == 1


def test_max_pool_backward_by_hand():
    """Windows of 1 x 2 moved by 1 overlap: 9 wins both and receives both gradients."""
    _, winner = kernels.max_pool(image([1, 9, 2]), 1, 2, 1)
    dx = kernels.max_pool_backward(image([10, 5]), winner, 1, 3, 1, 2, 1)
    assert dx[0, :, :, 0].tolist() == [[0, 15, 0]]


@given(windows())
def test_max_pool_is_its_naive_twin(case):
    x, kh, kw, stride = case
    y, winner = kernels.max_pool(x, kh, kw, stride)
    y_naive, winner_naive = naive.max_pool(x, kh, kw, stride)
    assert np.array_equal(y, y_naive)
    assert np.array_equal(winner, winner_naive)


@given(windows())
def test_max_pool_with_ties_is_its_naive_twin(case):
    x, kh, kw, stride = case
    _, winner = kernels.max_pool(x % 2 // 1, kh, kw, stride)
    assert np.array_equal(winner, naive.max_pool(x % 2 // 1, kh, kw, stride)[1])


@given(windows())
def test_max_pool_backward_is_its_naive_twin(case):
    x, kh, kw, stride = case
    y, winner = kernels.max_pool(x, kh, kw, stride)
    dy = rng().standard_normal(y.shape)
    ours = kernels.max_pool_backward(dy, winner, x.shape[1], x.shape[2], kh, kw, stride)
    assert np.allclose(ours, naive.max_pool_backward(x, dy, kh, kw, stride), rtol=1e-12)


# --- convolution, ReLU and pooling in one -------------------------------------------------------------------

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def winograd(x, w, b):
    """y and winner by the two kernels and, between them, the sum over channels as a loop."""
    (N, H, W, C), F = x.shape, w.shape[-1]
    tiles = np.empty((16, N, (H - 2) // 2, (W - 2) // 2, C))
    kernels.winograd_input(x, tiles)
    u = np.einsum("ap,bq,pqcf->abcf", G, G, w).reshape(16, C, F)
    m = np.stack([tile @ filters for tile, filters in zip(tiles, u, strict=True)])
    y, winner = np.empty(m.shape[1:]), np.empty(m.shape[1:], np.uint8)
    kernels.winograd_output(m, b, y, winner)
    return y, winner


def test_winograd_by_hand():
    """One pixel of ink under the last window: the middle tap sees it there, so that place 3 wins, 2 * 7 + 1."""
    x, w = np.zeros((1, 4, 4, 1)), np.zeros((3, 3, 1, 1))
    x[0, 2, 2, 0], w[1, 1, 0, 0] = 7, 2
    y, winner = winograd(x, w, np.ones(1))
    assert y.item() == 15 and winner.item() == 3
    y, winner = winograd(x, w, np.array([-14.0]))
    assert y.item() == 0 and winner.item() == kernels.DEAD


@pytest.mark.parametrize(("H", "W"), [(8, 6), (7, 9), (4, 5)])
def test_winograd_is_its_naive_twin(H, W):
    x, w = rng().standard_normal((2, H, W, 3)), rng(1).standard_normal((3, 3, 3, 4))
    b = np.array([0.5, -1.0, -3.0, 2.0])
    y, winner = winograd(x, w, b)
    z = naive.conv(x, w, b)
    best, place = naive.max_pool(np.maximum(z, 0), 2, 2, 2)
    assert np.allclose(y, best)
    assert np.array_equal(winner, np.where(best > 0, place, kernels.DEAD))
    assert 0 < (winner == kernels.DEAD).mean() < 1


def test_winograd_lets_the_first_of_equal_values_win():
    y, winner = winograd(np.full((1, 6, 6, 2), 0.7), rng().random((3, 3, 2, 3)), np.zeros(3))
    assert (y > 0).all() and not winner.any()


@pytest.mark.parametrize(("H", "W"), [(8, 6), (7, 9), (4, 5)])
def test_winograd_input_and_its_backward_are_adjoint(H, W):
    x, dtiles = rng().standard_normal((2, H, W, 3)), rng(1).standard_normal((16, 2, (H - 2) // 2, (W - 2) // 2, 3))
    tiles, dx = np.empty(dtiles.shape), np.full(x.shape, 9.0)  # old contents must not matter
    kernels.winograd_input(x, tiles)
    kernels.winograd_input_backward(dtiles, dx)
    assert np.isclose((tiles * dtiles).sum(), (x * dx).sum())


def test_winograd_output_backward_spreads_what_the_winner_gets():
    """A dz A^T for each place that can win, and nothing for the dead."""
    A = np.array([[1, 0], [1, 1], [1, -1], [0, -1]])
    dy, winner = rng().standard_normal((1, 1, 5, 2)), np.arange(5, dtype=np.uint8).repeat(2).reshape(1, 1, 5, 2)
    dm = np.full((16, *dy.shape), 9.0)
    kernels.winograd_output_backward(dy, winner, dm)
    for place in range(5):
        for f in range(2):
            dz = np.zeros(5)
            dz[place] = dy[0, 0, place, f]
            expected = A @ (dz[:4] * (place != kernels.DEAD)).reshape(2, 2) @ A.T
            assert np.allclose(dm[:, 0, 0, place, f].reshape(4, 4), expected)


@pytest.mark.parametrize(("H", "W", "F"), [(6, 8, 2), (7, 9, 3), (4, 11, 1)])
def test_first_conv_relu_pool_is_its_naive_twin_forward_and_backward(H, W, F):
    x, w, b = rng(1).standard_normal((3, H, W)), rng(2).standard_normal((3, 3, F)), rng(3).standard_normal(F)
    y = np.empty((3, (H - 2) // 2, (W - 2) // 2, F))
    winner = np.empty(y.shape, np.uint8)
    kernels.first_conv_relu_pool(x, w, b, y, winner)
    assert np.allclose(y, naive.conv_relu_pool(x[..., None], w[:, :, None], b))

    dy = rng(4).standard_normal(y.shape)
    dw, db = np.full(w.shape, 9.0), np.full(F, 9.0)
    kernels.first_conv_relu_pool_backward(x, dy, winner, dw, db)
    _, dw_naive, db_naive = naive.conv_relu_pool_backward(x[..., None], w[:, :, None], b, dy)
    assert np.allclose(dw, dw_naive[:, :, 0])
    assert np.allclose(db, db_naive)


def test_first_conv_relu_pool_lets_the_first_of_equal_values_win():
    """On white paper all four values are equal, and positive with this bias."""
    y, winner = np.empty((1, 1, 1, 1)), np.full((1, 1, 1, 1), 9, np.uint8)
    kernels.first_conv_relu_pool(np.zeros((1, 4, 4)), np.ones((3, 3, 1)), np.ones(1), y, winner)
    assert (y.item(), winner.item()) == (1, 0)


# --- warp ---------------------------------------------------------------------------------------------------

def warped(images, matrix=((1, 0), (0, 1)), shift=(0, 0), bend=None, basis=None):
    N, H, _ = images.shape
    out = np.empty(images.shape, np.float32)
    bend = np.zeros((N, 2, 2, 2)) if bend is None else bend
    basis = np.zeros((H, 2)) if basis is None else basis
    kernels.warp(images, np.tile(np.array(matrix, float), (N, 1, 1)), np.tile(np.array(shift, float), (N, 1)),
                 bend, basis, out)  # fmt: skip
    return out


PAGE = np.array([[[0, 51, 102], [153, 204, 255], [0, 0, 51]]], np.uint8)  # 51 = 0.2 * 255


@pytest.mark.parametrize(("change", "expected"), [
    ({}, [[0, 0.2, 0.4], [0.6, 0.8, 1], [0, 0, 0.2]]),
    ({"shift": (1, 0)}, [[0.6, 0.8, 1], [0, 0, 0.2], [0, 0, 0]]),  # read one row below: the page moves up
    ({"shift": (0, -1)}, [[0, 0, 0.2], [0, 0.6, 0.8], [0, 0, 0]]),  # read one column left: it moves right
    ({"shift": (0, 0.5)}, [[0.1, 0.3, 0.2], [0.7, 0.9, 0.5], [0, 0.1, 0.1]]),  # halfway between neighbours
    ({"matrix": ((0, 1), (1, 0))}, [[0, 0.6, 0], [0.2, 0.8, 0], [0.4, 1, 0.2]]),  # rows for columns
    ({"matrix": ((0, 1), (-1, 0))}, [[0.4, 1, 0.2], [0.2, 0.8, 0], [0, 0.6, 0]]),  # a quarter turn
])  # fmt: skip
def test_warp_by_hand(change, expected):
    assert np.allclose(warped(PAGE, **change)[0], expected, atol=1e-6)


def test_warp_is_its_naive_twin():
    images = rng(0).integers(0, 256, (3, 7, 7), dtype=np.uint8)
    matrix = np.eye(2) + 0.3 * rng(1).standard_normal((3, 2, 2))
    shift, bend = rng(2).standard_normal((3, 2)), rng(3).standard_normal((3, 2, 4, 4))
    basis = rng(4).random((7, 4))
    out = np.empty(images.shape, np.float32)
    kernels.warp(images, matrix, shift, bend, basis, out)
    assert np.allclose(out, naive.warp(images, matrix, shift, bend, basis), atol=1e-6)


# --- the optimizer's update ---------------------------------------------------------------------------------

def adamw(w, gradients, lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8, decay=0.0):
    w = np.array(w, np.float32)
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        kernels.adamw_update(w, np.array(g, np.float32), m, v, lr, beta1, beta2, eps, decay, t)
    return w


def test_the_first_adamw_step_by_hand():
    """m' = g and v' = g^2, so the step is lr times the gradient's sign, whatever its size; decay takes lr * 0.5 w."""
    assert np.allclose(adamw([1, 1, 1], [[100, -0.01, 0]]), [0.9, 1.1, 1])
    assert np.allclose(adamw([2], [[0]], decay=0.5), [2 - 0.1 * 0.5 * 2])


def test_adamw_is_its_naive_twin():
    gradients = rng().standard_normal((6, 3))
    settings = {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "decay": 0.3}
    twin = [naive.adamw(w, g, **settings) for w, g in zip([1.0, -2.0, 0.5], gradients.T, strict=True)]
    assert np.allclose(adamw([1.0, -2.0, 0.5], gradients, **settings), twin, rtol=1e-5)


# --- the file as a whole ------------------------------------------------------------------------------------

def test_float32_stays_float32():
    x = np.ones((1, 4, 4, 1), np.float32)
    cols = kernels.im2col(x, 2, 2, 2, 2, 2)
    y, winner = kernels.max_pool(x, 2, 2, 2)
    arrays = cols, y, kernels.col2im(cols, x.shape, 2, 2, 2, 2, 2), kernels.max_pool_backward(y, winner, 4, 4, 2, 2, 2)
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="this is that run")
def test_all_of_this_passes_without_the_compiler_too():
    run = subprocess.run([sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", __file__],
                         cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "1 skipped" in run.stdout
