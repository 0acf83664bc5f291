"""The few things that every panel is made of: text, cards, buttons, and pictures of arrays."""

from functools import lru_cache

import numpy as np
import pygame

from window.panels.theme import font


@lru_cache(maxsize=512)  # a frame has about 150
def _rendered(words, size, style, colour):
    return font(size, style).render(_readable(words), True, colour)


def text_size(words, size, style=""):
    """Width and height of one line of text."""
    return font(size, style).size(_readable(words))


def _readable(words):
    """The same with ? for what can't be written: the name of a file may be any bytes, and what is pasted any text."""
    return words.encode("utf-8", "replace").decode().replace("\0", "?")


def text(surface, words, where, size, colour, style="", align="left"):
    """Draw one line of text in a rectangle, in the middle of its height, cut short with … if it is too long.

    align: "left", "centre" or "right".
    """
    words = shortened(words[: max(int(where.w), 1)], where.w, size, style)  # no letter is narrower than a pixel
    image = _rendered(words, round(size), style, tuple(colour))
    spare = where.w - image.get_width()
    x = where.x + {"left": 0, "centre": spare // 2, "right": spare}[align]
    surface.blit(image, (x, where.y + (where.h - image.get_height()) // 2))


@lru_cache(maxsize=512)
def shortened(words, width, size, style=""):
    if text_size(words, size, style)[0] <= width:
        return words
    low, high = 0, len(words)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if text_size(words[:middle] + "…", size, style)[0] <= width:
            low = middle
        else:
            high = middle - 1
    return words[:low].rstrip() + "…" if low else ""


def wrapped(words, width, size):
    """The lines of a text, broken at spaces so that each fits `width`; a number and its % stay together."""
    lines = [""]
    for word in words.replace(" %", "\0%").split():
        word = word.replace("\0", " ")
        longer = f"{lines[-1]} {word}".strip()
        if text_size(longer, size)[0] <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def paragraph(surface, words, where, size, colour):
    """Draw text over several lines, from the top of a rectangle; smaller, if it would not fit."""
    least = size * 0.7
    while size > least and len(wrapped(words, where.w, size)) * round(size * 1.35) > where.h:
        size -= 1
    pitch = round(size * 1.35)
    for i, line in enumerate(wrapped(words, where.w, size)[: max(1, where.h // pitch)]):
        text(surface, line, where._replace(y=where.y + i * pitch, h=pitch), size, colour)


def fitted_size(words, where, size, style=""):
    """The largest size, up to `size`, in which one line of text fits a rectangle."""
    width, height = text_size(words, size, style)
    size = max(1, int(size * min(1, where.w / max(width, 1), where.h / max(height, 1))))
    while size > 1 and text_size(words, size, style)[0] > where.w:
        size -= 1  # letters are not exactly as wide as their size says
    return size


def card(surface, where, theme, radius):
    pygame.draw.rect(surface, theme.panel, where, border_radius=radius)


def button(surface, where, words, theme, size, *, on=False, primary=False, pointed=False, ready=True):
    """A button. on: it is a switch, and switched on. ready: whether pressing it does anything now."""
    radius = where.h // 4
    face = theme.accent if primary and ready else theme.hover if pointed and ready else theme.raised
    ink = theme.on_accent if primary and ready else theme.text if ready else theme.muted
    pygame.draw.rect(surface, face, where, border_radius=radius)
    if on:
        pygame.draw.rect(surface, theme.accent, where, max(1, size // 8), border_radius=radius)
        ink = theme.accent
    style, inner = "bold" if primary else "", where.inset(int(size) // 4)
    text(surface, words, inner, fitted_size(words, inner._replace(h=2 * where.h), size, style), ink, style, "centre")


def coloured(levels, colours):
    """Grey levels (uint8), or numbers in [0, 1], as colours of a table (256, 3): (H, W) -> (H, W, 3) uint8."""
    if levels.dtype == np.uint8:
        return colours[levels]
    return colours[(np.clip(np.nan_to_num(levels), 0, 1) * 255 + 0.5).astype(np.uint8)]  # no number is the lowest


def signed(numbers):
    """Signed numbers to [0, 1], 0 to 1/2, the largest magnitude to 0 or 1."""
    return 0.5 + 0.5 * numbers / max(np.abs(numbers).max(), 1e-9)


def picture(surface, pixels, where):
    """Draw colours (H, W, 3) over a rectangle.

    The pixels stay crisp squares: they are repeated to more than the size and then averaged down to it.
    """
    image = pygame.surfarray.make_surface(pixels.swapaxes(0, 1))
    times = -(-max(where.w, where.h) // min(pixels.shape[:2]))
    if times > 1:
        image = pygame.transform.scale_by(image, times)
    surface.blit(pygame.transform.smoothscale(image, (where.w, where.h)), (where.x, where.y))


_kept = {}  # name: (what it was painted from, surface)


def kept(surface, name, where, of, paint):
    """Draw what paint(a surface of that size) paints, or what it painted last time, if it was `of` the same.

    of: a tuple of all that the picture depends on, its size aside.
    """
    of = where.w, where.h, *of
    if name not in _kept or _kept[name][0] != of:
        picture = pygame.Surface((max(where.w, 1), max(where.h, 1)))
        paint(picture)
        _kept[name] = of, picture
    surface.blit(_kept[name][1], (where.x, where.y))


def outline(surface, where, colour, thick=1):
    pygame.draw.rect(surface, colour, where, thick)


def title(surface, words, where, theme, size):
    """A panel's heading."""
    text(surface, words, where._replace(h=round(size * 1.4)), size, theme.text, "bold")


def number(surface, words, where, size, colours):
    """Draw a number as large as fits, whole, each digit in its colour."""
    cells, size = digits_of(words, where, size)
    for digit, cell, colour in zip(words, cells, colours, strict=True):
        text(surface, digit, cell, size, colour, "bold", "centre")


@lru_cache(maxsize=16)
def digits_of(words, where, size):
    """Where the digits of a number stand, as large as fits, and their size; from eight digits on over as many lines as
    make them largest.
    """
    style, most = "bold", 1 if len(words) < 8 else len(words)
    best = 0, 1
    for lines in range(1, most + 1):
        longest = "0" * -(-len(words) // lines)
        w, h = text_size(longest, 100, style)
        best = max(best, (100 * min(where.w / w, where.h * 1.25 / (h * lines)), lines))
    size, lines = min(best[0], size), best[1]
    each = -(-len(words) // lines)
    rows = [words[at : at + each] for at in range(0, len(words), each)]
    size = max(1, int(size))
    wide = lambda size: text_size("0", size, style)[0]  # of every digit  # noqa: E731
    while size > 1 and wide(size) * each > where.w:
        size -= 1  # letters are not exactly as wide as their size says
    pitch = min(round(size * 1.15), where.h // len(rows))
    top, cells = where.y + (where.h - pitch * len(rows)) // 2, []
    for n, row in enumerate(rows):
        x = where.x + (where.w - wide(size) * len(row)) // 2
        first = where._replace(x=x, y=top + n * pitch, w=wide(size), h=pitch)
        cells += [first._replace(x=first.x + k * first.w) for k in range(len(row))]
    return cells, size
