"""The bar chart of speed.py."""

import io
import statistics

import matplotlib

from nn.files import write_whole

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OURS, OTHERS = "#2563a8", "#9aa5b1"


def draw(path, figures, about, threads):
    """Write a PNG: training, 256 images, one image, as far as they were measured; whiskers are quartiles."""
    panels = []
    if figures.get("training"):
        panels.append(("Training, batches of 128", "images a second", figures["training"], 1))
    if figures.get("inference"):
        panels.append(("Inference, 256 images", "images a second", figures["inference"]["many"], 1))
        panels.append(("Inference, one image", "microseconds (less is better)", figures["inference"]["one"], 1e6))
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    size = (1 + 4.2 * len(panels), 3.6)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, layout="constrained")
    for axis, (title, unit, results, scale) in zip(axes[0], panels, strict=True):
        names = list(results)[::-1]
        quarters = [[scale * q for q in statistics.quantiles(results[name], n=4)] for name in names]
        middles = [q[1] for q in quarters]
        whiskers = [[q[1] - q[0] for q in quarters], [q[2] - q[1] for q in quarters]]
        axis.barh(names, middles, xerr=whiskers, color=[OURS if name == "ours" else OTHERS for name in names],
                  error_kw={"elinewidth": 1, "capsize": 2})  # fmt: skip
        room = 1.28 * max(q[2] for q in quarters)
        axis.set_xlim(0, room)
        for name, (_, middle, high) in zip(names, quarters, strict=True):
            axis.text(high + 0.02 * room, name, f"{middle:,.0f}", va="center")
        axis.set_title(title, loc="left", fontweight="bold")
        axis.set_xlabel(unit)
        axis.tick_params(axis="y", length=0)
        axis.xaxis.set_major_locator(plt.MaxNLocator(4))
        axis.xaxis.set_major_formatter("{x:,.0f}")
    where = f"{about['processor']}, {threads} threads; medians, whiskers are quartiles"
    figure.supxlabel(where, fontsize=8, color="#555555")
    picture = io.BytesIO()
    figure.savefig(picture, dpi=130, format="png")
    plt.close(figure)
    write_whole(path, picture.getvalue())
