"""A training from random weights, looked at while it learns."""

import copy
from dataclasses import replace

import numpy as np

from window.actions import views
from window.data import live
from window.state.learning import Learning


def view(app):
    """Between the view Train and the one before."""
    views.go(app, "forward" if app.sight == "train" else "train")


def _go(app, batches):
    app.learning.controls.allow(batches)
    if app.learning.network is None or "train" not in app.jobs:
        _begin(app)


def _begin(app):
    from nn import mnist
    from nn.network import digit_net

    learning, choices = app.learning, app.learning.choices
    try:
        train, test = (mnist.load_part(mnist.SHIPPED, part) for part in ("train", "t10k"))
    except (OSError, ValueError) as error:
        app.say(str(error), bad=True)
        return
    if learning.points:
        learning.runs = [[point.loss for point in learning.points]]
    old, learning.controls = learning.controls, live.Controls(learning.controls.rate)
    learning.controls.batches, learning.controls.slow = old.batches, old.slow
    network = digit_net(np.random.default_rng(choices.seed), choices.batch_norm)
    learning.begin(copy.deepcopy(network))
    learning.labels = test[1][: live.DIGITS]

    def end(error):
        if error:
            learning.failed = str(error)
        if error and app.learning is learning:
            app.say(f"Training stopped: {error}. Earlier goes back to before.", bad=True)

    job = live.learn(network, choices, learning.controls, train, test)
    app.jobs.start("train", job, learning.take, end)


def start(app):
    """Start, go on, or pause."""
    going = "train" in app.jobs and app.learning.controls.batches != 0
    _go(app, 0 if going else None)


def batch(app):
    _go(app, 1)


def epoch(app):
    _go(app, -(-60000 // app.learning.choices.batch_size))


def slow(app):
    app.learning.controls.slow = not app.learning.controls.slow


def lower(app):
    app.learning.controls.rate /= 10**0.5


def higher(app):
    app.learning.controls.rate *= 10**0.5


def choose(app, **choice):
    """What can't change while it learns ends the run; Start begins another."""
    discard(app)
    app.learning.choices = replace(app.learning.choices, **choice)


def size(app):
    choose(app, batch_size={32: 64, 64: 128, 128: 256, 256: 32}[app.learning.choices.batch_size])


def norm(app):
    choose(app, batch_norm=not app.learning.choices.batch_norm)


def augment(app):
    choose(app, augment=not app.learning.choices.augment)


def seed(app):
    choose(app, seed=app.learning.choices.seed + 1)


def discard(app):
    """End the run; its curve stays to compare."""
    learning = app.learning
    learning.controls.stopped = True
    if "train" in app.jobs:
        app.jobs.cancel("train")
    fresh = Learning()
    fresh.choices, fresh.controls.rate = learning.choices, learning.controls.rate
    fresh.runs = [[point.loss for point in learning.points]] if learning.points else learning.runs
    app.learning = fresh


def scrub(app, by):
    """Show an earlier or a later moment; the last one follows the training."""
    learning = app.learning
    last = len(learning.moments) - 1
    if last < 0:
        return
    now = (last if learning.shown is None else learning.shown) + by
    learning.shown = None if now >= last else max(now, 0)


def earlier(app):
    scrub(app, -1)


def later(app):
    scrub(app, 1)


def scrub_to(app):
    """Show the moment under the pointer in the ribbon."""
    box, moments = app.layout.parts["ribbon"], app.learning.moments
    if moments and app.looking.pointer:
        app.learning.shown = 0
        scrub(app, (app.looking.pointer[0] - box.x) * live.MOMENTS // box.w)


def _shown(app):
    return live.at(copy.deepcopy(app.learning.network), app.learning.moment)


def there(app):
    return app.learning.moment is not None


def use(app):
    """Read with the weights of the moment shown; the same again: with those that the window was opened with."""
    reading = app.reading
    back = reading.network is not reading.networks["shipped"]
    app.use(reading.networks["shipped"] if back else _shown(app))
    app.say(f"This is {app.name} again." if back else "Read with the weights of this moment. Use again goes back.")


def save(app):
    path = app.teaching.samples / "trained.npz"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _shown(app).save(path)
    except OSError as error:
        app.say(f"{path}: {error.strerror}", bad=True)
        return
    app.say(f"Saved as {path}.")
