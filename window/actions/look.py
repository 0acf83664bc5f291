"""What is shown: views, themes, help, the full screen."""

from nn.words import article

TURNED = ("forward", "received", "how")  # views that share what one would show if there were room


def view(app, which):
    """Show a view in the large picture; the same again is the plain pixels."""
    looking = app.looking
    looking.view = "pixels" if looking.view == which else which


def heat(app):
    order = ("pixels", "effect", "slope", "occlusion")
    at = order.index(app.looking.view) if app.looking.view in order else 0
    app.looking.view = order[(at + 1) % len(order)]


def plain(app):
    view(app, "plain")


def effect(app):
    view(app, "effect")


def occlusion(app):
    view(app, "occlusion")


def step(app, number):
    """Show a step of how the image was made in the large picture; the last is the image itself."""
    view(app, "pixels" if number == "4" else f"step {number}")


def explain(app, digit):
    """Explain one digit's score: what ink does to it, and its arithmetic. The same again: the answer's."""
    looking, digit = app.looking, int(digit)
    if app.answer is None:
        app.say("Draw a digit first; then a click on a row explains its score.")
    elif looking.explained == digit:
        looking.explained = looking.pinned = None
    else:
        looking.explained, looking.pinned = digit, (len(app.reading.stages) - 1, digit, (0, 0))
        if looking.view not in ("effect", "slope"):
            looking.view = "effect"
        app.say(f"What speaks for {article(digit)} and what against it. A click on {digit} again closes this.")


def choose(app):
    """Show the answer of the digit of the number that is pointed at."""
    if app.pointed_digit is not None and len(app.reading.answers) > 1 and not app.reading.stale:
        app.choose(app.pointed_digit)


def pin(app, *_):
    """Show the arithmetic of the cell that is pointed at."""
    app.looking.pinned = app.pointed


def turns(app):
    """Whether there is more to turn to: text as large as asked for leaves no room for all panels of Forward."""
    return app.sight in TURNED and not (app.sight == "forward" and app.layout.whole)


def turn_over(app):
    """Show the panels of Forward that have no room beside the others, or Forward again."""
    if not turns(app):
        app.say("All there is to see is in sight.")
        return
    app.sight = TURNED[(TURNED.index(app.sight) + 1) % len(TURNED)]
    app.looking.focus = app.looking.pinned = None
    app.resize(app.layout.size)


def theme(app):
    app.theme = app.theme.other


def fullscreen(app):
    app.fullscreen = not app.fullscreen


def help(app):
    app.dialogs.open = None if app.dialogs.open == "help" else "help"


def turn(app, page):
    app.dialogs.page = int(page)


def quit(app):
    app.running = False
