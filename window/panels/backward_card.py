"""The card of the pinned cell's gradient: upstream gradients times weights, summed, and what stops or routes it."""

import numpy as np

from window.data.anatomy import name_of
from window.data.backward import gradient, winners
from window.data.weight import own_shape
from window.panels import squares, widgets
from window.panels.arithmetic import Pen
from window.panels.backward import signed_colours
from window.panels.layout import Rect


def draw(surface, app, way):
    layout, theme, size, stages = app.layout, app.theme, app.layout.text, app.reading.stages
    number, cell, place = app.looking.pinned
    stage, back = stages[number], gradient(way, stages, number, cell, place)
    where = f", row {place[0]}, column {place[1]}" if len(stage.shape) == 3 else ""
    words = f"{name_of(stages, number)}, cell {cell}{where}"
    squares.heading(surface, app, words)
    pen = Pen(surface, theme, layout.parts["inside lines"], size)
    value = f"value after {back.passed[0].name}" if back.passed else "value"
    pen.fitted(f"dL/d({value}) = {squares.exact(back.shown)}", theme.text, "bold", 1.15)
    pen.fitted(_sense(back.shown), theme.muted, size=0.9)
    if "w" in way.network.layers[stage.first].params:
        _own(surface, app, way, stage, cell)
    rest = Pen(surface, theme, layout.parts["inside rest"], size)
    if back.layer is None:
        rest = Pen(surface, theme, layout.parts["inside rest"]._replace(y=layout.parts["upstream"].y), size)
        rest.row(f"p[{cell}], softmax of the scores as they are", f"{way.p[cell]:.4f}", theme.text)
        rest.row(f"y[{cell}], what is true", f"{float(cell == way.label):.4f}", theme.text)
        rest.row("p − y", squares.exact(way.p[cell] - (cell == way.label)), theme.text)
    elif back.terms is None:
        rest.paragraph(f"{back.layer.title} can't be taken apart: it doesn't say how its gradient comes about. This is "
                       "what its backward returned.", theme.warning)  # fmt: skip
    else:
        _terms(surface, app, rest, way, stage, back)
    _passed(rest, back.passed)
    for place_of, formula in [(back.place, back.formula), *((p.place, p.formula) for p in back.passed)]:
        rest.line(place_of, theme.muted, "mono", 0.8)
        if rest.y + 3 * size < rest.box.bottom:
            rest.paragraph(formula, theme.accent, 0.85)
    if back.terms is not None and "w" in back.layer.params and rest.y + 2 * size < rest.box.bottom:
        rest.skip()
        rest.fitted("Click one of the weights: its own gradient, and the loss as it moves.", theme.muted, size=0.9)


def _sense(gradient):
    if gradient == 0:
        return "The loss doesn't change with it."
    return f"A little more of it, and the loss {'grows' if gradient > 0 else 'shrinks'}."


def _own(surface, app, way, stage, cell):
    """The gradients of the weights that the cell is made with, to be clicked at."""
    dw, box = way.grads[f"{stage.first}.w"][..., cell], app.layout.parts["own"]
    if dw.ndim == 3:
        u, v = np.indices(dw.shape[:2])
        dw = dw[u, v, np.abs(dw).argmax(axis=2)]  # of the input map whose gradient is the largest
    dw = squares.grid(dw, own_shape(way, stage))
    size, any_dw = app.layout.text, np.nanmax(np.abs(dw), initial=0) > 0
    below = Rect(box.right - 12 * size, box.bottom, 12 * size, round(1.3 * size))
    caption = "its weights: click one" if any_dw else "its weights: all gradients 0"
    size = widgets.fitted_size(caption, below, size * 0.85)
    widgets.text(surface, caption, below, size, app.theme.muted, align="right")
    widgets.picture(surface, signed_colours(dw, np.nanmax(np.abs(dw)), app.theme), box)
    pointed = app.pointed_part == "own"
    widgets.outline(surface, box, app.theme.accent if pointed else app.theme.line, 2 if pointed else 1)


def _terms(surface, app, pen, way, stage, back):
    """The three squares upstream x weights = products, and their sum."""
    theme, parts, terms = app.theme, app.layout.parts, back.terms
    _, cell, place = app.looking.pinned
    pools, many = "w" not in back.layer.params, terms.inputs.ndim == 3
    pick = (..., back.most) if many else ...
    factors = "slope" if back.layer.elementwise else "share of it" if pools else "weights"
    names = ("dL/dy upstream", factors, "products")
    for part, name, sign, numbers in zip(("upstream", "filter", "products"), names, ("", "×", "="),
                                         (terms.inputs, terms.weights, terms.products), strict=True):  # fmt: skip
        squares.square(surface, app, parts[part], squares.grid(numbers[pick], back.shape), name, sign)
    if app.pointed_part == "filter" and not pools:
        widgets.outline(surface, parts["filter"], theme.accent, 2)
    if many:
        by_map = terms.products.sum(axis=(0, 1))
        largest = squares.exact(by_map[back.most], 3)
        pen.row(f"filter {back.most} of {len(by_map)}, which counts the most", largest, theme.muted)
        pen.bars(by_map, f"The sums of all {len(by_map)} filters")
    elif pools:
        won = winners(way, stage)
        if won is not None:
            at = (*place, cell)
            pen.paragraph("To the winner: this place, the largest of its window." if won[at] else
                          "To the winner: another place of its window was larger, so 0 here.", theme.text)  # fmt: skip
    else:
        n = int(np.abs(terms.products).argmax())
        words = f"unit {n}: {squares.exact(terms.inputs[n])} × {squares.exact(terms.weights[n])}"
        pen.row(words, squares.exact(terms.products[n]), theme.muted)
    same = np.isclose(terms.total, back.shown, rtol=1e-3, atol=1e-9)
    pen.row("sum of all products", squares.exact(terms.total), theme.text)
    words, colour = ("equal to the network's own", theme.accent) if same else ("the network has", theme.warning)
    pen.row(words, squares.exact(back.shown), colour)


def _passed(pen, passed):
    """What ReLU and the like make of it on its way from the value to the sum before them."""
    for i, layer in enumerate(passed):
        before = f"dL/d({'sum' if i + 1 == len(passed) else 'value'} before {layer.name})"
        if layer.slope == 0:
            words, colour = f"{before}: stopped, as {layer.x:+.3g} isn't above 0", pen.theme.warning
        elif layer.slope == 1:
            words, colour = f"{before}: passed on, as it saw {layer.x:+.3g}", pen.theme.text
        else:
            words, colour = f"{before}: times its slope {layer.slope:+.4g}", pen.theme.text
        pen.row(words.replace(" -", " −"), squares.exact(layer.before), colour)
