"""Steps down the gradient of the drawing's loss, on a copy of the network: what they do to it and cost elsewhere."""

import math

from window.actions.backward import there
from window.data import testset
from window.state.backward import PAUSE


def take(app):
    """Take one step at the rate: on a copy of the network."""
    state = app.backward
    if not there(app):
        app.say("A step needs a drawing and its true digit first.")
        return
    state.take(app.reading)
    state.follow(app.reading, app.pad.drawing.picture)
    way = state.way(app.reading)
    if way is None or not math.isfinite(way.loss):
        state.repeating = False
        app.say("The loss is no number any more: the rate is too high. Undo goes back, a lower rate goes on.", bad=True)
        return
    steps = "1 step" if len(state.steps) == 1 else f"{len(state.steps)} steps"
    app.say(f"{steps} of a copy: the network that reads your drawing, and its file, stay as they are.")


def undo(app):
    """Take the last step back."""
    state = app.backward
    if not state.undoable:
        app.say("There is no step to undo." if not state.steps else "Only the last steps can be undone; the true "
                "digit's key starts again.")  # fmt: skip
        return
    state.undo()
    app.say(f"Undone: {len(state.steps)} steps are left." if state.steps else "Undone: the network is as it was.")


def repeat(app):
    """Take steps, four a second, until this is pressed again."""
    state = app.backward
    if not state.repeating and not there(app):
        app.say("Steps need a drawing and its true digit first.")
        return
    state.repeating, state.next = not state.repeating, 0.0


def lower(app):
    app.backward.turn(up=False)


def higher(app):
    app.backward.turn(up=True)


def pass_time(app):
    """What is due: the next of repeated steps, and the accuracy of the network as it is now."""
    state = app.backward
    if state.repeating and app.clock >= state.next:
        state.next = app.clock + PAUSE
        take(app)
        app.changed = True
    if state.steps:
        _measure(app)


def _measure(app):
    """Measure on the test set what the steps cost, and first what there was before them."""
    state, reading = app.backward, app.reading
    if "forgets" in app.jobs or state.untestable:
        return
    now = len(state.steps) if 0 in state.accuracies else 0
    if now in state.accuracies:
        return
    network = state.steps[now - 1].network if now else state.origin
    steps = state.steps

    def each(event):
        _, reading.tests, found = event
        if found.done and state.steps is steps and len(steps) >= now:
            state.accuracies[now] = found.right / found.of

    def end(error):
        state.untestable = str(error or "")

    app.jobs.start("forgets", testset.scores([network], reading.tests), each, end)
