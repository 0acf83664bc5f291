"""How weights move: SGD with momentum, AdamW, a step that looks uphill first, learning-rate schedules, and the average
of the weights passed through.

An optimizer holds the network's `params` {name: array} and changes them in place; `state` {name: array} is all that it
must remember to go on after a pause.
"""

import copy
import math
from contextlib import contextmanager

import numpy as np

from nn.kernels import compiled
from nn.layer import check_floats


def check_step(name, g, *arrays):
    """TypeError or ValueError unless arrays, a weight and what is kept of it, can be moved in place by g."""
    for a in (*arrays, g):
        check_floats(f"the optimizer, for {name!r},", a)
        if a.shape != arrays[0].shape:
            raise ValueError(f"the optimizer expects arrays of {arrays[0].shape} for {name!r}, got {a.shape}")
    for a in arrays:
        if not (a.flags.c_contiguous and a.flags.writeable):
            fault = "not contiguous" if a.flags.writeable else "read-only"
            raise ValueError(f"the optimizer can't move {name!r} in place, it is {fault}: np.array(w, order='C') isn't")


def gradient(grads, name):
    """grads[name]; KeyError, in a sentence, where it is missing."""
    if name not in grads:
        raise KeyError(f"no gradient of {name!r}: call backward before step")
    return grads[name]


class SGD:
    """Stochastic gradient descent with momentum: v = momentum v + g;  w = w - lr v. (Polyak 1964.)

    weight_decay shrinks weights by lr * weight_decay a step; biases and other vectors are left alone.
    """

    def __init__(self, params, momentum=0.9, weight_decay=0.0):
        for name, w in params.items():
            check_step(name, w, w)
        self.params, self.momentum, self.weight_decay = params, momentum, weight_decay
        self.state = {f"v.{name}": np.zeros_like(w) for name, w in params.items()}

    def step(self, grads, lr):
        """Move params, in place, by grads {name: array} at learning rate lr."""
        for name, w in self.params.items():
            v, g = self.state[f"v.{name}"], gradient(grads, name)
            check_step(name, g, w, v)
            v *= self.momentum
            v += g
            if w.ndim > 1:
                w *= 1 - lr * self.weight_decay
            w -= lr * v


class AdamW:
    """Adam with decoupled weight decay (Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2).

        m = beta1 m + (1 - beta1) g          the gradient's running mean
        v = beta2 v + (1 - beta2) g^2        its running square
        w = w - lr weight_decay w - lr m' / (sqrt(v') + eps),   m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)
    Dividing by 1 - beta^t undoes the start from zero. Biases and other vectors do not decay.
    """

    def __init__(self, params, weight_decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        for name, w in params.items():
            check_step(name, w, w)
        self.params, self.weight_decay = params, weight_decay
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.state = {"t": np.zeros((), np.int64)}
        for name, w in params.items():
            self.state[f"m.{name}"], self.state[f"v.{name}"] = np.zeros_like(w), np.zeros_like(w)

    def step(self, grads, lr):
        """Move params, in place, by grads {name: array} at learning rate lr."""
        self.state["t"] += 1
        for name, w in self.params.items():
            m, v = self.state[f"m.{name}"], self.state[f"v.{name}"]
            g = gradient(grads, name)
            check_step(name, g, w, m, v)
            g = np.ascontiguousarray(g)
            decay = self.weight_decay if w.ndim > 1 else 0.0
            flat = (a.reshape(-1) for a in (w, g, m, v))
            adamw_update(*flat, lr, self.beta1, self.beta2, self.eps, decay, int(self.state["t"]))


OPTIMIZERS = {"adamw": AdamW, "sgd": lambda params, weight_decay: SGD(params, weight_decay=weight_decay)}


def adamw_update(w, g, m, v, lr, beta1, beta2, eps, decay, t):
    """One AdamW step on flat arrays (size,) of float32, w, m and v in place; t counts steps from 1.

    One pass over memory where NumPy's expression takes a dozen.
    """
    one = w.dtype.type(1)
    lr, beta1, beta2, eps = w.dtype.type(lr), w.dtype.type(beta1), w.dtype.type(beta2), w.dtype.type(eps)
    m_scale, v_scale = one / (one - beta1**t), one / (one - beta2**t)
    keep = one - lr * w.dtype.type(decay)
    for i in range(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * g[i]
        v[i] = beta2 * v[i] + (one - beta2) * g[i] * g[i]
        w[i] = keep * w[i] - lr * (m[i] * m_scale) / (np.sqrt(v[i] * v_scale) + eps)


adamw_update = compiled(adamw_update)


@contextmanager
def uphill(params, grads, rho):
    """A context in which params {name: array} stand a distance rho further up their gradient; after it they are back.

    Sharpness-aware minimisation (Foret et al. 2021, algorithm 1) takes the gradient there and steps by it from here:
        w' = w + rho g / |g|,   |g| over all parameters together;   then the step is by dL/dw at w'
    To first order w' is the worst place within rho of w. A step that makes the worst place better leads to where the
    whole neighbourhood is good, a flat minimum, and such weights do better on images that weren't trained on.
    """
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in grads.values()))
    before = {name: w.copy() for name, w in params.items()}
    for name, w in params.items():
        w += rho / (norm or 1.0) * grads[name]
    try:
        yield
    finally:
        for name, w in params.items():
            w[...] = before[name]


# A schedule gives the learning rate, as a share of its peak, at `progress` 0..1 of the training.

def constant(progress):
    return 1.0


def cosine(progress):
    """From 1 to 0 along half a cosine (Loshchilov & Hutter 2017)."""
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(progress, warm_up=0.15, start=0.04):
    """Up along half a cosine for the first 15 %, then down to 0 along another (Smith & Topin 2018)."""
    if progress < warm_up:
        return start + (1 - start) * (1 - cosine(progress / warm_up))
    return cosine((progress - warm_up) / (1 - warm_up))


SCHEDULES = {"constant": constant, "cosine": cosine, "one-cycle": one_cycle}


class Average:
    """A network whose weights are the exponential moving average (EMA) of another's.

    average = decay average + (1 - decay) w after every step. The first steps use a smaller decay, (1 + n) / (10 + n),
    so that the random start is soon forgotten. (Polyak & Juditsky 1992; the warm-up is TensorFlow's.)
    """

    def __init__(self, network, decay):
        self.source, self.decay, self.steps = network, decay, 0
        self.network = copy.deepcopy(network)

    def update(self):
        """Take the source's present weights into the average; call it after every step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for averaged, source in (
            (self.network.params, self.source.params),
            (self.network.state, self.source.state),
        ):
            for name, a in averaged.items():
                a += np.float32(1 - decay) * (source[name] - a)
