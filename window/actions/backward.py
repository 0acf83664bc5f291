"""The true digit that the way back starts from."""

from window.actions import ask


def truth(app, digit):
    """Say which digit the drawing is."""
    if app.answer is None:
        app.say("Draw a digit first; then say which it is.")
        return
    app.backward.tell(app.reading, int(digit))
    app.say(f"The loss is taken for a true {digit}.")


def accept(app):
    """Say that the answer is right, where no true digit is given yet; or answer, where there is nothing to accept."""
    if app.answer is None or app.backward.label_of(app.reading, app.pad.drawing.picture) is not None:
        ask.predict(app)
    else:
        truth(app, app.answer.digit)
