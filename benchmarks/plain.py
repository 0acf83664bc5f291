"""The compiled kernels of nn/ once more in plain NumPy, each in the fastest way known to us.

What they are measured against (kernels.py), and what the network runs on in a world without Numba (rivals.py). Names,
arguments and results are those of the kernels. Winograd's stand in nn/winograd.py, which they specify.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nn.winograd import (
    bias_relu_numpy,
    largest_numpy,
    winograd_filters_backward_numpy,
    winograd_filters_numpy,
    winograd_input_backward_numpy,
    winograd_input_numpy,
    winograd_output_backward_numpy,
    winograd_output_numpy,
)

winograd_input, winograd_input_backward = winograd_input_numpy, winograd_input_backward_numpy
winograd_output, winograd_output_backward = winograd_output_numpy, winograd_output_backward_numpy
winograd_filters, winograd_filters_backward = winograd_filters_numpy, winograd_filters_backward_numpy


def winograd(x, filters, b, y, winner, tiles, m):
    """Of one block."""
    tiles, m = tiles.reshape(16, *y.shape[:3], -1), m.reshape(16, *y.shape)
    winograd_input(x, tiles)
    np.matmul(tiles.reshape(16, -1, x.shape[3]), filters, out=m.reshape(16, -1, y.shape[3]))
    winograd_output(m, b, y, winner)


def winograd_backward(x, filters, dy, winner, dx, dw, db, tiles, m):
    tiles, dm = tiles.reshape(16, *dy.shape[:3], -1), m.reshape(16, *dy.shape)
    rows, dm_rows = tiles.reshape(16, -1, x.shape[3]), dm.reshape(16, -1, dy.shape[3])
    winograd_input(x, tiles)
    winograd_output_backward(dy, winner, dm)
    winograd_filters_backward(rows.transpose(0, 2, 1) @ dm_rows, dw)
    db[:] = np.ones(len(dm_rows[5]), dy.dtype) @ dm_rows[5]
    np.matmul(dm_rows, filters.transpose(0, 2, 1), out=rows)
    winograd_input_backward(tiles, dx)


def im2col(x, kh, kw, stride, OH, OW):
    windows = sliding_window_view(x, (kh, kw), (1, 2))[:, ::stride, ::stride][:, :OH, :OW]  # (N, OH, OW, C, KH, KW)
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(len(x) * OH * OW, -1)


def col2im(cols, shape, kh, kw, stride, OH, OW):
    N, _, _, C = shape
    x, cols = np.zeros(shape, cols.dtype), cols.reshape(N, OH, OW, kh, kw, C)
    for u in range(kh):
        for v in range(kw):
            x[:, u : u + stride * OH : stride, v : v + stride * OW : stride] += cols[:, :, :, u, v]
    return x


def max_pool(x, kh, kw, stride):
    OH, OW = (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1
    places = [x[:, u : u + stride * OH : stride, v : v + stride * OW : stride] for u in range(kh) for v in range(kw)]
    return largest_numpy(places, np.int32)


def max_pool_backward(dy, winner, H, W, kh, kw, stride):
    N, OH, OW, C = dy.shape
    dx = np.zeros((N, H, W, C), dy.dtype)
    for place in range(kh * kw):
        u, v = divmod(place, kw)
        dx[:, u : u + stride * OH : stride, v : v + stride * OW : stride] += dy * (winner == place)
    return dx


def first_conv_relu_pool(x, w, b, y, winner):
    N, OH, OW, F = y.shape
    z = im2col(x[..., None], 3, 3, 1, 2 * OH, 2 * OW) @ w.reshape(9, F)
    z = z.reshape(N, 2 * OH, 2 * OW, F)
    bias_relu_numpy(*largest_numpy([z[:, u::2, v::2] for u in (0, 1) for v in (0, 1)]), b, y, winner)


def first_conv_relu_pool_backward(x, dy, winner, dw, db):
    _, OH, OW, F = dy.shape
    dz = _unpool(dy, winner)
    np.matmul(im2col(x[..., None], 3, 3, 1, 2 * OH, 2 * OW).T, dz, out=dw.reshape(9, F))
    db[:] = np.ones(len(dz), dz.dtype) @ dz


def centre(x, mean, centred, squares):
    np.subtract(x, mean, out=centred)
    np.square(centred, out=squares)


def normalise(x_hat, scale, gamma, beta, y):
    x_hat *= scale
    np.multiply(gamma, x_hat, out=y)
    y += beta


def normalise_backward(dy, x_hat, dgamma, dbeta, scale, dx):
    np.multiply(x_hat, dgamma, out=dx)
    np.subtract(dy, dx, out=dx)
    dx -= dbeta
    dx *= scale


def warp(images, matrix, shift, bend, basis, out):
    N, H, W = images.shape
    middle = (H - 1) / 2
    moved = basis @ bend @ basis.T  # (N, 2, H, W)
    places = np.stack(np.mgrid[:H, :W]).reshape(2, -1) - middle
    moved += ((matrix @ places) + shift[:, :, None] + middle).reshape(moved.shape)
    corner = np.floor(moved).astype(np.int64)
    down, right = (moved - corner).transpose(1, 0, 2, 3)
    top, left = np.clip(corner + 1, 0, H + 1).transpose(1, 0, 2, 3)  # places in a frame of paper 1 pixel wide
    paper = np.zeros((N, H + 3, W + 3))
    paper[:, 1:-2, 1:-2] = images
    n = np.arange(N)[:, None, None]
    upper = paper[n, top, left] * (1 - right) + paper[n, top, left + 1] * right
    lower = paper[n, top + 1, left] * (1 - right) + paper[n, top + 1, left + 1] * right
    out[:] = (upper * (1 - down) + lower * down) / 255


def adamw_update(w, g, m, v, lr, beta1, beta2, eps, decay, t):
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g * g
    step = np.sqrt(v / (1 - beta2**t))
    step += eps
    np.divide(m, step, out=step)
    w *= 1 - lr * decay
    w -= lr / (1 - beta1**t) * step


def _unpool(dy, winner):
    """Each dy at its winner's place: (N*2*OH*2*OW, F)."""
    N, OH, OW, F = dy.shape
    dz = np.empty((N, OH, 2, OW, 2, F), dy.dtype)
    for place in range(4):
        np.multiply(dy, winner == place, out=dz[:, :, place // 2, :, place % 2])
    return dz.reshape(-1, F)
