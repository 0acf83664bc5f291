"""What the steps did: the first filters that moved the most, the loss going down, and what it cost elsewhere."""

import numpy as np
import pygame

from window.data.anatomy import name_of
from window.data.step import moved
from window.panels import squares, widgets
from window.panels.arithmetic import Pen
from window.panels.backward import signed_colours
from window.panels.layout import Rect

SHOWN = 4  # filters


def draw(surface, app, way):
    layout, theme, size, state = app.layout, app.theme, app.layout.text, app.backward
    inner = layout.panels["inside"].inset(layout.gap)
    steps = "1 step" if len(state.steps) == 1 else f"{len(state.steps)} steps"
    squares.heading(surface, app, f"After {steps} on this one drawing")
    pen = Pen(surface, theme, inner._replace(y=layout.parts["own"].y), size)
    pen.row("loss of this drawing", f"{state.steps[0].loss:.4g} → {way.loss:.4g}", theme.text)
    pen.row("test images read right", _accuracy(state), theme.text)
    box = Rect(inner.x, pen.y, inner.w, (inner.bottom - pen.y) * 9 // 20)
    _curves(surface, app, box, [*(taken.loss for taken in state.steps), way.loss])
    pen.y = box.bottom + layout.half
    first = next((i for i, layer in enumerate(way.network.layers) if layer.params.get("w") is not None), None)
    if first is None:
        return
    order = moved(state.origin, way.network, first)[:SHOWN]
    number = next(i for i, stage in enumerate(app.reading.stages) if stage.first == first)
    pen.fitted(f"Moved most in {name_of(app.reading.stages, number)}: before, after, change", theme.muted, size=0.9)
    wide = (inner.w - 2 * layout.gap) // 2
    high = (inner.bottom - pen.y) * 2 // SHOWN
    side = min((wide - layout.half) // 3, high - layout.caption - layout.half)
    for i, (cell, distance) in enumerate(order):
        x, y = inner.x + i % 2 * (wide + 2 * layout.gap), pen.y + i // 2 * high
        pair = state.origin.layers[first], way.network.layers[first]
        before, after = (squares.matrix(layer.params["w"][..., cell]) for layer in pair)
        ends = [max(np.nanmax(np.abs(before)), 1e-30)] * 2 + [max(np.nanmax(np.abs(after - before)), 1e-30)]
        for j, (numbers, end) in enumerate(zip((before, after, after - before), ends, strict=True)):
            where = Rect(x + j * (side + layout.half // 2), y, side, side)
            widgets.picture(surface, signed_colours(numbers, end, theme), where)
            widgets.outline(surface, where, theme.line)
        below = Rect(x, y + side, wide, layout.caption)
        words = f"filter {cell}: by {distance:.1e}"
        widgets.text(surface, words, below, widgets.fitted_size(words, below, size * 0.85), theme.muted)


def _accuracy(state):
    if state.untestable:
        return f"can't be measured: {state.untestable}"
    if 0 not in state.accuracies:
        return "being measured …"
    latest = max(state.accuracies)
    after = f" → {state.accuracies[latest]:.2%} after {latest}" if latest else ""
    return f"{state.accuracies[0]:.2%}{after}"


def _curves(surface, app, box, losses):
    """The loss, and the accuracy where it was measured, by the number of steps."""
    theme, size, found = app.theme, app.layout.text, app.backward.accuracies
    top = box._replace(h=round(1.3 * size))
    inner = Rect(box.x, top.bottom, box.w, box.bottom - top.bottom).inset(app.layout.half // 2)
    widgets.outline(surface, inner, theme.line)
    most = max([loss for loss in losses if np.isfinite(loss)], default=1.0) or 1.0

    def at(step, share):
        x = inner.x + (inner.w - 6) * step / max(len(losses) - 1, 1) + 3
        return x, inner.bottom - 3 - min(max(share, 0), 1) * (inner.h - 6)

    for points, colour in (([at(i, loss / most) for i, loss in enumerate(losses) if np.isfinite(loss)], theme.accent),
                           ([at(i, share) for i, share in sorted(found.items())], theme.warning)):  # fmt: skip
        if len(points) > 1:
            pygame.draw.lines(surface, colour, False, points, 2)
        for point in points[:: max(1, len(points) // 20)]:
            pygame.draw.circle(surface, colour, point, 3)
    widgets.text(surface, f"loss, 0 to {most:.3g}", top, size * 0.85, theme.accent)
    widgets.text(surface, "test accuracy, 0 to 100 %", top, size * 0.85, theme.warning, align="right")
