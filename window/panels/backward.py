"""The bottom panel of Backward: the stages, recoloured from the right by dL/d(its values), each on its own scale."""

import numpy as np

from window.actions import backward
from window.data.anatomy import as_maps, name_of, shown
from window.data.backward import reach, stopped, winners
from window.panels import how, widgets
from window.panels.controls import Control
from window.panels.layout import Rect
from window.panels.widgets import coloured

CONTROLS = {
    "stage": Control("", "Point at a cell to enlarge it; click it for the arithmetic of its gradient.", backward.pin,
                     backward.there),
    "further": Control("← Back", "Let the gradient go one layer further back. Left arrow or comma.", backward.further,
                       backward.there),
    "nearer": Control("→", "One layer nearer to the output again. Right arrow or full stop.", backward.nearer,
                      backward.there),
    "whole": Control("All  A", "All the way back at once; again: only the output.", backward.whole, backward.there),
}  # fmt: skip
LEGEND = "blue: more of it raises the loss; orange: lowers it. Hatched: stopped by ReLU. Dot: won its pooling."


def place(layout):
    how.place(layout)
    title, text = layout.parts["how title"], layout.text
    x = title.right
    for name, wide in (("whole", 5), ("nearer", 3), ("further", 6)):
        x -= wide * text
        layout.parts[name] = Rect(x, title.y - layout.half // 2, wide * text - layout.half, layout.heading)
    layout.parts["how title"] = title._replace(w=x - title.x - layout.half)


def draw(surface, app):
    layout, theme, size, parts = app.layout, app.theme, app.layout.text, app.layout.parts
    widgets.card(surface, layout.panels["how"], theme, layout.gap)
    way, stages, heading = app.backward.way(app.reading), app.reading.stages, parts["how title"]
    widgets.title(surface, "The way back", heading, theme, size)
    shift = widgets.text_size("The way back", size, "bold")[0] + 2 * layout.gap
    line = heading._replace(x=heading.x + shift, w=heading.w - shift, h=round(size * 1.4))
    last = len(stages) + 1
    words = _legend(stages, way, app.backward.reached)
    widgets.text(surface, words, line, widgets.fitted_size(words, line, size * 0.92), theme.muted)
    ready = {"further": app.backward.reached < last, "nearer": app.backward.reached > 1, "whole": True}
    for name, free in ready.items():
        widgets.button(surface, parts[name], CONTROLS[name].words, theme, round(size * 0.9), ready=way is not None and
                       free, on=name == "whole" and app.backward.reached == last, primary=name == "further",
                       pointed=app.pointed_part == name)  # fmt: skip
    for number, stage in enumerate(stages):
        _stage(surface, app, number, stage, way)
    for chosen, colour in ((app.pointed, theme.text), (app.looking.pinned, theme.warning)):
        if way and chosen:
            widgets.outline(surface, layout.cell(*chosen[:2]).inset(-1), colour, 2)


def _legend(stages, way, reached):
    """What the colours mean of the stages that the gradient has come to; the others show their values."""
    if way is None:
        return "These are the values. The gradient comes from the right, once the true digit is said."
    if reached >= len(stages):
        return LEGEND[0].upper() + LEGEND[1:]
    name = name_of(stages, len(stages) - reached)
    return f"{f'{name} to Output' if reached > 1 else name}, {LEGEND} Left of it: values."


def _digits(surface, app, number, colours):
    """The digit of each output, in its cell."""
    for digit, colour in enumerate(colours[:, 0, 0]):
        cell, bright = app.layout.cell(number, digit), colour @ [0.299, 0.587, 0.114] > 120
        ink = (12, 14, 18) if bright else (245, 247, 250)
        widgets.text(surface, str(digit), cell, min(app.layout.text, cell.h * 0.8), ink, align="centre")


def _stage(surface, app, number, stage, way):
    layout, theme, size = app.layout, app.theme, app.layout.text * 0.85
    box, caption, stages = layout.parts[f"stage {number}"], layout.parts[f"caption {number}"], app.reading.stages
    top, last = caption._replace(h=caption.h // 2), number == len(stages) - 1
    below, muted = top._replace(y=top.bottom), theme.muted
    widgets.text(surface, name_of(stages, number), top, size, theme.text)
    if app.answer is None:
        widgets.outline(surface, box, theme.line)
        return
    if way is None or not reaches(app, number):
        widgets.text(surface, "values", below, size, muted)
        values = np.nan_to_num(shown(stage, app.answer.values if way is None else way.values))
        colours = how.colours_of(values, theme, last)
    else:
        gradients = shown(stage, way.gradients)
        end, most = reach(gradients), np.abs(gradients).max()
        words = f"±{end:.2g}" if not most > 1.5 * end else f"±{end:.2g}, peak {most:.2g}"
        widgets.text(surface, words, below, widgets.fitted_size(words, below, size), muted)
        colours = marked(way, stage, theme, -(-layout.cell(number, 0).w // gradients.shape[2]))
    surface.blit(how.mosaic(colours, layout, number, theme), box[:2])
    if last:
        _digits(surface, app, number, colours)


def reaches(app, number):
    """Whether the gradient is shown at a stage: it comes from the right, a stage at a time."""
    return len(app.reading.stages) - number <= app.backward.reached


def signed_colours(numbers, end, theme):
    """Signed numbers as colours, `end` and beyond in the full one: what raises the loss and what lowers it."""
    return coloured(0.5 + 0.5 * np.nan_to_num(numbers) / max(end, 1e-30), theme.signed_scale)


def marked(way, stage, theme, times, cell=...):
    """A stage's gradients as colours (C, H * times, W * times, 3), or one cell's. What ReLU stopped is hatched, what
    won its pooling has a dot. Where a number has less than 4 pixels, stopped ones are only greyed.
    """
    def large(array):
        return array.repeat(times, axis=-2).repeat(times, axis=-1)

    gradients = shown(stage, way.gradients)
    colours = signed_colours(large(gradients[cell]), reach(gradients), theme)
    halted = large(as_maps(stopped(way, stage))[cell])
    y, x = np.indices(colours.shape[-3:-1])
    if times < 4:
        grey = np.array(theme.faint) * 0.35
        colours[halted] = (colours[halted] * 0.65 + grey).astype(np.uint8)
        return colours
    colours[halted & ((x + y) % max(4, times // 4) == 0)] = theme.faint
    won = winners(way, stage)
    if won is not None:
        middle = (times - 1) / 2
        dot = (y % times - middle) ** 2 + (x % times - middle) ** 2 <= max(0.6, times / 8) ** 2
        colours[large(as_maps(won)[cell]) & dot] = theme.text
    return colours
