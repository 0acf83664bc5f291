"""Training: batches, threads and epochs, told as a sequence of events. It prints nothing and writes no files.

Threads live here and nowhere else; ranks.py adds processes. A batch is cut into one contiguous share for each thread, a
share into micro-batches that bound the memory it takes. Each thread has a replica of the network (shared
weights, own caches and gradients), and the gradients are added up in the order of the threads: the same seed and the
same number of threads give the same bits. Other numbers of threads change no more than rounding, but for BatchNorm:
its statistics are those of a micro-batch ("ghost" batch norm: Hoffer, Hubara & Soudry 2017), which suffers when a
thread's share gets too small. BLAS itself is kept at one thread.

All random numbers of an epoch come from generators seeded with (seed, epoch) for the order of the images and (seed,
epoch, thread) for what each thread draws, so that training can go on from the end of any epoch as if it had never
stopped.
Epochs and threads count from 1: to NumPy a seed (5, 0) is the same as 5, which the first weights are drawn from.

What is called state, from small to large:

    layer.state      what a layer gathers in forward: BatchNorm's running mean and variance
    network.state    those of all layers, by name
    optimizer.state  what an optimizer remembers: the gradient's running mean and square, and the number of steps
    Epoch.state      all that training needs to go on: weights, their average, and the two above
    a thread's own   its replica's copy of network.state, which each step ends by setting to the mean of all threads
"""

import copy
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from nn.answers import predict_logits, to_input
from nn.fused import FusedNetwork
from nn.layer import EMPTY
from nn.layers import Softmax
from nn.losses import SoftmaxCrossEntropy, check_targets
from nn.network import Network, digit_net
from nn.optim import OPTIMIZERS, SCHEDULES, AdamW, Average, uphill
from nn.ranks import ALONE
from nn.recipes import Recipe

MICRO_BATCH = 64  # images


@dataclass(frozen=True)
class Step:
    """A batch was learned."""

    epoch: int  # from 1
    images: int  # how many so far in this epoch
    loss: float


@dataclass(frozen=True)
class Epoch:
    """An epoch is over: recipe.seen(epoch, N) images were learned."""

    epoch: int  # from 1
    loss: float  # the mean of the batches' losses: of warped images, smoothed labels, weights not averaged
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float
    network: Network  # the averaged one, which is what to keep; a copy, which later epochs don't change
    state: dict  # {name: array}, to be given to fit() as `resume`


class Diverged(ArithmeticError):
    """The loss or a weight is not a finite number any more."""


def fit(network, images, targets, recipe, seed=0, threads=2, validation=None, resume=None, ranks=ALONE):
    """Train `network` in place, yielding a Step after each batch and an Epoch after each epoch.

    recipe   a recipes.Recipe; its epochs, batch size, learning rate, averaging and augmentation are followed here
    images   uint8 (N, 28, 28), of which an epoch goes through the first recipe.seen(epoch, N)
    targets  labels (N,) or probabilities (N, classes)
    validation  (images, labels) to score after each epoch, or None
    resume   the state of an Epoch of the same training, to go on after it
    ranks    the processes that train together, ranks.connect(); each has `threads` of them, and the first validates
    What doesn't fit is refused before the first step, by TypeError or ValueError: images that aren't uint8 or reach
    only 1, targets that are no labels or probabilities of the network's classes, a network that ends in Softmax.
    Raises Diverged when the loss or, at the end of an epoch, a weight is no finite number.
    """
    _check(network, images, targets, threads)
    if validation is not None:
        _check(network, *validation, threads)
    make = recipe.optimizer if callable(recipe.optimizer) else OPTIMIZERS[recipe.optimizer]
    optimizer = make(network.params, recipe.weight_decay)
    average = Average(network, recipe.average)
    first = 1
    if resume is not None:
        first = _restore(resume, network, average.network, optimizer) + 1
    seen = [recipe.seen(epoch, len(images)) for epoch in range(1, recipe.epochs + 1)]
    steps = [-(-count // recipe.batch_size) for count in seen]
    average.steps = sum(steps[: first - 1])
    schedule = recipe.schedule if callable(recipe.schedule) else SCHEDULES[recipe.schedule]
    workers = [_Worker(network, recipe) for _ in range(threads)]
    everyone, mine = threads * ranks.size, slice(threads * ranks.rank, threads * (ranks.rank + 1))

    with ThreadPoolExecutor(threads) as pool, threadpool_limits(1, user_api="blas"):
        for epoch in range(first, recipe.epochs + 1):
            start, losses = time.perf_counter(), []
            rho = recipe.late_rho if recipe.is_late(epoch) else 0.0
            order = np.random.default_rng((seed, epoch)).permutation(seen[epoch - 1])
            for number, worker in enumerate(workers):
                worker.seed((seed, epoch, 1 + mine.start + number))
            for step, at in enumerate(range(0, len(order), recipe.batch_size)):
                batch = order[at : at + recipe.batch_size]
                shares = [share for share in np.array_split(batch, everyone)[mine] if len(share)]
                busy = workers[: len(shares)]
                loss, grads = _sum(network, pool, ranks, [
                    partial(worker.learn, images, targets, share, len(batch))
                    for worker, share in zip(busy, shares, strict=True)
                ])  # fmt: skip
                if not math.isfinite(loss):
                    raise Diverged(f"the loss became {loss} in epoch {epoch}, step {step + 1}; try a lower --lr")
                _merge_states(network, busy, ranks, min(everyone, len(batch)))
                if rho:
                    with uphill(network.params, grads, rho):
                        _, grads = _sum(network, pool, ranks, [worker.gradients for worker in busy])
                for worker in workers:
                    worker.fused.network.assign(network.state)  # in place of a thread's own, or of those from uphill
                optimizer.step(grads, recipe.lr * schedule((average.steps + 0.5) / sum(steps)))
                with np.errstate(all="ignore"):  # as for the gradients
                    average.update()
                losses.append(loss)
                yield Step(epoch, at + len(batch), loss)

            if not all(np.isfinite(array).all() for array in (network.params | network.state).values()):
                raise Diverged(f"a weight is no finite number after epoch {epoch}; try a lower --lr")
            folded = average.network.folded()  # it answers in half the time
            judged = validation is not None and ranks.rank == 0
            scores = evaluate(folded, *validation, threads) if judged else (None, None)
            tried = predict_logits(folded, images[:MICRO_BATCH], threads)
            if not (np.isfinite(tried).all() and math.isfinite(scores[0] or 0)):
                raise Diverged(f"the network's answers are no finite numbers after epoch {epoch}; try a lower --lr")
            yield Epoch(
                epoch, float(np.mean(losses)), *scores, time.perf_counter() - start,
                average.network.snapshot(), _state(epoch, network, average.network, optimizer),
            )  # fmt: skip


def _check(network, images, targets, threads):
    """TypeError or ValueError unless the network can learn the targets of these images on so many threads."""
    if threads < 1:
        raise ValueError(f"training needs at least 1 thread, got {threads}")
    if not len(images) or len(images) != len(targets):
        raise ValueError(f"training needs images and a target for each, got {len(images)} and {len(targets)}")
    if network.layers and isinstance(network.layers[-1], Softmax):
        raise ValueError("the loss takes the softmax itself: leave Softmax out of the network's layers")
    logits = FusedNetwork(network).forward(to_input(images[:1]))
    if logits.ndim != 2:
        raise ValueError(f"the network should make logits (N, classes), it makes {logits.shape}: Flatten is missing")
    if images.max() == 1:
        raise ValueError("uint8 images go from 0 to 255, these only to 1: multiply them by 255")
    check_targets(targets, len(images), logits.shape[1])


def evaluate(network, images, labels, threads=2):
    """(mean cross-entropy, accuracy 0..1) on uint8 images (N, H, W) and their labels (N,)."""
    if not len(images):
        raise ValueError("there are no images to answer")
    logits = predict_logits(network, images, threads)
    loss = SoftmaxCrossEntropy().forward(logits / network.temperature, labels)
    return loss, float((logits.argmax(axis=1) == labels).mean())


def fit_temperature(network, images, labels, threads=2):
    """The temperature that makes held-out images' probabilities fit best: the smallest cross-entropy on them.

    Guo et al. 2017, section 4.2. The loss is convex in 1 / temperature, so halving the bracket finds the minimum.
    """
    logits, loss = predict_logits(network, images, threads).astype(np.float64), SoftmaxCrossEntropy()
    low, high = 0.1, 10.0  # inverse temperatures
    for _ in range(40):
        middle = (low + high) / 2
        loss.forward(logits * middle, labels)
        slope = (loss.backward() * logits).sum()  # dL/d(inverse temperature), by the chain rule
        low, high = (low, middle) if slope > 0 else (middle, high)
    return 1 / middle


def warm_up(network):
    """Run every kernel that training needs once, so that Numba loads or compiles it."""
    images, labels = np.zeros((2, 28, 28), np.uint8), np.array([0, 1])
    for _ in fit(copy.deepcopy(network), images, labels, Recipe(epochs=1), threads=1):
        pass
    network.predict(images)


class _Worker:
    """What one thread owns: a replica, a loss, a generator."""

    def __init__(self, network, recipe):
        self.fused = FusedNetwork(network)
        self.augment = recipe.augment
        self.loss = SoftmaxCrossEntropy(recipe.label_smoothing)

    def seed(self, seed):
        self.rng = np.random.default_rng(seed)
        for layer in self.fused.network.layers:
            if hasattr(layer, "rng"):  # it draws random numbers: Dropout
                layer.rng = self.rng

    def learn(self, images, targets, share, batch_size):
        """The part of the batch's mean loss that images[share] have in it, and the gradients of that part."""
        self.micros = []
        for at in range(0, len(share), MICRO_BATCH):
            micro, wanted = images[share[at : at + MICRO_BATCH]], targets[share[at : at + MICRO_BATCH]]
            x = to_input(micro) if self.augment is None else self.augment(micro, self.rng)
            self.micros.append((x, wanted, len(micro) / batch_size))  # its mean counts by its share of the batch
        return self.gradients()

    @np.errstate(all="ignore")  # what overflows ends in Diverged, not in a warning
    def gradients(self):
        """What `learn` returns, of the images it took and warped last, at the weights of now."""
        loss, grads = 0.0, {}
        for x, wanted, part in self.micros:
            loss += part * self.loss.forward(self.fused.forward(x, training=True), wanted)
            self.fused.backward(self.loss.backward() * np.float32(part))
            for name, grad in self.fused.grads.items():
                grads[name] = grads[name] + grad if name in grads else grad
        return loss, grads


def _sum(network, pool, ranks, tasks):
    """The sum of what all ranks' tasks return, (loss, grads) each, in their order. The first runs in this thread."""
    jobs = [pool.submit(task) for task in tasks[1:]]
    # a small batch may leave a rank without a share
    loss, grads = tasks[0]() if tasks else (0.0, {name: np.zeros_like(w) for name, w in network.params.items()})
    for job in jobs:
        part, others = job.result()
        loss += part
        for name, grad in grads.items():
            grad += others[name]
    return float(ranks.sum({"loss": np.array(loss)})["loss"]), ranks.sum(grads)


def _merge_states(network, busy, ranks, count):
    """Give the network BatchNorm's running statistics: the mean over the `count` busy workers of all ranks."""
    states = [worker.fused.network.state for worker in busy]
    sums = {name: sum((state[name] for state in states), np.zeros_like(a)) for name, a in network.state.items()}
    network.assign({name: a / count for name, a in ranks.sum(sums).items()})


def blank_state(batch_norm):
    """The names, shapes and dtypes of the state of a digit network's training, to check a file against."""
    network = digit_net(EMPTY, batch_norm)
    return _state(0, network, network, AdamW(network.params))


def averaged(network, state):
    """A network like `network` with the averaged weights of a state: the `network` of the state's Epoch."""
    twin = copy.deepcopy(network)
    twin.assign({name.removeprefix("average/"): a for name, a in state.items() if name.startswith("average/")})
    return twin


def _state(epoch, network, averaged, optimizer):
    """Everything that training needs to go on, as one dict of copies."""
    parts = {"network": network.params | network.state, "average": averaged.params | averaged.state,
             "optimizer": optimizer.state}  # fmt: skip
    state = {f"{part}/{name}": array.copy() for part, arrays in parts.items() for name, array in arrays.items()}
    return state | {"epoch": np.array(epoch)}


def _restore(state, network, averaged, optimizer):
    """Put _state's arrays back; return the epoch they were taken after."""
    for name, array in state.items():
        part, _, name = name.partition("/")
        if part == "network":
            network.assign({name: array})
        elif part == "average":
            averaged.assign({name: array})
        elif part == "optimizer":
            if optimizer.state[name].shape != array.shape:
                raise ValueError(f"{name!r} has shape {optimizer.state[name].shape}, got {array.shape}")
            optimizer.state[name][...] = array
    return int(state["epoch"])
