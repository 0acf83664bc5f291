"""The same network, faster: convolution, ReLU and max pooling computed as one step.

`FusedNetwork(network)` computes what `network` computes, forward and backward, with the same weights; tests hold the
two equal. A reader who wants to know what the network does reads layers.py;
here is how it does it in less time:

- pool(relu(z)) = relu(pool(z)), and after pooling a quarter of the values is left;
- rows and columns that a pool with a window of 2 drops (the last of 11 x 11) aren't computed;
- the four values under a window of the pool share multiplications (winograd.py): 16 for 36;
- a convolution is one call of compiled code, its matrix products in it (product.py): threads don't wait for each other;
- the first layer has one channel and nine taps, too few for a matrix product (first_conv_relu_pool, below),
  and images need no gradient;
- arrays as large as a batch are kept from step to step: fresh memory costs more than the arithmetic in it.
"""

import numpy as np

from nn.compiling import compiled
from nn.layer import check_floats
from nn.layers import BatchNorm, Conv2D, MaxPool2D, ReLU
from nn.normed import Kept, TrainedBatchNorm
from nn.product import product
from nn.winograd import (
    DEAD,
    _largest,
    winograd_filters,
    winograd_filters_backward,
    winograd_input,
    winograd_input_backward,
    winograd_output,
    winograd_output_backward,
)

BLOCK = 8  # images whose tiles stay in the processor's cache from step to step


class FusedNetwork:
    """A replica of `network` for one thread. Its `grads` have the network's names."""

    def __init__(self, network):
        self.network = network.replica()
        self.steps = []
        layers = self.network.layers
        while layers:
            if fusible(layers[:3]):
                kind = FirstConvReLUPool if not self.steps and layers[0].c_in == 1 else ConvReLUPool
                step, layers = kind(layers[0]), layers[3:]
            else:
                step, layers = layers[0], layers[1:]
                step = TrainedBatchNorm(step) if type(step) is BatchNorm else step
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


def fusible(layers):
    """Conv2D 3 x 3 with stride 1 and no padding, ReLU, MaxPool2D 2 x 2 with stride 2?"""
    if [type(layer) for layer in layers] != [Conv2D, ReLU, MaxPool2D]:
        return False
    conv, _, pool = layers
    return (conv.params["w"].shape[:2], conv.stride, conv.padding) == ((3, 3), 1, "valid") and (
        (pool.window, pool.stride) == ((2, 2), 2)
    )


class _Fused(Kept):
    """What the fused convolutions share."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

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


def _four(row, j):
    return row[j], row[j + 1], row[j + 2], row[j + 3]


_four = compiled(_four)


def first_conv_relu_pool(x, w, bias, y, winner):
    """y = max_pool(relu(conv(x, w) + bias)) for one input channel and 3 x 3 filters, written into y and winner.

    x (N, H, W), w (3, 3, F), bias (F,), y and winner (N, OH, OW, F); winner may be None. With nine taps a matrix
    product is all overhead; this holds the 4 x 4 pixels under a 2 x 2 window and runs along the filters.
    """
    N, OH, OW, F = y.shape
    zero = x.dtype.type(0)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                p00, p01, p02, p03 = _four(x[n, 2 * i], 2 * j)
                p10, p11, p12, p13 = _four(x[n, 2 * i + 1], 2 * j)
                p20, p21, p22, p23 = _four(x[n, 2 * i + 2], 2 * j)
                p30, p31, p32, p33 = _four(x[n, 2 * i + 3], 2 * j)
                for f in range(F):  # written out, the taps and sums of many filters stay in registers
                    a, b, c, d, e, g, h, k, l = (
                        w[0, 0, f], w[0, 1, f], w[0, 2, f],
                        w[1, 0, f], w[1, 1, f], w[1, 2, f],
                        w[2, 0, f], w[2, 1, f], w[2, 2, f],
                    )  # fmt: skip
                    z0 = p00 * a + p01 * b + p02 * c + p10 * d + p11 * e + p12 * g + p20 * h + p21 * k + p22 * l
                    z1 = p01 * a + p02 * b + p03 * c + p11 * d + p12 * e + p13 * g + p21 * h + p22 * k + p23 * l
                    z2 = p10 * a + p11 * b + p12 * c + p20 * d + p21 * e + p22 * g + p30 * h + p31 * k + p32 * l
                    z3 = p11 * a + p12 * b + p13 * c + p21 * d + p22 * e + p23 * g + p31 * h + p32 * k + p33 * l
                    best, place = _largest(z0, z1, z2, z3)
                    best += bias[f]
                    dead = best <= zero  # NaN is not, and goes on
                    y[n, i, j, f] = zero if dead else best
                    if winner is not None:
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

    def forward(self, x, training=False):
        self.conv.expect(x, "N", "H", "W", self.conv.c_in)
        self.conv.expect_room(x, 4, 4)  # for one window of the pool
        w, b = (np.ascontiguousarray(a, x.dtype) for a in self.weights())
        N, H, W, C = x.shape
        F = len(b)
        self.x = x
        self.conv.out = N, (H - 2) // 2, (W - 2) // 2, F
        y = self.array("y", self.conv.out, x.dtype)
        self.winner = self.array("winner", y.shape, np.uint8)
        tiles, m = room(x.shape, F)
        self.memory = self.array("tiles", (tiles,), x.dtype), self.array("products", (m,), x.dtype)
        self.filters = self.array("filters", (16, C, F), x.dtype)
        winograd_filters(w, self.filters)
        winograd(x, self.filters, b, y, self.winner, *self.memory)
        return y

    def backward(self, dy):
        self.conv.expect_dy(dy)
        w = self.conv.params["w"]
        dx = self.array("dx", self.x.shape, dy.dtype)
        dw, db = np.empty(w.shape, dy.dtype), np.empty(w.shape[3], dy.dtype)
        winograd_backward(self.x, self.filters, dy, self.winner, dx, dw, db, *self.memory)
        self.conv.grads = {"w": dw, "b": db}
        return dx


# --- Winograd's convolution, forward and backward, block by block ------------------------------------------------

def room(shape, F):
    """How many numbers `winograd` and `winograd_backward` need of `tiles` and of `m` for x of this shape."""
    N, H, W, C = shape
    places = 16 * min(N, BLOCK) * ((H - 2) // 2) * ((W - 2) // 2)
    return places * C, places * F


def _take(memory, n, OH, OW, C):
    """(tiles (16, n, OH, OW, C), the same as rows (16, n*OH*OW, C)) from the start of memory, which is flat."""
    flat = memory[: 16 * n * OH * OW * C]
    return flat.reshape((16, n, OH, OW, C)), flat.reshape((16, n * OH * OW, C))


_take = compiled(_take)


def winograd(x, filters, b, y, winner, tiles, m):
    """y = max_pool(relu(conv(x, w) + b)) and who won, written in place.

    x (N, H, W, C), filters (16, C, F) of w by winograd_filters, b (F,), y and winner (N, OH, OW, F). Room to compute
    in: flat tiles and m, as large as `room` says.
    """
    N, OH, OW, F = y.shape
    for at in range(0, N, BLOCK):
        end = min(at + BLOCK, N)
        d, d_rows = _take(tiles, end - at, OH, OW, x.shape[3])
        z, z_rows = _take(m, end - at, OH, OW, F)
        winograd_input(x[at:end], d)
        for k in range(16):
            product(d_rows[k], filters[k], z_rows[k])
        winograd_output(z, b, y[at:end], None if winner is None else winner[at:end])


winograd = compiled(winograd)


def winograd_backward(x, filters, dy, winner, dx, dw, db, tiles, m):
    """The adjoints of winograd's steps, in the opposite order; dx, dw and db are written in place.

    Room to compute in as there. The tiles are made again: kept from forward, those of
    all images would not fit the cache.
    """
    N, OH, OW, F = dy.shape
    C = x.shape[3]
    dfilters = np.zeros(filters.shape, filters.dtype)
    transposed = np.empty((16, F, C), filters.dtype)
    for k in range(16):
        for c in range(C):
            for f in range(F):
                transposed[k, f, c] = filters[k, c, f]
    for f in range(F):
        db[f] = 0
    for at in range(0, N, BLOCK):
        end = min(at + BLOCK, N)
        d, d_rows = _take(tiles, end - at, OH, OW, C)
        dz, dz_rows = _take(m, end - at, OH, OW, F)
        winograd_input(x[at:end], d)
        winograd_output_backward(dy[at:end], winner[at:end], dz)
        for k in range(16):
            product(d_rows[k].T, dz_rows[k], dfilters[k], True)
            product(dz_rows[k], transposed[k], d_rows[k])  # the gradient of d, in d's memory, which is done with
        for r in range(len(dz_rows[5])):  # row 1, column 1 of A dz A^T is dz's sum
            for f in range(F):
                db[f] += dz_rows[5, r, f]
        winograd_input_backward(d, dx[at:end])
    winograd_filters_backward(dfilters, dw)


winograd_backward = compiled(winograd_backward)
