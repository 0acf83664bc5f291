"""The right panel: the digit, how sure the network is, all ten probabilities, and your hand."""

import math

import pygame

from nn.words import article
from window.actions import look, teach, whatif
from window.data import hand
from window.data.answer import percent
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "digit": Control("", "The digit, or the number: a click on one of its digits shows that one's answer.", look.choose,
                     lambda app: len(app.reading.answers) > 1, focusable=False),
    "bar": Control("", "Explain this digit's score: what speaks for it, and its arithmetic.", look.explain),
    "teach": Control("", "Keep the drawing as this digit, to learn from.", teach.label, teach.possible),
    "learn": Control("", "Teach a copy of the network the drawings that you kept.", teach.learn_or_cancel),
    "gallery": Control("Kept", "The drawings that you kept, by digit; wrong ones can be removed.", teach.gallery),
    "weights": Control("", "Switch between the shipped weights and your own.", teach.weights),
}
NARROWEST = 20.5  # heights of text, that the words need


def place(layout):
    layout.panels["thinks"] = layout.free
    inner, gap, half, text, parts = layout.free.inset(layout.gap), layout.gap, layout.half, layout.text, layout.parts
    heading, row = layout.heading, layout.row
    parts["thinks title"] = inner._replace(h=heading)
    y, x = inner.bottom - row, inner.x
    for name, share in (("learn", 0.44), ("gallery", 0.2), ("weights", 0.36)):
        w = int((inner.w - 2 * half) * share)
        parts[name] = Rect(x, y, w, row)
        x += w + half
    y -= half + row
    for digit in range(10):
        x, right = (inner.x + (inner.w + half // 2) * n // 10 for n in (digit, digit + 1))
        parts[f"teach {digit}"] = Rect(x, y, right - x - half // 2, row)
    parts["hand"] = Rect(inner.x, y - layout.caption, inner.w, layout.caption)
    top, bottom = inner.y + heading + half, parts["hand"].y - gap
    answer = min(int((bottom - top) * 0.38), inner.w // 2)
    digit = min(answer, int(inner.w * 0.45))
    parts["digit"] = Rect(inner.x, top, digit, answer)
    parts["verdict"] = Rect(inner.x + digit + gap, top, inner.w - digit - gap, answer)
    high = min(bottom - top - answer - half, 30 * text)  # a very tall window doesn't tear the rows apart
    layout.needs((inner.w, NARROWEST), (high, 10.5))
    bars = Rect(inner.x, top + answer + half, inner.w, high)
    for digit in range(10):
        y = bars.y + bars.h * digit // 10
        parts[f"bar {digit}"] = Rect(bars.x, y, bars.w, bars.y + bars.h * (digit + 1) // 10 - y)


def draw(surface, app):
    layout, theme, parts = app.layout, app.theme, app.layout.parts
    widgets.card(surface, layout.panels["thinks"], theme, layout.gap)
    widgets.title(surface, "What it thinks", parts["thinks title"], theme, layout.text)
    _digit(surface, app, parts["digit"])
    _verdict(surface, app, parts["verdict"])
    for digit in range(10):
        _bar(surface, app, digit, parts[f"bar {digit}"])
    _hand(surface, app)


def _digit(surface, app, box):
    theme = app.theme
    pygame.draw.rect(surface, theme.background, box, border_radius=app.layout.gap)
    words, colour = (app.reading.number, theme.accent) if app.reading.answers else ("?", theme.faint)
    if app.reading.answers and app.answer.verdict == "no digit":
        colour = theme.muted
    if mistaken(app):
        colour = theme.warning
    colours = [colour] * len(words)
    if len(words) > 1 and not app.reading.stale:  # the chosen one stands out, and a click chooses another
        colours = [colour if n == app.reading.chosen else theme.muted for n in range(len(words))]
    widgets.number(surface, words, box.inset(app.layout.half), box.h, colours)


def number_at(app, point):
    """Which digit of the number is at a point, or None."""
    box = app.layout.parts["digit"]
    cells, _ = widgets.digits_of(app.reading.number, box.inset(app.layout.half), box.h)
    return next((n for n, cell in enumerate(cells) if cell.holds(point)), None)


def mistaken(app):
    """Whether the digit in sight is known to be another than what it was read as."""
    picture = app.pad.drawing.picture
    known = picture is not None and picture.label is not None and len(app.reading.answers) == 1
    return known and picture.label != app.answer.digit and not app.reading.stale and not app.answer.painted


def _verdict(surface, app, box):
    theme, size = app.theme, app.layout.text
    if app.answer is None:
        words = "Keep going." if app.pad.dot else "No ink yet." if app.reading.network else "Loading the network …"
        if app.reading.stale and not app.reading.live and app.reading.network and not app.pad.dot:
            words = "Press Predict."
        middle = box._replace(y=box.middle[1] - 2 * size, h=4 * size)
        widgets.paragraph(surface, words, middle, size * 1.25, theme.muted)
        return
    big = box._replace(h=box.h * 2 // 5)
    words = percent(app.reading.confidence)
    widgets.text(surface, words, big, widgets.fitted_size(words, big, size * 2.4, "bold"), theme.text, "bold")
    words, answer, colour = app.answer.sentence, app.answer, theme.text
    if answer.verdict == "no digit":
        colour = theme.warning
    if app.reading.stale and not app.reading.live:
        words = "The ink has changed: press Predict."
    elif len(app.reading.answers) > 1:
        words = f"Digit {app.reading.chosen + 1} of {len(app.reading.answers)}: {answer.digit}, " \
                f"{percent(answer.confidence)}. {words}"
    elif mistaken(app):
        label = app.pad.drawing.picture.label
        words = f"Wrong: it is {article(label)}, which it gives {percent(answer.probabilities[label])}."
        colour = theme.warning
    elif app.pad.drawing.picture and app.pad.drawing.picture.label is not None and not answer.painted:
        words = f"Right. {words}"
    if whatif.standing(app):
        words, colour = f"{words} {whatif.standing(app)}", theme.warning
    below = Rect(box.x, big.bottom, box.w, box.bottom - big.bottom)
    widgets.paragraph(surface, words, below, size * 1.08, colour)


def _bar(surface, app, digit, box):
    """One probability. The winner is bold, in the accent colour and marked as first, the runner-up as second."""
    theme, size, answer = app.theme, app.layout.text, app.answer
    name = Rect(box.x, box.y, int(size * 1.2), box.h)
    value = Rect(box.right - int(size * 5.2), box.y, int(size * 5.2), box.h)
    tag = Rect(value.x - size * 2, box.y, size * 2, box.h)
    thick = max(3, min(int(box.h * 0.56), size))
    track = Rect(name.right, box.y + (box.h - thick) // 2, tag.x - name.right, thick)
    rank = answer.order.index(digit) if answer else None
    pointed = app.pointed_part == f"bar {digit}"
    if pointed:
        pygame.draw.rect(surface, theme.raised, box, border_radius=thick // 2)
    if answer is None:
        widgets.text(surface, str(digit), name, size, theme.muted, align="centre")
        pygame.draw.rect(surface, theme.line, track, 1, border_radius=thick // 2)
        widgets.text(surface, "–", value, size, theme.muted, align="right")
        return
    share = float(answer.probabilities[digit])
    style = "bold" if rank == 0 else ""
    colour = theme.text if rank < 2 else theme.muted
    truth = app.pad.drawing.picture.label if app.pad.drawing.picture else None
    widgets.text(surface, str(digit), name, size, colour, style, "centre")
    pygame.draw.rect(surface, theme.raised, track, border_radius=thick // 2)
    filled = track._replace(w=0 if math.isnan(share) else round(track.w * share))  # weights that diverged
    if filled.w > 0:
        if rank == 0:
            pygame.draw.rect(surface, theme.accent, filled, border_radius=thick // 2)
        else:
            pygame.draw.rect(surface, theme.muted if rank == 1 else theme.faint, filled, border_radius=thick // 2)
    if app.looking.view == "plain":
        mark = track.x + round(track.w * float(answer.plain_probabilities[digit]))
        pygame.draw.line(surface, theme.warning, (mark, box.y + 1), (mark, box.bottom - 2), 2)
    widgets.text(surface, percent(share), value, size, colour, style, "right")
    if truth == digit:
        widgets.text(surface, "✓", tag, size, theme.warning if mistaken(app) else theme.accent, "bold", "right")
    elif rank < 2:
        widgets.text(surface, "1st" if rank == 0 else "2nd", tag, size * 0.8, colour, style, "right")
    if app.looking.explained == digit:
        widgets.outline(surface, box.inset(-1), theme.accent, 1)


def _hand(surface, app):
    layout, theme, size = app.layout, app.theme, app.layout.text
    box, where = layout.parts["learn"], layout.parts["hand"]
    count = app.teaching.kept
    if teach.undecided(app):
        words = f"Learned: better {'kept' if app.teaching.learned.better else 'discarded'}."
        widgets.paragraph(surface, words, where, size * 0.92, theme.text)
        widgets.button(surface, box, "Keep or discard", theme, size, primary=True, pointed=app.pointed_part == "learn")
        return
    if app.teaching.progress is not None:
        words = f"Learning your hand: {app.teaching.progress.words}"
        widgets.paragraph(surface, words, where, size * 0.92, theme.muted)
        widgets.button(surface, box, "Cancel", theme, size, pointed=app.pointed_part == "learn")
        bar = Rect(box.x, box.y - layout.gap, box.w, layout.gap // 2)
        pygame.draw.rect(surface, theme.raised, bar, border_radius=bar.h // 2)
        done = bar._replace(w=int(bar.w * app.teaching.progress.share))
        pygame.draw.rect(surface, theme.accent, done, border_radius=bar.h // 2)
        return
    if teach.possible(app):
        widgets.text(surface, "Teach it: this was a", where, size * 0.92, theme.muted)
        for digit in range(10):
            part = f"teach {digit}"
            widgets.button(surface, layout.parts[part], str(digit), theme, size, pointed=app.pointed_part == part)
    elif app.reading.answers:
        widgets.text(surface, "Teaching is for single drawings of yours.", where, size * 0.92, theme.muted)
    ready = count >= hand.ENOUGH
    words = "Learn my hand" if ready else f"Learn my hand {count}/{hand.ENOUGH}"
    widgets.button(surface, box, words, theme, size, pointed=app.pointed_part == "learn", ready=ready)
    words = {"gallery": f"Kept {count}", "weights": "Weights: " + ("yours" if own(app) else "shipped")}
    for name, ready in (("gallery", count > 0), ("weights", "yours" in app.reading.networks)):
        widgets.button(surface, layout.parts[name], words[name], theme, size * 0.9, pointed=app.pointed_part == name,
                       ready=ready)


def own(app):
    """Whether the network in use is the one that learned the user's hand."""
    return app.reading.whole is not None and app.reading.whole is app.reading.networks.get("yours")
