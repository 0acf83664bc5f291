"""The views: which panels are in sight together, and going from one to another."""

def go(app, sight):
    """Show a view; nothing stays pointed at, pinned or half pressed of the one before."""
    app.let_go()
    app.sight = sight
    app.looking.focus = app.looking.pinned = app.backward.weight = None
    app.backward.repeating = False
    app.nearest.refused.clear()  # what was missing may be there by now
    app.resize(app.layout.size)
    app.say(GREETINGS[sight](app))


def toggle(app, sight):
    """Between a view and Forward."""
    go(app, "forward" if app.sight == sight else sight)


def backward(app):
    toggle(app, "backward")


def question(app):
    """What Backward asks for, or what it has."""
    if app.answer is None:
        return "Backward: draw a digit, then say which it is."
    label = app.backward.label_of(app.reading, app.pad.drawing.picture)
    if label is None:
        return f"Backward: which digit is it? Its key or its row says so; Enter says {app.answer.digit}."
    return f"Backward, from the loss for a true digit of {label}. Another digit's key, and it is taken for that one."


def _why(app):
    if app.answer is None:
        return "Why this digit and not another: draw a digit."
    return "Why {} and not {}: a click in the table chooses others.".format(*app.why.pair(app.answer))


GREETINGS = {  # what a view is met with
    "forward": lambda app: "Forward: how the answer comes about.",
    "backward": question,
    "train": lambda app: "Train: a network learns from random weights, and your drawing stays on the pad.",
    "why": _why,
    "whatif": lambda app: "What if: paint in the 28 x 28, and switch filters off by a click below.",
}
