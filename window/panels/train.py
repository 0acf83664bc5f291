"""The view Train: what a training is told, and the room for what is seen of it (train_seen.py)."""

import pygame

from window.actions import teach, train
from window.panels import train_seen, widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.state.learning import MOST

ROWS = (  # of buttons
    ("start", "batch", "epoch", "slow", "earlier", "later"),
    ("lower", "higher", "optimizer", "warp", "size", "norm"),
    ("seed", "save", "use", "drop", "keep", "away"),
)
CONTROLS = {
    "start": Control("Start", "Start a training from random weights, pause it, or go on: Enter.", train.start),
    "batch": Control("1 batch", "Learn one batch, then pause.", train.batch),
    "epoch": Control("1 epoch", "Learn an epoch of batches, then pause.", train.epoch),
    "slow": Control("Slow", "Slow motion, two batches a second, for the run under way.", train.slow),
    "lower": Control("Rate down", "A lower learning rate, for the run under way from its next batch on.",
                     train.lower, train.fresh),
    "higher": Control("Rate up", "A higher learning rate, for the run under way from its next batch on.",
                      train.higher, train.fresh),
    "optimizer": Control("", "AdamW, or SGD with momentum, for the run under way, from its next batch on.",
                         train.optimizer, train.fresh),
    "warp": Control("Warp", "Turned, bent and shifted images, for the run under way, from its next batch on.",
                    train.augment, train.fresh),
    "size": Control("", "Images in a batch; another number prepares another run, and this one waits.", train.size),
    "norm": Control("Norm", "Batch norm; with or without prepares another run, and this one waits.", train.norm),
    "seed": Control("", "The seed of the random weights; another prepares another run, and this one waits.",
                    train.seed),
    "earlier": Control("Earlier", "Show the kept moment before.", train.earlier, train.there),
    "later": Control("Later", "Show the kept moment after; the last follows the training.", train.later, train.there),
    "save": Control("Save", "Save the weights of this moment.", train.save, train.there),
    "use": Control("Use", "Read the pad with the weights of this moment.", train.use, train.there),
    "drop": Control("Discard", "Forget the run that is shown.", train.discard, train.chosen),
    "keep": Control("", "Teach a copy of the network the drawings that you kept (F); then keep it (K).", teach.onward),
    "away": Control("Leave hand", "Go on as before, without what was learned of your hand (D).", teach.discard,
                    teach.undecided),
    "run": Control("", "Show this run; Start goes on with it.", train.run, train.any_runs),
    "plane": Control("", "500 test digits, each pulled to its own place by the score it gets. Ringed: your drawing.",
                     train.begin, focusable=False),
    "time": Control("", "The loss of every batch, held-out digits read right, your drawing's ten probabilities. "
                    "Drag, or arrow keys: go back in time.", None, train.there),
}  # fmt: skip


def place(layout):
    panel = layout.panels["train"] = layout.free
    inner, half, gap, parts = panel.inset(layout.gap), layout.half, layout.gap, layout.parts
    layout.needs((inner.w, 38), (inner.h, 30))
    w, y = (inner.w - 5 * half) // 6, inner.y
    for row in ROWS:
        for i, name in enumerate(row):
            parts[name] = Rect(inner.x + i * (w + half), y, w, layout.row)
        y += layout.row + half
    parts["train said"] = Rect(inner.x, y, inner.w, 2 * layout.caption)
    y += 2 * layout.caption
    for i in range(MOST):
        w = (inner.w - half) // 2
        parts[f"run {i}"] = Rect(inner.x + i % 2 * (w + half), y + i // 2 * layout.caption, w, layout.caption)
    y += -(-MOST // 2) * layout.caption + half

    high = inner.bottom - y
    layout.needs((inner.w, 44), (high, 28))
    below = int(high * 0.36)
    left, top = (inner.w - gap) * 6 // 11, high - below - gap
    third = (top - 2 * half) * 2 // 5
    parts["time loss"] = Rect(inner.x, y, left, third)
    parts["time right"] = Rect(inner.x, y + third + half, left, third)
    ribbon = y + 2 * (third + half)
    parts["time ribbon"] = Rect(inner.x, ribbon, left, y + top - ribbon)
    parts["plane"] = Rect(inner.x + left + gap, y, inner.w - left - gap, top)
    wide = (inner.w - 4 * half) // 5
    for i, name in enumerate(("filters", "first", "second", "third", "bars")):
        parts[f"train {name}"] = Rect(inner.x + i * (wide + half), inner.bottom - below, wide, below)


def draw(surface, app):
    layout, theme, parts, learning = app.layout, app.theme, app.layout.parts, app.learning
    widgets.card(surface, layout.panels["train"], theme, layout.gap)
    choices, controls, size = learning.choices, learning.controls, layout.text
    words = {"start": "Pause" if learning.going else "Start", "size": f"Batch {choices.batch_size}",
             "keep": "Keep hand" if teach.undecided(app) else "Cancel" if "learn" in app.jobs else "Learn hand",
             "seed": f"Seed {choices.seed}", "optimizer": train.NAMES[controls.optimizer]}  # fmt: skip
    on = {"slow": controls.slow, "norm": choices.batch_norm, "warp": controls.augment}
    best, pointed = "start", app.pointed_part
    if teach.undecided(app):
        best = "keep" if app.teaching.learned.better else "away"
    for row in ROWS:
        for name in row:
            its = CONTROLS[name]
            widgets.button(surface, parts[name], words.get(name, its.words), theme, size, on=on.get(name, False),
                           primary=name == best, pointed=pointed == name, ready=its.there(app))  # fmt: skip
    box = parts["train said"]._replace(h=layout.caption)
    for i, words in enumerate(said(learning, app.teaching)):
        alarm = learning.chosen and (learning.chosen.failed or (learning.chosen.rising and i))
        colour = theme.warning if alarm else theme.text
        widgets.text(surface, words, box._replace(y=box.y + i * box.h), size * 0.9, colour)
    for i, run in enumerate(learning.runs):
        box = parts[f"run {i}"]
        colour = theme.text if run is learning.chosen or pointed == f"run {i}" else theme.muted
        mark = train_seen.mark(theme, run.number)
        pygame.draw.rect(surface, mark, (box.x, box.y + box.h // 3, box.h, max(2, box.h // 4)))
        style = "bold" if run is learning.chosen else ""
        words, line = named(run), Rect(box.x + box.h * 3 // 2, box.y, box.w - box.h * 2, box.h)
        small = widgets.fitted_size(words, line._replace(h=2 * box.h), size * 0.85, style)
        widgets.text(surface, words, line, small, theme.warning if run.failed else colour, style)
    train_seen.draw(surface, app)


def named(run):
    """A run in a line."""
    words = "your hand" if run.hand else choices_of(run)
    return f"{run.number}  {words}{' · diverged' if run.failed else ''}"


def choices_of(of):
    """What a run began with and what was changed since, or the choices of the one that is prepared."""
    changes = getattr(of, "changes", [])
    first = changes[0].settings if changes else of.controls.settings
    words = [f"{train.NAMES[first.optimizer]} {first.rate:.2g}", "" if first.augment else "no warp"]
    words = ", ".join(filter(None, [*words, _changed(of, changes)]))
    choices = of.choices
    words = [words, f"batch {choices.batch_size}", "norm" if choices.batch_norm else "no norm",
             f"seed {choices.seed}" if choices.seed else ""]  # fmt: skip
    return " · ".join(filter(None, words))


def _changed(run, changes):
    """What a run learns with by now and from which batch, "SGD from batch 2,300"; "" if with what it began with."""
    steps = [(point.step, point.settings) for point in changes]
    if changes and not run.over and run.controls.settings != changes[-1].settings:
        steps.append((run.last.step + 1, run.controls.settings))  # not learned with yet
    if len(steps) < 2:
        return ""
    (_, first), (step, now) = steps[0], steps[-1]
    words = [train.NAMES[now.optimizer] if now.optimizer != first.optimizer else "",
             f"rate {now.rate:.2g}" if now.rate != first.rate else "",
             "" if now.augment == first.augment else "warp" if now.augment else "no warp"]  # fmt: skip
    count = f"{len(steps) - 1} changes: " if len(steps) > 2 else ""
    return f"{count}{' '.join(filter(None, words)) or 'as at first'} from batch {step:,}"


def said(learning, teaching):
    """Where the training is, in two lines of words."""
    run = learning.chosen
    if run and run.hand and teaching.learned:
        return teaching.learned.verdict, "Keep hand, K, reads with it from now on. Leave hand, D, goes on as before."
    if run is None:
        back = "A click on a run's name, or Tab to it and Enter, goes back to it." if learning.runs else ""
        return f"A new run: {choices_of(learning)}. Start begins it.", back
    if run.failed and run.last is None:
        return f"It could not begin: {run.failed}.", ""
    if run.failed:
        reason = run.failed.partition(";")[0]  # what follows is advice for the command line
        return f"Diverged: {reason}.", "Drag in the curves, or Earlier: back to before. Then a new run at a lower rate."
    if run.last is None:
        return "Getting ready; on the first start of all the kernels are compiled.", ""
    last, moment = run.last, run.moment
    speed = last.images / max(last.seconds, 1e-9)
    now = f"Epoch {last.epoch}, batch {last.step:,}, {last.seconds:.0f} s, {speed:,.0f} images/s, loss {last.loss:.3f}"
    shown = f"Shown: batch {moment.step:,}"
    judged = run.judged.get(moment)
    if judged and judged.accuracy is not None:
        shown += f", {judged.accuracy:.1%} of {judged.count:,} held-out digits read right"
    if run.rising:
        return now, "The loss is higher than at the start: the rate is too high. Rate down, or go back in time."
    return now, shown
