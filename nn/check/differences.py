"""A gradient by finite differences, which knows nothing of layers."""

import numpy as np

STEP = 1e-5  # h: smaller, and rounding (1e-16 / h) grows; larger, and what the difference leaves out (h^2) does


def slope(f, a, h=STEP):
    """The gradient of the number f() with respect to the float64 array a, by central differences."""
    gradient = np.empty(a.shape)
    for i in np.ndindex(a.shape):
        old = a[i]
        a[i] = old + h
        above = f()
        a[i] = old - h
        below = f()
        a[i] = old
        gradient[i] = (above - below) / (2 * h)
    return gradient
