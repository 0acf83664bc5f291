"""What a layer is: the contract that every layer keeps, the checks that they share, and how weights start.

`forward(x, training=False)` returns y and keeps what backward needs. `backward(dy)` takes the gradient of the loss with
respect to y, *assigns* `grads`, and returns dx, the gradient with respect to x. Neither writes into its argument.
`params` and `grads` are dicts with the same names. The dtype that comes in goes out: float32 trains, float64 checks
gradients. (In float32 a step of 1e-6 is lost in the rounding of the weights: a correct gradient looks percents wrong.)

A wrong type, shape or order of calls is an error that names what was expected and what came. Kernels trust the sizes
that they are given, so every layer that calls one checks x and dy first.

Training gives each thread a shallow copy of each layer. So forward assigns what it keeps anew and never writes into an
array of an earlier call, and a layer that draws random numbers draws them from `self.rng`, which training sets.
"""

import numpy as np

from nn import describe

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
EMPTY = object()  # in place of a Generator: weights of zero, to be loaded into


def check_floats(who, x):
    """TypeError unless x is a plain NumPy array of float32 or float64."""
    if type(x) is np.ndarray and x.dtype in FLOATS:
        return
    if type(x) is not np.ndarray:
        got, mend = f"a {type(x).__name__}", "np.array(...) makes a plain one"
    elif x.dtype == np.uint8:
        got, mend = "uint8", "network.to_input makes uint8 images float32, from 0 to 1"
    else:
        got, mend = f"dtype {x.dtype.str if x.dtype.kind == 'f' else x.dtype}", ".astype(np.float32) converts it"
    raise TypeError(f"{who} expects a NumPy array of float32 or float64, got {got}; {mend}")


class Layer(describe.Described):
    """What all layers share. A layer without weights leaves params and grads empty."""

    out = None  # the shape of what forward returned last

    def __init__(self, **config):
        self.config = config  # the constructor's arguments, so that a file can build the layer again
        self.params = {}  # learned by the optimizer
        self.grads = {}  # the loss's gradient for each of params, assigned by backward
        self.state = {}  # gathered in forward, not by gradient: BatchNorm's running statistics

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.config.items())})"

    def expect(self, x, *shape):
        """TypeError unless x is a plain array of floats, ValueError unless it has this shape.

        A letter stands for any size, and ... at the start for any number of axes.
        """
        name = type(self).__name__
        check_floats(name, x)
        if shape[0] is ...:
            fits = x.ndim >= len(shape) - 1 and x.shape[x.ndim - len(shape) + 1 :] == shape[1:]
        else:
            fits = x.ndim == len(shape) and all(s == n or type(s) is str for s, n in zip(shape, x.shape, strict=True))
        if not fits:
            wanted = ", ".join("..." if s is ... else str(s) for s in shape)
            raise ValueError(f"{name} expects ({wanted}), got {x.shape}")

    def expect_room(self, x, kh, kw):
        """ValueError unless a window of kh x kw fits into the images x (N, H, W, C)."""
        if x.shape[1] < kh or x.shape[2] < kw:
            raise ValueError(f"{type(self).__name__} expects an image of at least {kh} x {kw}, got {x.shape}")

    def expect_dy(self, dy):
        """RuntimeError before any forward, TypeError or ValueError unless dy is like what forward returned last."""
        name = f"{type(self).__name__}.backward"
        if self.out is None:
            raise RuntimeError(f"{name} needs what forward keeps: call forward first")
        check_floats(name, dy)
        if dy.shape != self.out:
            raise ValueError(f"{name} expects a dy of {self.out}, the shape of what forward returned, got {dy.shape}")


def he_normal(shape, fan_in, rng):
    """Weights with variance 2 / fan_in, which keeps a signal's size through ReLU layers.

    He et al. 2015, "Delving deep into rectifiers", eq. 10. rng is a Generator; None: one seeded afresh; EMPTY: zeros.
    """
    if rng is EMPTY:
        return np.zeros(shape, np.float32)
    return (np.random.default_rng(rng).standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32)


def pair(size):
    """3 -> (3, 3); (2, 3) stays. Each is checked as `whole` does."""
    height, width = size if isinstance(size, tuple | list) else (size, size)
    return whole(height), whole(width)


def whole(size):
    """The size itself. ValueError unless it is a whole number from 1."""
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"a window's size and stride are whole numbers from 1, got {size!r}")
    return size


def sum_rows(a):
    """a.sum(axis=0) of a (M, C). As a product with ones it takes a ninth of the time."""
    return np.ones(len(a), a.dtype) @ a
