"""What if: painting into the 28x28 that the network receives, and switching its filters off."""

from window.actions import draw, views
from window.data import anatomy, testset, whatif
from window.data.why import CannotSay


def view(app):
    views.toggle(app, "whatif")


# --- painting -----------------------------------------------------------------------------------------------------


def spot(app, point):
    """Where a point of the window is in the 28x28, in pixels."""
    box = app.layout.parts["paint"]
    return (point[0] - box.x) * 28 / box.w, (point[1] - box.y) * 28 / box.h


def begin(app, at, erases=False):
    """Put the brush down at (x, y) in pixels of the 28x28."""
    state = app.whatif
    state.follow(app.answer)
    if app.answer is None:
        app.say("Draw a digit first: then its 28 x 28 can be painted over.")
        return
    state.before = state.image = app.answer.image
    state.at, state.erases = at, erases or state.erasing
    go_on(app, at)


def go_on(app, at):
    """Move the brush. A mouse may move many times in a frame: the answer follows in `follow`, once in each."""
    state = app.whatif
    state.follow(app.answer)
    if state.before is not None:
        state.image, state.at = whatif.painted(state.image, [state.at, at], state.erases), at


def follow(app):
    """Answer for what the brush has painted by now. Returns whether that was anything new."""
    state = app.whatif
    state.follow(app.answer)
    new = state.before is not None and state.image is not app.answer.image
    if new:
        app.reading.show(state.image)
    return new


def lift(app):
    """End the stroke under way."""
    follow(app)
    state = app.whatif
    if state.before is not None:
        state.done.append(state.before)
        state.before = None
        app.say(f"{painted_over(app)} Ctrl+Z takes the stroke back.".strip())


def painted_over(app):
    count = int((app.answer.image != app.answer.steps.image).sum())
    words = "1 pixel differs" if count == 1 else f"{count} pixels differ"
    return f"Painted over: {words} from your drawing's. The drawing itself is unharmed." if count else ""


def dot(app):
    """One touch of the brush at the keyboard's place; a click has painted already."""
    if app.looking.focus == "paint":
        x, y = app.whatif.nib
        begin(app, (x + 0.5, y + 0.5))
        lift(app)


def move(app, dx, dy):
    """Move the keyboard's brush. Returns whether it has the focus."""
    if app.looking.focus != "paint":
        return False
    x, y = app.whatif.nib
    app.whatif.nib = min(max(x + dx, 0), 27), min(max(y + dy, 0), 27)
    return True


def brush(app):
    app.whatif.erasing = False


def rubber(app):
    app.whatif.erasing = not app.whatif.erasing


def undo(app):
    """Take back the last stroke of the brush; where there is none, the pad's."""
    state = app.whatif
    state.follow(app.answer)
    if not state.done:
        draw.undo(app)
        return
    app.reading.show(state.done.pop())
    app.say(painted_over(app) or "This is your drawing's own picture again.")


def as_drawn(app):
    """Show the drawing's own image again."""
    state = app.whatif
    state.follow(app.answer)
    if changed(app):
        state.done.append(app.answer.image)
        app.reading.show(app.answer.steps.image)
        app.say("This is your drawing's own picture again. Ctrl+Z brings back what was painted.")


def changed(app):
    return app.answer is not None and app.answer.painted


def standing(app):
    """What holds in the other views, too, and the way back: "Painted over in What if; X, As drawn goes back." Or ""."""
    count, words, ways = len(app.reading.off), [], []
    if changed(app):
        words.append("painted over")
        ways.append("As drawn")
    if count:
        words.append("1 filter or unit switched off" if count == 1 else f"{count} switched off")
        ways.append("All on")
    if not words:
        return ""
    said = " and ".join(words)
    return f"{said[0].upper()}{said[1:]} in What if; X, {' and '.join(ways)} goes back."


# --- filters ------------------------------------------------------------------------------------------------------


def toggle(app, *_):
    """Switch the filter or unit that is pointed at off, or on again."""
    if app.pointed is None:
        return
    number, cell, _ = app.pointed
    reading = app.reading
    try:
        one = whatif.maker(reading.whole, reading.stages, number), cell
        off = reading.off ^ {one}
        _switch(app, off)
    except CannotSay as reason:
        app.say(str(reason))
        return
    name = anatomy.numbered(reading.stages, one[0])
    app.say(f"{name}: number {cell} is {'off: 0 at every place' if one in off else 'on again'}.")


def all_on(app):
    if app.reading.off:
        _switch(app, frozenset())
        app.say("All filters and units are on again.")


def _switch(app, off):
    reading = app.reading
    network = whatif.without(reading.whole, reading.stages, off) if off else reading.whole
    reading.switch(network, off)
    measure(app)


def some_off(app):
    return bool(app.reading.off)


def measure(app):
    """Score the network on the test set, in the background: as a whole, and without what is off."""
    state, reading = app.whatif, app.reading
    both = dict.fromkeys((reading.whole, reading.network))
    missing = [network for network in both if network not in state.scores or not state.scores[network].done]
    if not missing:
        return
    state.refused = ""

    def each(event):
        network, reading.tests, state.scores[network] = event

    def end(error):
        state.refused = str(error) if error else ""

    app.jobs.start("what if", testset.scores(missing, reading.tests), each, end)
