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


@pytest.mark.parametrize("place", range(4))
def test_a_nan_wins_wherever_it_stands(place):
    x = image([1, 8], [5, 2])
    x.flat[place] = np.nan
    y, winner = kernels.max_pool(x, 2, 2, 2)
    assert np.isnan(y.item()) and winner.item() == place


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


# --- the file as a whole ------------------------------------------------------------------------------------

def test_float32_stays_float32():
    x = np.ones((1, 4, 4, 1), np.float32)
    cols = kernels.im2col(x, 2, 2, 2, 2, 2)
    y, winner = kernels.max_pool(x, 2, 2, 2)
    arrays = cols, y, kernels.col2im(cols, x.shape, 2, 2, 2, 2, 2), kernels.max_pool_backward(y, winner, 4, 4, 2, 2, 2)
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="this is that run")
def test_every_kernel_passes_without_the_compiler_too():
    files = [f"tests/test_{name}.py" for name in ("kernels", "winograd", "fused", "augment", "optim")]
    chosen = "test_kernels or test_winograd or first_conv or test_warp or adamw"
    run = subprocess.run([sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *files, "-k", chosen],
                         cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "1 skipped" in run.stdout
