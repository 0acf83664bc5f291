"""What can be done with the ink and the pen."""

READY = "Draw a digit from 0 to 9 on the pad."


def undo(app):
    pad, teaching = app.pad, app.teaching
    pad.replaying = []
    if kept := teaching.just_kept(pad.drawing):
        try:
            kept.unlink(missing_ok=True)
        except OSError as error:
            app.say(f"{error.filename}: {error.strerror}; the drawing stays kept", bad=True)
            return
        teaching.count()
        teaching.kept_at[pad.drawing.state] = None
        pad.drawing.undo()
        app.say("Undone: the drawing is back, and not kept any more.")
    else:
        app.say("Undone." if pad.drawing.undo() else "Nothing to undo.")


def redo(app):
    pad = app.pad
    pad.replaying = []
    if not pad.drawing.redo():
        app.say("Nothing to do again.")
    elif pad.marks or app.teaching.kept_at.get(pad.drawing.state, app):
        app.say("Done again.")
    else:
        app.say("Done again: the pad is clear. The drawing is not kept any more.")


def clear(app):
    app.pad.clear()
    app.say(READY)


def pen(app):
    app.pad.erasing = False


def eraser(app):
    app.pad.erasing = not app.pad.erasing


def widen(app, steps):
    app.pad.set_pen(app.pad.pen * 1.1 ** min(max(steps, -50), 50))  # 50 is from the thinnest to the thickest, twice


def thinner(app):
    widen(app, -1)


def thicker(app):
    widen(app, 1)
