"""What is seen of a training: curves, ribbon, filters, feature maps, bars, and test digits in the plane.

Each is a picture that is drawn again only if something in it has changed: while a network learns, the processor is its.
"""

import numpy as np
import pygame

from window.actions.train import TIMES
from window.data import looks
from window.panels import widgets
from window.panels.layout import Rect
from window.panels.theme import font
from window.state.learning import along

HUES = ((230, 80, 80), (235, 150, 50), (190, 170, 40), (90, 180, 80), (40, 175, 160),
        (60, 150, 230), (110, 110, 235), (170, 90, 220), (225, 90, 170), (140, 140, 140))  # fmt: skip
LOSSES = (0.1, 1)  # marked on the axis
SHARES = (0.9, 0.99)
INTRODUCTION = (
    "A network of random weights learns to read digits, from 55,000 examples, before your eyes. At first it guesses.",
    "To be seen: the loss of every batch, and how many of the digits held out it reads right. What it makes of your "
    "drawing, by the colours of the ten digits. Its first filters as they form, and every feature map of your drawing. "
    "500 test digits that find their places, your drawing ringed among them.",
    "Drag through the curves to go back in time. Rate, optimizer, warping and slow motion change the run under way. "
    "Batch size, norm and seed prepare another run, which learns beside the first.",
)


def mark(theme, number):
    """The colour of a run."""
    return (theme.accent, theme.warning, HUES[3], HUES[8])[(number - 1) % 4]


def _kept(surface, app, name, box, of, paint):
    """Draw a picture by paint(surface, app, its box), or the one of before if it was drawn from the same."""
    def whole(picture):
        picture.fill(app.theme.panel)
        paint(picture, app, Rect(0, 0, box.w, box.h))

    widgets.kept(surface, f"train {name}", box, (app.theme.name, app.layout.text, *of), whole)


def draw(surface, app):
    parts, learning, run = app.layout.parts, app.learning, app.learning.chosen
    if not learning.runs:
        _introduce(surface, app)
        return
    lengths = *((run, len(run.images), len(run.judged)) for run in learning.runs), run
    _kept(surface, app, "loss", parts["time loss"], lengths, _loss)
    _kept(surface, app, "accuracy", parts["time right"], lengths, _accuracy)
    moment = learning.moment
    if moment is None:
        _invite(surface, app)
        return
    look, ribbon, judged = None, None, run.judged.get(moment)
    if app.answer is not None:
        ribbon = run.follow(app.answer.steps.image).tobytes()
        look = run.look(app.answer.steps.image)
    _kept(surface, app, "ribbon", parts["time ribbon"], (ribbon, len(run.moments), run), _ribbon)
    _kept(surface, app, "plane", parts["plane"], (judged, moment if look else None, look), _plane)
    _kept(surface, app, "filters", parts["train filters"], (moment,), _filters)
    for number, name in enumerate(("first", "second", "third")):
        _kept(surface, app, name, parts[f"train {name}"], (look,), lambda *where, n=number: _maps(*where, n))
    _kept(surface, app, "bars", parts["train bars"], (look,), _bars)
    _now(surface, app, run)


def _now(surface, app, run):
    """The line of the moment shown, through everything that has the axis of time."""
    parts = app.layout.parts
    for name in TIMES:
        box = parts[name]
        x = box.x + int(along(run.moment.images, app.learning.total) * (box.w - 1))
        pygame.draw.line(surface, app.theme.text, (x, box.y), (x, box.bottom - 1), 1 if run.shown is None else 2)
    if run.failed and run.last:
        size, box = app.layout.text * 0.85, parts["time loss"]
        x = box.x + int(along(run.last.images, app.learning.total) * (box.w - 1))
        pygame.draw.line(surface, app.theme.warning, (x, box.y), (x, box.bottom - 1), 2)
        room = Rect(min(x + 4, box.right - round(5.5 * size)), box.middle[1], box.w, round(size * 1.4))
        widgets.text(surface, "diverged", room, size, app.theme.warning, "bold")


def _introduce(surface, app):
    """Before anything was learned: what there will be to see, and a large button."""
    theme, size, parts = app.theme, app.layout.text, app.layout.parts
    box = parts["time loss"]
    box = Rect(box.x, box.y, box.w, parts["train filters"].bottom - box.y)
    for words in INTRODUCTION:
        lines = len(widgets.wrapped(words, box.w, size))
        widgets.paragraph(surface, words, box, size, theme.text)
        box = Rect(box.x, box.y + lines * round(size * 1.35) + size, box.w, box.h)
    _invite(surface, app)


def _invite(surface, app):
    """A large button in place of the plane."""
    size, box = app.layout.text, app.layout.parts["plane"]
    w, h = min(box.w, 14 * size), min(box.h, 4 * size)
    large = Rect(box.middle[0] - w // 2, box.middle[1] - h // 2, w, h)
    widgets.button(surface, large, "Start", app.theme, size * 1.6, primary=True, pointed=app.pointed_part == "plane")


# --- curves ---------------------------------------------------------------------------------------------------

def _axis(surface, app, box, words, marks):
    """A frame, the scale's lines at {height 0..1: words}, and the name."""
    theme, size = app.theme, app.layout.text * 0.75
    for at, said in marks.items():
        y = box.bottom - 1 - round(at * (box.h - 2))
        pygame.draw.line(surface, theme.raised, (box.x, y), (box.right, y))
        widgets.text(surface, said, Rect(box.right - 60, y - round(size * 0.6), 57, round(size * 1.2)), size,
                     theme.muted, align="right")  # fmt: skip
    widgets.outline(surface, box, theme.line)
    widgets.text(surface, words, Rect(box.x + 4, box.y + 2, box.w - 70, round(size * 1.3)), size, theme.muted)


def _loss(surface, app, box):
    def height(loss):  # logarithmic
        return (np.log10(np.clip(loss, 0.01, 10)) + 2) / 3

    _axis(surface, app, box, "loss of each batch", {float(height(at)): f"{at:g}" for at in LOSSES})
    for run in _in_order(app):
        if len(run.images) > 1:
            columns = (along(run.images, app.learning.total) * (box.w - 1)).astype(int)
            losses = np.nan_to_num(run.losses, nan=10, posinf=10)
            starts = np.flatnonzero(np.diff(columns, prepend=-1))  # of each column of pixels: the mean of its batches
            means = np.add.reduceat(losses, starts) / np.diff([*starts, len(losses)])
            y = box.h - 2 - height(means) * (box.h - 3)
            _line(surface, app, run, columns[starts], y)
            for change in run.changes[1:]:  # a tick through the curve
                x = int(along(change.images, app.learning.total) * (box.w - 1))
                middle, half = y[np.searchsorted(columns[starts], x, "right") - 1], app.layout.text // 2
                pygame.draw.line(surface, app.theme.text, (x, middle - half), (x, middle + half), 2)


def _accuracy(surface, app, box):
    def height(share):  # as many steps from 90 to 99 % as from 99 to 99.9
        return -np.log10(1.001 - np.asarray(share)) / 3

    marks = {float(height(at)): f"{100 * at:g} %" for at in SHARES}
    _axis(surface, app, box, "held-out digits read right", marks)
    for run in _in_order(app):
        known = [(moment.images, run.judged[moment].accuracy) for moment in run.moments if moment in run.judged]
        if len(known) > 1:
            images, shares = zip(*known, strict=True)
            x = along(images, app.learning.total) * (box.w - 1)
            _line(surface, app, run, x, box.h - 2 - height(shares) * (box.h - 3))


def _in_order(app):
    """The runs, the one in sight last, that is, on top."""
    return sorted(app.learning.runs, key=lambda run: run is app.learning.chosen)


def _line(surface, app, run, x, y):
    spots = list(zip(x, y, strict=True))
    if len(spots) > 1:
        pygame.draw.lines(surface, mark(app.theme, run.number), False, spots, 2 if run is app.learning.chosen else 1)


def _ribbon(surface, app, box):
    run = app.learning.chosen
    edges = (along([moment.images for moment in run.moments], app.learning.total) * box.w).round().astype(int)
    ribbon = run.follow(app.answer.steps.image, 0) if app.answer else np.zeros((0, 10))
    for shares, x, right in zip(ribbon, edges, [*edges[1:], edges[-1] + 4], strict=False):
        y = 0.0
        for digit, share in enumerate(shares.tolist()):
            pygame.draw.rect(surface, HUES[digit], (x, round(y), right - x, round(y + share * box.h) - round(y)))
            y += share * box.h
    widgets.outline(surface, box, app.theme.line)


# --- of the moment that is shown ------------------------------------------------------------------------------

def _caption(surface, app, box, words):
    """Words above a picture. Returns the room below."""
    high = app.layout.caption
    widgets.text(surface, words, box._replace(h=high), app.layout.text * 0.8, app.theme.muted)
    return Rect(box.x, box.y + high, box.w, box.h - high)


def _grid(surface, box, cells, colours, ground):
    """Cells (count, h, w) of numbers 0 to 1 as one picture, as large as fits, a line between them."""
    count, high, wide = cells.shape
    def size(n):  # of a cell, where n stand in a row; rows that all are full are worth a little
        return min(box.w / n / wide, box.h / -(-count // n) / high) * (1 if count % n else 1.15)

    columns = max(range(1, count + 1), key=size)
    rows = -(-count // columns)
    whole = np.empty((rows * (high + 1) - 1, columns * (wide + 1) - 1, 3), np.uint8)
    whole[:] = ground
    cells = widgets.coloured(cells, colours)
    for i, cell in enumerate(cells):
        y, x = i // columns * (high + 1), i % columns * (wide + 1)
        whole[y : y + high, x : x + wide] = cell
    scale = min(box.w / whole.shape[1], box.h / whole.shape[0])
    widgets.picture(surface, whole, Rect(box.x, box.y, int(whole.shape[1] * scale), int(whole.shape[0] * scale)))


def _filters(surface, app, box):
    cells = looks.filters(app.learning.moment.network)
    box = _caption(surface, app, box, f"{len(cells)} first filters")
    if len(cells):
        _grid(surface, box, widgets.signed(cells), app.theme.signed_scale, app.theme.panel)


def _maps(surface, app, box, number):
    look = app.learning.chosen.look(app.answer.steps.image) if app.answer else None
    if look is None or number >= len(look.maps):
        return
    cells = look.maps[number]
    count, high, wide = cells.shape
    box = _caption(surface, app, box, f"{count} maps, {high} x {wide}")
    _grid(surface, box, cells / max(cells.max(), 1e-9), app.theme.heat_scale, app.theme.panel)


def _bars(surface, app, box):
    if app.answer is None:
        widgets.paragraph(surface, "Draw a digit: this network says what it makes of it.", box, app.layout.text * 0.9,
                          app.theme.muted)  # fmt: skip
        return
    box = _caption(surface, app, box, "its answer to your drawing")
    high, size = box.h // 10, app.layout.text
    for digit, share in enumerate(app.learning.chosen.look(app.answer.steps.image).probabilities.tolist()):
        row = Rect(box.x, box.y + digit * high, box.w, high)
        widgets.text(surface, str(digit), row, min(size, high), HUES[digit], "bold")
        pygame.draw.rect(surface, HUES[digit], (row.x + size * 1.2, row.y + 1, (row.w - size * 1.2) * share, high - 2))


def _plane(surface, app, box):
    run, size = app.learning.chosen, max(6, round(app.layout.text * 0.75))
    widgets.outline(surface, box, app.theme.line)
    judged = run.judged.get(run.moment)
    if judged is None:
        return
    reach = max(np.quantile(np.abs(judged.plane), 0.99) * 1.1, 1e-9)
    room, middle = np.array([box.w - size, box.h - size]) / 2, np.array(box.middle)

    def places(plane):
        return (middle + np.clip(plane / reach, -1, 1) * room).astype(int)

    glyphs = [font(size).render(str(digit), True, hue) for digit, hue in enumerate(HUES)]
    corner = np.array(glyphs[0].get_size()) // 2
    spots = (places(judged.plane) - corner).tolist()
    labels = run.digits.tests[1][: len(spots)].tolist()
    surface.blits([(glyphs[label % 10], spot) for label, spot in zip(labels, spots, strict=True)], doreturn=False)
    if app.answer:
        spot = places(run.look(app.answer.steps.image).spot)
        pygame.draw.circle(surface, app.theme.panel, spot, size, 4)
        pygame.draw.circle(surface, app.theme.text, spot, size, 2)
