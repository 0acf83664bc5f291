"""One weight: its gradient as a sum over places, and the check by finite differences beside it."""

import numpy as np
import pygame

from window.data.anatomy import name_of, place_of
from window.data.backward import formula
from window.data.weight import nothing, weight
from window.panels import squares, widgets
from window.panels.arithmetic import Pen
from window.panels.layout import Rect


def draw(surface, app, way):
    layout, theme, size, stages = app.layout, app.theme, app.layout.text, app.reading.stages
    number, index = app.backward.weight
    stage = stages[number]
    layer, terms = way.network.layers[stage.first], weight(way, stage, index)
    w, dw = float(layer.params["w"][index]), float(way.grads[f"{stage.first}.w"][index])
    words = f"A weight of {name_of(stages, number)}: w[{', '.join(map(str, index))}]"
    squares.heading(surface, app, words)
    pen = Pen(surface, theme, layout.parts["inside lines"]._replace(w=layout.parts["inside rest"].w), size)
    pen.fitted(f"w = {w:.5g}    dL/dw = {squares.exact(dw)}", theme.text, "bold", 1.1)
    places = "row {}, column {} of its window, from map {} to map {}" if len(index) == 4 else "from input {} to unit {}"
    pen.fitted(places.format(*index), theme.muted, size=0.9)
    pen.fitted(_moves(app, number, index, w, dw), theme.text, size=0.9)
    rest = Pen(surface, theme, layout.parts["inside rest"], size)
    if terms is not None:
        names = ("x that it met", "dL/dy there", "products")
        for part, name, sign, numbers in zip(("upstream", "filter", "products"), names, ("", "×", "="),
                                             (terms.inputs, terms.weights, terms.products), strict=True):  # fmt: skip
            squares.square(surface, app, layout.parts[part], np.atleast_2d(numbers), name, sign)
        count = terms.products.size
        words = f"sum over {count} places" if count > 1 else "the one product"
        rest.row(words, squares.exact(terms.total), theme.text)
        rest.fitted(_sense(way, stage, index, dw), theme.accent, size=0.9)
    found = app.backward.check
    lines = 6.2 * size  # for what stands under the curve
    curve = Rect(rest.box.x, rest.y, rest.box.w, max(round(rest.box.bottom - rest.y - lines), 2 * size))
    if found is None:
        why = app.backward.unchecked
        words = f"The check isn't possible: {why}" if why else "The loss is worked out as this weight moves …"
        widgets.paragraph(surface, words, curve, size, theme.warning if why else theme.muted)
    else:
        _curve(surface, app, curve, found)
        rest.y = curve.bottom
        rest.row("slope by backprop", squares.exact(found.by_backprop, 9), theme.accent)
        rest.row("by difference (L(w + h) − L(w − h)) / 2h", squares.exact(found.by_difference, 9), theme.text)
        both = found.by_backprop == found.by_difference == 0
        agree = "both are 0" if both else f"{found.digits} digits agree"
        rest.line(agree, theme.text if found.digits >= 4 else theme.warning, "bold")
    rest.y = rest.box.bottom - round(1.9 * size)
    rest.line(f"{place_of(layer.backward)}: {formula(layer.backward, 'dw').split('=>')[-1].strip()}", theme.muted,
              "mono", 0.8)  # fmt: skip


def _moves(app, number, index, w, dw):
    """What a step makes of the weight, or what the last one made of it."""
    state = app.backward
    if not state.steps:
        return f"A step moves it by −rate × dL/dw = {squares.exact(-state.rate * dw)}."
    last = state.steps[-1]
    before = float(last.grads[f"{app.reading.stages[number].first}.w"][index])
    moved = squares.exact(-last.rate * before)
    return f"The last step moved it by −{last.rate:g} × {squares.exact(before)} = {moved}."


def _sense(way, stage, index, dw):
    if dw == 0:
        return f"0: {nothing(way, stage, index)}. A step leaves it."
    return "Negative: more of it lowers the loss, so a step adds to it." if dw < 0 else \
           "Positive: more of it raises the loss, so a step takes from it."


def _curve(surface, app, box, found):
    """The loss as the weight moves, and the tangent that backprop finds, from the middle."""
    theme, size = app.theme, app.layout.text
    inner = box.inset(app.layout.half)._replace(y=box.y + round(1.3 * size))
    inner = inner._replace(h=box.bottom - inner.y - app.layout.half)
    middle = len(found.moves) // 2
    tangent = found.losses[middle] + found.by_backprop * found.moves
    low, high = float(found.losses.min()), float(found.losses.max())
    room = max(high - low, 1e-9) * 0.1
    low, high, reach = low - room, high + room, float(found.moves[-1])

    def at(move, loss):
        y = inner.bottom - (min(max(loss, low), high) - low) / (high - low) * inner.h
        return inner.x + (move / reach + 1) / 2 * inner.w, y

    widgets.outline(surface, inner, theme.line)
    inside = np.flatnonzero((tangent >= low) & (tangent <= high))
    for line, colour, thick in ((tangent, theme.warning, 2), (found.losses, theme.accent, 2)):
        of = inside if line is tangent else range(len(line))
        spots = [at(found.moves[i], line[i]) for i in of]
        if len(spots) > 1:
            pygame.draw.lines(surface, colour, False, spots, thick)
    pygame.draw.circle(surface, theme.text, at(0, found.losses[middle]), max(3, size // 4))
    top = Rect(box.x, box.y, box.w, round(1.3 * size))
    words = f"loss {low + room:.3g} to {high - room:.3g}, as w moves by ±{reach:.2g}"
    widgets.text(surface, words, top, widgets.fitted_size(words, top, size * 0.85), theme.accent)
    falls = found.by_backprop < 0  # under the line, where it is high
    below = inner.inset(3)._replace(y=inner.bottom - round(1.4 * size), h=round(1.3 * size))
    align = "left" if falls else "right"
    widgets.text(surface, "tangent by backprop", below, size * 0.85, theme.warning, align=align)
