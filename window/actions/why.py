"""Why one digit and not another: the view, the two digits that are compared, and the term that is looked at."""

import numpy as np

from window.actions import views
from window.data.why import CannotSay

THINNEST = 3  # pixels of a bar


def view(app, *_):
    """Between the view Why and Forward."""
    views.toggle(app, "why")


def choose_for(app, digit):
    _choose(app, int(digit), 0)


def choose_against(app, digit):
    _choose(app, int(digit), 1)


def _choose(app, digit, side):
    """Choose one of the two digits; the other's moves it to this side, and the same again goes back to the answer."""
    if app.answer is None:
        app.say("Draw a digit first; then two digits can be compared.")
        return
    pair = list(app.why.pair(app.answer))
    if pair[side] == digit:
        app.why.chosen = None
    elif pair[1 - side] == digit:
        app.why.chosen = pair[1], pair[0]
    else:
        pair[side] = digit
        app.why.chosen = tuple(pair)
    app.say("Why {} and not {}.".format(*app.why.pair(app.answer)))


def shown(app, difference):
    """The indices of the terms that have room, from the most for to the most against; the largest if not all have."""
    room = max(app.layout.parts["terms"].w // THINNEST, 1)
    largest = np.argsort(-np.abs(difference.terms), kind="stable")[:room]
    return largest[np.argsort(-difference.terms[largest], kind="stable")].tolist()


def at(app, point):
    """The index of the term under a point, or None."""
    box = app.layout.parts["terms"]
    if app.answer is None or point is None or not box.holds(point):
        return None
    try:
        terms = shown(app, app.why.difference(app.reading))
    except CannotSay:
        return None
    return terms[(point[0] - box.x) * len(terms) // box.w]


def look(app):
    """Look at the term under the pointer."""
    found = at(app, app.looking.pointer)
    if found is not None:
        app.why.term = found


def step(app, dx, dy):
    """An arrow key in the view Why: the next term, or the next digit of the table. Returns whether it was one."""
    focus = app.looking.focus or ""
    if app.sight != "why" or app.answer is None:
        return False
    if focus == "terms":
        _next_term(app, dx + dy)
    elif focus.startswith(("for ", "against ")):
        side, digit = focus.split()
        side = {"for": "against", "against": "for"}[side] if dx else side
        app.looking.focus = f"{side} {(int(digit) + dy) % 10}"
    else:
        return False
    return True


def _next_term(app, by):
    try:
        difference = app.why.difference(app.reading)
    except CannotSay:
        return
    terms, now = shown(app, difference), app.why.looked_at(difference)
    place = terms.index(now) if now in terms else 0
    app.why.term = terms[(place + by) % len(terms)]
