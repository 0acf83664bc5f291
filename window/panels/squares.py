"""Matrices of signed numbers as squares of colours, and the ramp that says what the colours mean."""

import numpy as np
import pygame

from window.data.backward import square as squarest
from window.panels import widgets
from window.panels.layout import Rect
from window.panels.widgets import coloured


def scale(surface, app, box, end):
    """The signed colours as a ramp, with the numbers at its ends."""
    theme, size = app.theme, app.layout.text * 0.85
    ramp = Rect(box.middle[0] - box.w // 10, box.y + box.h // 4, box.w // 5, box.h // 2)
    image = pygame.surfarray.make_surface(theme.signed_scale[:, None])
    surface.blit(pygame.transform.smoothscale(image, (ramp.w, ramp.h)), ramp[:2])
    widgets.outline(surface, ramp, theme.line)
    left = box._replace(w=ramp.x - box.x - app.layout.half)
    right = Rect(ramp.right + app.layout.half, box.y, box.right - ramp.right - app.layout.half, box.h)
    low, high = f"lowers the loss, −{end:.2g}", f"+{end:.2g}, raises the loss"
    size = min(widgets.fitted_size(low, left, size), widgets.fitted_size(high, right, size))
    widgets.text(surface, low, left, size, theme.muted, align="right")
    widgets.text(surface, high, right, size, theme.muted)


def heading(surface, app, words):
    """The title of the middle panel, whole: cells and weights have long names."""
    box = app.layout.parts["inside title"]
    box = box._replace(h=round(app.layout.text * 1.4))
    if not (app.looking.pinned or app.backward.weight):
        box = box._replace(w=app.layout.parts["shut"].right - box.x)
    size = widgets.fitted_size(words, box, app.layout.text, "bold")
    widgets.text(surface, words, box, size, app.theme.text, "bold")


def grid(numbers, shape):
    """A vector as rows of a grid, what is left over as NaN; matrices stay."""
    if numbers.ndim == 2:
        return numbers
    whole = np.full(shape[0] * shape[1], np.nan)
    whole[: len(numbers)] = numbers
    return whole.reshape(shape)


def matrix(w):
    """The weights of one cell, (KH, KW, c_in) or (n_in,), as a picture: the mean over input maps, a near square."""
    return w.mean(axis=2) if w.ndim == 3 else grid(w, squarest(len(w)))


def square(surface, app, box, numbers, name, sign="", mark=None):
    """A matrix of signed numbers as a square of colours, written into it where there is room, its name above it.

    sign: × or =, before it; mark: a row and column to be outlined.
    """
    theme, size = app.theme, app.layout.text
    rows, columns = numbers.shape
    above = Rect(box.x - size, box.y - app.layout.caption, box.w + 2 * size, app.layout.caption)
    widgets.text(surface, name, above, widgets.fitted_size(name, above, size * 0.85), theme.muted, align="centre")
    if sign:
        before = Rect(box.x - round(1.2 * size), box.y, round(1.2 * size), box.h)
        widgets.text(surface, sign, before, size, theme.muted, align="centre")
    most = max(np.nanmax(np.abs(numbers), initial=0), 1e-30)
    room = box.w // columns > 2.2 * size and box.h // rows > size
    levels = 0.5 + np.nan_to_num(numbers) / most * (0.28 if room else 0.5)
    colours = coloured(levels, theme.signed_scale)
    colours[np.isnan(numbers)] = theme.panel
    widgets.picture(surface, colours, box)

    def at(i, j):
        x, y = box.x + box.w * j // columns, box.y + box.h * i // rows
        return Rect(x, y, box.x + box.w * (j + 1) // columns - x, box.y + box.h * (i + 1) // rows - y)

    if room:
        for i, j in np.ndindex(rows, columns):
            if not np.isnan(numbers[i, j]):
                words, cell = short(numbers[i, j]), at(i, j).inset(2)
                widgets.text(surface, words, cell, widgets.fitted_size(words, cell, size * 0.8), theme.text,
                             align="centre")  # fmt: skip
    widgets.outline(surface, box, theme.line)
    if mark is not None:
        widgets.outline(surface, at(*mark), theme.warning, 2)


def exact(number, digits=4):
    """A signed number with so many digits after its first: −1.2346e−04; or 0."""
    return f"{number:+.{digits}e}".replace("-", "−") if number else "0"


def short(number):
    """Two significant digits in little room: .67, −.0025, 3e−6, 0."""
    if number == 0:
        return "0"
    size = abs(number)
    words = f"{size:.2g}" if size >= 1e-3 else f"{size:.0e}".replace("e-0", "e−").replace("e-", "e−")
    return ("−" if number < 0 else "") + words.removeprefix("0").replace("+0", "")
