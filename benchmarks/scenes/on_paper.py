"""Numbers on sheets, forms and desks: each function takes a generator of random numbers and returns a Picture."""

import numpy as np
from PIL import Image

from benchmarks.scenes.sheets import BLACK, BLUE, RED, Page, Picture, number, pen, photo


def plain(rng):
    page, truth = Page(rng), number(rng)
    page.write(truth, pen(rng))
    return Picture(page.image(), truth)


def _on_lines(rng, strokes_of, as_photo):
    page, truth = Page(rng, 760, 480), number(rng, 1, 4)
    pitch = rng.uniform(26, 44)
    strokes_of(page, pitch, rng)
    page.write(truth, pen(rng), height=rng.uniform(1.6, 3) * pitch, pen=0.1)
    return photo(page, truth, rng) if as_photo else Picture(page.image(), truth)


def _rules(page, pitch, rng):
    levels = np.arange(rng.uniform(0, pitch), page.height, pitch)
    page.lines([[(0, y), (page.width, y)] for y in levels], 1.4, (150, 175, 215))


def _squares(page, pitch, rng):
    _rules(page, pitch, rng)
    across = np.arange(rng.uniform(0, pitch), page.width, pitch)
    page.lines([[(x, 0), (x, page.height)] for x in across], 1.4, (150, 175, 215))


def _dots(page, pitch, rng):
    x, y = np.meshgrid(np.arange(pitch / 2, page.width, pitch), np.arange(pitch / 2, page.height, pitch))
    page.lines([[(a, b), (a + 1, b)] for a, b in zip(x.ravel(), y.ravel(), strict=True)], 2.5, (140, 150, 170))


def ruled(rng):
    return _on_lines(rng, _rules, False)


def ruled_photo(rng):
    return _on_lines(rng, _rules, True)


def squared(rng):
    return _on_lines(rng, _squares, False)


def squared_photo(rng):
    return _on_lines(rng, _squares, True)


def dotted(rng):
    return _on_lines(rng, _dots, rng.random() < 0.5)


def margin_line(rng):
    """A ruled page with a red line down its left."""
    page, truth = Page(rng, 760, 480), number(rng, 1, 4)
    _rules(page, 34, rng)
    page.lines([[(110, 0), (106, page.height)]], 2, (220, 120, 130))
    page.write(truth, BLUE, height=rng.uniform(60, 100), at=(rng.uniform(130, 260), rng.uniform(40, 240)), pen=0.1)
    return photo(page, truth, rng) if rng.random() < 0.5 else Picture(page.image(), truth)


def photographed(rng):
    page, truth = Page(rng, 900, 640), number(rng)
    page.write(truth, pen(rng))
    return photo(page, truth, rng, rng.uniform(0.3, 0.7), rng.uniform(2, 7))


def dark_desk(rng):
    """A sheet that lies on a dark desk."""
    sheet, truth = Page(rng, 520, 340), number(rng, 1, 4)
    sheet.write(truth, pen(rng))
    desk = Page(rng, 800, 600, (70, 48, 34))
    desk.lines([[(0, y), (800, y + rng.uniform(-8, 8))] for y in range(6, 600, 17)], 3, (56, 38, 28), 0.6)
    laid = desk.image()
    turned = sheet.image().convert("RGBA").rotate(rng.uniform(-7, 7), Image.Resampling.BICUBIC, expand=True)
    laid.paste(turned, (int(rng.uniform(60, 180)), int(rng.uniform(60, 160))), turned)
    desk.colours = np.asarray(laid, np.float32).copy()
    return photo(desk, truth, rng)


def framed(rng):
    page, truth = Page(rng), number(rng, 1, 4)
    page.write(truth, pen(rng))
    wide = rng.integers(1, 7)
    for side in (np.s_[:wide], np.s_[-wide:], np.s_[:, :wide], np.s_[:, -wide:]):
        page.colours[side] = BLACK
    return Picture(page.image(), truth)


def table_cell(rng):
    """A cell cut out of a table, with a bit of its neighbours."""
    page, truth = Page(rng, 480, 260), number(rng, 1, 4)
    left, right, top, bottom = 30, 450, 24, 232
    page.lines([[(0, top), (480, top)], [(0, bottom), (480, bottom)], [(left, 0), (left, 260)],
                [(right, 0), (right, 260)]], rng.uniform(1.5, 3.5), (60, 60, 64))  # fmt: skip
    page.write(truth, pen(rng), height=rng.uniform(80, 110), at=(rng.uniform(40, 90), rng.uniform(20, 40)))
    return Picture(page.image(), truth)


def form_boxes(rng):
    """A box for each digit, as on a form."""
    truth = number(rng, 2, 6)
    page = Page(rng, 120 + 84 * len(truth), 240)
    colour = ((40, 40, 44), (200, 80, 70), (90, 130, 190))[rng.integers(3)]
    for k, digit in enumerate(truth):
        left = 60 + 84 * k
        page.lines([[(left, 70), (left + 84, 70), (left + 84, 172), (left, 172), (left, 70)]], 2, colour)
        page.write(digit, BLACK, height=62, at=(left + rng.uniform(2, 12), 62 + rng.uniform(-6, 4)), pen=0.1)
    return Picture(page.image(), truth)


def _with_marks(rng, text):
    page = Page(rng, 900, 420)
    page.write(text, pen(rng))
    return Picture(page.image(), "".join(char for char in text if char.isdigit()))


def amount(rng):
    sign = "€£"[rng.integers(2)]
    text = number(rng, 1, 3) + ",."[rng.integers(2)] + number(rng, 2, 2)
    return _with_marks(rng, (sign + text, text + sign, text)[rng.integers(3)])


def date(rng):
    return _with_marks(rng, "-/."[rng.integers(3)].join(number(rng, 2, 2) for _ in range(3)))


def time(rng):
    return _with_marks(rng, number(rng, 1, 2) + ":" + number(rng, 2, 2))


def thousands(rng):
    return _with_marks(rng, number(rng, 1, 2) + "'" + number(rng, 3, 3))


def circled(rng):
    page, truth = Page(rng), number(rng, 1, 3)
    left, top, right, bottom = page.write(truth, pen(rng), height=rng.uniform(80, 110), at=(rng.uniform(120, 200), 90))
    t = np.linspace(0, 2 * np.pi + 0.3, 80)
    a, b = 0.72 * (right - left) + 22, 0.72 * (bottom - top) + 22
    wobble = 1 + 0.04 * np.sin(3 * t + rng.uniform(0, 6))
    around = np.stack([(left + right) / 2 + a * wobble * np.cos(t), (top + bottom) / 2 + b * wobble * np.sin(t)], 1)
    page.lines([around], 6, (RED, BLACK, BLUE)[rng.integers(3)])
    return Picture(page.image(), truth)


def underlined(rng):
    page, truth = Page(rng), number(rng, 2, 4)
    left, _, right, bottom = page.write(truth, BLUE)
    for k in range(rng.integers(1, 3)):
        y = bottom + 16 + 14 * k
        x = np.linspace(left - 14, right + 14, 20)
        page.lines([np.stack([x, y + 2 * np.sin(x / 40) + rng.normal(0, 0.6, 20)], 1)], 6, BLUE)
    return Picture(page.image(), truth)


def punch_holes(rng):
    page, truth = Page(rng, 640, 480), number(rng, 1, 4)
    for y in (150, 330):
        page.disc(38, y, 15, (90, 88, 86))
    page.write(truth, pen(rng), height=rng.uniform(70, 110), at=(rng.uniform(110, 250), rng.uniform(100, 260)))
    return photo(page, truth, rng) if rng.random() < 0.5 else Picture(page.image(), truth)


def staple(rng):
    page, truth = Page(rng), number(rng, 1, 4)
    page.write(truth, pen(rng), at=(rng.uniform(80, 140), 150), height=110)
    x, y = rng.uniform(20, 50), rng.uniform(20, 40)
    page.lines([[(x, y + 26), (x + 44, y)]], 5, (120, 122, 128))
    return Picture(page.image(), truth)


def touching(rng):
    page, truth = Page(rng), number(rng, 2, 3)
    page.write(truth, pen(rng), touch=True, pen=0.09)
    return Picture(page.image(), truth)


def two_lines(rng):
    page, truth = Page(rng, 640, 520), [number(rng, 2, 4) for _ in range(2)]
    for k, line in enumerate(truth):
        page.write(line, BLUE, height=95, at=(rng.uniform(60, 160), 20 + 215 * k))
    return Picture(page.image(), "".join(truth))


def far(rng):
    """Little ink on much paper: digits of 6 to 10 mm on a page of A4."""
    page, truth = Page(rng, 1240, 1754), number(rng, 1, 5)
    page.write(truth, pen(rng), height=rng.uniform(36, 60), at=(rng.uniform(100, 800), rng.uniform(100, 1500)))
    page.grain(2)
    return Picture(page.image(), truth, "jpg", {"quality": 85})
