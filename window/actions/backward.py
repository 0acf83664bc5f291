"""The way back: the true digit that it starts from, how far it is shown, and one cell or weight of it."""

from window.actions import ask, move
from window.data import weight
from window.data.anatomy import numbered
from window.data.backward import gradient


def there(app):
    """Whether there is a way back to look at."""
    return app.backward.way(app.reading) is not None


def truth(app, digit):
    """Say which digit the drawing is."""
    if app.answer is None:
        app.say("Draw a digit first; then say which it is.")
        return
    app.backward.tell(app.reading, int(digit))
    app.backward.follow(app.reading, app.pad.drawing.picture)
    app.say(f"The loss is taken for a true {digit}. Left arrow: one layer further back; A: all the way.")


def accept(app):
    """Say that the answer is right, where no true digit is given yet; or press what has the focus, or answer."""
    asked = app.answer is not None and app.backward.label_of(app.reading, app.pad.drawing.picture) is None
    if app.looking.focus is not None:
        move.enter(app)
    elif asked:
        truth(app, app.answer.digit)
    else:
        ask.predict(app)


# --- how far ------------------------------------------------------------------------------------------------------

def further(app, by=1):
    """Let the gradient reach one stage more, or (-1) one less."""
    state, last = app.backward, len(app.reading.stages) + 1
    if not there(app):
        app.say("Backward needs a drawing and its true digit first.")
        return
    state.reached = min(max(state.reached + by, 1), last)
    state.weight = app.looking.pinned = None
    name = numbered(app.reading.stages, max(last - 1 - state.reached, 0))
    words = {1: "The loss's gradient is at the ten scores.", last: "The gradient has reached the image's pixels."}
    app.say(words.get(state.reached, f"The gradient has reached {name}."))


def nearer(app):
    further(app, -1)


def whole(app):
    """All the way back at once; the same again: only the output."""
    last = len(app.reading.stages) + 1
    further(app, last if app.backward.reached < last else -last)


def arrow(app, key):
    """The arrow keys walk through the stages, unless they are needed for what is pinned or has the focus."""
    looking = app.looking
    if app.backward.weight is not None:
        _other_weight(app, key)
    elif looking.pinned or looking.stage is not None or looking.focus == "pad" or key in ("Up", "Down"):
        move.step(app, key)
    else:
        further(app, 1 if key == "Left" else -1)


# --- one cell, one weight -----------------------------------------------------------------------------------------

def pin(app, *_):
    """Show the backward arithmetic of the cell that is pointed at."""
    if not there(app):
        return
    app.backward.weight, app.looking.pinned = None, app.pointed
    stages = len(app.reading.stages)
    app.backward.reached = max(app.backward.reached, stages - app.pointed[0])


def close(app):
    """Close the weight, then the cell. Returns whether anything was open."""
    state, looking = app.backward, app.looking
    if state.weight is not None:
        state.weight = None
    elif looking.pinned is not None:
        looking.pinned = None
    else:
        return False
    return True


def shut(app):
    close(app)


def pick(app, part):
    """Look at the weight under the pointer in a drawn filter: of the cell's own, or of the one that its gradient came
    through; from the keyboard at the one that counts the most.
    """
    number, cell, place = app.looking.pinned
    way, stages, box = app.backward.way(app.reading), app.reading.stages, app.layout.parts[part]
    own = part == "own"
    back = None if own else gradient(way, stages, number, cell, place)
    rows, columns = weight.own_shape(way, stages[number]) if own else back.shape
    point, at = app.looking.pointer, None
    if point and box.holds(point):
        at = (point[1] - box.y) * rows // box.h, (point[0] - box.x) * columns // box.w
    if own:
        look_at(app, number, weight.of_own(way, stages[number], cell, at))
    else:
        look_at(app, number + 1, weight.of_terms(back, at))


def pick_own(app):
    pick(app, "own")


def pick_filter(app):
    pick(app, "filter")


def has_own(app):
    """Whether the pinned cell has weights of its own."""
    if app.looking.pinned is None or app.backward.weight is not None or not there(app):
        return False
    return "w" in app.reading.network.layers[app.reading.stages[app.looking.pinned[0]].first].params


def has_filter(app):
    """Whether the pinned cell's gradient came through weights."""
    if app.looking.pinned is None or app.backward.weight is not None or not there(app):
        return False
    back = gradient(app.backward.way(app.reading), app.reading.stages, *app.looking.pinned)
    return back.terms is not None and "w" in back.layer.params


def look_at(app, stage, index):
    """Show a weight: its gradient, and in the background the check by finite differences."""
    app.backward.weight, app.backward.check, app.backward.unchecked = (stage, index), None, ""


def start_check(app):
    """Check the weight that is looked at, if it isn't yet."""
    state, way = app.backward, app.backward.way(app.reading)
    if state.weight is None or state.check is not None or state.unchecked or way is None:
        return
    if "check" in app.jobs and state.checking and state.checking[0] == state.weight and state.checking[1] is way:
        return
    stage, index = of = state.weight
    state.checking = of, way  # a check of another weight, or from before a step, makes room for it
    name = f"{app.reading.stages[stage].first}.w"
    image = app.answer.image
    w = way.network.params[name]
    reach = max(abs(float(w[index])), float(w.std()), 1e-3)

    def work():
        yield weight.check(way.network, image, way.label, name, index, reach)

    def each(found):
        if state.weight == of and state.way(app.reading) is way:
            state.check = found

    def end(error):
        state.unchecked = str(error or "")

    app.jobs.start("check", work(), each, end)


def _other_weight(app, key):
    """The next weight: to the left and right through one window, up and down through the input maps or units."""
    stage, index = app.backward.weight
    shape = app.reading.network.layers[app.reading.stages[stage].first].params["w"].shape
    by = {"Left": (0, -1), "Right": (0, 1), "Up": (-1, 0), "Down": (1, 0)}[key]
    if len(shape) == 2:
        index = tuple((i + d) % n for i, d, n in zip(index, by[::-1], shape, strict=True))
    else:
        u, v, c, f = index
        window = (u * shape[1] + v + by[1]) % (shape[0] * shape[1])
        index = (*divmod(window, shape[1]), (c + by[0]) % shape[2], f)
    look_at(app, stage, index)


def pass_time(app):
    """What is due: the way itself, and the check of the weight that is looked at."""
    state = app.backward
    if state.follow(app.reading, app.pad.drawing.picture):
        app.changed = True
        if not there(app):
            state.weight = app.looking.pinned = None
    start_check(app)
