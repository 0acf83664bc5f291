"""The same network, faster: convolution, ReLU and max pooling computed as one step.

`FusedNetwork(network)` computes what `network` computes, forward and backward, with the same weights; tests hold the
two equal. A reader who wants to know what the network does reads layers.py; here is how it does it in less time:

- pool(relu(z)) = relu(pool(z)), and after pooling a quarter of the values is left;
- rows and columns that a pool with a window of 2 drops (the last of 11 x 11) aren't computed;
- backward visits the pools' winners only (kernels.conv_relu_pool_backward): about 8 times fewer multiplications;
- the first layer has one channel and nine taps, too few for a matrix product (kernels.first_conv_relu_pool),
  and images need no gradient;
- arrays as large as a batch are kept from step to step: fresh memory costs more than the arithmetic in it.
"""

import math

import numpy as np

from nn.kernels import (
    bias_relu_pool,
    conv_relu_pool_backward,
    first_conv_relu_pool,
    first_conv_relu_pool_backward,
    im2col,
)
from nn.layers import Conv2D, MaxPool2D, ReLU


class FusedNetwork:
    """A replica of `network` for one thread. Its `grads` have the network's names."""

    def __init__(self, network):
        self.network = network.replica()
        self.steps = []
        layers = self.network.layers
        while layers:
            if not _fusible(layers[:3]):
                step, layers = layers[0], layers[1:]
            else:
                kind = FirstConvReLUPool if not self.steps and _is_first(layers[0]) else ConvReLUPool
                step, layers = kind(layers[0]), layers[3:]
            self.steps.append(step)

    def forward(self, x, training=False):
        """As Network.forward. What it returns is only good until the next forward."""
        for step in self.steps:
            x = step.forward(x, training)
        return x

    def backward(self, dy):
        """As Network.backward, but for the gradient of the image, which training has no use for."""
        for step in reversed(self.steps):
            dy = step.backward(dy)

    @property
    def grads(self):
        return self.network.grads


def _fusible(layers):
    """Conv2D with stride 1 and no padding, ReLU, MaxPool2D 2 x 2 with stride 2?"""
    if [type(layer) for layer in layers] != [Conv2D, ReLU, MaxPool2D]:
        return False
    conv, _, pool = layers
    return (conv.stride, conv.padding, pool.window, pool.stride) == (1, "valid", (2, 2), 2)


def _is_first(conv):
    return conv.params["w"].shape[:3] == (3, 3, 1)


class _Fused:
    """Memory kept from call to call."""

    def __init__(self, conv):
        self.conv = conv
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


class FirstConvReLUPool(_Fused):
    """pool(relu(conv(x))) for x (N, H, W, 1) and 3 x 3 filters -> (N, (H-2)//2, (W-2)//2, F)."""

    def forward(self, x, training=False):
        self.conv.expect(x, "N", "H", "W", 1)
        N, H, W, _ = x.shape
        b = self.conv.params["b"]
        w, self.x = self.conv.params["w"].reshape(3, 3, -1), x.reshape(N, H, W)  # without the one channel
        shape = (N, (H - 2) // 2, (W - 2) // 2, len(b))
        y, self.winner = self.array("y", shape, x.dtype), self.array("winner", shape, np.uint8)
        first_conv_relu_pool(self.x, w, b, y, self.winner)
        return y

    def backward(self, dy):
        F = dy.shape[-1]
        dw, db = np.empty((3, 3, F), dy.dtype), np.empty(F, dy.dtype)
        first_conv_relu_pool_backward(self.x, dy, self.winner, dw, db)
        self.conv.grads = {"w": dw[:, :, None], "b": db}


class ConvReLUPool(_Fused):
    """pool(relu(conv(x))) for any channels and filters: x (N, H, W, C) -> (N, (H-KH+1)//2, (W-KW+1)//2, F)."""

    BLOCK = 4  # images whose columns stay in the processor's cache between im2col and the product

    def forward(self, x, training=False):
        self.conv.expect(x, "N", "H", "W", self.conv.c_in)
        w, b = self.conv.params["w"], self.conv.params["b"]
        kh, kw, _, F = w.shape
        N, H, W, _ = x.shape
        OH, OW = (H - kh + 1) // 2, (W - kw + 1) // 2
        self.x = x
        y = self.array("y", (N, OH, OW, F), x.dtype)
        self.winner = self.array("winner", y.shape, np.uint8)
        for n in range(0, N, self.BLOCK):
            block = slice(n, min(n + self.BLOCK, N))
            cols = im2col(x[block], kh, kw, 1, 2 * OH, 2 * OW)  # (n*2*OH*2*OW, KH*KW*C)
            z = np.matmul(cols, w.reshape(-1, F), out=self.array("z", (len(cols), F), x.dtype))
            bias_relu_pool(z.reshape(-1, 2 * OH, 2 * OW, F), b, y[block], self.winner[block])
        return y

    def backward(self, dy):
        w = self.conv.params["w"]
        kh, kw, C, F = w.shape
        by_filter, dw = (self.array(name, (F, kh, kw * C), dy.dtype) for name in ("by_filter", "dw"))
        by_filter[:] = w.reshape(-1, F).T.reshape(by_filter.shape)
        dx, db = self.array("dx", self.x.shape, dy.dtype), np.empty(F, dy.dtype)
        conv_relu_pool_backward(self.x, by_filter, dy, self.winner, dx, dw, db)
        self.conv.grads = {"w": dw.reshape(F, -1).T.copy().reshape(w.shape), "b": db}
        return dx
