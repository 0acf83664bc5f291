"""The picture of a training: curves, confusion matrix, worst mistakes, the first layer's filters.

It has five axes, and the small images are cut into one: axes of its own for each would take a second to draw.
"""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator

from nn.files import write_whole

BLUE, ORANGE, GREY = "#2563a8", "#d9730d", "#6b7280"
MISTAKES = 24  # pictured, in three rows


def write_report(path, network, history, images, labels, probabilities, title):
    """Write a PNG to path, whole or not at all.

    history        a dict for each epoch: epoch, loss, validation_loss, validation_accuracy (None without validation)
    images, labels, probabilities   the test set: uint8 (N, 28, 28), (N,), (N, 10)
    """
    figure = Figure(figsize=(13, 11))
    FigureCanvasAgg(figure)
    figure.suptitle(title, y=0.985, fontsize=15, fontweight="bold")
    _curves(figure, history)
    _confusion(figure, labels, probabilities.argmax(axis=1))
    _mistakes(figure, images, labels, probabilities)
    _filters(figure, network.layers[0].params["w"])

    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    write_whole(path, picture.getvalue())


def _curves(figure, history):
    epochs = [h["epoch"] for h in history]
    validated = history[-1]["validation_loss"] is not None
    loss = figure.add_axes((0.06, 0.775, 0.49, 0.155) if validated else (0.06, 0.595, 0.49, 0.335))
    loss.plot(epochs, [h["loss"] for h in history], color=BLUE, marker="o", ms=3, label="training")
    loss.set(ylabel="loss", yscale="log")
    loss.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    loss.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    loss.yaxis.set_minor_formatter(FormatStrFormatter("%g"))
    loss.set_title("Loss and error by epoch" if validated else "Loss by epoch", loc="left", fontweight="bold")
    last = loss
    if validated:
        loss.plot(epochs, [h["validation_loss"] for h in history], color=ORANGE, marker="s", ms=3, label="validation")
        loss.tick_params(labelbottom=False)
        last = figure.add_axes((0.06, 0.595, 0.49, 0.155), sharex=loss)
        last.plot(epochs, [100 * (1 - h["validation_accuracy"]) for h in history], color=ORANGE, marker="s", ms=3)
        last.set(ylabel="validation error, %", ylim=(0, None))
    loss.legend(frameon=False)
    last.set_xlabel("epoch")
    last.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)


def _confusion(figure, labels, said):
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, said), 1)
    wrong = counts * (1 - np.eye(10, dtype=int))
    axes = figure.add_axes((0.625, 0.595, 0.335, 0.335))
    axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(wrong.max(), 1) * 1.4)
    for i in range(10):
        for j in range(10):
            if counts[i, j]:
                axes.text(j, i, counts[i, j], ha="center", va="center", fontsize=8, color=GREY if i == j else "black")
    axes.set(xticks=range(10), yticks=range(10), xlabel="answer", ylabel="truth", anchor="W")
    axes.set_title(f"Confusion: {wrong.sum()} wrong of {len(labels):,}", loc="left", fontweight="bold")
    axes.tick_params(length=0)


def _mistakes(figure, images, labels, probabilities):
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(-probabilities[wrong, said[wrong]])][:MISTAKES]
    axes = _panel(figure, (0.012, 0.215, 0.976, 0.298),
                  "Worst mistakes, the most certain first (label → answer, its confidence)")  # fmt: skip
    sheet = np.zeros((MISTAKES, 40, 58), np.uint8)  # each with room around it, for its words above
    sheet[: len(worst), 10:38, 15:43] = images[worst]
    axes.imshow(_side_by_side(sheet, MISTAKES // 3), cmap="gray_r", aspect="auto", vmin=0, vmax=255)
    for place, n in enumerate(worst):
        row, column = divmod(place, MISTAKES // 3)
        axes.text(58 * column + 29, 40 * row + 8, f"{labels[n]} → {said[n]}  {probabilities[n, said[n]]:.0%}",
                  ha="center", fontsize=9)  # fmt: skip


def _filters(figure, w):
    axes = _panel(figure, (0.012, 0.015, 0.976, 0.144), "The first layer's filters (blue: less ink, orange: more)")
    kh, kw, _, F = w.shape
    sheet = np.full((-(-F // 16) * 16, 8 * kh + 2, 8 * kw + 2), np.nan)  # each of its numbers 8 x 8, white between
    sheet[:F, 1:-1, 1:-1] = w[:, :, 0].transpose(2, 0, 1).repeat(8, axis=1).repeat(8, axis=2)
    colours, limit = LinearSegmentedColormap.from_list("ink", [BLUE, "white", ORANGE]), np.abs(w).max()
    axes.imshow(_side_by_side(sheet, 16), cmap=colours, aspect="auto", vmin=-limit, vmax=limit)


def _panel(figure, place, title):
    axes = figure.add_axes(place)
    axes.axis("off")
    axes.set_title(title, loc="left", fontweight="bold")
    return axes


def _side_by_side(sheet, columns):
    """Images (N, H, W) as one, so many in a row; N is a multiple of it."""
    _, H, W = sheet.shape
    return sheet.reshape(-1, columns, H, W).swapaxes(1, 2).reshape(-1, columns * W)
