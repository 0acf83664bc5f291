"""What the panels write and draw, seen by what reaches the screen: nothing cut, and as said."""

import pytest

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, press  # noqa: E402

from window.app import App  # noqa: E402
from window.data import hand  # noqa: E402
from window.panels import arithmetic, status, widgets  # noqa: E402


def show(app):
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    return surface


@pytest.fixture
def window(one_or_seven, tmp_path):
    """window(size, scale): an App of another size."""
    pygame.font.init()
    return lambda size, scale: App(one_or_seven, size=size, scale=scale, samples=tmp_path)


@pytest.fixture
def written(monkeypatch):
    """[(words, what was drawn of them, size)] of every line of text that is drawn."""
    lines, real = [], widgets.shortened

    def spy(words, width, size, style=""):
        lines.append((words, real(words, width, size, style), size))
        return lines[-1][1]

    monkeypatch.setattr(widgets, "shortened", spy)
    return lines


def states(app):
    """The window in one state after the other."""
    yield "empty"
    draw(app, SEVEN)
    yield "answered"
    for view in ("received", "how", "forward"):
        press(app, "V")
        yield view
    press(app, "H")
    yield "what ink does"
    click(app, "bar 1")
    yield "explained"
    press(app, "Esc", "F1")
    yield "help"
    press(app, "Right")
    yield "keys"
    press(app, "F1", "O", "X")
    yield "open"
    press(app, "Esc")
    app.teaching.progress = hand.Progress(0.5, "epoch 1 of 1, loss 0.432")
    yield "learning"
    app.teaching.progress = None
    app.teaching.learned = hand.Learned(app.reading.network, 10, (3, 1), 10000, (60, 62))
    yield "learned"
    press(app, "D", "C")
    draw(app, [(0.15 + 0.3 * (x - 0.3), y) for x, y in SEVEN])
    draw(app, [(0.75 + 0.3 * (x - 0.5), y) for x, y in ONE])
    yield "two digits"


@pytest.mark.parametrize(("size", "scale"), [
    ((900, 600), 1), ((1366, 730), 2), ((2560, 600), 1), ((1080, 1920), 1.5),
])  # fmt: skip
def test_no_text_of_the_window_is_cut(window, written, size, scale):
    app = window(size, scale)
    for state in states(app):
        written.clear()
        show(app)
        cut = [(words, shown) for words, shown, _ in written if shown != words]
        assert not cut, f"{state}: {cut}"
        assert min(size for words, _, size in written if words.strip()) >= 0.55 * app.layout.text, state


def test_what_large_text_leaves_no_room_for_is_turned_to(window):
    app = window((1366, 730), 2)
    draw(app, SEVEN)
    assert not {"receives", "how"} & app.layout.panels.keys()
    seen = set()
    for turn in (lambda: click(app, "more"), lambda: press(app, "V")) * 2:
        turn()
        show(app)
        seen |= app.layout.panels.keys()
        draw(app, [(0.4, 0.6), (0.6, 0.6)])  # the pad stays
    assert {"receives", "how"} <= seen and len(app.pad.drawing.strokes) == 5


def test_where_all_has_room_there_is_no_more_to_turn_to(app, written):
    show(app)
    assert "More V" not in {words for words, *_ in written} and "more" not in app.focusable()
    click(app, "more")
    press(app, "V")
    assert app.sight == "forward" and "in sight" in app.message.words


def test_a_scale_that_has_no_room_is_said(window):
    small, large = window((900, 600), 2), window((2560, 1600), 2)
    assert status.model_words(small)[0].startswith("scale 1.4 of 2")
    assert not any("scale" in words for words in status.model_words(large))


@pytest.mark.parametrize(("size", "scale"), [((900, 600), 1), ((1366, 730), 2)])
def test_the_arithmetic_keeps_to_its_card(window, monkeypatch, size, scale):
    app, pens, real = window(size, scale), [], arithmetic.Pen
    monkeypatch.setattr(arithmetic, "Pen", lambda *given: pens.append(real(*given)) or pens[-1])
    draw(app, SEVEN)
    for sight in ("forward", "how"):
        app.sight = sight
        app.resize(app.layout.size)
        for stage, of in enumerate(app.reading.stages):
            app.looking.pinned = stage, 5, (2, 2) if len(of.shape) == 3 else (0, 0)
            show(app)
            assert pens[-1].y <= arithmetic.card(app).bottom, (sight, of.title)
    app.sight = "received"
    assert arithmetic.card(app) is None
