"""The bottom panel of Backward: dL/d(its values) of every stage, each on one signed scale of its own."""

import numpy as np

from window.data.backward import gradient, reach
from window.panels import how, widgets
from window.panels.controls import Control
from window.panels.widgets import coloured

CONTROLS = {"stage": Control("", "Point at a cell to read the gradient of the loss at it.")}
place = how.place


def draw(surface, app):
    layout, theme, size = app.layout, app.theme, app.layout.text
    widgets.card(surface, layout.panels["how"], theme, layout.gap)
    way, stages, heading = app.backward.way(app.reading), app.reading.stages, layout.parts["how title"]
    widgets.title(surface, "The way back", heading, theme, size)
    shift = widgets.text_size("The way back", size, "bold")[0] + 2 * layout.gap
    line = heading._replace(x=heading.x + shift, w=heading.w - shift, h=round(size * 1.4))
    widgets.text(surface, _words(way, stages, app.pointed), line, size * 0.92, theme.muted)
    for number, stage in enumerate(stages):
        box, caption = layout.parts[f"stage {number}"], layout.parts[f"caption {number}"]
        caption = caption._replace(h=caption.h // 2)
        name = "Output" if number == len(stages) - 1 else how.numbered(stages, number)
        widgets.text(surface, name, caption, size * 0.85, theme.text)
        if way is None:
            widgets.outline(surface, box, theme.line)
            continue
        maps = gradients_of(way, stage)
        end, most = reach(maps), np.abs(maps).max()
        words = f"±{end:.2g}" if most <= 1.5 * end else f"±{end:.2g}, peak {most:.2g}"
        below = caption._replace(y=caption.bottom)
        widgets.text(surface, words, below, widgets.fitted_size(words, below, size * 0.85), theme.muted)
        surface.blit(how.mosaic(colours(maps, end, theme), layout, number, theme), box[:2])
    if way and app.pointed:
        widgets.outline(surface, layout.cell(*app.pointed[:2]), theme.text, 2)


def gradients_of(way, stage):
    """dL/d(what the stage hands on) as maps (C, H, W); a dense stage's are (C, 1, 1)."""
    after = way.gradients[stage.last + 1][0]
    return after.transpose(2, 0, 1) if after.ndim == 3 else after[:, None, None]


def colours(gradients, end, theme):
    """Gradients as colours, `end` and beyond in the full one: what raises the loss and what lowers it."""
    return coloured(0.5 + 0.5 * np.nan_to_num(gradients) / max(end, 1e-30), theme.signed_scale)


def _words(way, stages, pointed):
    if way is None:
        return "Once the true digit is given, every number inside shows what the loss makes of it."
    if pointed is None:
        return "Blue: more of it raises the loss; orange: more of it lowers the loss. Point at a cell."
    number, cell, place = pointed
    back = gradient(way, stages, number, cell, place)
    if back is None:
        return f"{stages[number].title}, cell {cell}: the next layer can't say how its gradient comes about."
    through = "".join(f"; before {title} {before:+.3g}" for title, before in back.through)
    return f"{stages[number].title}, cell {cell}, row {place[0]}, column {place[1]}: dL/d = {back.shown:+.3g}" \
           f", by {back.place}{through}"
