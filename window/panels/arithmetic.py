"""The card that shows how one number inside of the network came about, product by product."""

import numpy as np
import pygame

from window.data import anatomy
from window.data.answer import percent
from window.panels import widgets
from window.panels.layout import Rect
from window.panels.widgets import coloured, signed

LISTED = 6  # products of a dense unit that are written out
HEIGHT = 29.5  # of the longest card, in heights of text


def card(app):
    """Where the arithmetic of the pinned cell stands: over the panel at its side that the image isn't in, and that of
    an output over the pad, so that the ten rows stay in sight. None where the view has none.
    """
    layout, pinned = app.layout, app.looking.pinned
    if not pinned or app.answer is None or app.sight not in ("forward", "how"):
        return None
    stage = layout.parts.get(f"stage {pinned[0]}")
    left = stage is None or stage.middle[0] < layout.size[0] // 2 or pinned[0] == len(app.reading.stages) - 1
    return layout.panels["ink" if left or "thinks" not in layout.panels else "thinks"]


def draw(surface, app):
    """Draw the arithmetic of the pinned activation over a panel."""
    theme, size, gap = app.theme, app.layout.text, app.layout.gap
    box, (number, cell, place) = card(app), app.looking.pinned
    stage = app.reading.stages[number]
    pygame.draw.rect(surface, theme.panel, box, border_radius=gap)
    pygame.draw.rect(surface, theme.warning, box, 2, border_radius=gap)
    inner = box.inset(gap + gap // 2)
    size = min(size, int(inner.h / HEIGHT))
    pen = Pen(surface, theme, inner, size)
    where = f", row {place[0]}, column {place[1]}" if len(stage.shape) == 3 else ""
    pen.line(f"{stage.title}, cell {cell}{where}", theme.text, "bold")
    sum_of = anatomy.arithmetic(app.reading.network, stage, app.answer.values, cell, place)
    if sum_of is None:
        pen.line("This window does not take this layer apart.", theme.muted)
        return
    pen.skip()
    if sum_of.terms.weights is None:
        _pooling(pen, sum_of.terms)
    elif sum_of.terms.inputs.ndim == 3:
        _convolution(pen, sum_of.terms)
    else:
        _dense(pen, sum_of.terms)
    pen.skip()
    for name, value in _steps(sum_of):
        pen.row(name, f"{value:+.4f}", theme.text)
    same = np.isclose(sum_of.value, sum_of.shown, rtol=1e-4, atol=1e-4)
    words, colour = ("equal to the network's own", theme.accent) if same else ("the network has", theme.warning)
    pen.row(words, f"{sum_of.shown:+.4f}", colour)
    if number == len(app.reading.stages) - 1:
        name = f"softmax of all ten, divided by {app.reading.network.temperature:.2f}"
        pen.row(name, percent(app.answer.probabilities[cell]), theme.text)
    pen.skip()
    for line in sum_of.places:
        pen.line(line, theme.muted, "mono", 0.8)


def _steps(sum_of):
    terms = sum_of.terms
    steps = [(terms.how, terms.total)]
    if terms.bias is not None:
        steps.append(("bias", terms.bias))
        if sum_of.after:
            steps.append(("sum + bias", terms.total + terms.bias))
    return [*steps, *(("after " + name, value) for name, value in sum_of.after)]


def _pooling(pen, terms):
    pen.line(f"The {terms.how} of the window's numbers:", pen.theme.muted)
    pen.matrices([("", terms.inputs)])


def _convolution(pen, terms):
    """The patch, the kernel and their products, of the input map that adds the most if there are many."""
    by_map = terms.products.sum(axis=(0, 1))
    most = int(np.abs(by_map).argmax())
    if len(by_map) > 1:
        pen.line(f"Input map {most} of {len(by_map)} counts the most here:", pen.theme.muted)
    pen.matrices([
        ("patch", terms.inputs[..., most]), ("kernel", terms.weights[..., most]),
        ("products", terms.products[..., most]),
    ])
    if len(by_map) > 1:
        pen.row(f"sum over map {most}", f"{by_map[most]:+.4f}", pen.theme.text)
        pen.bars(by_map, f"The sums of all {len(by_map)} maps")


def _dense(pen, terms):
    products = terms.products
    order = np.argsort(-np.abs(products))
    if len(products) > LISTED:
        pen.line(f"The {LISTED} largest of {len(products)} products:", pen.theme.muted)
    for i in order[:LISTED]:
        pen.row(f"input {i}: {terms.inputs[i]:.3f} × {terms.weights[i]:+.3f}", f"{products[i]:+.4f}", pen.theme.text)
    if len(products) > LISTED:
        pen.row("all the others", f"{products[order[LISTED:]].sum():+.4f}", pen.theme.muted)
        pen.bars(products, f"All {len(products)} products")


def _short(number):
    """Two significant digits in little room: .67, −.25, 10.9."""
    words = f"{abs(number):.2f}".removeprefix("0") if abs(number) < 1 else f"{abs(number):.1f}"
    return ("−" if number < 0 else "") + words


class Pen:
    """Writes lines, rows and tables from the top of a rectangle downwards."""

    def __init__(self, surface, theme, box, size):
        self.surface, self.theme, self.box, self.size = surface, theme, box, size
        self.y = box.y

    def _take(self, height):
        place = Rect(self.box.x, self.y, self.box.w, round(height))
        self.y += round(height)
        return place

    def skip(self):
        self._take(self.size * 0.6)

    def line(self, words, colour, style="", size=0.95):
        widgets.text(self.surface, words, self._take(self.size * 1.45), self.size * size, colour, style)

    def paragraph(self, words, colour, size=0.95):
        """Text over as many lines as it needs."""
        for line in widgets.wrapped(words, self.box.w, self.size * size):
            self.line(line, colour, size=size)

    def fitted(self, words, colour, style="", size=0.95):
        """One line, smaller if it would not fit."""
        place = self._take(self.size * 1.45)
        size = widgets.fitted_size(words, place._replace(h=2 * place.h), self.size * size, style)
        widgets.text(self.surface, words, place, size, colour, style)

    def row(self, name, value, colour):
        place, size = self._take(self.size * 1.45), self.size * 0.95
        widgets.text(self.surface, value, place, size, colour, "mono", "right")
        place = place._replace(w=place.w - widgets.text_size(value, size, "mono")[0] - self.size // 2)
        widgets.text(self.surface, name, place, widgets.fitted_size(name, place._replace(h=2 * place.h), size), colour)

    def matrices(self, named):
        """Small matrices side by side, × and = between them, each number on a ground that shows it."""
        theme, gap = self.theme, int(self.size * 1.2)
        rows, columns = named[0][1].shape
        widest = (self.box.w - gap * (len(named) - 1)) / len(named) / columns
        wide, high = int(min(widest, self.size * 4)), int(min(max(widest, self.size * 1.7), self.size * 2.2))
        if any(name for name, _ in named):
            names = self._take(self.size * 1.4)
        table = self._take(rows * high)
        for n, (name, matrix) in enumerate(named):
            left = table.x + n * (wide * columns + gap)
            if name:
                where = names._replace(x=left, w=wide * columns)
                widgets.text(self.surface, name, where, self.size * 0.85, theme.muted, align="centre")
            if n:
                sign = Rect(left - gap, table.y, gap, table.h)
                widgets.text(self.surface, "×="[n - 1], sign, self.size, theme.muted, align="centre")
            colours = coloured(0.5 + (signed(matrix) - 0.5) * 0.55, theme.signed_scale)
            for i, j in np.ndindex(matrix.shape):
                cell = Rect(left + j * wide, table.y + i * high, wide - 1, high - 1)
                pygame.draw.rect(self.surface, colours[i, j].tolist(), cell)
                widgets.text(self.surface, _short(matrix[i, j]), cell, self.size * 0.8, theme.text, align="centre")

    def bars(self, values, name):
        """One thin bar for each value, up or down from a line."""
        theme = self.theme
        self.line(name, theme.muted)
        place = self._take(self.size * 2.5)
        middle, most = place.middle[1], max(np.abs(values).max(), 1e-9)
        for i, value in enumerate(values):
            x, right = place.x + place.w * i // len(values), place.x + place.w * (i + 1) // len(values)
            tall = round(abs(value) / most * place.h / 2)
            bar = Rect(x, middle - tall if value > 0 else middle, max(1, right - x - 1), tall)
            pygame.draw.rect(self.surface, theme.accent if value > 0 else theme.warning, bar)
        pygame.draw.line(self.surface, theme.faint, (place.x, middle), (place.right, middle))
