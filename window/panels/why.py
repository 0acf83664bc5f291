"""The table of Why: the two digits that are compared, and the softmax spelled out, score by score."""

import pygame

from window.actions import whatif, why
from window.data.answer import percent
from window.data.why import softmax
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

CONTROLS = {
    "for": Control("", "Why this digit: the one that is asked about. Again: the answer.", why.choose_for),
    "against": Control("", "And not this one: the digit that it is compared with. Again: the second.",
                       why.choose_against),
}  # fmt: skip
COLUMNS = (("why", 3), ("not", 3), ("digit", 3), ("score", 5), ("÷ T", 5), ("e^", 7), ("share", 6))  # widths, in text
ROWS = 12  # a heading, ten digits, their sum


def place(layout):
    """The table at the left of the top; what is beside it and under it belongs to the panels that come after."""
    free, gap, parts = layout.free, layout.gap, layout.parts
    pitch = round(layout.text * 1.4)
    layout.needs((free.w, 47), (free.h, 31))
    high = 2 * gap + layout.heading + ROWS * pitch
    panel = layout.panels["why"] = Rect(free.x, free.y, int(free.w * 0.6), high)
    inner = panel.inset(gap)
    parts["why title"] = inner._replace(h=layout.heading)
    y, unit = inner.y + layout.heading, inner.w / sum(width for _, width in COLUMNS)
    for row in range(ROWS):
        x = inner.x
        for name, width in COLUMNS:
            where = Rect(round(x), y, round(x + unit * width) - round(x), pitch)
            if name in ("why", "not") and 0 < row <= 10:
                parts[f"{'for' if name == 'why' else 'against'} {row - 1}"] = where
            else:
                parts[f"softmax {row} {name}"] = where
            x += unit * width
        y += pitch
    layout.panels["why unit"] = Rect(panel.right + gap, free.y, free.right - panel.right - gap, high)
    layout.free = free._replace(y=panel.bottom + gap, h=free.bottom - panel.bottom - gap)


def draw(surface, app):
    layout, theme, parts, size = app.layout, app.theme, app.layout.parts, app.layout.text
    widgets.card(surface, layout.panels["why"], theme, layout.gap)
    answer = app.answer
    words = "Why {} and not {}".format(*app.why.pair(answer)) if answer else "Why this digit and not another"
    widgets.title(surface, words, parts["why title"], theme, size)
    if answer is None:
        line = parts["for 0"]._replace(w=layout.panels["why"].w - 2 * layout.gap)
        widgets.text(surface, "Draw a digit first.", line, size, theme.muted)
        return
    found, _, _ = whatif.standing(app).partition(";")  # the way back is said at the ink
    if found:
        wide = widgets.text_size(words, size, "bold")[0] + 2 * layout.gap
        line = parts["why title"]._replace(x=parts["why title"].x + wide, w=parts["why title"].w - wide)
        small = widgets.fitted_size(found, line._replace(h=2 * line.h), size * 0.9)
        widgets.text(surface, found, line, max(small, round(size * 0.7)), theme.warning)
    network = app.reading.network
    table = softmax(answer.values[-1][0], network.temperature)
    less = f" − {table.less:.0f}" if table.less else ""
    heads = {"÷ T": f"÷ {network.temperature:.2f}" + less, "e^": "exp"}
    for name, _ in COLUMNS:
        align = "centre" if name in ("why", "not", "digit") else "right"
        where = parts[f"softmax 0 {name}"]
        widgets.text(surface, heads.get(name, name), where, size * 0.9, theme.muted, align=align)
    for digit in range(10):
        _row(surface, app, table, digit)
    total = parts[f"softmax {ROWS - 1} e^"]
    line = Rect(parts["for 9"].x, total.y, parts["softmax 1 share"].right - parts["for 9"].x, 1)
    pygame.draw.rect(surface, theme.line, line)
    widgets.text(surface, "sum", parts[f"softmax {ROWS - 1} ÷ T"], size * 0.9, theme.muted, align="right")
    widgets.text(surface, _number(table.exponentials.sum()), total, size * 0.9, theme.text, "mono", "right")
    widgets.text(surface, "100 %", parts[f"softmax {ROWS - 1} share"], size * 0.9, theme.text, "mono", "right")


def _row(surface, app, table, digit):
    theme, parts, size, pair = app.theme, app.layout.parts, app.layout.text, app.why.pair(app.answer)
    style = "bold" if digit in pair else ""
    for name, chosen, colour in (("for", pair[0], theme.accent), ("against", pair[1], theme.warning)):
        box = parts[f"{name} {digit}"]
        if app.pointed_part == f"{name} {digit}":
            pygame.draw.rect(surface, theme.hover, box, border_radius=app.layout.half)
        here, radius = chosen == digit, max(2, size // 3)
        pygame.draw.circle(surface, colour if here else theme.faint, box.middle, radius, 0 if here else 1)
    widgets.text(surface, str(digit), parts[f"softmax {digit + 1} digit"], size, theme.text, style, "centre")
    numbers = {
        "score": f"{table.scores[digit]:+.3f}".replace("-", "−"),
        "÷ T": f"{table.divided[digit] - table.less:+.3f}".replace("-", "−"),
        "e^": _number(table.exponentials[digit]), "share": percent(table.shares[digit]),
    }  # fmt: skip
    for name, words in numbers.items():
        where = parts[f"softmax {digit + 1} {name}"]
        widgets.text(surface, words, where, size * 0.9, theme.text if style else theme.muted, "mono", "right")


def _number(x):
    """A positive number in at most eight letters: 0.0031, 12.4, 3,120, 4.1e+12."""
    if x >= 100_000 or 0 < x < 0.001:
        return f"{x:.1e}"
    return f"{x:,.0f}" if x >= 1000 else f"{x:.4g}"
