"""A network is a list of layers; this one reads digits.

    logits = network.forward(x)        # in the list's order
    network.backward(dlogits)          # in the opposite order: the chain rule
"""

import copy
import json
import math

import numpy as np

from nn.files import check_arrays, parse_json, read_npz, write_npz
from nn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax, pair
from nn.stored import build_layers, check_answers, check_card

BLOCK = 128  # images that predict takes at a time


def digit_net(rng=None, batch_norm=False):
    """The digit network: a 28 x 28 image in, ten scores (logits) out; 93,322 parameters.

    rng         a numpy Generator for He initialisation; None: one seeded afresh; layers.EMPTY: zeros, to be loaded into
    batch_norm  normalise what each hidden stage hands on, to train better; `folded` makes 93,322 of it again
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


def to_input(images):
    """uint8 images (N, H, W) -> what the network eats: float32 (N, H, W, 1) from 0 (paper) to 1 (ink)."""
    return (images.astype(np.float32) / 255)[..., None]


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
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy):
        """Assign every layer's grads from dlogits (N, classes) of the last forward; return dx (N, H, W, C)."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, images):
        """Calibrated probabilities (N, classes) of uint8 images (N, H, W), white ink on black.

        A block of images at a time, since the layers keep what backward would need, 0.3 MB an image.
        """
        blocks = (images[at : at + BLOCK] for at in range(0, max(len(images), 1), BLOCK))
        return np.concatenate([self.probabilities(self.forward(to_input(block))) for block in blocks])

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

    def folded(self):
        """The same function without BatchNorm: each one's scale and shift moved into the next layer's weights.

        For each channel y = s x + t with s = gamma / sqrt(var + eps) and t = beta - mean s. Then z = y w + b is
        z = x w' + b' with w' = s w and b' = b + t w, each row of w taking s and t of the channel it multiplies.
        ValueError where no such layer comes next, or one with padding, whose zeros would have to be shifted too.
        """
        layers, norm = [], None
        for layer in copy.deepcopy(self.layers):
            if norm is not None and not isinstance(layer, Flatten | Dropout):
                if not isinstance(layer, Conv2D | Dense) or layer.config.get("padding") == "same":
                    raise ValueError(f"a BatchNorm can't be folded into {type(layer).__name__} {layer.config}")
                scale = norm.params["gamma"] / np.sqrt(norm.state["var"] + norm.eps)
                shift = norm.params["beta"] - norm.state["mean"] * scale
                w, b = layer.params["w"], layer.params["b"]
                by_channel = w.reshape(-1, norm.channels, w.shape[-1])  # a view: channels change fastest in w's rows
                b += np.einsum("c,kcf->f", shift, by_channel)
                by_channel *= scale[:, None]
                norm = None
            if isinstance(layer, BatchNorm):
                norm = layer
            else:
                layers.append(layer)
        if norm is not None:
            raise ValueError("a BatchNorm at the end can't be folded: no layer comes after it")
        twin = copy.copy(self)
        twin.layers = layers
        return twin

    def summary(self, shape=(28, 28, 1)):
        """A table, as text: each layer, the shape of its output for one image, its parameters and multiply-adds."""
        x = np.zeros((1, *shape), np.float32)
        rows, line = [], "{:<24}{:>16}{:>14}{:>16}".format
        for layer in self.replica().layers:
            x = layer.forward(x)
            count = sum(a.size for a in layer.params.values())
            places = np.prod(x.shape[1:-1], dtype=int)  # each of w's numbers is used once at every place
            adds = places * layer.params["w"].size if "w" in layer.params else 0
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
    """Network.load, and ValueError too unless the network gives 28 x 28 images ten probabilities that are numbers."""
    advice = "`python train.py` makes weights"
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
    return network
