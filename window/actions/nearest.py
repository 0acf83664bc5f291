"""The nearest training digits: their features are made in the background, and one of them can be put on the pad."""

from nn.words import article
from window.data import nearest
from window.data.strokes import Picture


def follow(app):
    """See to it that the features of the network in use are there, or being made."""
    state, network = app.nearest, app.reading.network
    if network is None or "nearest" in app.jobs or network in state.features or network in state.refused:
        return

    def each(event):
        if isinstance(event, nearest.Features):
            state.features[network], state.digits = event, (event.images, event.labels)
        else:
            state.share = event

    def end(error):
        if error:
            state.refused[network] = str(error)

    state.share = 0.0
    app.jobs.start("nearest", nearest.learned(network, app.reading.stages, state.digits), each, end)


def show(app, which):
    """Put one of the nearest training digits on the pad; undo brings the drawing back."""
    found = app.nearest.of(app.reading)
    if found and int(which) < len(found):
        one = found[int(which)]
        name = f"training digit {one.number}"
        app.pad.show(Picture(one.image, name, one.label))
        app.say(f"This is {name}, {article(one.label)}. Ctrl+Z brings your drawing back.")


def there(app):
    return app.nearest.of(app.reading) is not None
