"""BatchNorm in training, the same bits in a fifth of the time.

layers.BatchNorm makes an array for each step of its formula. Arrays as large as a batch come fresh from the system, and
clearing their pages takes longer than the arithmetic. Here three of them are kept from call to call, and each pass over
them does all that can be done between two sums. The sums stay NumPy's.
"""

import math

import numpy as np

from nn.compiling import compiled
from nn.layer import sum_rows


class Kept:
    """Memory kept from call to call."""

    def __init__(self):
        self.kept = {}

    def array(self, name, shape, dtype):
        """An array of this shape, contents arbitrary: the one of the last call where it is large enough.

        It starts at a multiple of 64 bytes, a line of the cache and the widest vector: a load across two lines takes
        twice the time, and numpy.empty promises 16 bytes only.
        """
        size = math.prod(shape)
        if name not in self.kept or self.kept[name].size < size or self.kept[name].dtype != dtype:
            spare = np.empty(size + 64, dtype)
            start = -spare.ctypes.data % 64 // spare.itemsize
            self.kept[name] = spare[start : start + size]
        return self.kept[name][:size].reshape(shape)


class TrainedBatchNorm(Kept):
    """A BatchNorm layer's step in a FusedNetwork. It keeps the layer's grads, state and x_hat as the layer would."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x, training=False):
        if not training:
            return self.norm.forward(x)
        norm = self.norm
        norm.expect(x, ..., norm.channels)
        norm.out, norm.from_batch = x.shape, True
        rows = np.ascontiguousarray(x).reshape(-1, norm.channels)  # (M, C)
        norm.x_hat, y = self.array("x_hat", rows.shape, x.dtype), self.array("y", rows.shape, x.dtype)
        mean = sum_rows(rows) / len(rows)
        centre(rows, mean, norm.x_hat, y)
        var = sum_rows(y) / len(rows)
        norm.gather(mean, var)
        norm.scale = 1 / np.sqrt(var + norm.eps)
        normalise(norm.x_hat, norm.scale, norm.params["gamma"], norm.params["beta"], y)
        return y.reshape(x.shape)

    def backward(self, dy):
        norm = self.norm
        norm.expect_dy(dy)
        if not norm.from_batch:
            return norm.backward(dy)
        dy = np.ascontiguousarray(dy).reshape(-1, norm.channels)
        dx = self.array("dx", dy.shape, dy.dtype)
        np.multiply(dy, norm.x_hat, out=dx)
        dgamma, dbeta = sum_rows(dx), sum_rows(dy)
        norm.grads = {"gamma": dgamma, "beta": dbeta}
        normalise_backward(dy, norm.x_hat, dgamma / len(dy), dbeta / len(dy), norm.scale * norm.params["gamma"], dx)
        return dx.reshape(norm.out)


def centre(x, mean, centred, squares):
    """centred = x - mean and its squares, in place; all (M, C), mean (C,)."""
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            value = x[r, c] - mean[c]
            centred[r, c], squares[r, c] = value, value * value


centre = compiled(centre, contract=False)


def normalise(x_hat, scale, gamma, beta, y):
    """x_hat *= scale and y = gamma x_hat + beta, in place; x_hat, y (M, C), the others (C,)."""
    for r in range(y.shape[0]):
        for c in range(y.shape[1]):
            value = x_hat[r, c] * scale[c]
            x_hat[r, c], y[r, c] = value, gamma[c] * value + beta[c]


normalise = compiled(normalise, contract=False)


def normalise_backward(dy, x_hat, dgamma, dbeta, scale, dx):
    """dx = (dy - x_hat dgamma - dbeta) scale, in place: BatchNorm.backward, with means for sums."""
    for r in range(dx.shape[0]):
        for c in range(dx.shape[1]):
            dx[r, c] = (dy[r, c] - x_hat[r, c] * dgamma[c] - dbeta[c]) * scale[c]


normalise_backward = compiled(normalise_backward, contract=False)
