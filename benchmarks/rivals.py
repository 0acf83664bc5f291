"""One of the contestants of speed.py, alone in its process:  python benchmarks/rivals.py NAME THREADS

It reads a task a line on its standard input and answers with a line of JSON, and sleeps between, so that no
library's threads disturb another's. Every contestant has the same network, data, batch and optimizer (AdamW), in
float32, and the same work to do: uint8 images in, and for prediction probabilities out.

    {"do": "train", "batch": 128, "seconds": 1.0}     ->  images a second
    {"do": "one", "seconds": 1.0}                     ->  seconds for one image, the median
    {"do": "many", "batch": 256, "seconds": 1.0}      ->  images a second

Its first line is {"version": ...}, or {"absent": the library's name}.
"""

import importlib.util
import itertools
import json
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rival_engines import OnnxRuntime, OpenVino, OpenVinoDefault, OpenVinoThroughput  # noqa: E402

LEARNING_RATE, DECAY = 1e-3, 1e-2


class Ours:
    """nn, by the functions that train.py and the window use."""

    library = "numba"
    augment = False

    def __init__(self, images, labels, threads):
        import numba
        import numpy as np

        from nn import training
        from nn.augment import Augment
        from nn.network import digit_net
        from nn.recipes import Recipe

        self.version = f"NumPy {np.__version__}, Numba {numba.__version__}"
        self.images, self.labels, self.threads, self.training = images, labels, threads, training
        self.network = digit_net(np.random.default_rng(0))
        self.recipe = Recipe(epochs=1000, lr=LEARNING_RATE, weight_decay=DECAY, schedule="constant", held_out=0,
                             augment=Augment() if self.augment else None)  # fmt: skip

    def train(self, batch):
        """A generator of the number of images in each step."""
        from dataclasses import replace

        recipe = replace(self.recipe, batch_size=batch)
        for event in self.training.fit(self.network, self.images, self.labels, recipe, 0, self.threads):
            if isinstance(event, self.training.Step):
                yield batch

    def one(self, image):
        return self.network.predict(image[None])

    def many(self, images):
        return self.network.predict(images, self.threads)


class Augmented(Ours):
    """nn with augmentation on."""

    augment = True


class Plain(Ours):
    """The same layers in plain NumPy: im2col by sliding_window_view, nothing compiled, BLAS on all threads."""

    def __init__(self, images, labels, threads):
        import plain

        from nn import layers, optim

        super().__init__(images, labels, threads)
        for module in (layers, optim):
            for name in {n for n in vars(module).keys() & vars(plain).keys() if n[0] != "_"} - {"np"}:
                setattr(module, name, getattr(plain, name))

    def train(self, batch):
        from nn.losses import SoftmaxCrossEntropy
        from nn.network import to_input
        from nn.optim import AdamW

        loss, optimizer = SoftmaxCrossEntropy(), AdamW(self.network.params, DECAY)
        for chosen in batches(len(self.images), batch):
            logits = self.network.forward(to_input(self.images[chosen]), training=True)
            loss.forward(logits, self.labels[chosen])
            self.network.backward(loss.backward())
            optimizer.step(self.network.grads, LEARNING_RATE)
            yield batch

    def one(self, image):
        return self.many(image[None])

    def many(self, images):
        from nn.network import to_input

        return self.network.probabilities(self.network.forward(to_input(images)))


class Torch:
    """PyTorch, eager."""

    library = "torch"
    channels_last = compiled = bfloat16 = False

    def __init__(self, images, labels, threads):
        import rival_graph
        import torch
        from torch import nn

        torch.set_num_threads(threads)
        self.torch, self.version = torch, f"PyTorch {torch.__version__}"
        self.format = torch.channels_last if self.channels_last else torch.contiguous_format
        self.network = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
        ).to(memory_format=self.format)  # fmt: skip
        self.images, self.labels = torch.from_numpy(images), torch.from_numpy(labels.astype("int64"))
        convolutions, dense = rival_graph.channels_first(rival_graph.weights())
        with torch.no_grad():
            for parameter, array in zip(self.network.parameters(), convolutions + dense, strict=True):
                parameter.copy_(torch.from_numpy(array))
        self.run = torch.compile(self.network) if self.compiled else self.network

    def autocast(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.bfloat16)

    def input(self, images):
        return (images.to(self.torch.float32) / 255)[:, None].contiguous(memory_format=self.format)

    def train(self, batch):
        torch = self.torch
        optimizer = torch.optim.AdamW(self.network.parameters(), LEARNING_RATE, weight_decay=DECAY, fused=True)
        loss = torch.nn.CrossEntropyLoss()
        self.network.train()
        for chosen in batches(len(self.images), batch):
            chosen = torch.from_numpy(chosen)
            optimizer.zero_grad()
            with self.autocast():
                error = loss(self.run(self.input(self.images[chosen])), self.labels[chosen])
            error.backward()
            optimizer.step()
            yield batch

    def many(self, images):
        self.network.eval()
        with self.torch.inference_mode(), self.autocast():
            return self.run(self.input(self.torch.from_numpy(images))).float().softmax(1).numpy()

    def one(self, image):
        return self.many(image[None])


class TorchChannelsLast(Torch):
    channels_last = True


class TorchCompiled(Torch):
    channels_last = compiled = True


class TorchBfloat16(Torch):
    channels_last = bfloat16 = True
    near = 0.05  # bfloat16 keeps 8 bits


class Keras:
    """Keras on TensorFlow: model.fit with its compiled step; batches alone are timed, not what fit does around them."""

    library = "tensorflow"
    xla = False

    def __init__(self, images, labels, threads):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        import keras
        import rival_graph
        from keras import layers

        self.tf, self.keras = tf, keras
        self.version = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
        self.x, self.y = (images / 255).astype("float32")[..., None], labels.astype("int64")
        self.network = keras.Sequential([
            keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10),
        ])  # fmt: skip
        self.network.compile(
            keras.optimizers.AdamW(LEARNING_RATE, weight_decay=DECAY),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=self.xla,
        )  # fmt: skip
        self.network.set_weights(rival_graph.weights())
        self.many = tf.function(self.probabilities, jit_compile=self.xla)

    def train(self, batch):
        """Epochs of 40 batches; yields the images and the seconds of each."""
        clock = self.keras.callbacks.LambdaCallback(
            on_train_batch_begin=lambda number, logs: marks.append(time.perf_counter()))
        for start in itertools.cycle(range(0, len(self.x) - 40 * batch + 1, 40 * batch)):
            part, marks = slice(start, start + 40 * batch), []
            self.network.fit(self.x[part], self.y[part], batch, verbose=0, callbacks=[clock])
            yield (len(marks) - 1) * batch, marks[-1] - marks[0]

    def probabilities(self, images):
        x = self.tf.cast(images, self.tf.float32)[..., None] / 255
        return self.tf.nn.softmax(self.network(x, training=False))

    def one(self, image):
        return self.many(image[None]).numpy()


class KerasXLA(Keras):
    xla = True


class Jax:
    """JAX: the forward pass, and a whole step with its optimizer, compiled by XLA, which takes all cores."""

    library = "jax"

    def __init__(self, images, labels, threads):
        import jax
        import rival_graph

        self.jax, self.version = jax, f"JAX {jax.__version__}"
        self.images, self.labels = images, labels.astype("int32")
        parameters = [jax.numpy.asarray(w) for w in rival_graph.weights()]
        zeros = [jax.numpy.zeros_like(w) for w in parameters]
        self.state = parameters, zeros, zeros, 0
        self.step, self.answer = jax.jit(self.adamw), jax.jit(self.probabilities)

    def logits(self, parameters, images):
        lax, relu = self.jax.lax, self.jax.nn.relu
        x = images[..., None].astype("float32") / 255
        for number, (w, b) in enumerate(zip(parameters[:6:2], parameters[1:6:2], strict=True)):
            x = relu(lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b)
            if number < 2:
                x = lax.reduce_window(x, -float("inf"), lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        w4, b4, w5, b5 = parameters[6:]
        return relu(x.reshape(len(x), -1) @ w4 + b4) @ w5 + b5

    def probabilities(self, parameters, images):
        return self.jax.nn.softmax(self.logits(parameters, images))

    def loss(self, parameters, images, labels):
        log_p = self.jax.nn.log_softmax(self.logits(parameters, images))
        return -log_p[self.jax.numpy.arange(len(labels)), labels].mean()

    def adamw(self, state, images, labels):
        *arrays, t = state
        t, grads = t + 1, self.jax.grad(self.loss)(arrays[0], images, labels)
        moved = [], [], []
        for w, m, v, g in zip(*arrays, grads, strict=True):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            step = m / (1 - 0.9**t) / (self.jax.numpy.sqrt(v / (1 - 0.999**t)) + 1e-8)
            for kept, new in zip(moved, (w - LEARNING_RATE * (step + DECAY * w), m, v), strict=True):
                kept.append(new)
        return (*moved, t)

    def train(self, batch):
        for chosen in batches(len(self.images), batch):
            self.state = self.step(self.state, self.images[chosen], self.labels[chosen])
            self.jax.block_until_ready(self.state)
            yield batch

    def many(self, images):
        return self.answer(self.state[0], images).block_until_ready()

    def one(self, image):
        return self.many(image[None])


CONTESTANTS = {
    "ours": Ours, "ours, augmented": Augmented, "NumPy": Plain, "PyTorch": Torch,
    "PyTorch, channels last": TorchChannelsLast, "PyTorch, compiled": TorchCompiled,
    "PyTorch, bfloat16": TorchBfloat16, "Keras": Keras, "Keras, XLA": KerasXLA,
    "JAX": Jax, "ONNX Runtime": OnnxRuntime, "OpenVINO": OpenVino, "OpenVINO, throughput": OpenVinoThroughput,
    "OpenVINO, default": OpenVinoDefault,
}  # fmt: skip


def batches(count, batch):
    """Indices of one random batch after another, for ever."""
    import numpy as np

    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(count)
        yield from (order[at : at + batch] for at in range(0, count - batch + 1, batch))


def training_rate(steps, seconds):
    """Images a second of a generator of steps, over about so many seconds."""
    images, taken = 0, 0.0
    while taken < seconds:
        start = time.perf_counter()
        done = next(steps)
        done, own = done if isinstance(done, tuple) else (done, time.perf_counter() - start)
        images, taken = images + done, taken + own
    return images / taken


def call_time(call, seconds):
    """Median seconds of a call, over about so many seconds."""
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 5:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def serve(contestant, images):
    """Answer tasks until the input ends."""
    trainings = {}
    for line in sys.stdin:
        task = json.loads(line)
        if task["do"] == "train":
            if task["batch"] not in trainings:
                trainings[task["batch"]] = contestant.train(task["batch"])
            answer = training_rate(trainings[task["batch"]], task["seconds"])
        elif task["do"] == "one":
            answer = call_time(lambda: contestant.one(images[0]), task["seconds"])
        else:
            answer = task["batch"] / call_time(lambda n=task["batch"]: contestant.many(images[:n]), task["seconds"])
        print(json.dumps(answer), flush=True)


def main():
    kind, threads = CONTESTANTS[sys.argv[1]], int(sys.argv[2])
    for library in (kind.library, getattr(kind, "needs", kind.library)):
        if importlib.util.find_spec(library) is None:
            print(json.dumps({"absent": library}), flush=True)
            return
    import numpy as np

    from nn import mnist

    images, labels = mnist.load_part(mnist.SHIPPED, "train")
    images = images.copy()  # PyTorch wants memory that may be written to
    contestant = kind(images, labels, threads)
    ours, some = Ours(images, labels, 1), images[:100]
    off = max(float(np.abs(np.asarray(contestant.many(part)) - ours.many(part)).max()) for part in (some, some[:1]))
    if off > getattr(kind, "near", 1e-5):
        sys.exit(f"its probabilities differ from ours by {off:.2g}")
    print(json.dumps({"version": contestant.version}), flush=True)
    serve(contestant, images)


if __name__ == "__main__":
    main()
