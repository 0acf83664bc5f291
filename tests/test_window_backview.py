"""Backward in the window, through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import SEVEN, click, draw, press  # noqa: E402


def test_backward_asks_for_the_true_digit_and_shows_p_minus_y(app):
    draw(app, SEVEN)
    press(app, "B")
    assert app.sight == "backward" and "which digit" in app.message.words
    app.draw(pygame.Surface(app.layout.size))
    assert app.backward.way(app.reading) is None
    click(app, "true 3")
    way = app.backward.way(app.reading)
    assert way.label == 3 and np.allclose(way.gradients[-1][0], way.p - np.eye(10)[3], atol=1e-6)
    app.looking.pointer = app.layout.cell(2, 5).middle
    for theme in "TT":
        press(app, theme)
        app.draw(pygame.Surface(app.layout.size))
    press(app, "C")
    app.update(0.1)
    app.draw(pygame.Surface(app.layout.size))
    assert app.answer is None and app.backward.label is None  # asked for again, for the next drawing
    press(app, "B")
    assert app.sight == "forward" and app.backward.label is None
