"""The layers of a convolutional network: each one's forward and backward, on one screen.

Notation, used everywhere in this project:

    N         images in a batch              x, y      a layer's input and output
    H, W, C   height, width, channels        dx, dy    gradient of the loss with respect to x, y
    KH, KW    height, width of a window      w, b      weights and bias
    OH, OW    height, width of the output    dw, db    gradient of the loss with respect to w, b
    F         filters (output channels)      cols      windows laid out as rows (im2col)

The contract. `forward(x, training=False)` returns y and keeps what backward needs; `backward(dy)` takes the gradient
of the loss with respect to y, *assigns* `grads`, and returns dx. Neither writes into its argument. `params` and
`grads` have the same keys. Images are NHWC. The dtype that comes in goes out: float32 trains, float64 checks gradients.
A wrong shape raises ValueError naming what was expected and what came. Training gives each thread shallow copies of
the layers: what forward keeps is assigned anew, never written into an array of before, and a layer with chance draws
from `self.rng`, which training sets.

What this file leaves out: the loss and its 1/N (losses.py), updating weights (optim.py), threads (training.py), and
what a layer says of itself to a window that shows it (describe.py, which is mixed in).
"""

import math

import numpy as np

from nn import describe
from nn.kernels import col2im, im2col, max_pool, max_pool_backward


class Layer(describe.Described):
    """What all layers share. A layer without weights leaves params and grads empty."""

    def __init__(self, **config):
        self.config = config  # the constructor's arguments, so that a file can build the layer again
        self.params = {}  # learned by the optimizer
        self.grads = {}  # the loss's gradient for each of params, assigned by backward
        self.state = {}  # gathered in forward, not by gradient: BatchNorm's running statistics

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.config.items())})"

    def expect(self, x, *shape):
        """Raise ValueError unless x has this shape; a letter stands for any size."""
        fits = x.ndim == len(shape) and all(isinstance(s, str) or s == n for s, n in zip(shape, x.shape, strict=True))
        if not fits:
            wanted = ", ".join(map(str, shape))
            raise ValueError(f"{type(self).__name__} expects ({wanted}), got {x.shape}")

    def expect_room(self, x, kh, kw):
        """Raise ValueError unless a window of kh x kw fits into the images x (N, H, W, C)."""
        if x.shape[1] < kh or x.shape[2] < kw:
            raise ValueError(f"{type(self).__name__} expects an image of at least {kh} x {kw}, got {x.shape}")


EMPTY = object()  # in place of a Generator: weights of zero, to be loaded into


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


class Conv2D(describe.Convolved, Layer):
    """Slide F filters of KH x KW over the image: cross-correlation, as every framework's "convolution" is.

    x (N, H, W, c_in) -> y (N, OH, OW, c_out). Weights w (KH, KW, c_in, c_out), bias b (c_out,).
    padding 'valid': only windows inside the image, OH = (H - KH) // stride + 1.
    padding 'same': zeros around it, so that OH = ceil(H / stride); an odd one goes below and right.
    Chellapilla, Puri & Simard 2006 brought the idea of one matrix product (im2col).
    """

    def __init__(self, c_in, c_out, kernel, stride=1, padding="valid", rng=None):
        super().__init__(c_in=c_in, c_out=c_out, kernel=kernel, stride=stride, padding=padding)
        if padding not in ("valid", "same"):
            raise ValueError(f"Conv2D: padding is 'valid' or 'same', got {padding!r}")
        kh, kw = pair(kernel)
        self.c_in, self.stride, self.padding = c_in, whole(stride), padding
        self.params["w"] = he_normal((kh, kw, c_in, c_out), fan_in=kh * kw * c_in, rng=rng)
        self.params["b"] = np.zeros(c_out, np.float32)

    def forward(self, x, training=False):
        self.expect(x, "N", "H", "W", self.c_in)
        w, b = self.params["w"], self.params["b"]
        kh, kw, _, F = w.shape
        self.margins = self._margins(x.shape)
        (top, bottom), (left, right) = self.margins
        if self.padding == "same":
            x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
        N, H, W, _ = self.padded_shape = x.shape
        self.expect_room(x, kh, kw)
        OH, OW = (H - kh) // self.stride + 1, (W - kw) // self.stride + 1

        self.cols = im2col(x, kh, kw, self.stride, OH, OW)  # (N*OH*OW, KH*KW*C)
        y = self.cols @ w.reshape(-1, F) + b  # (N*OH*OW, F)
        return y.reshape(N, OH, OW, F)

    def backward(self, dy):
        """With the windows as rows, the layer is y = cols @ w + b, a dense layer applied at each place.

        Written out, for one window r and one filter f: y[r,f] = sum_k cols[r,k] w[k,f] + b[f]. The loss L depends
        on w[k,f] through every row, so the chain rule sums over rows:
            dL/dw[k,f]    = sum_r dL/dy[r,f] dy[r,f]/dw[k,f] = sum_r cols[r,k] dy[r,f]   =>  dw = cols^T dy
            dL/db[f]      = sum_r dy[r,f]                                                =>  db = 1^T dy
            dL/dcols[r,k] = sum_f dy[r,f] w[k,f]                                         =>  dcols = dy w^T
        im2col copied a pixel into every window that sees it; its gradient is the sum over those copies: col2im.
        """
        w = self.params["w"]
        kh, kw, _, F = w.shape
        _, OH, OW, _ = dy.shape
        dy = dy.reshape(-1, F)  # (N*OH*OW, F)
        self.grads["w"] = (self.cols.T @ dy).reshape(w.shape)
        self.grads["b"] = sum_rows(dy)
        dcols = dy @ w.reshape(-1, F).T  # (N*OH*OW, KH*KW*C)
        dx = col2im(dcols, self.padded_shape, kh, kw, self.stride, OH, OW)
        (top, bottom), (left, right) = self.margins
        _, H, W, _ = self.padded_shape
        return dx[:, top : H - bottom, left : W - right]

    def _margins(self, shape):
        """Zeros above and below, left and right: ((top, bottom), (left, right))."""
        if self.padding == "valid":
            return (0, 0), (0, 0)
        margins = []
        for size, k in zip(shape[1:3], self.params["w"].shape[:2], strict=True):
            missing = max((-(-size // self.stride) - 1) * self.stride + k - size, 0)
            margins.append((missing // 2, missing - missing // 2))
        return tuple(margins)


class Dense(describe.Weighted, Layer):
    """Every output sees every input. x (N, n_in) -> y (N, n_out) = x w + b; w (n_in, n_out), b (n_out,)."""

    def __init__(self, n_in, n_out, rng=None):
        super().__init__(n_in=n_in, n_out=n_out)
        self.n_in = n_in
        self.params["w"] = he_normal((n_in, n_out), fan_in=n_in, rng=rng)
        self.params["b"] = np.zeros(n_out, np.float32)

    def forward(self, x, training=False):
        self.expect(x, "N", self.n_in)
        self.x = x
        return x @ self.params["w"] + self.params["b"]  # (N, n_out)

    def backward(self, dy):
        """y[n,j] = sum_i x[n,i] w[i,j] + b[j], so by the chain rule
            dL/dw[i,j] = sum_n x[n,i] dy[n,j]  =>  dw = x^T dy
            dL/db[j]   = sum_n dy[n,j]
            dL/dx[n,i] = sum_j dy[n,j] w[i,j]  =>  dx = dy w^T
        """
        self.grads["w"] = self.x.T @ dy
        self.grads["b"] = sum_rows(dy)
        return dy @ self.params["w"].T


class ReLU(describe.Rectified, Layer):
    """max(x, 0), element by element, on any shape."""

    def forward(self, x, training=False):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy):
        """dy/dx is 1 where x > 0 and 0 elsewhere (at 0 itself too, by convention), so dx = dy [x > 0]."""
        return dy * self.positive


class Pool2D(Layer):
    """What the poolings share. x (N, H, W, C) -> y (N, OH, OW, C), OH = (H - KH) // stride + 1.

    stride defaults to the side of a square window. Rows and columns that fill no window are dropped.
    """

    def __init__(self, window, stride=None):
        super().__init__(window=window, stride=stride)
        kh, kw = self.window = pair(window)
        if stride is None and kh != kw:
            raise ValueError(f"pooling with a window of {kh} x {kw} needs a stride")
        self.stride = whole(kh if stride is None else stride)

    def take(self, x):
        """Check x and remember its shape for backward."""
        self.expect(x, "N", "H", "W", "C")
        self.expect_room(x, *self.window)
        self.shape = x.shape


class MaxPool2D(describe.Pooled, Pool2D):
    """The largest value of each window."""

    def forward(self, x, training=False):
        self.take(x)
        kh, kw = self.window
        y, self.winner = max_pool(x, kh, kw, self.stride)
        return y

    def backward(self, dy):
        """y = x[winner], so dy/dx is 1 at the winner and 0 at the others: dx[winner] += dy.

        The first of equal values is the winner, alone: giving dy to each of them would multiply the gradient by
        their number, and on blank paper all of them are equal. += because windows may overlap.
        """
        _, H, W, _ = self.shape
        return max_pool_backward(dy, self.winner, H, W, *self.window, self.stride)


class AvgPool2D(describe.Averaged, Pool2D):
    """The mean of each window."""

    def forward(self, x, training=False):
        self.take(x)
        kh, kw = self.window
        return sum(x[self._place(u, v)] for u in range(kh) for v in range(kw)) / (kh * kw)

    def backward(self, dy):
        """y = sum of x over the window / (KH KW), so each of its pixels receives dy / (KH KW)."""
        kh, kw = self.window
        dx = np.zeros(self.shape, dy.dtype)
        for u in range(kh):
            for v in range(kw):
                dx[self._place(u, v)] += dy / (kh * kw)
        return dx

    def _place(self, u, v):
        """Index of the pixel at row u, column v of every window: a view (N, OH, OW, C)."""
        (kh, kw), s, (_, H, W, _) = self.window, self.stride, self.shape
        return np.s_[:, u : H - kh + u + 1 : s, v : W - kw + v + 1 : s]


class Flatten(describe.Reshaped, Layer):
    """x (N, ...) -> y (N, the rest in one row). Its backward folds the row again."""

    def forward(self, x, training=False):
        self.shape = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, dy):
        return dy.reshape(self.shape)


class Dropout(describe.Elementwise, Layer):
    """In training, zero each value with probability `rate` and divide the others by 1 - rate; else the identity.

    The division keeps the expected value, so that prediction needs no change ("inverted" dropout).
    Srivastava et al. 2014.
    """

    def __init__(self, rate, rng=None):
        super().__init__(rate=rate)
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate is from 0 to below 1, got {rate}")
        self.rate = rate
        self.rng = np.random.default_rng(rng)

    def forward(self, x, training=False):
        self.mask = None
        if not training:
            return x
        self.mask = ((self.rng.random(x.shape) >= self.rate) / (1 - self.rate)).astype(x.dtype)
        return x * self.mask

    def backward(self, dy):
        """y = x mask, and the mask doesn't depend on x: dx = dy mask."""
        return dy if self.mask is None else dy * self.mask


class BatchNorm(describe.Normalised, Layer):
    """Give each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

    x (..., channels) -> y = gamma * (x - mean) / sqrt(var + eps) + beta, statistics over all axes but the last.
    Prediction uses running averages of the statistics, kept in `state`. Ioffe & Szegedy 2015, algorithms 1 and 2, but
    that the variance kept is the batch's own, not M / (M - 1) times as much for M rows.
    """

    def __init__(self, channels, momentum=0.9, eps=1e-5):
        super().__init__(channels=channels, momentum=momentum, eps=eps)
        self.channels, self.momentum, self.eps = channels, momentum, eps
        self.params = {"gamma": np.ones(channels, np.float32), "beta": np.zeros(channels, np.float32)}
        self.state = {"mean": np.zeros(channels, np.float32), "var": np.ones(channels, np.float32)}

    def forward(self, x, training=False):
        self.expect(x, *["..."] * (x.ndim - 1), self.channels)
        rows = x.reshape(-1, self.channels)  # (M, C)
        self.from_batch = training
        if training:
            mean = sum_rows(rows) / len(rows)
            centred = rows - mean
            var = sum_rows(centred**2) / len(rows)
            for name, value in (("mean", mean), ("var", var)):
                self.state[name] = (self.momentum * self.state[name] + (1 - self.momentum) * value).astype(x.dtype)
        else:
            centred, var = rows - self.state["mean"], self.state["var"]
        self.scale = 1 / np.sqrt(var + self.eps)
        self.x_hat = centred * self.scale  # (M, C)
        return (self.params["gamma"] * self.x_hat + self.params["beta"]).reshape(x.shape)

    def backward(self, dy):
        """Per channel, with M rows, s = 1 / sqrt(var + eps), x_hat = (x - mean) s and y = gamma x_hat + beta:
            dgamma = sum dy x_hat,  dbeta = sum dy,  g = dL/dx_hat = dy gamma.
        x moves x_hat in three ways, directly, through the mean and through the variance:
            dL/dvar  = sum g (x - mean) (-1/2) s^3
            dL/dmean = -s sum g                              (the variance's own part sums to 0)
            dx       = g s + dL/dvar 2 (x - mean) / M + dL/dmean / M
        which, with (x - mean) s = x_hat, sum g = gamma dbeta and sum g x_hat = gamma dgamma, collapses to
            dx = s gamma (dy - x_hat dgamma / M - dbeta / M).
        With the running statistics, mean and variance don't depend on x: dx = s gamma dy.
        """
        shape = dy.shape
        dy = dy.reshape(-1, self.channels)  # (M, C)
        dgamma, dbeta = sum_rows(dy * self.x_hat), sum_rows(dy)
        self.grads = {"gamma": dgamma, "beta": dbeta}
        if self.from_batch:
            dy = dy - self.x_hat * (dgamma / len(dy)) - dbeta / len(dy)
        return (dy * (self.scale * self.params["gamma"])).reshape(shape)


class Softmax(Layer):
    """Scores to probabilities: p[n,j] = exp(x[n,j]) / sum_k exp(x[n,k]). x (N, classes) -> p (N, classes).

    The row's maximum is taken off first, which changes nothing but keeps exp from overflowing.
    """

    def forward(self, x, training=False):
        self.expect(x, "N", "classes")
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dy):
        """dp[j]/dx[k] = p[j] ([j = k] - p[k]), so
            dx[k] = sum_j dy[j] p[j] ([j = k] - p[k]) = p[k] (dy[k] - sum_j dy[j] p[j]).
        """
        return self.p * (dy - (dy * self.p).sum(axis=1, keepdims=True))


LAYERS = {
    cls.__name__: cls
    for cls in (Conv2D, Dense, ReLU, MaxPool2D, AvgPool2D, Flatten, Dropout, BatchNorm, Softmax)
}


def empty(kind, config):
    """A layer of this class and configuration, its weights zero: to be loaded into."""
    return kind(**config, rng=EMPTY) if kind in (Conv2D, Dense) else kind(**config)
