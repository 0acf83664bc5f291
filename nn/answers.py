"""A network's answers in little time: what Network.predict runs.

The digit network is computed by one compiled function, eight images at a time, so that what passes from layer to layer
stays in the processor's cache and the interpreter's lock isn't needed between layers; any other network by
FusedNetwork. Either computes what Network.forward does, but for rounding. Nothing is kept from call to call: weights
may change at any time.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
from threadpoolctl import threadpool_limits

from nn.compiling import compiled
from nn.fused import BLOCK, FusedNetwork, first_conv_relu_pool, winograd
from nn.kernels import im2col
from nn.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from nn.product import product
from nn.winograd import winograd_filters

CHUNK = 32  # images that a thread takes at a time: enough to make taking them cheap, few enough to end together
DIGIT_NET = [Conv2D, ReLU, MaxPool2D, Conv2D, ReLU, MaxPool2D, Conv2D, ReLU, Flatten, Dense, ReLU, Dense]

FLOAT32, UINT8 = np.dtype(np.float32), np.dtype(np.uint8)

_pool = ThreadPoolExecutor(7)  # it starts a thread when the first has work for it


def to_input(images):
    """uint8 images (N, H, W) -> the network's input: float32 (N, H, W, 1) from 0 (paper) to 1 (ink).

    TypeError for another dtype, ValueError for another number of axes.
    """
    if getattr(images, "dtype", None) != np.uint8:
        got = getattr(images, "dtype", type(images).__name__)
        raise TypeError(f"to_input expects uint8 images, 0 (paper) to 255 (ink), got {got}")
    if images.ndim != 3:
        raise ValueError(f"to_input expects images (N, H, W), got {images.shape}")
    return (images.astype(np.float32) / 255)[..., None]


def predict_logits(network, images, threads=None):
    """Logits (N, classes) of uint8 images (N, H, W). threads: at most so many; None is one a core, up to 8."""
    if getattr(images, "ndim", None) != 3:
        to_input(images)  # says what's wrong
    arrays, few = _digit_arrays(network, images), len(images) <= CHUNK
    if few and arrays is None:
        return FusedNetwork(network).forward(to_input(images)).copy()
    if few or (threads == 1 and arrays is not None):
        return _digits(images, arrays)
    most = min(-(-len(images) // CHUNK), threads or os.cpu_count() or 1, 8)
    starts, found = deque(range(0, len(images), CHUNK)), {}

    def work():
        twin = FusedNetwork(network) if arrays is None else None
        while starts:
            try:
                at = starts.popleft()
            except IndexError:  # another thread took the last
                return
            chunk = images[at : at + CHUNK]
            found[at] = twin.forward(to_input(chunk)).copy() if twin else _digits(chunk, arrays)

    with threadpool_limits(1, user_api="blas") if arrays is None else nullcontext():
        jobs = [_pool.submit(work) for _ in range(most - 1)]
        try:
            work()
        finally:
            for job in jobs:
                if not job.cancel():  # one that hasn't begun isn't waited for: all is done
                    job.result()
    return np.concatenate([found[at] for at in sorted(found)])


def _digit_arrays(network, images):
    """The weights of a digit network that these images fit, in order, or None. What runs on them checks nothing.

    Each question is asked once, and none by a helper: for one image they take a tenth of the time.
    """
    layers = network.layers
    if list(map(type, layers)) != DIGIT_NET or images.dtype != UINT8 or images.ndim != 3:
        return None
    first, _, pool, second, _, other_pool, third, _, _, hidden, _, last = layers
    if not pool.window == other_pool.window == (2, 2) or not pool.stride == other_pool.stride == 2:
        return None
    arrays = []
    for layer in (first, second, third, hidden, last):
        params = layer.params
        w, b = params["w"], params["b"]
        # aligned, contiguous and writeable: of the one compiled form
        if not (w.dtype == b.dtype == FLOAT32 and w.flags.carray and b.flags.carray and b.ndim == 1):
            return None
        arrays += w, b
    if not (first.stride == second.stride == third.stride == 1
            and first.padding == second.padding == third.padding == "valid"):  # fmt: skip
        return None
    (w1, b1, w2, b2, w3, b3, w4, b4, w5, b5), (N, H, W) = arrays, images.shape
    if w3.ndim != 4:
        return None
    (kh, kw), F1, F2, F3, F4, F5 = w3.shape[:2], len(b1), len(b2), len(b3), len(b4), len(b5)
    H, W = ((H - 2) // 2 - 2) // 2 - kh + 1, ((W - 2) // 2 - 2) // 2 - kw + 1
    shapes = (3, 3, 1, F1), (3, 3, F1, F2), (kh, kw, F2, F3), (H * W * F3, F4), (F4, F5)
    if (w1.shape, w2.shape, w3.shape, w4.shape, w5.shape) != shapes or N < 1 or H < 1 or W < 1:
        return None
    return kh, kw, w1.reshape(3, 3, F1), b1, w2, b2, w3.reshape(-1, F3), b3, w4, b4, w5, b5


def _digits(images, arrays):
    logits = np.empty((len(images), len(arrays[-1])), np.float32)
    if not images.flags.carray:
        images = np.array(images, order="C")  # a copy can be written to, so that one form is compiled
    digits(images, *arrays, logits)
    return logits


def softmax(logits, temperature):
    """Probabilities (N, classes): what layers.Softmax makes of logits / temperature, without NumPy's many calls."""
    p = np.empty_like(logits)
    for n in range(len(logits)):
        largest = logits[n, 0]
        for k in range(logits.shape[1]):
            largest = max(largest, logits[n, k])
        total = logits.dtype.type(0)
        for k in range(logits.shape[1]):
            p[n, k] = np.exp((logits[n, k] - largest) / temperature)
            total += p[n, k]
        for k in range(logits.shape[1]):
            p[n, k] /= total
    return p


softmax = compiled(softmax)


def _bias_relu(z, b):
    for r in range(z.shape[0]):
        for f in range(z.shape[1]):
            value = z[r, f] + b[f]
            z[r, f] = z.dtype.type(0) if value <= 0 else value  # NaN goes on


_bias_relu = compiled(_bias_relu)


def digits(images, kh, kw, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5, logits):
    """The digit network from uint8 images (N, H, W) to logits (N, 10), written in place.

    w1 (3, 3, F1) and w3 (kh * kw * F2, F3) are the first and third convolution's; w4 and w5 the dense layers'.
    """
    N, H, W = images.shape
    B = min(N, BLOCK)
    _, _, C, F = w2.shape
    H1, W1 = (H - 2) // 2, (W - 2) // 2
    H2, W2 = (H1 - 2) // 2, (W1 - 2) // 2
    H3, W3 = H2 - kh + 1, W2 - kw + 1
    dtype = w1.dtype
    x, y1, y2 = np.empty((B, H, W), dtype), np.empty((B, H1, W1, C), dtype), np.empty((B, H2, W2, F), dtype)
    y3, y4 = np.empty((B, H3 * W3 * w3.shape[1]), dtype), np.empty((B, w4.shape[1]), dtype)
    tiles, m = np.empty(16 * B * H2 * W2 * C, dtype), np.empty(16 * B * H2 * W2 * F, dtype)
    filters = np.empty((16, C, F), dtype)
    winograd_filters(w2, filters)
    for at in range(0, N, B):
        n = min(B, N - at)
        for k in range(n):
            for i in range(H):
                for j in range(W):
                    x[k, i, j] = dtype.type(images[at + k, i, j]) / dtype.type(255)
        first_conv_relu_pool(x[:n], w1, b1, y1[:n], None)
        winograd(y1[:n], filters, b2, y2[:n], None, tiles, m)
        z3 = y3[:n].reshape(n * H3 * W3, w3.shape[1])
        product(im2col(y2[:n], kh, kw, 1, H3, W3), w3, z3)
        _bias_relu(z3, b3)
        product(y3[:n], w4, y4[:n])
        _bias_relu(y4[:n], b4)
        product(y4[:n], w5, logits[at : at + n])
        for k in range(at, at + n):
            for f in range(len(b5)):
                logits[k, f] += b5[f]


digits = compiled(digits)
