"""The keyboard in place of the mouse: the focus, the nib on the pad, the cell of a grid."""

from window.actions import ask, train, whatif, why

NIB_STEP = 1 / 28


def step(app, key):
    """Move the chosen cell, the chosen one of several digits, or the keyboard's nib."""
    dx, dy = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}[key]
    reading, looking, pad = app.reading, app.looking, app.pad
    if why.step(app, dx, dy) or whatif.move(app, dx, dy):
        return
    if looking.pinned:
        _within(app, dx, dy)
    elif looking.focus in train.TIMES:
        train.scrub(app, dx + dy)
    elif looking.stage is not None:
        columns, count = app.layout.columns(looking.stage), app.layout.channels[looking.stage]
        looking.cursor = (looking.cursor + dx + dy * columns) % count
    elif len(reading.answers) > 1 and not reading.stale and looking.focus != "pad":
        app.choose(reading.chosen + dx + dy)
    else:
        looking.focus = "pad"
        pad.nib = tuple(min(max(at + by * NIB_STEP, 0), 1) for at, by in zip(pad.nib, (dx, dy), strict=True))
        if looking.pressed != "pad" and not pad.replaying:  # the stroke under way is the keyboard's
            pad.drawing.move(*pad.nib, app.clock)


def _within(app, dx, dy):
    """Move the arithmetic that is shown: to the next place of its map, or to the next unit where there is one place."""
    stage, cell, (row, column) = app.looking.pinned
    shape, count = app.reading.stages[stage].shape, app.layout.channels[stage]
    if len(shape) == 3:
        app.looking.pinned = stage, cell, ((row + dy) % shape[0], (column + dx) % shape[1])
    else:
        app.looking.pinned = stage, (cell + dx + dy * app.layout.columns(stage)) % count, (0, 0)


def focus_next(app, by=1):
    parts = app.focusable()
    focus = app.looking.focus
    at = parts.index(focus) if focus in parts else -1 if by > 0 else 0
    app.looking.focus, app.looking.cursor = parts[(at + by) % len(parts)], 0


def focus_previous(app):
    focus_next(app, -1)


def enter(app):
    """Press what has the focus; on the pad, put the nib down or lift it; without a focus, answer; in Train, start."""
    focus, pad = app.looking.focus, app.pad
    if focus is None and app.sight == "train":
        train.start(app)
    elif focus is None:
        ask.predict(app)
    elif focus != "pad":
        app.press(focus)
    elif pad.drawing.stroke and not pad.replaying:
        pad.drawing.lift()
    else:
        app.touch(*pad.nib, erases=pad.erasing)


def escape(app):
    """Close whatever is open, the topmost first."""
    looking = app.looking
    if not app.pad.replaying:
        app.pad.drawing.lift()
    if app.dialogs.open:
        app.dialogs.open = None
    elif app.backward.weight is not None:
        app.backward.weight = None
    elif looking.pinned:
        looking.pinned = looking.explained = None
    elif app.backward.repeating:
        app.backward.repeating = False
    elif looking.focus:
        looking.focus = None
    elif looking.view != "pixels":
        looking.view = "pixels"
    elif app.fullscreen:
        app.fullscreen = False
