"""nn/product.py: the compiled product is numpy's, for all sizes, dtypes and orders of memory that its callers use."""

import numpy as np
import pytest

from nn.compiling import compiled
from nn.product import product


def multiply(x, w, y, add):
    product(x, w, y, add)


multiply = compiled(multiply)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("M", [1, 7, 8, 19])
@pytest.mark.parametrize("K", [1, 9])
@pytest.mark.parametrize("N", [1, 8, 10, 16, 33, 72, 143])
def test_the_compiled_product_is_numpys(dtype, M, K, N):
    rng = np.random.default_rng(M + K + N)
    x, w = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
    around = np.full((M + 2, N), 7, dtype)  # rows beside y, which must stay
    y, wanted = around[1:-1], x.astype(float) @ w
    near = dict(rtol=1e-4 if dtype is np.float32 else 1e-10, atol=1e-5 if dtype is np.float32 else 1e-12)
    multiply(x, w, y, False)
    assert np.allclose(y, wanted, **near)
    multiply(np.asfortranarray(x), w, y, True)
    assert np.allclose(y, 2 * wanted, **near)
    assert (around[[0, -1]] == 7).all()


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5), (2, 5)), ((2, 3), (3, 5), (3, 5)), ((2, 3), (3, 5), (2, 4))])
def test_shapes_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError):
        multiply(*(np.zeros(shape, np.float32) for shape in shapes), False)
