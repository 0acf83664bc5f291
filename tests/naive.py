"""Naive twins: what each kernel and each gradient is, written as a textbook writes it, with no thought of speed.

x (N, H, W, C), w (KH, KW, C, F), b (F,), windows without padding, as in nn/layers.py.
"""

import math

import numpy as np


def places(x, kh, kw, stride):
    """(n, i, j, window) for each window of each image; window indexes x, and x[window] is (KH, KW, C)."""
    N, H, W, _ = x.shape
    for n in range(N):
        for i, top in enumerate(range(0, H - kh + 1, stride)):
            for j, left in enumerate(range(0, W - kw + 1, stride)):
                yield n, i, j, np.s_[n, top : top + kh, left : left + kw]


def out_shape(x, kh, kw, stride):
    return (len(x), len(range(0, x.shape[1] - kh + 1, stride)), len(range(0, x.shape[2] - kw + 1, stride)))


def im2col(x, kh, kw, stride):
    return np.array([x[window].ravel() for *_, window in places(x, kh, kw, stride)])


def col2im(cols, x, kh, kw, stride):
    """x gives the shape."""
    dx = np.zeros(x.shape)
    for row, (*_, window) in zip(cols, places(x, kh, kw, stride), strict=True):
        dx[window] += row.reshape(dx[window].shape)
    return dx


def conv(x, w, b, stride=1):
    kh, kw, _, F = w.shape
    y = np.empty((*out_shape(x, kh, kw, stride), F))
    for n, i, j, window in places(x, kh, kw, stride):
        for f in range(F):
            y[n, i, j, f] = (x[window] * w[..., f]).sum() + b[f]
    return y


def conv_backward(x, w, dy, stride=1):
    """dx, dw, db."""
    kh, kw, _, F = w.shape
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(F)
    for n, i, j, window in places(x, kh, kw, stride):
        for f in range(F):
            dx[window] += dy[n, i, j, f] * w[..., f]
            dw[..., f] += dy[n, i, j, f] * x[window]
            db[f] += dy[n, i, j, f]
    return dx, dw, db


def max_pool(x, kh, kw, stride):
    """y, winner; the first of equal values wins."""
    C = x.shape[3]
    y = np.empty((*out_shape(x, kh, kw, stride), C))
    winner = np.empty(y.shape, int)
    for n, i, j, window in places(x, kh, kw, stride):
        for c in range(C):
            values = x[window][..., c].ravel().tolist()
            y[n, i, j, c] = max(values)
            winner[n, i, j, c] = values.index(max(values))
    return y, winner


def max_pool_backward(x, dy, kh, kw, stride):
    _, winner = max_pool(x, kh, kw, stride)
    dx = np.zeros(x.shape)
    for n, i, j, window in places(x, kh, kw, stride):
        for c in range(x.shape[3]):
            u, v = divmod(winner[n, i, j, c], kw)
            dx[window][u, v, c] += dy[n, i, j, c]
    return dx


def avg_pool(x, kh, kw, stride):
    y = np.empty((*out_shape(x, kh, kw, stride), x.shape[3]))
    for n, i, j, window in places(x, kh, kw, stride):
        y[n, i, j] = x[window].mean(axis=(0, 1))
    return y


def conv_relu_pool(x, w, b):
    """max_pool(relu(conv(x))), window 2, in the order that the words have."""
    return max_pool(np.maximum(conv(x, w, b), 0), 2, 2, 2)[0]


def conv_relu_pool_backward(x, w, b, dy):
    """dx, dw, db, each layer's backward in turn."""
    z = conv(x, w, b)
    dz = max_pool_backward(np.maximum(z, 0), dy, 2, 2, 2) * (z > 0)
    return conv_backward(x, w, dz)


def warp(images, matrix, shift, bend, basis):
    """Each output pixel p, seen from the centre, is read at matrix @ p + shift + bend(p); outside is paper."""
    N, H, W = images.shape
    out = np.empty((N, H, W))
    centre = np.array([(H - 1) / 2, (W - 1) / 2])
    for n in range(N):

        def pixel(row, column, n=n):
            return images[n, row, column] / 255 if 0 <= row < H and 0 <= column < W else 0.0

        for i in range(H):
            for j in range(W):
                field = [basis[i] @ bend[n, axis] @ basis[j] for axis in (0, 1)]
                row, column = matrix[n] @ ([i, j] - centre) + shift[n] + field + centre
                top, left = math.floor(row), math.floor(column)
                down, right = row - top, column - left
                upper = pixel(top, left) * (1 - right) + pixel(top, left + 1) * right
                lower = pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right
                out[n, i, j] = upper * (1 - down) + lower * down
    return out


def adamw(w, gradients, lr, beta1, beta2, eps, decay):
    """The weight after a step with each of the gradients, one number at a time."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - lr * decay * w - lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    return w
