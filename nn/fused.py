"""The same network, faster: convolution, ReLU and max pooling computed as one step.

`FusedNetwork(network)` computes what `network` computes, forward and backward, with the same weights; tests hold the
two equal. A reader who wants to know what the network does reads layers.py;
here is how it does it in less time:

- pool(relu(z)) = relu(pool(z)), and after pooling a quarter of the values is left;
- rows and columns that a pool with a window of 2 drops (the last of 11 x 11) aren't computed;
- the four values under a window of the pool share multiplications (winograd.py): 16 for 36;
- the first layer has one channel and nine taps, too few for a matrix product (first_conv_relu_pool, below),
  and images need no gradient;
- arrays as large as a batch are kept from step to step: fresh memory costs more than the arithmetic in it.
"""

import math

import numpy as np

from nn.kernels import compiled
from nn.layer import check_floats
from nn.layers import Conv2D, MaxPool2D, ReLU, sum_rows
from nn.winograd import (
    DEAD,
    G,
    winograd_input,
    winograd_input_backward,
    winograd_output,
    winograd_output_backward,
)

GG = np.kron(G, G)  # G w G^T is GG @ w, with w's 3 x 3 taps and the result's 4 x 4 as one axis


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
                kind = FirstConvReLUPool if not self.steps and layers[0].c_in == 1 else ConvReLUPool
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
    """Conv2D 3 x 3 with stride 1 and no padding, ReLU, MaxPool2D 2 x 2 with stride 2?"""
    if [type(layer) for layer in layers] != [Conv2D, ReLU, MaxPool2D]:
        return False
    conv, _, pool = layers
    return (conv.params["w"].shape[:2], conv.stride, conv.padding) == ((3, 3), 1, "valid") and (
        (pool.window, pool.stride) == ((2, 2), 2)
    )


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

    def weights(self):
        """The convolution's w and b. TypeError or ValueError if someone put others in their place that don't fit."""
        w, b = self.conv.params["w"], self.conv.params["b"]
        check_floats("Conv2D's w", w)
        check_floats("Conv2D's b", b)
        if w.shape != (3, 3, self.conv.c_in, *b.shape) or b.ndim != 1:
            raise ValueError(f"Conv2D expects w (3, 3, {self.conv.c_in}, F) and b (F,), got {w.shape} and {b.shape}")
        return w, b


class FirstConvReLUPool(_Fused):
    """pool(relu(conv(x))) for x (N, H, W, 1) and 3 x 3 filters -> (N, (H-2)//2, (W-2)//2, F)."""

    def forward(self, x, training=False):
        self.conv.expect(x, "N", "H", "W", 1)
        self.conv.expect_room(x, 4, 4)  # for one window of the pool
        N, H, W, _ = x.shape
        w, b = self.weights()
        w, self.x = w.reshape(3, 3, -1), x.reshape(N, H, W)  # without the one channel
        self.conv.out = shape = (N, (H - 2) // 2, (W - 2) // 2, len(b))
        y, self.winner = self.array("y", shape, x.dtype), self.array("winner", shape, np.uint8)
        first_conv_relu_pool(self.x, w, b, y, self.winner)
        return y

    def backward(self, dy):
        self.conv.expect_dy(dy)
        F = dy.shape[-1]
        dw, db = np.empty((3, 3, F), dy.dtype), np.empty(F, dy.dtype)
        first_conv_relu_pool_backward(self.x, dy, self.winner, dw, db)
        self.conv.grads = {"w": dw[:, :, None], "b": db}


def first_conv_relu_pool(x, w, b, y, winner):
    """y = max_pool(relu(conv(x, w) + b)) for one input channel and 3 x 3 filters, written into y and winner.

    x (N, H, W), w (3, 3, F), b (F,), y and winner (N, OH, OW, F). With nine taps a matrix product is all overhead;
    this holds the 4 x 4 pixels under a 2 x 2 window and runs along the filters.
    """
    N, OH, OW, F = y.shape
    zero = x.dtype.type(0)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                pixels = x[n, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
                for f in range(F):
                    z0 = z1 = z2 = z3 = b[f]
                    for u in range(3):
                        for v in range(3):
                            tap = w[u, v, f]
                            z0 += pixels[u, v] * tap
                            z1 += pixels[u, v + 1] * tap
                            z2 += pixels[u + 1, v] * tap
                            z3 += pixels[u + 1, v + 1] * tap
                    best, place = z0, 0
                    if z1 > best:
                        best, place = z1, 1
                    if z2 > best:
                        best, place = z2, 2
                    if z3 > best:
                        best, place = z3, 3
                    nan = (z0 != z0) | (z1 != z1) | (z2 != z2) | (z3 != z3)
                    best = z0 + z1 + z2 + z3 if nan else best
                    dead = best <= zero  # NaN is not, and goes on
                    y[n, i, j, f] = zero if dead else best
                    winner[n, i, j, f] = DEAD if dead else place


first_conv_relu_pool = compiled(first_conv_relu_pool)


def first_conv_relu_pool_backward(x, dy, winner, dw, db):
    """dw (3, 3, F) and db (F,) of first_conv_relu_pool, written in place. The image needs no gradient in training."""
    N, OH, OW, F = dy.shape
    zero = x.dtype.type(0)
    dw[:], db[:] = 0, 0
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for f in range(F):
                    db[f] += dy[n, i, j, f] if winner[n, i, j, f] != DEAD else zero
                for u in range(3):
                    for v in range(3):
                        x0, x1 = x[n, 2 * i + u, 2 * j + v], x[n, 2 * i + u, 2 * j + v + 1]
                        x2, x3 = x[n, 2 * i + u + 1, 2 * j + v], x[n, 2 * i + u + 1, 2 * j + v + 1]
                        for f in range(F):
                            place = winner[n, i, j, f]
                            top = x0 if place == 0 else x1
                            bottom = x2 if place == 2 else x3
                            pixel = top if place < 2 else bottom
                            dw[u, v, f] += dy[n, i, j, f] * (pixel if place != DEAD else zero)


first_conv_relu_pool_backward = compiled(first_conv_relu_pool_backward)


class ConvReLUPool(_Fused):
    """pool(relu(conv(x))) for 3 x 3 filters: x (N, H, W, C) -> (N, (H-2)//2, (W-2)//2, F), by Winograd's tiles."""

    BLOCK = 16  # images whose tiles stay in the processor's cache from the kernels to the products

    def forward(self, x, training=False):
        self.conv.expect(x, "N", "H", "W", self.conv.c_in)
        self.conv.expect_room(x, 4, 4)  # for one window of the pool
        _, b = self.weights()
        N, H, W, _ = x.shape
        self.x = x
        self.conv.out = N, (H - 2) // 2, (W - 2) // 2, len(b)
        y = self.array("y", self.conv.out, x.dtype)
        self.winner = self.array("winner", y.shape, np.uint8)
        filters = self.filters(x.dtype)
        for block in self.blocks():
            tiles, m = self.tiles(x[block], y[block])
            winograd_input(x[block], tiles)
            np.matmul(_rows(tiles), filters, out=_rows(m))
            winograd_output(m, b, y[block], self.winner[block])
        return y

    def backward(self, dy):
        """The adjoints of forward's steps, in the opposite order."""
        self.conv.expect_dy(dy)
        dx, filters = self.array("dx", self.x.shape, dy.dtype), self.filters(dy.dtype)
        transposed = filters.transpose(0, 2, 1).copy()
        dfilters, db = np.zeros_like(filters), np.zeros(dy.shape[-1], dy.dtype)
        for block in self.blocks():
            tiles, dm = self.tiles(self.x[block], dy[block])
            winograd_input(self.x[block], tiles)  # again: kept from forward, all of them would not fit the cache
            winograd_output_backward(dy[block], self.winner[block], dm)
            dfilters += np.matmul(_rows(tiles).transpose(0, 2, 1), _rows(dm))
            db += sum_rows(_rows(dm)[5])  # row 1, column 1 of A dz A^T is dz's sum
            np.matmul(_rows(dm), transposed, out=_rows(tiles))  # dtiles, in the memory of tiles, which are done with
            winograd_input_backward(tiles, dx[block])
        dw = GG.T.astype(dy.dtype) @ dfilters.reshape(16, -1)
        self.conv.grads = {"w": dw.reshape(self.conv.params["w"].shape), "b": db}
        return dx

    def blocks(self):
        """Slices of the batch."""
        return (slice(n, n + self.BLOCK) for n in range(0, len(self.x), self.BLOCK))

    def filters(self, dtype):
        """G w G^T: (16, C, F)."""
        w = self.conv.params["w"]
        return (GG.astype(dtype) @ w.reshape(9, -1)).reshape(16, *w.shape[2:])

    def tiles(self, x, y):
        """Memory for the tiles (16, n, OH, OW, C) of x and their products (16, n, OH, OW, F)."""
        return (
            self.array("tiles", (16, *y.shape[:3], x.shape[3]), x.dtype),
            self.array("products", (16, *y.shape), x.dtype),
        )


def _rows(tiles):
    """(16, n, OH, OW, C) -> (16, n*OH*OW, C), of the same memory."""
    return tiles.reshape(16, -1, tiles.shape[-1])
