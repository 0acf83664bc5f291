"""The line at the foot of the window: what happened, and which network this is."""

from window.panels import widgets

CONTROLS = {}


def place(layout):
    text, half = layout.text, layout.half
    layout.free = layout.free._replace(h=layout.free.h + layout.gap - half)  # nearer to the edge than the panels
    line = layout.bottom("status", 2 * text, half)
    w = int(line.w * 0.6)
    layout.parts["message"] = line._replace(w=w)
    layout.parts["model"] = line._replace(x=line.x + w, w=line.w - w)


def draw(surface, app):
    theme, size, parts = app.theme, app.layout.text, app.layout.parts
    colour = theme.warning if app.message.bad else theme.text
    words = "! " + app.message.words if app.message.bad else app.message.words
    if app.hint and not app.message.bad:
        words, colour = app.hint, theme.accent
    widgets.text(surface, words, parts["message"], size * 0.92, colour)
    widgets.text(surface, model_line(app), parts["model"], size * 0.92, theme.muted, align="right")


def model_line(app):
    """The model, its accuracy on the test set, and the time of its last forward pass."""
    reading = app.reading
    if reading.network is None:
        return "no network yet"
    kinds = {"yours": "your own weights", "trained": "weights of the training"}
    words = [next((said for kind, said in kinds.items() if reading.networks.get(kind) is reading.network), app.name)]
    if "test_accuracy" in reading.network.card:
        words.append(f"{100 * reading.network.card['test_accuracy']:.2f} % on the test set")
    if reading.answer:
        words.append(f"{reading.answer.milliseconds:.1f} ms")
    return " · ".join(words)
