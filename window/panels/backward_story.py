"""What the middle panel of Backward says while nothing is pinned: the question, a cell enlarged, the layer reached."""

from window.data.anatomy import name_of, shown
from window.data.backward import arrival, reach, stopped, winners
from window.panels import how, squares, widgets
from window.panels.arithmetic import Pen
from window.panels.backward import marked, reaches, signed_colours
from window.panels.layout import Rect

ASKED = (
    "A network learns from its error. The loss is one number, large where the true digit gets a small probability. "
    "Backpropagation finds for every number inside how much the loss would change if that number were a little larger.",
    "It starts at the output with p − y, what the network says less what is true, and goes back layer by layer.",
    "So first: draw a digit, and say which it is.",
)


def ask(surface, app):
    layout, theme = app.layout, app.theme
    inner = layout.panels["inside"].inset(layout.gap)
    squares.heading(surface, app, "What goes back")
    pen = Pen(surface, theme, inner._replace(y=layout.parts["own"].y), layout.text)
    if app.backward.trouble:
        pen.paragraph("There is no way back through this network.", theme.warning)
        pen.paragraph(app.backward.trouble, theme.text)
        return
    for words in ASKED:
        pen.paragraph(words, theme.text)
        pen.skip()
    if app.answer is not None:
        pen.paragraph(f"The answer is {app.answer.digit}. If that is right press Enter, or else the true digit's key.",
                      theme.accent)  # fmt: skip


def draw(surface, app, way):
    """The layer that the gradient has come to: how it came there, by which line of code and which formula."""
    layout, theme, stages = app.layout, app.theme, app.reading.stages
    inner = layout.panels["inside"].inset(layout.gap)
    number = len(stages) - app.backward.reached  # -1: the image
    title = f"Step {app.backward.reached} of {len(stages) + 1}: {name_of(stages, number)}"
    squares.heading(surface, app, title)
    pen = Pen(surface, theme, inner._replace(y=layout.parts["own"].y), layout.text)
    words, place, formula = arrival(way, stages, number)
    pen.paragraph(words, theme.text)
    pen.skip()
    pen.paragraph(formula, theme.accent)
    pen.line(place, theme.muted, "mono", 0.8)
    pen.skip()
    if number < 0:
        pixels = way.gradients[0][0, :, :, 0][None]
        side = min(inner.bottom - pen.y - 2 * layout.text, inner.w)
        box = Rect(inner.x, pen.y, side, side)
        widgets.picture(surface, signed_colours(pixels, reach(pixels), theme)[0], box)
        widgets.outline(surface, box, theme.line)
        note = Rect(box.right + layout.gap, box.y, inner.right - box.right - layout.gap, side)
        widgets.paragraph(surface, f"dL/d(pixel), ±{reach(pixels):.2g}. Blue: ink there raises the loss.", note,
                          layout.text * 0.92, theme.muted)  # fmt: skip
        return
    line = Rect(inner.x, pen.y, inner.w, round(layout.text * 1.4))
    squares.scale(surface, app, line, reach(shown(stages[number], way.gradients)))
    pen.skip()
    pen.skip()
    pen.skip()
    pen.paragraph("Point at a cell to enlarge it, click it for its arithmetic. Left arrow: one layer further back; "
                  "A: all the way. G takes one step down.", theme.muted)  # fmt: skip


def enlarged(surface, app, way, number, cell, place):
    """A cell of a stage: its gradient large, with what ReLU stopped and pooling chose, its values beside it."""
    layout, theme, size, stages = app.layout, app.theme, app.layout.text, app.reading.stages
    inner, stage = layout.panels["inside"].inset(layout.gap), stages[number]
    words = f"{name_of(stages, number)}, cell {cell}"
    squares.heading(surface, app, words)
    top = layout.parts["own"].y
    side = min(round((inner.w - layout.gap) * 0.62), inner.bottom - top - 3 * size)
    large = Rect(inner.x, top, side, side)
    height, width = shown(stage, way.gradients).shape[1:]
    reached = reaches(app, number)
    if reached:
        pixels = marked(way, stage, theme, -(-side // width), cell)
    else:
        pixels = how.colours_of(shown(stage, way.values), theme, number == len(stages) - 1)[cell]
    widgets.picture(surface, pixels, large)
    widgets.outline(surface, large, theme.line)
    spot = Rect(large.x + side * place[1] // width, large.y + side * place[0] // height, side // width, side // height)
    widgets.outline(surface, spot, theme.text, 2)
    beside = Rect(large.right + layout.gap, top, inner.right - large.right - layout.gap, inner.bottom - top - 2 * size)
    pen = Pen(surface, theme, beside, size)
    value = shown(stage, way.values)[cell][place]
    if height > 1:
        pen.line(f"row {place[0]}, column {place[1]}", theme.muted)
    pen.line(f"value {value:.4g}", theme.text)
    if not reached:
        pen.paragraph("The gradient hasn't come here yet: Left arrow.", theme.muted)
        return
    relu = "ReLU" in (layer.title for layer in way.network.layers[stage.first + 1 : stage.last + 1])
    pen.paragraph("dL/d(value after ReLU)" if relu else "dL/d(value)", theme.muted)
    pen.line(squares.exact(shown(stage, way.gradients)[cell][place], 3), theme.text, "bold", 1.1)
    at = (*place, cell) if height > 1 or len(stage.shape) == 3 else (cell,)
    if stopped(way, stage)[at]:
        pen.paragraph("Stopped by ReLU: the sum before it was not above 0, so dL/d(sum) is 0, and nothing goes on to "
                      "the weights.", theme.warning)  # fmt: skip
    won = winners(way, stage)
    if won is not None:
        pen.paragraph("It won its pooling: the gradient was routed here." if won[at] else
                      "Another place won the pooling: nothing is routed here.", theme.muted)  # fmt: skip
    pen.skip()
    pen.line("its values", theme.muted)
    small = min(beside.w, beside.bottom - pen.y, side // 2)
    if small > size:
        values = how.colours_of(shown(stage, way.values), theme, number == len(stages) - 1)[cell]
        widgets.picture(surface, values, Rect(beside.x, pen.y, small, small))
        widgets.outline(surface, Rect(beside.x, pen.y, small, small), theme.line)
    below = Rect(inner.x, inner.bottom - round(1.4 * size), inner.w, round(1.4 * size))
    squares.scale(surface, app, below, reach(shown(stage, way.gradients)))
