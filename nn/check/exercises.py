"""Layers of this project to write again: their constructors and formulas, with empty bodies.

`python -m nn.check --exercise Conv2D > mine.py` writes one of these classes into a file. Shapes and words are those of
nn/layers.py: N images, H x W pixels, C channels; dx is the gradient of the loss with respect to x.
"""

import numpy as np

from nn.layers import Layer

# What each is checked on: constructor's arguments and shape of x. The sizes all differ, so that none can stand in for
# another.
EXAMPLES = {
    "Dense": [({"n_in": 5, "n_out": 4}, (3, 5))],
    "ReLU": [({}, (3, 5)), ({}, (3, 4, 5, 2))],
    "Conv2D": [
        ({"c_in": 1, "c_out": 1, "kernel": 2}, (3, 4, 5, 1)),
        ({"c_in": 2, "c_out": 4, "kernel": (3, 2)}, (3, 5, 7, 2)),
        ({"c_in": 2, "c_out": 4, "kernel": 3, "stride": 2}, (3, 7, 8, 2)),
    ],
    "MaxPool2D": [
        ({"window": 2}, (3, 4, 6, 2)), ({"window": 2}, (3, 5, 7, 2)), ({"window": (2, 3), "stride": 1}, (3, 4, 5, 2)),
    ],
    "AvgPool2D": [({"window": 2}, (3, 5, 7, 2)), ({"window": (3, 2), "stride": 1}, (3, 4, 5, 2))],
    "BatchNorm": [({"channels": 3}, (7, 3)), ({"channels": 3}, (4, 5, 2, 3))],
    "Dropout": [({"rate": 0.4}, (3, 20))],
    "Flatten": [({}, (3, 4, 5, 2))],
    "Softmax": [({}, (3, 5))],
    "SoftmaxCrossEntropy": [({}, (3, 5))],
    "SGD": [({"momentum": 0.0}, None), ({"momentum": 0.9}, None), ({"momentum": 0.9, "weight_decay": 0.1}, None)],
    "AdamW": [({"weight_decay": 0.0}, None), ({"weight_decay": 0.1}, None)],
}  # fmt: skip


class Dense(Layer):
    """Every output sees every input: y[n,j] = sum_i x[n,i] w[i,j] + b[j].

    x (N, n_in) -> y (N, n_out). Parameters w (n_in, n_out) and b (n_out,).
    """

    def __init__(self, n_in, n_out, rng=None):
        super().__init__(n_in=n_in, n_out=n_out)
        self.n_in = n_in
        rng = np.random.default_rng() if rng is None else rng
        self.params["w"] = (rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)).astype(np.float32)
        self.params["b"] = np.zeros(n_out, np.float32)

    def forward(self, x, training=False):
        """Return y. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """From dy (N, n_out), assign self.grads["w"] and self.grads["b"], shaped like w and b; return dx (N, n_in)."""
        raise NotImplementedError


class ReLU(Layer):
    """y = max(x, 0), element by element, for an x of any shape."""

    def forward(self, x, training=False):
        """Return y, shaped like x. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """Return dx, shaped like x. Where x is 0, nothing passes."""
        raise NotImplementedError


class SoftmaxCrossEntropy:
    """The loss: the mean over the batch of -log p[n, label n], where p[n,j] = exp(x[n,j]) / sum_k exp(x[n,k]).

    exp of a large number is infinite; taking the row's largest off every x[n,k] first leaves p as it is.
    """

    def forward(self, logits, labels):
        """Return the loss, a float. logits (N, classes) are x above; labels (N,) are whole numbers from 0."""
        raise NotImplementedError

    def backward(self):
        """Return the loss's gradient with respect to the logits of the last forward, (N, classes)."""
        raise NotImplementedError


class Conv2D(Layer):
    """Slide F filters of KH x KW over the image, all windows inside it, s = stride pixels apart:

        y[n,i,j,f] = sum over u, v, c of x[n, i*s + u, j*s + v, c] w[u,v,c,f]  +  b[f]

    x (N, H, W, c_in) -> y (N, OH, OW, F), OH = (H - KH) // s + 1, OW = (W - KW) // s + 1.
    Parameters w (KH, KW, c_in, F) and b (F,).
    """

    def __init__(self, c_in, c_out, kernel, stride=1, rng=None):
        super().__init__(c_in=c_in, c_out=c_out, kernel=kernel, stride=stride)
        kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        rng = np.random.default_rng() if rng is None else rng
        w = rng.standard_normal((kh, kw, c_in, c_out)) * np.sqrt(2 / (kh * kw * c_in))
        self.params["w"] = w.astype(np.float32)
        self.params["b"] = np.zeros(c_out, np.float32)
        self.c_in, self.stride = c_in, stride

    def forward(self, x, training=False):
        """Return y. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """From dy (N, OH, OW, F), assign self.grads["w"] and self.grads["b"], shaped like w and b; return dx.

        Two loops over u and v, with slices for everything else, are enough: x[:, u : ... : s, v : ... : s] are the
        pixels that w[u, v] meets. A pixel is seen by several windows, and each of them adds to its dx.
        """
        raise NotImplementedError


class MaxPool2D(Layer):
    """The largest value of each KH x KW window: y[n,i,j,c] = max over u, v of x[n, i*s + u, j*s + v, c].

    x (N, H, W, C) -> y (N, OH, OW, C), OH = (H - KH) // s + 1, OW alike: rows and columns that fill no window are
    dropped. The stride s is KH unless given. Of equal values, the first in the window (row by row) is the largest.
    """

    def __init__(self, window, stride=None):
        super().__init__(window=window, stride=stride)
        self.window = window if isinstance(window, tuple) else (window, window)  # (KH, KW)
        self.stride = self.window[0] if stride is None else stride

    def forward(self, x, training=False):
        """Return y. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """Return dx (N, H, W, C): the winner of a window alone receives its dy. Windows may overlap."""
        raise NotImplementedError


class BatchNorm(Layer):
    """Give each channel mean 0 and variance 1, then a learned scale and shift; the last axis is the channels.

        in training      y = gamma (x - mean) / sqrt(var + eps) + beta, mean and var of the batch: over all axes but the
                         last, var = mean of (x - mean)^2
                         state["mean"] = momentum state["mean"] + (1 - momentum) mean, and state["var"] alike
        in prediction    y is the same formula with state["mean"] and state["var"]

    x (..., channels) -> y, shaped like x. Parameters gamma and beta (channels,).
    """

    def __init__(self, channels, momentum=0.9, eps=1e-5):
        super().__init__(channels=channels, momentum=momentum, eps=eps)
        self.channels, self.momentum, self.eps = channels, momentum, eps
        self.params = {"gamma": np.ones(channels, np.float32), "beta": np.zeros(channels, np.float32)}
        self.state = {"mean": np.zeros(channels, np.float32), "var": np.ones(channels, np.float32)}

    def forward(self, x, training=False):
        """Return y; in training, assign state. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """Assign self.grads["gamma"] and self.grads["beta"]; return dx. After a forward in training, mean and var move
        with x too, and that has its share in dx; after one in prediction they don't.
        """
        raise NotImplementedError


class Dropout(Layer):
    """In training, each value becomes 0 with probability `rate`, and the others are divided by 1 - rate; in prediction,
    y = x. x of any shape.
    """

    def __init__(self, rate, rng=None):
        super().__init__(rate=rate)
        self.rate = rate
        self.rng = np.random.default_rng(0) if rng is None else rng

    def forward(self, x, training=False):
        """Return y, in x's dtype. Draw from self.rng. Keep in self what backward needs."""
        raise NotImplementedError

    def backward(self, dy):
        """Return dx, of the last forward."""
        raise NotImplementedError


class SGD:
    """Gradient descent with momentum: v = momentum v + g;  w = w - lr v, where v begins at 0.

    Before that step, an array of two or more axes shrinks: w = (1 - lr weight_decay) w. Vectors do not.
    """

    def __init__(self, params, momentum=0.9, weight_decay=0.0):
        self.params, self.momentum, self.weight_decay = params, momentum, weight_decay
        self.state = {f"v.{name}": np.zeros_like(w) for name, w in params.items()}

    def step(self, grads, lr):
        """Move self.params {name: array} in place, by grads {name: array} at the learning rate lr."""
        raise NotImplementedError


class AdamW:
    """In step t = 1, 2, ..., where m and v begin at 0:

        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g^2
        w = w - lr weight_decay w - lr m' / (sqrt(v') + eps),   m' = m / (1 - beta1^t),   v' = v / (1 - beta2^t)

    weight_decay is for arrays of two or more axes; for vectors it is 0.
    """

    def __init__(self, params, weight_decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.weight_decay = params, weight_decay
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.state = {"t": np.zeros((), np.int64)}
        for name, w in params.items():
            self.state[f"m.{name}"], self.state[f"v.{name}"] = np.zeros_like(w), np.zeros_like(w)

    def step(self, grads, lr):
        """Move self.params {name: array} in place, by grads {name: array} at the learning rate lr."""
        raise NotImplementedError
