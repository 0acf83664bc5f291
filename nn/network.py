"""A network is a list of layers; this one reads digits.

    logits = network.forward(x)        # in the list's order
    network.backward(dlogits)          # in the opposite order: the chain rule
"""

import copy
import json
import math
import warnings

import numpy as np

from nn import calling
from nn.answers import predict_logits, softmax
from nn.answers import to_input as to_input  # whoever has a network takes it from here
from nn.files import check_arrays, parse_json, read_npz, write_npz
from nn.layers import (
    LAYERS,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    ReLU,
    Softmax,
    empty,
    pair,
)
from nn.stored import build_layers, check_answers, check_card


def digit_net(rng=None, batch_norm=False):
    """The digit network: a 28 x 28 image in, ten scores (logits) out; 93,322 parameters.

    rng         a numpy Generator for He initialisation; None: one seeded afresh; layers.EMPTY: zeros, to be loaded into
    batch_norm  normalise what each hidden stage hands on, to train better; `folded` makes 93,322 of it again

    BatchNorm stands after the pooling, where a quarter of the numbers is left to normalise and where the fast path,
    convolution, ReLU and pooling in one, stays whole. So each stage receives normalised numbers. The textbook's order,
    convolution, BatchNorm, ReLU, works as well and folds as well; here it would only be slower.
    """
    def norm(channels):
        return [BatchNorm(channels)] if batch_norm else []

    return Network([                                          # (N, 28, 28, 1)
        Conv2D(1, 32, 3, rng=rng), ReLU(),                    # (N, 26, 26, 32)
        MaxPool2D(2), *norm(32),                              # (N, 13, 13, 32)
        Conv2D(32, 64, 3, rng=rng), ReLU(),                   # (N, 11, 11, 64)
        MaxPool2D(2), *norm(64),                              # (N, 5, 5, 64)
        Conv2D(64, 64, 3, rng=rng), ReLU(), *norm(64),        # (N, 3, 3, 64)
        Flatten(),                                            # (N, 576)
        Dense(576, 64, rng=rng), ReLU(), *norm(64),           # (N, 64)
        Dense(64, 10, rng=rng),                               # (N, 10)
    ])  # fmt: skip


def warn_of_scale(x):
    """Warn of images (N, H, W, 1) that look as if they hadn't been divided by 255, or as if they had been twice."""
    if x.max(initial=0) > 15 and x.min() >= 0 and (x == np.rint(x)).all():
        words = "the network expects 0 to 1, as to_input makes them"
        warnings.warn(f"the images are whole numbers up to {x.max():.0f}; {words}", stacklevel=3)
    elif 0 < x.max(initial=0) < 0.004 and x.min() >= 0:
        warnings.warn(f"the images reach only {x.max():.4f} of 1: were they divided by 255 twice?", stacklevel=3)


class Network:
    """Layers in a row.

    temperature  divides the logits before the softmax, so that a confidence of 90 % is right 9 times in 10
                 (Guo et al. 2017); fitted on held-out images after training, 1 before.
    threshold    a drawing whose two likeliest digits together have less does not look like a digit (nn/words.py).
    card         what is known of the weights, a dict: recipe, seed, accuracy, versions.
    """

    def __init__(self, layers):
        self.layers = list(layers)
        self.temperature = 1.0
        self.threshold = 0.0
        self.card = {}

    def forward(self, x, training=False):
        """x (N, H, W, C) -> logits (N, classes). `training` turns on Dropout and the batch's own BatchNorm."""
        if np.ndim(x) == 4 and x.shape[3] == 1 and x.dtype.kind == "f":
            warn_of_scale(x)
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy):
        """Assign every layer's grads from dlogits (N, classes) of the last forward; return dx (N, H, W, C)."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, images, threads=None):
        """Calibrated probabilities (N, classes) of uint8 images (N, H, W), white ink on black.

        They are those of `forward`, but for rounding, in less time: answers.py. threads: at most so many; None is one
        for each core, where there are images enough.
        """
        if self.layers and isinstance(self.layers[-1], Softmax):
            raise ValueError("predict takes the softmax itself: leave Softmax out of the network's layers")
        logits = predict_logits(self, images, threads)
        if logits.ndim != 2 or not logits.size:
            return self.probabilities(logits)
        return softmax(logits, logits.dtype.type(self.temperature))

    def probabilities(self, logits):
        """softmax(logits / temperature): (N, classes) -> (N, classes)."""
        return Softmax().forward(logits / self.temperature)

    # --- every array, by name: "3.w" is w of self.layers[3] -------------------------------------------------

    @property
    def params(self):
        return {f"{i}.{name}": a for i, layer in enumerate(self.layers) for name, a in layer.params.items()}

    @property
    def grads(self):
        return {f"{i}.{name}": a for i, layer in enumerate(self.layers) for name, a in layer.grads.items()}

    @property
    def state(self):
        return {f"{i}.{name}": a for i, layer in enumerate(self.layers) for name, a in layer.state.items()}

    def assign(self, arrays):
        """Copy arrays {name: array} into the params and states of these names. KeyError where there is no such name,
        ValueError where it has another shape: NumPy would spread one number over all of them.
        """
        homes = self.params | self.state
        for name, value in arrays.items():
            if name not in homes:
                raise KeyError(f"the network has no {name!r}, only {', '.join(homes)}")
            if np.shape(value) != homes[name].shape:
                raise ValueError(f"{name!r} has shape {homes[name].shape}, got {np.shape(value)}")
            homes[name][...] = value

    def replica(self):
        """The same weights (shared, not copied) with caches, grads and states of its own: one for each thread."""
        twin = copy.copy(self)
        twin.layers = [copy.copy(layer) for layer in self.layers]
        for layer in twin.layers:
            layer.grads, layer.state = {}, {name: a.copy() for name, a in layer.state.items()}
        return twin

    def snapshot(self):
        """The same weights and states, copied: what is trained later doesn't reach them."""
        twin = self.replica()
        for layer in twin.layers:
            layer.params = {name: a.copy() for name, a in layer.params.items()}
        return twin

    def folded(self):
        """The same function with fewer layers: each BatchNorm's scale and shift moved into weights beside it.

        For each channel BatchNorm is y = s x + t with s = gamma / sqrt(var + eps) and t = beta - mean s.
        A Conv2D or Dense directly before it, x = a w + b, becomes a w' + b' with w' = w s and b' = b s + t: each column
        of w takes the s of the channel it makes. One that comes next, z = y w + b, becomes x w' + b' with w' = s w and
        b' = b + t w: each row of w takes s and t of the channel it multiplies. (Not where it pads, as zeros would have
        to be shifted too. Flatten and Dropout, which does nothing in prediction, may stand between.) Where neither is
        there the BatchNorm stays.
        """
        twin, old = copy.copy(self), copy.deepcopy(self.layers)
        twin.layers = []
        for i, norm in enumerate(old):
            if not isinstance(norm, BatchNorm):
                twin.layers.append(norm)
                continue
            scale = norm.params["gamma"] / np.sqrt(norm.state["var"] + norm.eps)
            shift = norm.params["beta"] - norm.state["mean"] * scale
            before = twin.layers[-1] if twin.layers else None
            after = next((layer for layer in old[i + 1 :] if not isinstance(layer, Flatten | Dropout)), None)
            if isinstance(before, Conv2D | Dense):
                before.params["w"] *= scale
                before.params["b"] *= scale
                before.params["b"] += shift
            elif isinstance(after, Conv2D | Dense) and after.config.get("padding") != "same":
                w, b = after.params["w"], after.params["b"]
                by_channel = w.reshape(-1, norm.channels, w.shape[-1])  # a view: channels change fastest in w's rows
                b += np.einsum("c,kcf->f", shift, by_channel)
                by_channel *= scale[:, None]
            else:
                twin.layers.append(norm)
        return twin

    def check_savable(self):
        """ValueError, naming the layer, if a file of this network could not be loaded again."""
        for number, layer in enumerate(self.layers):
            kind, name = type(layer), f"layer {number}, {type(layer).__name__},"
            if LAYERS.get(kind.__name__) is not kind:
                raise ValueError(f"{name} can't be saved: name its class in LAYERS, in nn/layers.py")
            try:
                twin = empty(kind, json.loads(json.dumps(layer.config)))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{name} can't be built again from its config {layer.config} ({error}): pass the "
                                 "constructor's arguments to super().__init__") from None  # fmt: skip
            for mine, its in ((layer.params, twin.params), (layer.state, twin.state)):
                shapes = [{key: (a.shape, a.dtype) for key, a in arrays.items()} for arrays in (mine, its)]
                if shapes[0] != shapes[1]:
                    raise ValueError(f"{name} can't be saved: its config {layer.config} gives arrays {shapes[1]}, "
                                     f"it has {shapes[0]}")  # fmt: skip

    def summary(self, shape=(28, 28, 1)):
        """A table, as text: each layer, the shape of its output for one image, its parameters and multiply-adds."""
        x = np.zeros((1, *shape), np.float32)
        rows, line = [], "{:<24}{:>16}{:>14}{:>16}".format
        for layer in self.replica().layers:
            x = layer.forward(x)
            count = sum(a.size for a in layer.params.values())
            places = math.prod(x.shape[1:-1])  # each of w's numbers is used once at every place
            adds = places * layer.params["w"].size if isinstance(layer, Conv2D | Dense) else 0
            size = layer.config.get("kernel", layer.config.get("window"))
            name = type(layer).__name__ + ("" if size is None else " " + " x ".join(map(str, pair(size))))
            rows.append((name, x.shape[1:], count, adds))
        total = ("total", "", sum(r[2] for r in rows), sum(r[3] for r in rows))
        table = [line("layer", "output", "parameters", "multiply-adds")]
        for name, out, count, adds in [*rows, total]:
            out = " x ".join(map(str, out))
            table.append(line(name, out, f"{count:,}" if count else "", f"{adds:,}" if adds else ""))
        table.insert(-1, "-" * len(table[0]))
        return "\n".join(table)

    # --- files ------------------------------------------------------------------------------------------------

    def save(self, path):
        """Write weights, layer list and card into one .npz: whole, or not at all."""
        self.check_savable()
        about = {
            "layers": [[type(layer).__name__, layer.config] for layer in self.layers],
            "temperature": self.temperature,
            "threshold": self.threshold,
            "card": self.card,
        }
        write_npz(path, {"about": np.array(json.dumps(about)), **self.params, **self.state})

    @staticmethod
    def load(path):
        """The network that save() wrote. ValueError, in one line naming the file, for anything that isn't one."""
        arrays = read_npz(path)
        try:
            about = parse_json(str(arrays.pop("about")))
            network = Network(build_layers(about["layers"], arrays))
            network.temperature, network.threshold = float(about["temperature"]), float(about["threshold"])
            if not (0 < network.temperature < math.inf and 0 <= network.threshold <= 1):
                raise ValueError(f"temperature {network.temperature}, threshold {network.threshold}")
            check_card(about["card"])
            network.card = about["card"]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError, SystemError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else error
            raise ValueError(f"{path}: not a file of weights that this program wrote ({reason})") from None
        check_arrays(path, arrays, network.params | network.state)
        network.assign(arrays)
        return network


def load_digit_net(path):
    """Network.load, and ValueError too unless the network gives 28 x 28 images ten probabilities that are numbers.

    A Softmax at the end is left out, as `predict` takes it.
    """
    advice = f"`{calling.command('train')}` makes weights"
    try:
        network = Network.load(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}; {advice}") from None
    except ValueError as error:
        raise ValueError(f"{error}; {advice}") from None
    try:
        check_answers(network)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{path}: can't be used to read digits ({error}); {advice}") from None
    if isinstance(network.layers[-1], Softmax):
        network.layers.pop()  # predict takes it itself
    return network
