"""The switch between Forward and Backward, and the true digit that the way back starts from."""


def switch(app, *_):
    """Show the gradients of the loss, or the answer again."""
    app.sight = "forward" if app.sight == "backward" else "backward"
    app.looking.focus = app.looking.pinned = app.looking.pressed = None
    app.backward.label = None
    app.resize(app.layout.size)
    if app.sight == "forward":
        app.say("Forward: how the answer comes about.")
    elif app.answer is None:
        app.say("Backward: draw a digit, then say which it is.")
    else:
        app.say(f"Backward: which digit is it? A click on its row says so; the answer is {app.answer.digit}.")


def truth(app, digit):
    """Say which digit the drawing is."""
    app.backward.label = int(digit)
    app.say(f"The loss is taken for a true {digit}. Point at a cell to see its gradient.")
