"""The view Train: a network that learns, its curves, filters, maps, bars, and test digits in the plane."""

import numpy as np
import pygame

from window.actions import train
from window.data import live
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "start": Control("Start", "Start a training from random weights, pause it, or go on.", train.start),
    "batch": Control("1 batch", "Learn one batch, then pause.", train.batch),
    "epoch": Control("1 epoch", "Learn an epoch of batches, then pause.", train.epoch),
    "slow": Control("Slow", "Slow motion: two batches a second.", train.slow),
    "lower": Control("Rate down", "A lower learning rate, from the next batch on.", train.lower),
    "higher": Control("Rate up", "A higher learning rate, from the next batch on.", train.higher),
    "size": Control("", "The batch size; another one needs a new run.", train.size),
    "norm": Control("Norm", "Batch norm; changing it needs a new run.", train.norm),
    "warp": Control("Warp", "Warped images (augmentation); changing it needs a new run.", train.augment),
    "seed": Control("", "The seed of the random weights; another one needs a new run.", train.seed),
    "earlier": Control("Earlier", "Show the kept moment before.", train.earlier, train.there),
    "later": Control("Later", "Show the kept moment after; the last follows the training.", train.later, train.there),
    "save": Control("Save", "Save the weights of this moment.", train.save, train.there),
    "use": Control("Use", "Read the pad with the weights of this moment.", train.use, train.there),
    "drop": Control("Discard", "End this run; its curve stays to compare.", train.discard),
    "ribbon": Control("", "Your drawing's ten probabilities over the training; a click shows that moment.",
                      train.scrub_to, train.there, focusable=False),
}  # fmt: skip
HUES = ((230, 80, 80), (235, 150, 50), (190, 170, 40), (90, 180, 80), (40, 175, 160),
        (60, 150, 230), (110, 110, 235), (170, 90, 220), (225, 90, 170), (140, 140, 140))  # fmt: skip


def place(layout):
    panel = layout.panels["train"] = layout.free
    inner, half = panel.inset(layout.gap), layout.half
    for i, name in enumerate(name for name in CONTROLS if name != "ribbon"):
        w = (inner.w - 4 * half) // 5
        layout.parts[name] = Rect(inner.x + i % 5 * (w + half), inner.y + i // 5 * (layout.row + half), w, layout.row)
    top = inner.y + 3 * (layout.row + half) + layout.heading
    high, wide = (inner.bottom - top - 2 * half) // 3, (inner.w - half) // 2
    for i, name in enumerate(("curves", "plane", "filters", "maps", "bars", "ribbon")):
        x, y = inner.x + i % 2 * (wide + half), top + i // 2 * (high + half)
        layout.parts[name if name == "ribbon" else f"train {name}"] = Rect(x, y, wide, high)


def draw(surface, app):
    layout, theme, parts, learning = app.layout, app.theme, app.layout.parts, app.learning
    widgets.card(surface, layout.panels["train"], theme, layout.gap)
    choices, controls = learning.choices, learning.controls
    going = "train" in app.jobs and controls.batches != 0
    words = {"start": "Pause" if going else "Start", "size": f"Batch {choices.batch_size}",
             "seed": f"Seed {choices.seed}"}  # fmt: skip
    on = {"slow": controls.slow, "norm": choices.batch_norm, "warp": choices.augment}
    for name, control in CONTROLS.items():
        if name == "ribbon":
            continue
        widgets.button(surface, parts[name], words.get(name, control.words), theme, layout.text, on=on.get(name, False),
                       primary=name == "start", pointed=app.pointed_part == name, ready=control.there(app))  # fmt: skip
    box = parts["train curves"]
    line = Rect(box.x, box.y - layout.heading, layout.panels["train"].w - 2 * layout.gap, layout.heading)
    widgets.text(surface, _said(learning), line, layout.text, theme.warning if learning.failed else theme.text)
    _curves(surface, app, box)
    if learning.moment is None:
        return
    network, moment = live.at(learning.network, learning.moment), learning.moment
    filters = next(iter(network.params.values()))  # (3, 3, 1, 32)
    filters = filters[..., 0, :].transpose(2, 0, 1)
    _grid(surface, parts["train filters"], widgets.signed(np.nan_to_num(filters)), theme.signed_scale)
    point = None
    if app.answer is not None:
        image = app.answer.image
        ribbon = learning.follow(image)
        live.at(network, moment)
        stages, box = live.maps(network, image), parts["train maps"]
        for i, maps in enumerate(stages):
            where = Rect(box.x + i * box.w // len(stages), box.y, box.w // len(stages) - 2, box.h)
            _grid(surface, where, maps / max(maps.max(), 1e-9), theme.heat_scale)
        point = live.hidden(network, image[None])
        _bars(surface, app, parts["train bars"], network.predict(image[None])[0])
        _ribbon(surface, parts["ribbon"], ribbon)
    shown = len(learning.moments) - 1 if learning.shown is None else learning.shown
    box = parts["ribbon"]
    widgets.outline(surface, box, theme.line)
    widgets.outline(surface, Rect(box.x + shown * box.w // live.MOMENTS, box.y, 4, box.h), theme.text)
    _plane(surface, app, parts["train plane"], moment, point)


def _said(learning):
    if learning.failed:
        return f"{learning.failed}. Earlier goes back to before."
    rate = f"rate {learning.controls.rate:.2g}"
    if not learning.points:
        return f"{rate}; Start trains a network from random weights."
    last, moment = learning.points[-1], learning.moment
    speed = last.images / max(last.seconds, 1e-9)
    return (f"epoch {last.epoch}, batch {last.step}, {last.seconds:.0f} s, {speed:,.0f} images/s, {rate}, loss "
            f"{last.loss:.3f}; shown: batch {moment.step}, {moment.accuracy:.1%} of {live.DIGITS}")  # fmt: skip


def _curves(surface, app, box):
    theme, learning = app.theme, app.learning
    widgets.outline(surface, box, theme.line)
    now = [point.loss for point in learning.points]
    longest = max([len(now), 2, *map(len, learning.runs)])

    def curve(xs, ys, colour):
        spots = [(box.x + x / longest * box.w, box.bottom - np.clip(y, 0, 1) * box.h) for x, y in zip(xs, ys)]  # noqa: B905
        if len(spots) > 1:
            pygame.draw.lines(surface, colour, False, spots)

    for losses, colour in [*((run, theme.faint) for run in learning.runs), (now, theme.accent)]:
        every = max(1, len(losses) // max(box.w, 1))
        curve(range(0, len(losses), every), [loss / 2.5 for loss in losses[::every]], colour)
    curve([m.step for m in learning.moments], [m.accuracy for m in learning.moments], theme.warning)
    words = box.inset(4)._replace(h=app.layout.caption)
    widgets.text(surface, "loss, accuracy; grey: the run before", words, app.layout.text * 0.85, theme.muted)


def _grid(surface, box, cells, colours):
    columns = max(1, round((len(cells) * box.w / max(box.h, 1)) ** 0.5))
    side = max(2, min(box.w // columns, box.h // -(-len(cells) // columns)))
    gap = max(1, side // 10)
    for i, cell in enumerate(cells):
        where = Rect(box.x + i % columns * side, box.y + i // columns * side, side - gap, side - gap)
        widgets.picture(surface, widgets.coloured(cell, colours), where)


def _bars(surface, app, box, probabilities):
    high, size = box.h // 10, app.layout.text * 0.85
    for digit, share in enumerate(np.nan_to_num(probabilities).tolist()):
        row = Rect(box.x, box.y + digit * high, box.w, high)
        widgets.text(surface, str(digit), row, min(size, high), app.theme.text)
        pygame.draw.rect(surface, HUES[digit], (row.x + size * 1.5, row.y + 1, (row.w - size * 1.5) * share, high - 2))


def _ribbon(surface, box, ribbon):
    for i, shares in enumerate(np.nan_to_num(ribbon)):
        x, right, y = box.x + i * box.w // live.MOMENTS, box.x + (i + 1) * box.w // live.MOMENTS, float(box.y)
        for digit, share in enumerate(shares.tolist()):
            pygame.draw.rect(surface, HUES[digit], (x, round(y), right - x, round(y + share * box.h) - round(y)))
            y += share * box.h


def _plane(surface, app, box, moment, point):
    theme, size = app.theme, app.layout.text
    widgets.outline(surface, box, theme.line)
    plane = np.nan_to_num(moment.plane)
    low, high = plane.min(axis=0), plane.max(axis=0)

    def spot(at):
        share = np.clip((at - low) / np.maximum(high - low, 1e-9), 0, 1)
        return int(box.x + size + share[0] * (box.w - 2 * size)), int(box.y + size + share[1] * (box.h - 2 * size))

    for at, label in zip(plane, app.learning.labels, strict=True):
        x, y = spot(at)
        widgets.text(surface, str(label), Rect(x - size, y - size // 2, 2 * size, size), size * 0.7, HUES[label],
                     align="centre")  # fmt: skip
    if point is not None:
        pygame.draw.circle(surface, theme.text, spot(np.nan_to_num(point[0])), size // 2, 2)
