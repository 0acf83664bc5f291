"""A training from random weights, looked at while it learns."""

import time
from dataclasses import replace

import numpy as np

from window.actions import views, whatif
from window.data import live, looks
from window.state.learning import MOST

BIG = 10**0.5  # a step of the rate
NAMES = {"adamw": "AdamW", "sgd": "SGD"}  # of nn.optim.OPTIMIZERS
FOLDER = "trained"  # in the user's folder, for saved weights
TIMES = ("time loss", "time right", "time ribbon")  # the parts in which dragging shows another moment


def view(app):
    """Between the view Train and Forward."""
    views.toggle(app, "train")


# --- learning -------------------------------------------------------------------------------------------------

def _go(app, batches):
    learning = app.learning
    if learning.chosen and learning.chosen.hand and learning.chosen.over:
        learning.prepare(live.Choices())  # a hand is learned by its own button
    if (learning.chosen is None or learning.chosen.over) and not _begin(app):
        return
    for run in learning.runs:
        if run is not learning.chosen:
            run.controls.allow(0)
    learning.controls.allow(batches)
    learning.chosen.shown = None


def _begin(app):
    """Begin a run with the choices of now; True if it has begun."""
    run = prepared(app)
    if run is None:
        return False

    def work():
        from nn.network import digit_net  # imports Numba, which is not to be waited for

        network = digit_net(np.random.default_rng(run.choices.seed), run.choices.batch_norm)
        yield from live.learn(network, run.choices, run.controls)

    begin_job(app, f"run {run.number}", work(), run)
    app.say(f"Run {run.number} learns; draw, or drag in the curves, whenever you like.")
    return True


def prepared(app, hand=False):
    """A new run, or None if there are too many."""
    learning = app.learning
    if len(learning.runs) >= MOST:
        app.say(f"{MOST} runs are kept. Discard one of them in Train first.", bad=True)
        return None
    if learning.chosen:
        learning.prepare(learning.choices)
    for run in learning.runs:
        run.controls.allow(0)
    return learning.begin(hand)


def begin_job(app, name, events, run, each=lambda event: None, end=lambda error: None):
    """Run a training in the background; `each` and `end` are told of it too."""
    def take(event):
        run.take(event)
        each(event)
        judge(app)

    def over(error):
        run.over = True
        if error:
            run.failed = str(error)
            app.say(f"Run {run.number} stopped: {run.failed.partition(';')[0]}.")
        end(error)

    app.jobs.start(name, events, take, over)


def judge(app):
    """Work out in the background what the moments make of many digits, one after the other."""
    runs = [app.learning.chosen, *app.learning.runs]
    seen = app.sight == "train"
    found = ((run, run.unjudged(seen)) for run in runs if run and run.digits)
    run, moment = next(((run, moment) for run, moment in found if moment), (None, None))
    if moment is None or "judge" in app.jobs:
        return

    held = run.digits.held if moment.kept or not app.learning.going else None  # the training needs the processor

    def work():
        yield looks.judge(moment.network, run.digits.tests, held)

    app.jobs.start("judge", work(), lambda judged: run.judge(moment, judged), lambda error: error or judge(app))


def start(app):
    """Start, go on, or pause."""
    _go(app, 0 if app.learning.going else None)


def begin(app):
    """The large button, as long as there is nothing to see."""
    if not there(app):
        start(app)


def batch(app):
    _go(app, 1)


def epoch(app):
    _go(app, -(-55000 // app.learning.choices.batch_size))


# --- choices --------------------------------------------------------------------------------------------------

def slow(app):
    app.learning.controls.slow = not app.learning.controls.slow


def fresh(app):
    """Whether what changes while it learns can be changed: the recipe of a hand is fixed."""
    return not (app.learning.chosen and app.learning.chosen.hand)


def lower(app):
    app.learning.controls.rate = max(app.learning.controls.rate / BIG, 1e-6)


def higher(app):
    app.learning.controls.rate = min(app.learning.controls.rate * BIG, 1e3)


def augment(app):
    app.learning.controls.augment = not app.learning.controls.augment


def optimizer(app):
    controls = app.learning.controls
    controls.optimizer = "sgd" if controls.optimizer == "adamw" else "adamw"


def choose(app, **choice):
    """What can't change while it learns is of a new run; the one before waits, with all that it has learned."""
    learning = app.learning
    if (before := learning.chosen) is not None:
        before.controls.allow(0)
        app.say(f"Start begins another run. Run {before.number} waits beside it; a click on its name goes back to it.")
    learning.prepare(replace(learning.choices, **choice))


def size(app):
    choose(app, batch_size={32: 64, 64: 128, 128: 256, 256: 32}[app.learning.choices.batch_size])


def norm(app):
    choose(app, batch_norm=not app.learning.choices.batch_norm)


def seed(app):
    choose(app, seed=app.learning.choices.seed + 1)


def run(app, which):
    """Look at one of the runs."""
    if int(which) < len(app.learning.runs):
        app.learning.chosen = app.learning.runs[int(which)]


def discard(app):
    """Forget the run in sight."""
    run = app.learning.chosen
    app.learning.drop()
    app.say(f"Run {run.number} is discarded.")


def any_runs(app):
    return bool(app.learning.runs)


def chosen(app):
    return app.learning.chosen is not None


# --- time -----------------------------------------------------------------------------------------------------

def scrub(app, by):
    if there(app):
        app.learning.chosen.scrub(by)


def earlier(app):
    scrub(app, -1)


def later(app):
    scrub(app, 1)


def scrub_to(app, point):
    """Show the moment at a point of the axis of time."""
    box = app.layout.parts["time ribbon"]
    if there(app):
        app.learning.chosen.scrub_to((point[0] - box.x) / box.w, app.learning.total)


def there(app):
    return app.learning.moment is not None


# --- weights --------------------------------------------------------------------------------------------------

def _sound(app):
    """Whether the moment shown answers at all; a training that diverged doesn't, and that is said."""
    from nn.stored import check_answers  # imports Numba

    try:
        check_answers(app.learning.moment.network)
    except ValueError:
        app.say("These weights make no numbers of a digit any more. Go back in time first.")
        return False
    return True


def use(app):
    """Read with the weights of the moment shown, in all views; the same again: with those of before."""
    reading, run = app.reading, app.learning.chosen
    left = " What was painted or switched off in What if is left behind." if whatif.standing(app) else ""
    if reading.network is run.moment.network:
        app.use(reading.networks["shipped"])
        app.say(f"This is {app.name} again.{left}")
        return
    if not _sound(app):
        return
    reading.networks["trained"] = run.moment.network
    app.use(run.moment.network)
    app.say(f"All views read with run {run.number}, batch {run.moment.step}, now. Use again, or W, goes back.{left}")


def save(app):
    """Save the weights of the moment shown, under a name of its own."""
    run, moment = app.learning.chosen, app.learning.moment
    if not _sound(app):
        return
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-run{run.number}-batch{moment.step}.npz"
    path = app.teaching.samples / FOLDER / name
    try:
        moment.network.save(path)
    except OSError as error:
        app.say(f"{path}: {error.strerror}; the weights were not saved", bad=True)
        return
    run.saved = moment
    app.say(f"Saved {path}; play.py --weights opens it.")


def keep_unsaved(app):
    """Write what the runs have learned and nobody saved, as the window closes. Returns what could not be written."""
    lost = []
    for run in app.learning.runs:
        run.controls.stop()
        if run.last is None or run.failed or run.saved is run.news:
            continue
        path = app.teaching.samples / FOLDER / f"last-run{run.number}.npz"
        try:
            run.news.network.save(path)
        except OSError as error:
            lost.append(f"{path}: {error.strerror}; what run {run.number} learned is lost")
    return lost
