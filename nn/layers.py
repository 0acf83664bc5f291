"""The layers of a convolutional network: each one's forward and backward, on one screen.

Notation, used everywhere in this project:

    N         images in a batch              x, y      a layer's input and output
    H, W, C   height, width, channels        dx, dy    gradient of the loss with respect to x, y
    KH, KW    height, width of a window      w, b      weights and bias
    OH, OW    height, width of the output    dw, db    gradient of the loss with respect to w, b
    F         filters (output channels)      cols      windows laid out as rows (im2col)

Images are NHWC. What a layer must do stands in layer.py. To begin with read Dense, ReLU, and then Conv2D.

What this file leaves out: the loss and its 1/N (losses.py), updating weights (optim.py), threads (training.py), and
what a layer says of itself to a window that shows it (describe.py, which is mixed in).
"""

import math

import numpy as np

from nn import describe
from nn.kernels import col2im, im2col, max_pool, max_pool_backward
from nn.layer import EMPTY, Layer, he_normal, pair, sum_rows, whole


class Conv2D(describe.Convolved, Layer):
    """Slide F filters of KH x KW over the image: cross-correlation, as every framework's "convolution" is.

    x (N, H, W, c_in) -> y (N, OH, OW, c_out). Weights w (KH, KW, c_in, c_out), bias b (c_out,). With stride s:

        y[n,i,j,f] = b[f] + sum over u < KH, v < KW, c < c_in of x[n, i s + u, j s + v, c] w[u,v,c,f]

    In numbers, one image of one channel, one filter, b = 10, s = 1:

        1 2 3                        y[0,0] = 10 + 1*1 + 2*0 + 4*0 + 5*(-1) = 6        y = 6 6
        4 5 6   under   1  0         y[0,1] = 10 + 2*1 + 3*0 + 5*0 + 6*(-1) = 6            6 6
        7 8 9           0 -1

    padding 'valid': only windows inside the image, OH = (H - KH) // s + 1.
    padding 'same': zeros around it, so that OH = ceil(H / s); an odd one goes below and right.
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
        self.out = N, OH, OW, F

        self.cols = im2col(x, kh, kw, self.stride, OH, OW)  # (N*OH*OW, KH*KW*C)
        y = self.cols @ w.reshape(-1, F) + b  # (N*OH*OW, F)
        return y.reshape(self.out)

    def backward(self, dy):
        """im2col lays window r = (n, i, j) out as row (n OH + i) OW + j, and in it number k = (u, v, c) is column
        (u KW + v) C + c: cols[r,k] = x[n, i s + u, j s + v, c]. Then the layer is y = cols @ w + b, a Dense layer
        applied at each place:
            y[r,f] = sum_k cols[r,k] w[k,f] + b[f].
        The loss L depends on w[k,f] through every row, so the chain rule sums over rows:
            dL/dw[k,f]    = sum_r dL/dy[r,f] dy[r,f]/dw[k,f] = sum_r cols[r,k] dy[r,f]   =>  dw = cols^T dy
            dL/db[f]      = sum_r dy[r,f]                                                =>  db = 1^T dy
            dL/dcols[r,k] = sum_f dy[r,f] w[k,f]                                         =>  dcols = dy w^T
        im2col copied a pixel into every window that sees it. Its gradient is the sum over those copies (col2im):
            dx[n,h,q,c] = sum of dcols[(n,i,j), (u,v,c)] over all i, u, j, v with i s + u = h and j s + v = q.
        With s = 1 that is i = h - u and j = q - v, and dy counts as 0 where there is no window:
            dx[n,h,q,c] = sum over u, v, f of dy[n, h - u, q - v, f] w[u,v,c,f],
        a correlation of dy, with KH - 1 and KW - 1 zeros around it, with the filter turned by 180 degrees.

        In numbers, the example above with dy = 1 2    dw = 37 47   37 = 1*1 + 2*2 + 3*4 + 4*5     dx = 1  2  0
                                                3 4         67 77   47 = 1*2 + 2*3 + 3*5 + 4*6          3  3 -2
        db = 1 + 2 + 3 + 4 = 10;  dx[1,1] = 1*(-1) + 2*0 + 3*0 + 4*1 = 3, from all four windows         0 -3 -4
        """
        self.expect_dy(dy)
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
        y = x @ self.params["w"] + self.params["b"]  # (N, n_out)
        self.out = y.shape
        return y

    def backward(self, dy):
        """y[n,j] = sum_i x[n,i] w[i,j] + b[j], so by the chain rule
            dL/dw[i,j] = sum_n x[n,i] dy[n,j]  =>  dw = x^T dy
            dL/db[j]   = sum_n dy[n,j]
            dL/dx[n,i] = sum_j dy[n,j] w[i,j]  =>  dx = dy w^T
        """
        self.expect_dy(dy)
        self.grads["w"] = self.x.T @ dy
        self.grads["b"] = sum_rows(dy)
        return dy @ self.params["w"].T


class ReLU(describe.Rectified, Layer):
    """max(x, 0), element by element, on any shape."""

    def forward(self, x, training=False):
        self.expect(x, ...)
        self.positive, self.out = x > 0, x.shape
        return np.maximum(x, 0)

    def backward(self, dy):
        """dy/dx is 1 where x > 0 and 0 elsewhere (at 0 itself too, by convention), so dx = dy [x > 0]."""
        self.expect_dy(dy)
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
        """Check x, and keep its shape and that of the output for backward."""
        self.expect(x, "N", "H", "W", "C")
        (kh, kw), s, (N, H, W, C) = self.window, self.stride, x.shape
        self.expect_room(x, kh, kw)
        self.shape, self.out = x.shape, (N, (H - kh) // s + 1, (W - kw) // s + 1, C)


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
        self.expect_dy(dy)
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
        self.expect_dy(dy)
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
        self.expect(x, ...)
        self.shape, self.out = x.shape, (len(x), math.prod(x.shape[1:]))
        return x.reshape(self.out)

    def backward(self, dy):
        self.expect_dy(dy)
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
        self.expect(x, ...)
        self.mask, self.out = None, x.shape
        if not training:
            return x
        self.mask = ((self.rng.random(x.shape) >= self.rate) / (1 - self.rate)).astype(x.dtype)
        return x * self.mask

    def backward(self, dy):
        """y = x mask, and the mask doesn't depend on x: dx = dy mask."""
        self.expect_dy(dy)
        return dy if self.mask is None else dy * self.mask


class BatchNorm(describe.Normalised, Layer):
    """Give each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

    x (..., channels) -> y = gamma * (x - mean) / sqrt(var + eps) + beta, statistics over all axes but the last.
    Prediction uses running averages of the statistics, kept in `state`. Ioffe & Szegedy 2015, algorithms 1 and 2, but
    the variance kept is the batch's own, not M / (M - 1) times as much for M rows.

    "The batch" is what one call of forward gets. training.py cuts a batch over threads, so that each call sees the
    share of one thread, 64 images at most: "ghost" batch norm (Hoffer, Hubara & Soudry 2017). The noise of the small
    share regularises; the running averages, the mean over the threads, are those of the whole batch.
    """

    def __init__(self, channels, momentum=0.9, eps=1e-5):
        super().__init__(channels=channels, momentum=momentum, eps=eps)
        self.channels, self.momentum, self.eps = channels, momentum, eps
        self.params = {"gamma": np.ones(channels, np.float32), "beta": np.zeros(channels, np.float32)}
        self.state = {"mean": np.zeros(channels, np.float32), "var": np.ones(channels, np.float32)}

    def forward(self, x, training=False):
        self.expect(x, ..., self.channels)
        self.out = x.shape
        rows = x.reshape(-1, self.channels)  # (M, C)
        self.from_batch = training
        if training:
            mean = sum_rows(rows) / len(rows)
            centred = rows - mean
            var = sum_rows(centred**2) / len(rows)
            self.gather(mean, var)
        else:
            centred, var = rows - self.state["mean"], self.state["var"]
        self.scale = 1 / np.sqrt(var + self.eps)
        self.x_hat = centred * self.scale  # (M, C)
        return (self.params["gamma"] * self.x_hat + self.params["beta"]).reshape(x.shape)

    def gather(self, mean, var):
        """Take a batch's statistics into the running averages."""
        for name, value in (("mean", mean), ("var", var)):
            self.state[name] = (self.momentum * self.state[name] + (1 - self.momentum) * value).astype(value.dtype)

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
        self.expect_dy(dy)
        dy = dy.reshape(-1, self.channels)  # (M, C)
        dgamma, dbeta = sum_rows(dy * self.x_hat), sum_rows(dy)
        self.grads = {"gamma": dgamma, "beta": dbeta}
        if self.from_batch:
            dy = dy - self.x_hat * (dgamma / len(dy)) - dbeta / len(dy)
        return (dy * (self.scale * self.params["gamma"])).reshape(self.out)


class Softmax(Layer):
    """Scores to probabilities: p[n,j] = exp(x[n,j]) / sum_k exp(x[n,k]). x (N, classes) -> p (N, classes).

    The row's maximum is taken off first, which changes nothing but keeps exp from overflowing.
    """

    def forward(self, x, training=False):
        self.expect(x, "N", "classes")
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        self.out = x.shape
        return self.p

    def backward(self, dy):
        """dp[j]/dx[k] = p[j] ([j = k] - p[k]), so
            dx[k] = sum_j dy[j] p[j] ([j = k] - p[k]) = p[k] (dy[k] - sum_j dy[j] p[j]).
        """
        self.expect_dy(dy)
        return self.p * (dy - (dy * self.p).sum(axis=1, keepdims=True))


LAYERS = {
    cls.__name__: cls
    for cls in (Conv2D, Dense, ReLU, MaxPool2D, AvgPool2D, Flatten, Dropout, BatchNorm, Softmax)
}


def empty(kind, config):
    """A layer of this class and configuration, its weights zero: to be loaded into."""
    return kind(**config, rng=EMPTY) if kind in (Conv2D, Dense) else kind(**config)
