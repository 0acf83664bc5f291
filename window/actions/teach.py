"""Your own hand: drawings kept with what they should have been, and weights learned from them."""

from nn import ink
from nn.words import article
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
        app.say("Only what you draw yourself is kept. C clears the pad.")
        return
    if len(app.reading.answers) > 1:
        app.say("These are several digits: one at a time can be kept.")
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
    """Fine-tune a copy of the network on the kept drawings; or stop it if it is doing that."""
    teaching = app.teaching
    if app.reading.network is None or "learn" in app.jobs or teaching.learned:
        return
    drawings, refused = hand.load(teaching.samples)
    if len(drawings) < hand.ENOUGH:
        words = f"{len(drawings)} of {hand.ENOUGH} drawings kept: draw a digit, and press what it is."
        app.say(f"{words} {refused[0]}" if refused else words, bad=bool(refused))
        return
    app.say(f"Learning from {len(drawings)} drawings; {refused[0] if refused else 'keep drawing if you like.'}")

    def each(event):
        teaching.progress = event
        if isinstance(event, hand.Learned):
            teaching.learned = event
            app.dialogs.open = "learned"

    def end(error):
        teaching.progress = None
        if error:
            app.say(f"Learning stopped: {error}", bad=True)
        elif teaching.learned:
            app.say("Learned. Keep or discard?")
        else:
            app.say("Learning was cancelled; nothing has changed.")

    app.jobs.start("learn", hand.learn(app.reading.networks["shipped"], drawings), each, end)


def learn_or_cancel(app):
    """What the button does: F alone never stops what it began."""
    if "learn" in app.jobs:
        app.jobs.cancel("learn")
    else:
        learn(app)


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
        reading.networks["yours"], teaching.learned, app.dialogs.open = teaching.learned.network, None, None
        app.use(reading.networks["yours"])
        app.say(f"Kept in {path}. W switches between {app.name} and yours.")


def discard(app):
    if app.teaching.learned:
        app.teaching.learned = app.dialogs.open = None
        app.say("Discarded; nothing has changed.")


def weights(app):
    """Go through the weights: those that the window was opened with, the user's own, those of a training."""
    networks = app.reading.networks
    if len(networks) < 2:
        app.say("There are no weights of your own yet: keep some drawings, then press F to learn them.")
        return
    names = list(networks)
    at = next((i for i, name in enumerate(names) if networks[name] is app.reading.network), -1)
    name = names[(at + 1) % len(names)]
    app.use(networks[name])
    words = {"shipped": f"This is {app.name}.", "yours": "These are your own weights.",
             "trained": "These are the weights of the training."}  # fmt: skip
    app.say(words[name])
