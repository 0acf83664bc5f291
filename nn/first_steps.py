"""The whole of learning in one plain loop: python -m nn.first_steps

A small network, its images in batches; for each batch forward, loss, backward, step. Everything else in this project
makes that faster, better or easier to use.
"""

import time

import numpy as np

from nn import mnist
from nn.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from nn.losses import SoftmaxCrossEntropy
from nn.optim import SGD

BATCH, LR = 32, 0.02


def main():
    (images, labels), (test_images, test_labels) = mnist.load()
    rng = np.random.default_rng(0)
    layers = [                                  # x: (32, 28, 28, 1)
        Conv2D(1, 8, 5, rng=rng), ReLU(),       # (32, 24, 24, 8)
        MaxPool2D(2), Flatten(),                # (32, 1152)
        Dense(1152, 64, rng=rng), ReLU(),       # (32, 64)
        Dense(64, 10, rng=rng),                 # (32, 10): a score for each digit
    ]  # fmt: skip
    params = {(i, name): w for i, layer in enumerate(layers) for name, w in layer.params.items()}
    loss, optimizer = SoftmaxCrossEntropy(), SGD(params, momentum=0.9)
    count = sum(w.size for w in params.values())
    print(f"{len(images):,} images, {count:,} weights; guessing has a loss of {np.log(10):.2f}")

    def forward(images):
        x = (images / np.float32(255))[..., None]  # bytes 0..255 to 0..1, and a last axis for the one channel
        for layer in layers:
            x = layer.forward(x)
        return x

    start, losses = time.perf_counter(), []
    order = rng.permutation(len(images))
    for step, at in enumerate(range(0, len(images), BATCH), start=1):
        batch = order[at : at + BATCH]
        losses.append(loss.forward(forward(images[batch]), labels[batch]))
        dy = loss.backward()
        for layer in reversed(layers):
            dy = layer.backward(dy)
        grads = {(i, name): g for i, layer in enumerate(layers) for name, g in layer.grads.items()}
        optimizer.step(grads, LR)
        if step % 250 == 0:
            print(f"step {step:4}   loss {np.mean(losses[-250:]):.3f}   {time.perf_counter() - start:.1f} s")

    answers = np.concatenate([forward(test_images[at : at + 500]).argmax(axis=1) for at in range(0, 10_000, 500)])
    print(f"It reads {np.mean(answers == test_labels):.2%} of the 10,000 test images right.")


if __name__ == "__main__":
    main()
