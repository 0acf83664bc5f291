"""Your own hand: drawings kept with what they should have been, and weights learned from them."""

from nn import ink
from nn.words import article
from window.actions import train, views
from window.data import hand


def possible(app):
    """Whether what is on the pad could be kept: it is the user's own, one digit, and more than a dot."""
    return bool(app.pad.drawing.strokes) and app.pad.own and not app.pad.dot and len(app.reading.answers) < 2


def gallery(app):
    """Show what was kept."""
    app.teaching.look_through()
    app.dialogs.open = "gallery"


def remove(app, which):
    """Take a kept drawing out of the folder; it can be put back as long as the window is open."""
    error = app.teaching.remove(int(which))
    app.say(error or "Removed. Put back brings it back.", bad=bool(error))


def put_back(app):
    error = app.teaching.put_back()
    app.say(error or "It is back.", bad=bool(error))


def close(app):
    app.dialogs.open = None


def label(app, digit):
    """Keep the drawing as what it should have been, and make room for the next one."""
    pad, teaching = app.pad, app.teaching
    if teaching.just_kept(pad.drawing):
        return  # the key was held down: the drawing is kept already
    pad.follow()
    if not pad.own:
        app.say("Teaching is for single drawings of yours. C clears the pad.")
        return
    if len(app.reading.answers) > 1:
        app.say("Teaching is for single drawings of yours: these are several digits. C clears the pad.")
        return
    if not pad.drawing.strokes or pad.dot or (image := ink.to_mnist(pad.page.ink)) is None:
        app.say(f"Draw a digit first, then {digit} keeps it as {article(int(digit))}.")
        return
    samples = teaching.samples
    try:
        path = hand.keep(samples, int(digit), pad.drawing.strokes, image)
    except OSError as error:
        app.say(f"{error.filename or samples}: {error.strerror}; the drawing was not kept", bad=True)
        return
    except ValueError as error:
        app.say(f"{error}; the drawing was not kept", bad=True)
        return
    pad.drawing.lift()
    pad.clear()
    teaching.count()
    teaching.kept_at[pad.drawing.state] = path
    count = "1 drawing" if teaching.kept == 1 else f"{teaching.kept} drawings"
    app.say(f"Kept as {article(int(digit))}; {count} in {samples}. Ctrl+Z brings it back.")


def learn(app):
    """Fine-tune a copy of the network on the kept drawings, to be looked at in the view Train."""
    teaching = app.teaching
    if app.reading.network is None or "learn" in app.jobs:
        return
    if teaching.learned:
        app.say(f"{teaching.learned.verdict} K keeps it, D discards it.")
        return
    drawings, refused = hand.load(teaching.samples)
    if len(drawings) < hand.ENOUGH:
        words = f"{len(drawings)} of {hand.ENOUGH} drawings kept: draw a digit, and press what it is."
        app.say(f"{words} {refused[0]}" if refused else words, bad=bool(refused))
        return
    run = train.prepared(app, hand=True)
    if run is None:
        return
    run.controls.allow(None)
    views.go(app, "train")
    app.say(f"Learning from {len(drawings)} drawings; {refused[0] if refused else 'keep drawing if you like.'}")

    def each(event):
        if isinstance(event, hand.Progress):
            teaching.progress = event
        elif isinstance(event, hand.Learned):
            teaching.learned = event

    def end(error):
        teaching.progress = None
        if teaching.learned:
            app.say(f"{teaching.learned.verdict} K keeps it, D discards it.")
            if app.sight == "train" and app.looking.focus is None:
                app.looking.focus = "keep" if teaching.learned.better else "away"
        elif not error:
            app.say("Learning was cancelled; nothing has changed.")

    events = hand.learn(app.reading.networks["shipped"], drawings, controls=run.controls)
    train.begin_job(app, "learn", events, run, each, end)


def undecided(app):
    """Whether what was learned is to be kept or discarded."""
    return app.teaching.learned is not None


def learn_or_cancel(app):
    """What the button does: F alone never stops what it began."""
    if undecided(app):
        views.go(app, "train")
        app.say(app.teaching.learned.verdict)
    elif "learn" in app.jobs:
        next(run for run in app.learning.runs if run.hand and not run.over).controls.stop()
    else:
        learn(app)


def onward(app):
    """What the button in Train does: learn, cancel, or keep what was learned."""
    (keep if undecided(app) else learn_or_cancel)(app)


def keep(app):
    """Use what was learned from now on; the weights that it began with stay as they are."""
    teaching, reading = app.teaching, app.reading
    if teaching.learned:
        path = teaching.samples / hand.WEIGHTS
        try:
            teaching.learned.network.save(path)
        except OSError as error:
            app.say(f"{path}: {error.strerror}", bad=True)
            return
        reading.networks["yours"], teaching.learned = teaching.learned.network, None
        for run in app.learning.runs:
            if run.moment and run.moment.network is reading.networks["yours"]:
                run.saved = run.moment
        app.use(reading.networks["yours"])
        app.say(f"Kept in {path}. W switches between {app.name} and yours.")


def discard(app):
    if app.teaching.learned:
        app.teaching.learned = None
        app.say("Discarded; nothing has changed. Its run stays in Train until that is discarded, too.")


def weights(app):
    """Go through the weights: those that the window was opened with, the user's own, those of a training."""
    networks = app.reading.networks
    if len(networks) < 2:
        app.say("There are no weights of your own yet: keep some drawings, then press F to learn them.")
        return
    names = list(networks)
    at = next((i for i, name in enumerate(names) if networks[name] is app.reading.whole), -1)
    name = names[(at + 1) % len(names)]
    app.use(networks[name])
    words = {"shipped": f"This is {app.name}.", "yours": "These are your own weights.",
             "trained": "These are the weights of the training."}  # fmt: skip
    app.say(words[name])
