"""The likely cause of a wrong number, where the numbers tell: a factor, a sign, a turned filter, a left-out dy."""

import numpy as np

from nn.check.differences import slope


def factor(found, wanted, known=()):
    """Words for a ratio that is the same everywhere, or None. known: pairs (factor, what it comes from)."""
    large = np.abs(wanted) > 0.01 * np.abs(wanted).max(initial=0)
    ratio = float(np.median(found[large] / wanted[large])) if large.any() else 0.0
    if not np.isfinite(ratio) or ratio == 0 or not _close(found, ratio * wanted):
        return None
    words = ["the sign is turned"] if ratio < 0 else []
    size = abs(ratio)
    if abs(size - 1) > 1e-3:
        times = max(size, 1 / size)
        words.append(f"everywhere {times:.4g} times too {'large' if size > 1 else 'small'}")
        sources = [source for number, source in known if number > 1 and abs(times / number - 1) < 1e-3]
        if sources:
            words[-1] += f": {', or '.join(sources)}"
        elif found.size == 1:
            return None  # one number is some multiple of any other
    return "; ".join(words) or None


def cause_of_a_gradient(found, wanted, layer, a, x, dy, forward):
    """For a gradient with respect to the array a (x or a parameter) of layer, for this x and dy; forward(x) gives y."""
    if np.abs(wanted).max(initial=0) < 1e-8:
        return "forward doesn't depend on it; does forward read it from self.params?"
    if not found.any():
        return "backward leaves it at 0"
    N, rows = len(x), dy.size // dy.shape[-1]
    known = [(rows, f"that is the number of places, {rows}; a layer sums over them, the 1/N stands in the loss alone"),
             (N, f"that is N = {N}; a layer sums over the batch, the 1/N stands in the loss alone"),
             (2, "it is counted twice, or halved")]  # fmt: skip
    if words := factor(found, wanted, known[1:] if N == rows else known):
        return words
    if _close(found, slope(lambda: forward(x).sum(), a)):
        return "dy is left out: this is the gradient for a dy of ones, but the chain rule multiplies by dy"
    if found.ndim == 4 and _close(found, wanted[::-1, ::-1]):
        return "the filter's gradient is turned by 180 degrees"
    if found.ndim == 2 and found.shape[0] == found.shape[1] and _close(found, wanted.T):
        return "it is transposed"
    if a is x and _close(_with_turned_filters(layer, x, dy, forward), wanted):
        return "the filter is turned: forward slides it as it is, so for dx it is turned by 180 degrees"
    if a is x and {"mean", "var"} <= layer.state.keys() and _close(found, _with_statistics_held(layer, x, dy)):
        return "this holds mean and variance fixed, but both move with x, and that has its share in dx"
    right = np.isclose(found, wanted, 1e-6, 1e-8)
    if found.ndim == 4 and a is x and right[:, 0, 0].all() and not right[:, 1:-1, 1:-1].all():
        return "right in the corner, which one window sees, wrong inside: dx is the sum over all windows, += and not ="
    return None


def cause_of_a_move(found, wanted, optimizer, name, t):
    """For what step t of an optimizer did to params[name]: b, a vector, is compared before w, a matrix."""
    if name == "w":
        return "b, a vector, moves right, and w, a matrix, doesn't: weight decay is for matrices alone"
    if t > 1:
        return "step 1 was right: look at what a step leaves for the next one"
    known = []
    if hasattr(optimizer, "beta1"):
        m, v = 1 / (1 - optimizer.beta1), 1 / np.sqrt(1 - optimizer.beta2)
        words = "divided by 1 - beta^t, which undoes the start from zero"
        known = [(v / m, f"m and v are not {words}"), (v, f"v is not {words}"), (m, f"m is not {words}")]
    return factor(found, wanted, known)


def _close(a, b):
    return a.shape == b.shape and np.allclose(a, b, 1e-4, 1e-4 * np.abs(b).max(initial=0))


def _with_turned_filters(layer, x, dy, forward):
    """What backward gives for dx when it meets each filter turned by 180 degrees."""
    forward(x)
    before = dict(layer.params)
    layer.params.update({name: w[::-1, ::-1] for name, w in before.items() if w.ndim == 4})
    try:
        return layer.backward(dy)
    finally:
        layer.params.update(before)


def _with_statistics_held(layer, x, dy):
    """dx of a batch norm, if the batch's mean and variance did not depend on x."""
    before, rows = dict(layer.state), x.reshape(-1, x.shape[-1])
    layer.state.update(mean=rows.mean(axis=0), var=rows.var(axis=0))
    try:
        return slope(lambda: (dy * layer.forward(x, False)).sum(), x)
    finally:
        layer.state.update(before)
