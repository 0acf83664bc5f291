"""Each Numba kernel against the best plain NumPy, and where a training step's time goes; used by speed.py.

One thread, the digit network's own arrays, real digits. Times are medians of calls that alternate, in microseconds
an image.
"""

import statistics
import time

import numpy as np
import plain

from nn import augment, fused, kernels, normed, optim, winograd
from nn.augment import CONTROL_POINTS, Augment, spline_basis
from nn.fused import FusedNetwork
from nn.layers import Conv2D, Dense
from nn.losses import SoftmaxCrossEntropy
from nn.network import to_input
from nn.optim import AdamW, Average

N = 32  # images in a call, as in training
BLOCK = fused.BLOCK

KERNELS = {
    name: thing
    for module in (kernels, augment, optim, winograd, normed, fused)
    for name, thing in vars(module).items()
    if hasattr(thing, "py_func") and name[0] != "_"
}


def alternate(functions, seconds):
    """Median and quartiles of each function's time in seconds, called in turns for about `seconds` altogether."""
    for function in functions:
        function()
    times = [[] for _ in functions]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [statistics.quantiles(taken, n=4) for taken in times]


# --- kernel by kernel ------------------------------------------------------------------------------------------

def cases(network, images, labels):
    """{kernel's name: (arguments, indices of those written in place)}, as they come up in training.

    Those of Winograd's tiles get the images that they get there at a time, BLOCK, the others N.
    """
    network, loss = FusedNetwork(network), SoftmaxCrossEntropy()
    x = to_input(images)
    loss.forward(network.forward(x, training=True), labels)
    dy, upstream = loss.backward(), {}
    for step in reversed(network.steps):
        upstream[step] = dy
        dy = step.backward(dy)
    first, second = network.steps[:2]
    w2, b2 = second.conv.params["w"], second.conv.params["b"]
    C, F = second.conv.params["w"].shape[2:]
    rng = np.random.default_rng(0)
    tiles = np.zeros((16, BLOCK, 5, 5, C), np.float32)
    products = rng.standard_normal((16, BLOCK, 5, 5, F)).astype(np.float32)
    cols = rng.standard_normal((N * 121, 9 * C)).astype(np.float32)
    pooled, winner = kernels.max_pool(rng.standard_normal((N, 26, 26, 32)).astype(np.float32), 2, 2, 2)
    w1, b1 = first.conv.params["w"][:, :, 0], first.conv.params["b"]
    y2 = np.empty((BLOCK, 5, 5, F), np.float32)
    y1, dy1 = np.empty((N, 13, 13, 32), np.float32), upstream[first].copy()
    size = 36928
    w, g, m, v = (rng.random(size, np.float32) for _ in range(4))
    turn = np.eye(2) + rng.normal(0, 0.1, (N, 2, 2))
    shift, bend = rng.normal(0, 1, (N, 2)), rng.normal(0, 2, (N, 2, CONTROL_POINTS, CONTROL_POINTS))
    filters, x2, dy2 = second.filters.copy(), second.x[:BLOCK].copy(), upstream[second][:BLOCK].copy()
    winner2, room = second.winner[:BLOCK].copy(), [a.copy() for a in second.memory]
    rows = rng.standard_normal((N * 169, 32)).astype(np.float32)
    others = np.empty_like(rows), np.empty_like(rows)
    channel = [rng.standard_normal(32).astype(np.float32) for _ in "abc"]
    dx2, dw2, db2 = np.empty_like(x2), np.empty_like(w2), np.empty_like(b2)
    return {
        "im2col": ((second.x.copy(), 3, 3, 1, 11, 11), ()),
        "col2im": ((cols, (N, 13, 13, C), 3, 3, 1, 11, 11), ()),
        "max_pool": ((rng.standard_normal((N, 26, 26, 32)).astype(np.float32), 2, 2, 2), ()),
        "max_pool_backward": ((pooled, winner, 26, 26, 2, 2, 2), ()),
        "winograd_filters": ((w2, filters), (1,)),
        "winograd_filters_backward": ((filters, dw2), (1,)),
        "winograd_input": ((x2, tiles), (1,)),
        "winograd_output": ((products, b2, y2, np.empty(y2.shape, np.uint8)), (2, 3)),
        "winograd_output_backward": ((dy2, winner2, products.copy()), (2,)),
        "winograd_input_backward": ((tiles + 1, dx2), (1,)),
        "winograd": ((x2, filters, b2, y2, np.empty(y2.shape, np.uint8), *room), (3,)),
        "winograd_backward": ((x2, filters, dy2, winner2, dx2, dw2, db2, *room), (4, 5, 6)),
        "first_conv_relu_pool": ((x[..., 0], w1, b1, y1, np.empty(y1.shape, np.uint8)), (3, 4)),
        "first_conv_relu_pool_backward": (
            (x[..., 0], dy1, first.winner.copy(), np.empty((3, 3, 32), np.float32), np.empty(32, np.float32)), (3, 4)),
        "centre": ((rows, channel[0], *others), (2, 3)),
        "normalise": ((rows.copy(), *(1 + 1e-3 * a for a in channel), others[0]), (0, 4)),
        "normalise_backward": ((rows + 1, rows, *channel, others[1]), (5,)),
        "warp": ((images, turn, shift, bend, spline_basis(28), np.empty((N, 28, 28), np.float32)), (5,)),
        "adamw_update": ((w, g, m, v, 1e-3, 0.9, 0.999, 1e-8, 0.01, 100), (0, 2, 3)),
    }  # fmt: skip


def compare(network, images, labels, seconds):
    """Rows (kernel, its microseconds an image, NumPy's). Their results are compared first.

    ValueError if a kernel has no counterpart here, or another result.
    """
    made = cases(network, images, labels)
    if KERNELS.keys() != made.keys():
        raise ValueError(f"kernels without a plain counterpart, or the reverse: {sorted(KERNELS.keys() ^ made.keys())}")
    rows = []
    for name, (arguments, written) in made.items():
        kernel, numpy = KERNELS[name], getattr(plain, name)
        results = [_results(function, arguments, written) for function in (kernel, numpy)]
        for a, b in zip(*results, strict=True):
            if not np.allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max()):
                raise ValueError(f"{name}: the kernel and plain NumPy differ")
        pair = alternate([lambda f=f, a=arguments: f(*a) for f in (kernel, numpy)], seconds / len(made))
        count = BLOCK if name.startswith("winograd") else N
        rows.append((name, *(q[1] / count * 1e6 for q in pair)))
    return rows


def _results(function, arguments, written):
    """What the function returns or writes, from copies of its arguments."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    returned = function(*copies)
    returned = returned if isinstance(returned, tuple) else (returned,)
    return [copies[i] for i in written] or returned


# --- step by step ----------------------------------------------------------------------------------------------

def profile(network, images, labels, batch, seconds):
    """Where a training step's time goes: a dict with `steps` and `others`, microseconds an image on one thread.

    steps   (name, forward, backward, products of the plain layer forward, and backward): the last two are the matrix
            products alone, of these sizes, at the speed this machine has now
    others  {name: microseconds}; what comes once a batch is divided by its images
    gflops  the products' speed
    """
    twin, loss = FusedNetwork(network), SoftmaxCrossEntropy()
    limits, gflops = products(network, images, seconds / 4)
    inputs, x = [], to_input(images)
    for step in twin.steps:
        inputs.append(x)
        x = step.forward(x, training=True)
    loss.forward(x, labels)
    dy, upstream = loss.backward(), []
    for step in reversed(twin.steps):
        upstream.insert(0, dy)
        dy = step.backward(dy)
    each = seconds / 2 / len(twin.steps)
    steps = []
    for step, x, dy in zip(twin.steps, inputs, upstream, strict=True):
        layer = getattr(step, "conv", step)
        calls = [lambda s=step, x=x: s.forward(x, training=True), lambda s=step, dy=dy: s.backward(dy)]
        times = [q[1] / N * 1e6 for q in alternate(calls, each)]
        steps.append((type(step).__name__, *times, *limits.get(id(layer.params), (0, 0))))

    optimizer, average = AdamW(network.params), Average(network, 0.999)
    warped, rng = Augment(), np.random.default_rng(0)
    grads = {name: np.ones_like(w) for name, w in network.params.items()}
    logits = twin.forward(to_input(images), training=True)
    others = {
        "uint8 to float": (lambda: to_input(images), N),
        "augmentation": (lambda: warped(images, rng), N),
        "loss": (lambda: (loss.forward(logits, labels), loss.backward()), N),
        f"AdamW, a step of {batch}": (lambda: optimizer.step(grads, 0.0), batch),
        f"averaging the weights, a step of {batch}": (average.update, batch),
    }
    others = {name: alternate([call], seconds / 20)[0][1] / n * 1e6 for name, (call, n) in others.items()}
    return {"steps": steps, "others": others, "gflops": gflops}


def products(network, images, seconds):
    """({id(layer's params): (forward, backward) microseconds an image}, GFLOP/s) of the matrix products alone."""
    found, work, taken = {}, 0.0, 0.0
    x, first = to_input(images), True
    layers = [layer for layer in network.layers if isinstance(layer, Conv2D | Dense)]
    for layer in network.replica().layers:
        x = layer.forward(x)
        if not isinstance(layer, Conv2D | Dense):
            continue
        w = layer.params["w"].reshape(-1, x.shape[-1])
        rows = np.ones((x.size // x.shape[-1], len(w)), np.float32)
        dy = np.ones((len(rows), w.shape[1]), np.float32)
        calls = [lambda r=rows, w=w: r @ w, lambda r=rows, d=dy: r.T @ d] + [lambda d=dy, w=w: d @ w.T] * (not first)
        forward, *backward = (q[1] for q in alternate(calls, seconds / len(layers)))
        found[id(layer.params)] = (forward / N * 1e6, sum(backward) / N * 1e6)
        work += 2 * rows.size * w.shape[1] * len(calls)
        taken += forward + sum(backward)
        first = False
    return found, work / taken / 1e9
