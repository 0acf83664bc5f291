"""Is a layer right? Its gradients by finite differences, its contract, and a layer of our name against ours.

In a program, for any layer and a shape of its input:

    from nn.check import check
    check(Conv2D(2, 3, (3, 2)), (3, 5, 7, 2))       # raises Wrong, which tells what, where and the likely cause

On the command line, to write a layer of this project yourself and know when it is right:

    python -m nn.check --exercise Conv2D > mine.py  # its constructor and formulas; forward and backward are empty
    python -m nn.check mine.py                      # is it right?
    python -m nn.check mine.py --time               # and how fast is it, beside ours?

The gradient of a loss L is how L moves when one number w moves a little: (L(w + h) - L(w - h)) / 2h. Here the loss is
sum(dy * y) with a random dy, for then dL/dy is dy. What makes the comparison trustworthy:
- Everything is float64, the parameters too. In float32 a step of 1e-6 drowns in rounding: a right layer looks wrong.
- dy is random. With ones, a swapped height and width passes, and so does a backward that leaves dy out.
- x has no two equal numbers and none near 0, where max pooling and ReLU have a kink.
- No parameter stands at its first value: a bias of 0 or a gamma of 1 would hide a fault.
Give it a shape whose height isn't its width, for the same reason.
"""

import copy
import math
import traceback
from functools import partial

import numpy as np

from nn.check.causes import cause_of_a_gradient, cause_of_a_move, factor
from nn.check.differences import slope
from nn.layers import LAYERS, Dropout
from nn.losses import SoftmaxCrossEntropy
from nn.optim import SGD, AdamW

TOLERANCE = 1e-6  # of the relative error; a right layer has 1e-9, a wrong one 1e-2 and more
TIES = {"ReLU": "at 0 itself nothing passes", "MaxPool2D": "of equal values the first one wins alone"}
OURS = LAYERS | {cls.__name__: cls for cls in (SoftmaxCrossEntropy, SGD, AdamW)}


class Wrong(AssertionError):
    """What is wrong with a layer, in lines for people."""


class NotWritten(NotImplementedError):
    """A method of an exercise is still empty."""


def check(layer, shape):
    """Raise Wrong unless the layer is right for an x of this shape. Return the largest relative error of its gradients.

    Right is: the contract at the top of nn/layers.py, in float32 and float64; gradients equal to finite differences, in
    prediction and in training; and where its class has the name of one of ours, what ours gives. A Network is checked
    in the same way. The layer given is left as it is.
    """
    worst = 0.0
    for training in (False, True):
        try:
            _as_ours(layer, shape, training)
            for dtype in (np.float32, np.float64):
                _contract(_ready(layer, dtype), distinct(shape, dtype), training)
            worst = max(worst, _gradients(_ready(layer, np.float64), distinct(shape, np.float64), training))
        except Wrong as fault:
            mode = "in training" if training else "in prediction"
            raise Wrong(f"{_name(layer)} on x {shape}, {mode}: {fault}") from fault.__cause__
    return worst


def check_loss(loss, logits, targets):
    """As `check`, for a loss: forward(logits, targets) gives a number, backward() its gradient dlogits."""
    logits, N = np.array(logits, np.float64), len(logits)
    cause = partial(factor, known=[(N, f"that is N = {N}; the loss is the mean over the batch, "
                                       "so its gradient has the 1/N")])  # fmt: skip
    try:
        value = _call(loss, "forward", logits, targets)
        if np.ndim(value) != 0 or not np.isfinite(value):
            raise Wrong(f"forward should return one finite number, it returned {value!r}.")
        ours = OURS.get(type(loss).__name__)
        if ours is not None and not isinstance(loss, ours):
            wanted = ours().forward(logits, targets)
            _compare("the loss", np.array(value), np.array(wanted), ("yours", "ours"), cause)
        dlogits = _call(loss, "backward")
        _expect_like("backward's dlogits", dlogits, logits)
        worst = _compare("dlogits", dlogits, slope(lambda: loss.forward(logits, targets), logits), cause=cause)
        with np.errstate(all="ignore"):
            big = _call(loss, "forward", np.array([[1e4, 0.0, -1e4]]), np.array([1]))
        if not np.isfinite(big):
            raise Wrong(f"logits of 10,000, 0 and -10,000 give the loss {big}.\n"
                        "  Likely cause: exp(10000) is infinite; take the row's largest logit off all of them first")
    except Wrong as fault:
        raise Wrong(f"{_name(loss)} on logits {logits.shape}: {fault}") from fault.__cause__
    return worst


def check_optimizer(cls, **options):
    """As `check`, for an optimizer's class that has the name of one of ours: four steps beside ours, in float32."""
    rng = np.random.default_rng(0)
    mine = {"b": rng.standard_normal(4).astype(np.float32), "w": rng.standard_normal((3, 4)).astype(np.float32)}
    theirs, homes, worst = {name: w.copy() for name, w in mine.items()}, dict(mine), 0.0
    optimizer, ours = cls(mine, **options), OURS[cls.__name__](theirs, **options)
    for t in range(1, 5):
        grads = {name: rng.standard_normal(w.shape).astype(np.float32) for name, w in mine.items()}
        before = {name: w.astype(np.float64) for name, w in theirs.items()}
        try:
            _call(optimizer, "step", {name: g.copy() for name, g in grads.items()}, 0.1)
            ours.step(grads, 0.1)
            for name, home in homes.items():
                if mine[name] is not home:
                    raise Wrong(f"it puts a new array into params[{name!r}]. Change the old one in place (w -= ...): "
                                "that is the one the layers hold.")
                moves = home - before[name], theirs[name] - before[name]
                cause = partial(cause_of_a_move, optimizer=optimizer, name=name, t=t)
                worst = max(worst, _compare(f"the move of {name!r}", *moves, ("yours", "ours"), cause, 1e-4))
        except Wrong as fault:
            raise Wrong(f"{cls.__name__}, step {t}: {fault}") from fault.__cause__
    return worst


# --- the parts of a check -----------------------------------------------------------------------------------

def _as_ours(layer, shape, training):
    """Where the layer has the name of one of ours: the same y, and for an x with ties the same dx."""
    ours = OURS.get(type(layer).__name__)
    if ours is None or isinstance(layer, ours):
        return
    mine, twin = _ready(layer, np.float64), _ready(ours(**_options(layer)), np.float64)
    if mine.params.keys() != twin.params.keys():
        raise Wrong(f"its params are {sorted(mine.params)}, ours are {sorted(twin.params)}.")
    for name, w in mine.params.items():
        _expect_like(f"params[{name!r}]", w, twin.params[name])
        twin.params[name] = w.copy()
    if ours is Dropout:
        return _drops(mine, training)
    x = distinct(shape, np.float64)
    for values, words in ((x, ""), (np.round(x), " for an x with equal values"), (x, "")):
        y, wanted = _forward(mine, values, training), _forward(twin, values, training)
        _expect_like("forward's y", y, wanted)
        _compare("y" + words, y, wanted, ("yours", "ours"))
        if words:
            dy = _random(y)
            _compare("dx" + words, _call(mine, "backward", dy), twin.backward(dy), ("yours", "ours"),
                     lambda *_: TIES.get(ours.__name__))
    for name, a in twin.state.items():
        _compare(f"state[{name!r}]", mine.state.get(name, np.full(a.shape, np.nan)), a, ("yours", "ours"))


def _drops(dropout, training):
    """Dropout by its own rule, for which values are dropped may differ from ours."""
    y, rate = _forward(dropout, np.ones((100, 100)), training), dropout.config["rate"]
    values, wanted = np.unique(y), np.array([0.0, 1 / (1 - rate)] if training else [1.0])
    if values.shape != wanted.shape or not np.allclose(values, wanted):
        raise Wrong(f"an x of ones becomes {values[:3]}; expected {wanted}.")
    if training and abs(np.mean(y == 0) - rate) > 0.03:
        raise Wrong(f"with a rate of {rate} it drops {np.mean(y == 0):.0%} of the values; expected {rate:.0%}.")


def _contract(layer, x, training):
    """Shapes, dtypes and keys; nothing written into x, dy or params; grads assigned, not added to."""
    y = _forward(layer, x, training)
    _expect_array("forward's y", y, x.dtype)
    dy = _random(y)
    arrays = {"x": x, "dy": dy} | {f"params[{name!r}]": w for name, w in layer.params.items()}
    before = copy.deepcopy(arrays)
    _forward(layer, x, training)
    dx = _call(layer, "backward", dy)
    _expect_like("backward's dx", dx, x)
    if layer.grads.keys() != layer.params.keys():
        raise Wrong(f"after backward, grads has {sorted(layer.grads)}; expected the keys of params, "
                    f"{sorted(layer.params)}.")
    grads = {name: np.copy(g) for name, g in layer.grads.items()}
    for name, g in layer.grads.items():
        _expect_like(f"grads[{name!r}]", g, layer.params[name])
    _forward(layer, x, training)
    _call(layer, "backward", dy)
    for name, a in arrays.items():
        if not np.array_equal(a, before[name]):
            raise Wrong(f"it writes into {name}; make a new array instead.")
    for name, g in grads.items():
        cause = partial(factor, known=[(2, "backward adds to the gradient that an earlier batch left; it must assign")])
        _compare(f"grads[{name!r}] of the same batch again", layer.grads[name], g, ("second", "first"), cause)


def _gradients(layer, x, training):
    """dx and each of grads against finite differences. Returns the largest relative error."""
    dy = _random(_forward(layer, x, training))
    dx = _call(layer, "backward", dy)
    found = {f"grads[{name!r}]": (layer.grads[name].copy(), w) for name, w in layer.params.items()}
    found["dx"] = dx.copy(), x
    worst, faults = 0.0, []
    for name, (analytic, a) in found.items():
        numeric = slope(lambda: (dy * _forward(layer, x, training)).sum(), a)
        cause = partial(cause_of_a_gradient, layer=layer, a=a, x=x, dy=dy,
                        forward=partial(_forward, layer, training=training))  # fmt: skip
        try:
            worst = max(worst, _compare(name, analytic, numeric, cause=cause))
        except Wrong as fault:
            faults.append(str(fault))
    if faults:
        raise Wrong("\n".join(faults))
    return worst


def _compare(name, found, wanted, labels=("analytic", "numeric"), cause=lambda *_: None, tolerance=TOLERANCE):
    """The largest relative error of found against wanted. Wrong, with the worst place, if it is over the tolerance."""
    size = np.maximum(np.abs(found), np.abs(wanted))
    with np.errstate(invalid="ignore"):
        error = np.abs(found - wanted) / np.maximum(size, 0.01)  # below 0.01 the error counts as it is
    wrong = ~(error <= tolerance)  # NaN is wrong
    if not wrong.any():
        return float(error.max(initial=0))
    at = np.unravel_index(np.where(wrong, np.nan_to_num(np.abs(found - wanted), nan=np.inf), -1).argmax(), wrong.shape)
    a, b = float(found[at]) + 0.0, float(wanted[at]) + 0.0  # + 0.0 makes 0 of -0
    lines = [f"{name} is wrong in {wrong.sum()} of {wrong.size} numbers, most at [{', '.join(map(str, at))}]:",
             f"  {labels[0]:<9}{a: .6g}", f"  {labels[1]:<9}{b: .6g}"]  # fmt: skip
    if abs(b) > 1e-8:
        lines.append(f"  {'ratio':<9}{a / b: .4g}")
    if words := cause(found, wanted):
        lines.append(f"  Likely cause: {words}.")
    raise Wrong("\n".join(lines))


def _expect_array(name, found, dtype):
    if not isinstance(found, np.ndarray):
        raise Wrong(f"{name} should be an array, it is {found!r}.")
    if found.dtype != dtype:
        raise Wrong(f"{name} is {found.dtype} where x is {dtype}; the dtype that comes in goes out.")


def _expect_like(name, found, model):
    _expect_array(name, found, model.dtype)
    if found.shape != model.shape:
        raise Wrong(f"{name} has the shape {found.shape}; expected {model.shape}.")


# --- what a layer is given ----------------------------------------------------------------------------------

def _parts(layer):
    return getattr(layer, "layers", [layer])  # of a Network, or the layer alone


def _ready(layer, dtype):
    """A copy with every parameter and statistic cast, and moved off its first value."""
    layer, rng = copy.deepcopy(layer), np.random.default_rng(1)
    for part in _parts(layer):
        for home in (part.params, part.state):
            for name, a in home.items():
                home[name] = (a + rng.uniform(0.3, 0.9, a.shape)).astype(dtype)
    return layer


def distinct(shape, dtype):
    """Numbers from -2 to 2 in random order, no two closer than 4 / size and none that close to 0."""
    size = math.prod(shape)
    order = np.random.default_rng(3).permutation(size)
    return (4 * (order + 0.5 + 0.25 * (size % 2)) / size - 2).reshape(shape).astype(dtype)


def _random(y):
    return np.random.default_rng(4).standard_normal(y.shape).astype(y.dtype)


def _forward(layer, x, training):
    """With the same chance in every call, for layers such as Dropout."""
    for part in _parts(layer):
        if hasattr(part, "rng"):
            part.rng = np.random.default_rng(5)
    return _call(layer, "forward", x, training)


def _call(layer, method, *arguments):
    """Call it, and say in one line what it raises and where."""
    try:
        return getattr(layer, method)(*arguments)
    except NotImplementedError as error:
        so_far = "; forward is right so far" if method == "backward" and type(layer).__name__ in OURS else ""
        raise NotWritten(f"{type(layer).__name__}: {method} is not written yet{so_far}.") from error
    except Exception as error:
        home = getattr(getattr(getattr(layer, method, None), "__code__", None), "co_filename", None)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == home]
        where = f" ({home}, line {lines[-1]})" if lines else ""
        raise Wrong(f"{method} raises {type(error).__name__}: {error}{where}") from error


def _options(layer):
    return getattr(layer, "config", {})


def _name(layer):
    options = ", ".join(f"{name}={value!r}" for name, value in _options(layer).items())
    return f"{type(layer).__name__}({options})"
