"""nn/winograd.py: the numbers of its first lines; each step, NumPy and compiled, against naive twins and each other."""

from types import SimpleNamespace

import naive
import numpy as np
import pytest

from nn import winograd as module

STEPS = ("winograd_input", "winograd_output", "winograd_output_backward", "winograd_input_backward")
COMPILED = SimpleNamespace(**{name: getattr(module, name) for name in STEPS})
NUMPY = SimpleNamespace(**{name: getattr(module, f"{name}_numpy") for name in STEPS})
both = pytest.mark.parametrize("steps", [COMPILED, NUMPY], ids=["compiled", "numpy"])
sizes = pytest.mark.parametrize(("H", "W"), [(8, 6), (7, 9), (4, 5)])


def rng(seed=0):
    return np.random.default_rng(seed)


def test_one_dimension_in_numbers():
    """z = A^T [(G w) * (B^T d)] for d = (5, 1, 2, 3) and w = (1, 2, 3)."""
    d, w = np.array([5, 1, 2, 3]), np.array([1, 2, 3])
    seen = [d[first] + sign * d[second] for first, second, sign in module.B]
    m = (module.G @ w) * seen
    assert m.tolist() == [3, 9, 1, -6]
    assert (module.A.T @ m).tolist() == [13, 14]
    assert np.correlate(d, w, "valid").tolist() == [13, 14]


def winograd(steps, x, w, b):
    """y and winner by two of the steps and, between them, the sum over channels as a loop."""
    (N, H, W, C), F = x.shape, w.shape[-1]
    tiles = np.empty((16, N, (H - 2) // 2, (W - 2) // 2, C))
    steps.winograd_input(x, tiles)
    u = np.einsum("ap,bq,pqcf->abcf", module.G, module.G, w).reshape(16, C, F)
    m = np.stack([tile @ filters for tile, filters in zip(tiles, u, strict=True)])
    y, winner = np.empty(m.shape[1:]), np.empty(m.shape[1:], np.uint8)
    steps.winograd_output(m, b, y, winner)
    return y, winner


@both
def test_winograd_by_hand(steps):
    """One pixel of ink under the last window: the middle tap sees it there, so that place 3 wins, 2 * 7 + 1."""
    x, w = np.zeros((1, 4, 4, 1)), np.zeros((3, 3, 1, 1))
    x[0, 2, 2, 0], w[1, 1, 0, 0] = 7, 2
    y, winner = winograd(steps, x, w, np.ones(1))
    assert y.item() == 15 and winner.item() == 3
    y, winner = winograd(steps, x, w, np.array([-14.0]))
    assert y.item() == 0 and winner.item() == module.DEAD


@both
@sizes
def test_winograd_is_its_naive_twin(steps, H, W):
    x, w = rng().standard_normal((2, H, W, 3)), rng(1).standard_normal((3, 3, 3, 4))
    b = np.array([0.5, -1.0, -3.0, 2.0])
    y, winner = winograd(steps, x, w, b)
    z = naive.conv(x, w, b)
    best, place = naive.max_pool(np.maximum(z, 0), 2, 2, 2)
    assert np.allclose(y, best)
    assert np.array_equal(winner, np.where(best > 0, place, module.DEAD))
    assert 0 < (winner == module.DEAD).mean() < 1


@both
def test_winograd_lets_the_first_of_equal_values_win(steps):
    y, winner = winograd(steps, np.full((1, 6, 6, 2), 0.7), rng().random((3, 3, 2, 3)), np.zeros(3))
    assert (y > 0).all() and not winner.any()


@both
@pytest.mark.parametrize("place", range(16))
def test_a_nan_stays_one_wherever_it_stands(steps, place):
    """One tile: each of its pixels is seen by the window. And each of its 16 products goes into the window."""
    x = np.ones((1, 4, 4, 1))
    x.flat[place] = np.nan
    assert np.isnan(winograd(steps, x, rng().standard_normal((3, 3, 1, 2)), np.zeros(2))[0]).all()
    m, y = np.ones((16, 1, 1, 1, 1)), np.empty((1, 1, 1, 1))
    m[place] = np.nan
    steps.winograd_output(m, np.zeros(1), y, np.empty(y.shape, np.uint8))
    assert np.isnan(y).all()


@both
@sizes
def test_winograd_input_and_its_backward_are_adjoint(steps, H, W):
    x, dtiles = rng().standard_normal((2, H, W, 3)), rng(1).standard_normal((16, 2, (H - 2) // 2, (W - 2) // 2, 3))
    tiles, dx = np.empty(dtiles.shape), np.full(x.shape, 9.0)  # old contents must not matter
    steps.winograd_input(x, tiles)
    steps.winograd_input_backward(dtiles, dx)
    assert np.isclose((tiles * dtiles).sum(), (x * dx).sum())


@both
def test_winograd_output_backward_spreads_what_the_winner_gets(steps):
    """A dz A^T for each place that can win, and nothing for the dead."""
    dy, winner = rng().standard_normal((1, 1, 5, 2)), np.arange(5, dtype=np.uint8).repeat(2).reshape(1, 1, 5, 2)
    dm = np.full((16, *dy.shape), 9.0)
    steps.winograd_output_backward(dy, winner, dm)
    for place in range(5):
        for f in range(2):
            dz = np.zeros(5)
            dz[place] = dy[0, 0, place, f]
            expected = module.A @ (dz[:4] * (place != module.DEAD)).reshape(2, 2) @ module.A.T
            assert np.allclose(dm[:, 0, 0, place, f].reshape(4, 4), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@sizes
def test_compiled_and_numpy_are_one(H, W, dtype):
    """Every step, forward and backward, from the same arrays; what was in an array that is written must not matter."""
    N, OH, OW, C, F = 3, (H - 2) // 2, (W - 2) // 2, 2, 3
    x, m, dy = (rng(i).standard_normal(shape).astype(dtype) for i, shape in enumerate([
        (N, H, W, C), (16, N, OH, OW, F), (N, OH, OW, F)]))  # fmt: skip
    b, winner = rng(3).standard_normal(F).astype(dtype), rng(4).integers(0, 5, dy.shape, np.uint8)
    dtiles = rng(5).standard_normal((16, N, OH, OW, C)).astype(dtype)
    results = []
    for steps, old in ((COMPILED, 7), (NUMPY, 9)):
        tiles, y, dm, dx = (np.full(like.shape, old, dtype) for like in (dtiles, dy, m, x))
        won = np.full(dy.shape, old, np.uint8)
        steps.winograd_input(x, tiles)
        steps.winograd_output(m, b, y, won)
        steps.winograd_output_backward(dy, winner, dm)
        steps.winograd_input_backward(dtiles, dx)
        results.append((tiles, y, won, dm, dx))
    for compiled, numpy in zip(*results, strict=True):
        assert np.allclose(compiled, numpy, rtol=1e-5, atol=1e-5)
