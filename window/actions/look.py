"""What is shown: views, themes, help, the full screen."""


def view(app, which):
    """Show a view in the large picture; the same again is the plain pixels."""
    looking = app.looking
    looking.view = "pixels" if looking.view == which else which


def heat(app):
    order = ("pixels", "gradient", "occlusion")
    at = order.index(app.looking.view) if app.looking.view in order else 0
    app.looking.view = order[(at + 1) % 3]


def plain(app):
    view(app, "plain")


def gradient(app):
    view(app, "gradient")


def occlusion(app):
    view(app, "occlusion")


def pixels(app, *_):
    app.looking.view = "pixels"


def pin(app, *_):
    """Show the arithmetic of the cell that is pointed at."""
    app.looking.pinned = app.pointed


def theme(app):
    app.theme = app.theme.other


def fullscreen(app):
    app.fullscreen = not app.fullscreen


def help(app):
    app.dialogs.open = None if app.dialogs.open == "help" else "help"


def quit(app):
    app.running = False
