"""The line at the foot of the window: what happened, and which network this is."""

from window.panels import widgets
from window.panels.layout import text_heights

CONTROLS = {}


def place(layout):
    text, half = layout.text, layout.half
    layout.free = layout.free._replace(h=layout.free.h + layout.gap - half)  # nearer to the edge than the panels
    layout.parts["message"] = layout.bottom("status", 2 * text, half)


def draw(surface, app):
    theme, size, parts = app.theme, app.layout.text, app.layout.parts
    colour = theme.warning if app.message.bad else theme.text
    words = "! " + app.message.words if app.message.bad else app.message.words
    if app.hint and not app.message.bad:
        words, colour = app.hint, theme.accent
    line, small = parts["message"], size * 0.92
    small = min(small, max(widgets.fitted_size(words, line, small), small * 0.7))
    widgets.text(surface, words, line, small, colour)
    said = widgets.text_size(words, small)[0] + 2 * app.layout.gap
    rest = line._replace(x=line.x + said, w=max(line.w - said, 0))  # what happened goes before what this is
    model, small = model_words(app), size * 0.92
    while model and widgets.text_size(" · ".join(model), small)[0] > rest.w:
        model.pop()
    widgets.text(surface, " · ".join(model), rest, small, theme.muted, align="right")


def model_words(app):
    """The scale of text if the window has no room for what was asked for, the model, its accuracy on the test set, and
    the time of its last forward pass: the first is the last to be left out.
    """
    reading, share = app.reading, app.layout.text / text_heights(app.layout.size, app.scale)[0]
    words = [f"scale {share * app.scale:.2g} of {app.scale:g} has room"] if share < 0.97 else []
    if reading.network is None:
        return [*words, "no network yet"]
    kinds = {"yours": "your own weights", "trained": "weights of the training"}
    named = (said for kind, said in kinds.items() if reading.networks.get(kind) is reading.whole)
    words.append(next(named, app.name))
    if reading.off:
        words.append(f"{len(reading.off)} switched off")
    if "test_accuracy" in reading.network.card:
        words.append(f"{100 * reading.network.card['test_accuracy']:.2f} % on the test set")
    if reading.answer:
        words.append(f"{reading.answer.milliseconds:.1f} ms")
    return words
