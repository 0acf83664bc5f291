"""The picture of a training: curves, confusion matrix, worst mistakes, the first layer's filters."""

import io

import matplotlib
import numpy as np

from nn.files import write_whole

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE, GREY = "#2563a8", "#d9730d", "#6b7280"
MISTAKES = 24  # pictured, in three rows


def write_report(path, network, history, images, labels, probabilities, title):
    """Write a PNG to path, whole or not at all.

    history        a dict for each epoch: epoch, loss, validation_loss, validation_accuracy (None without validation)
    images, labels, probabilities   the test set: uint8 (N, 28, 28), (N,), (N, 10)
    """
    figure = plt.figure(figsize=(13, 11), layout="constrained")
    figure.suptitle(title, fontsize=15, fontweight="bold")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[4.3, 3.6, 2.0])
    curves, table = top.subfigures(1, 2, width_ratios=[1.25, 1])
    _curves(curves, history)
    _confusion(table, labels, probabilities.argmax(axis=1))
    _mistakes(middle, images, labels, probabilities)
    _filters(bottom, network.layers[0].params["w"])

    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    plt.close(figure)
    write_whole(path, picture.getvalue())


def _curves(figure, history):
    epochs = [h["epoch"] for h in history]
    validated = history[-1]["validation_loss"] is not None
    axes = figure.subplots(2 if validated else 1, 1, sharex=True, squeeze=False)[:, 0]
    axes[0].plot(epochs, [h["loss"] for h in history], color=BLUE, marker="o", ms=3, label="training")
    axes[0].set(ylabel="loss", yscale="log")
    axes[0].yaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes[0].yaxis.set_minor_locator(matplotlib.ticker.LogLocator(subs=(2, 5)))
    axes[0].yaxis.set_minor_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    if validated:
        losses = [h["validation_loss"] for h in history]
        axes[0].plot(epochs, losses, color=ORANGE, marker="s", ms=3, label="validation")
        error = [100 * (1 - h["validation_accuracy"]) for h in history]
        axes[1].plot(epochs, error, color=ORANGE, marker="s", ms=3)
        axes[1].set(ylabel="validation error, %", ylim=(0, None))
    axes[0].set_title("Loss and error by epoch" if validated else "Loss by epoch", loc="left", fontweight="bold")
    axes[0].legend(frameon=False)
    axes[-1].set_xlabel("epoch")
    axes[-1].xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)


def _confusion(figure, labels, said):
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, said), 1)
    wrong = counts * (1 - np.eye(10, dtype=int))
    axis = figure.subplots()
    axis.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(wrong.max(), 1) * 1.4)
    for i in range(10):
        for j in range(10):
            if counts[i, j]:
                axis.text(j, i, counts[i, j], ha="center", va="center", fontsize=8, color=GREY if i == j else "black")
    axis.set(xticks=range(10), yticks=range(10), xlabel="answer", ylabel="truth")
    axis.set_title(f"Confusion: {wrong.sum()} wrong of {len(labels):,}", loc="left", fontweight="bold")
    axis.tick_params(length=0)


def _mistakes(figure, images, labels, probabilities):
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(-probabilities[wrong, said[wrong]])][:MISTAKES]
    figure.suptitle("Worst mistakes, the most certain first (label → answer, its confidence)",
                    x=0.012, ha="left", fontsize=12, fontweight="bold")  # fmt: skip
    axes = figure.subplots(3, MISTAKES // 3).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, n in zip(axes, worst, strict=False):
        axis.imshow(images[n], cmap="gray_r")
        axis.set_title(f"{labels[n]} → {said[n]}  {probabilities[n, said[n]]:.0%}", fontsize=9)


def _filters(figure, w):
    figure.suptitle("The first layer's filters (blue: less ink, orange: more)",
                    x=0.012, ha="left", fontsize=12, fontweight="bold")  # fmt: skip
    F = w.shape[-1]
    axes = figure.subplots(-(-F // 16), 16, squeeze=False).ravel()
    colours = matplotlib.colors.LinearSegmentedColormap.from_list("ink", [BLUE, "white", ORANGE])
    limit = np.abs(w).max()
    for axis in axes:
        axis.axis("off")
    for axis, f in zip(axes, range(F), strict=False):
        axis.imshow(w[:, :, 0, f], cmap=colours, vmin=-limit, vmax=limit)
