"""What the panels write and draw, seen by what reaches the screen: nothing cut, and as said."""

import numpy as np
import pytest
from PIL import Image

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, press, send, until  # noqa: E402

from nn.ink import shown as how  # noqa: E402
from window import panels, run  # noqa: E402
from window.actions import files, keys  # noqa: E402
from window.app import App  # noqa: E402
from window.data import hand  # noqa: E402
from window.data.strokes import Drawing, Picture  # noqa: E402
from window.panels import arithmetic, dialogs, pad, status, theme, widgets  # noqa: E402
from window.panels.layout import Rect  # noqa: E402


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


# --- several digits, and how they were read -------------------------------------------------------------------

def two_digits(app):
    draw(app, [(0.15 + 0.3 * (x - 0.3), y) for x, y in SEVEN])
    draw(app, [(0.75 + 0.3 * (x - 0.5), y) for x, y in ONE])
    app.update(0.1)
    assert app.reading.number == "71"


def test_a_digit_of_a_drawn_number_is_chosen_by_its_label_and_in_the_number(app):
    two_digits(app)
    strokes = len(app.pad.drawing.strokes)
    for choose in (lambda n: pad.digit_tag(app, n), number_cell(app)):
        for index in (1, 0, 1):
            click(app, choose(index))
            assert app.reading.chosen == index and app.answer.digit == (7, 1)[index]
        click(app, choose(0))
    assert len(app.pad.drawing.strokes) == strokes  # nothing was drawn by it
    assert app.layout.parts["pad"].holds((pad.digit_tag(app, 1).right - 1, pad.digit_tag(app, 1).y))


def number_cell(app):
    def cell(index):
        box = app.layout.parts["digit"]
        return widgets.digits_of(app.reading.number, box.inset(app.layout.half), box.h)[0][index]

    return cell


def test_the_label_of_a_digit_at_the_edge_stays_on_the_pad(app):
    app.pad.pen = 0.06
    draw(app, [(0.03 + 0.3 * (x - 0.3), 0.4 * y - 0.08) for x, y in SEVEN])
    draw(app, [(0.97, 0.05), (0.97, 0.35)])
    app.update(0.1)
    show(app)
    assert len(app.reading.answers) == 2
    for index in (0, 1):
        tag, whole = pad.digit_tag(app, index), app.layout.parts["pad"]
        assert whole.holds((tag.x, tag.y)) and whole.holds((tag.right - 1, tag.bottom - 1))


def test_how_a_drawing_or_a_picture_was_read_is_shown(app, written, tmp_path):
    press(app, "I")
    assert app.dialogs.open is None and "nothing to show" in app.message.words and "read" not in app.focusable()
    two_digits(app)
    click(app, "read")
    shown = show(app)
    words = " ".join(said for said, *_ in written)
    assert app.dialogs.open == "read" and "Read as 71" in words and "The paper" in words
    for colour in how.DIGITS[:2]:
        assert pygame.mask.from_threshold(shown, colour, (2, 2, 2)).count() > 200  # each digit in its own
    press(app, "Esc", "C")
    red = np.full((120, 300, 3), 255, np.uint8)
    red[20:100, 60:70] = red[20:100, 200:210] = (200, 0, 0)
    red[50:54, 130:134] = (200, 0, 0)  # a speck
    Image.fromarray(red).save(tmp_path / "red.png")
    files.add(app, str(tmp_path / "red.png"))
    app.update(0.1)
    written.clear()
    press(app, "I")
    shown = show(app)
    assert pygame.mask.from_threshold(shown, (200, 0, 0), (9, 9, 9)).count() > 200  # the paper, in its colours
    assert any(said.startswith("Left out:") for said, *_ in written)
    app.pad.clear()  # as a dropped session does
    app.update(0.1)
    show(app)
    assert app.dialogs.open == "read" and "The ink has changed." in {said for said, *_ in written}
    press(app, "Esc")
    assert app.dialogs.open is None


def test_what_was_pressed_in_another_view_is_let_go(app):
    box = app.layout.parts["width"]
    send(app, pygame.MOUSEBUTTONDOWN, pos=box.middle, button=1)
    app.looking.pressed = "ribbon"  # of Train
    app.resize(app.layout.size)
    send(app, pygame.MOUSEMOTION, pos=(5, 5), rel=(0, 0), buttons=(1, 0, 0))
    assert app.looking.pressed is None


# --- memory ---------------------------------------------------------------------------------------------------

def test_fonts_and_lines_of_text_that_are_kept_are_bounded(window):
    for n in range(12):
        show(window((900 + 50 * n, 600 + 40 * n), 1 + n / 20))
    assert theme._font.cache_info().maxsize <= 64 and theme._font.cache_info().currsize > 30
    assert theme.font(11.6) is theme.font(12.2)
    assert widgets._rendered.cache_info().maxsize <= 512 >= widgets.shortened.cache_info().maxsize


def test_undo_keeps_no_more_pictures_than_a_bound_and_the_one_in_sight(monkeypatch):
    drawing = Drawing()
    inks = [np.zeros((1000, 1000), np.uint8) for _ in range(4)]
    monkeypatch.setattr("window.data.strokes.MOST_BYTES", 2_500_000)
    for ink in inks:
        drawing.become([Picture(ink, "page")])
        for _ in range(5):
            drawing.touch(0.5, 0.5, 0, 0.09)
            drawing.lift()
    lowest = [state[0].ink for state in drawing.states if state]
    assert lowest[-1] is inks[3] and {id(ink) for ink in lowest} == {id(inks[2]), id(inks[3])}
    assert drawing.state == drawing.forgotten + drawing.now == 24
    while drawing.undo():
        pass
    assert drawing.picture.ink is inks[2]
    monkeypatch.setattr("window.data.strokes.MOST_BYTES", 10)
    drawing.become([Picture(inks[0], "page")])
    assert len(drawing.states) == 1 and drawing.picture.ink is inks[0]


# --- dialogs --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("size", "scale"), [((900, 600), 1), ((1366, 730), 2), ((450, 300), 1)])
def test_the_text_of_a_dialog_keeps_to_it(window, monkeypatch, size, scale):
    app, places, real = window(size, scale), [], widgets.text
    draw(app, SEVEN)
    image = np.zeros((28, 28), np.uint8)
    app.teaching.shelf = [hand.Sample(n % 3, image) for n in range(150)]

    def spy(surface, words, where, size, *rest, **named):
        places.append((words, where, widgets.text_size(words, round(size))[1]))
        real(surface, words, where, size, *rest, **named)

    for name in dialogs.DIALOGS:
        for app.dialogs.page in (0, 1):
            app.dialogs.open = name
            with monkeypatch.context() as patch:
                patch.setattr(widgets, "text", spy)
                places.clear()
                dialogs.draw(pygame.Surface(app.layout.size), app)
            _, box, _ = dialogs.opened(app)
            assert places and box.x >= 0 and box.y >= 0 and box.bottom <= app.layout.size[1]
            for words, where, high in places:
                assert where.x >= box.x and where.right <= box.right, (name, words)
                assert where.y >= box.y and where.middle[1] + high / 2 <= box.bottom, (name, words)


def test_the_lines_of_the_keys_do_not_meet(window, monkeypatch):
    app, rows, real = window((900, 600), 1), [], widgets.text
    monkeypatch.setattr(widgets, "text", lambda surface, words, where, *rest, **named: rows.append((words, where))
                        or real(surface, words, where, *rest, **named))  # fmt: skip
    app.dialogs.open, app.dialogs.page = "help", 1
    dialogs.draw(pygame.Surface(app.layout.size), app)
    top = min(where.y for _, where in rows)  # the tabs, and how it is closed
    ink = [(words, where._replace(y=where.y + 4, h=where.h - 8)) for words, where in rows if where.y > top + 4]
    assert len(ink) > 2 * len(keys.TABLE)
    for n, (words, one) in enumerate(ink):
        for other, two in ink[n + 1 :]:
            apart = one.right <= two.x or two.right <= one.x or one.bottom <= two.y or two.bottom <= one.y
            assert apart, (words, other)


def test_what_the_gallery_has_no_room_for_is_counted(app, written):
    app.teaching.shelf = [hand.Sample(3, np.zeros((28, 28), np.uint8)) for _ in range(60)]
    app.dialogs.open = "gallery"
    show(app)
    _, _, parts = dialogs.opened(app)
    shown = sum(name.startswith("kept") for name in parts)
    assert 5 < shown < 60 and f"+{60 - shown} older" in {words for words, *_ in written}


# --- what is said -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("length", [1, 2, 7, 8, 13, 30])
@pytest.mark.parametrize("where", [Rect(0, 0, 90, 90), Rect(10, 20, 60, 200), Rect(0, 0, 300, 40)])
def test_a_number_is_whole_at_every_length_and_wraps_from_eight_digits_on(window, written, length, where):
    words = ("4071938265" * 3)[:length]
    cells, size = widgets.digits_of(words, where, 200)
    widgets.number(pygame.Surface((400, 300)), words, where, 200, [(0, 0, 0)] * length)
    assert [shown for _, shown, _ in written] == list(words)  # each digit, and no ellipsis
    lines = [cell.y for cell in cells]
    assert lines == sorted(lines) and (length >= 8 or len(set(lines)) == 1)
    if length >= 13 and where.h > where.w / 2:
        assert len(set(lines)) > 1
    for n, cell in enumerate(cells):
        assert where.x <= cell.x and cell.right <= where.right and where.y <= cell.y and cell.bottom <= where.bottom
        assert widgets.text_size(words[n], size, "bold")[0] <= cell.w
    assert size >= widgets.fitted_size(words, where, 200, "bold") - 1  # wrapping never makes it smaller


def test_the_status_line_says_what_a_control_does_after_a_moment(app, written):
    said = controls_help("clear")
    box = app.layout.parts["clear"]
    send(app, pygame.MOUSEMOTION, pos=box.middle, rel=(0, 0), buttons=(0, 0, 0))
    app.update(0.2)
    show(app)
    assert said not in {words for words, *_ in written}
    app.update(0.3)
    assert app.changed  # it appears by itself
    show(app)
    assert said in {words for words, *_ in written}
    app.say("A file is broken", bad=True)
    written.clear()
    show(app)
    lines = {words for words, *_ in written}
    assert said not in lines and "! A file is broken" in lines  # an error goes first
    app.say("")
    send(app, pygame.MOUSEMOTION, pos=app.layout.parts["undo"].middle, rel=(0, 0), buttons=(0, 0, 0))
    assert app.hint == ""
    app.update(0.5)
    assert app.hint == controls_help("undo")


def controls_help(part):
    return pad.CONTROLS[part].help


def test_every_control_has_a_line_of_help_that_ends_as_a_sentence():
    for view in panels.VIEWS.values():
        for panel in view:
            for name, its in panel.CONTROLS.items():
                assert its.help.endswith("."), name


def test_the_legend_shows_both_scales_with_their_ends(app, written):
    shown = show(app)
    assert {"against", "for", "0", "most"} <= {words for words, *_ in written}
    title = app.layout.parts["how title"]
    strip = pygame.surfarray.array3d(shown)[title.x : title.right, title.y + round(app.layout.text * 0.7)]
    for colour in (app.theme.warning, app.theme.accent, app.theme.paper):
        assert np.abs(strip.astype(int) - colour).sum(axis=1).min() < 30  # orange, blue, and nothing between them


@pytest.mark.parametrize("name", sorted(theme.THEMES))
def test_disabled_words_and_hints_keep_a_contrast_of_4_5(name):
    of = theme.THEMES[name]
    for ground in (of.panel, of.raised, of.background, of.paper):
        assert contrast(of.muted, ground) >= 4.5, ground
    pygame.font.init()
    surface = pygame.Surface((120, 40))
    surface.fill(of.panel)
    widgets.button(surface, Rect(0, 0, 120, 40), "HHHH", of, 20, ready=False)
    pixels = pygame.surfarray.array3d(surface)[20:100, 8:32].reshape(-1, 3)
    best = max(contrast(pixel, of.raised) for pixel in np.unique(pixels, axis=0))
    assert best >= 4.5


def contrast(a, b):
    def light(colour):
        c = np.array(colour) / 255
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def test_page_down_passes_over_files_that_cannot_be_read(app, tmp_path):
    paths = []
    for n, good in enumerate([True, False, False, True]):
        paths.append(tmp_path / f"{n}.png")
        if good:
            page = np.full((120, 80), 255, np.uint8)
            page[20:100, 36:44] = 0
            Image.fromarray(page).save(paths[-1])
        else:
            paths[-1].write_text("no picture")
    app.dialogs.files = [str(path) for path in paths]
    files.show(app, 0)
    press(app, "PageDown")
    assert app.dialogs.file == 3 and app.pad.drawing.picture.name == "3.png"
    assert not app.message.bad and "1.png" in app.message.words and "others" in app.message.words
    press(app, "PageUp")
    assert app.dialogs.file == 0 and app.pad.drawing.picture.name == "0.png"
    for path in paths:
        path.write_text("no picture")
    marks = app.pad.marks
    press(app, "PageDown")
    assert app.message.bad and app.pad.marks == marks  # none of them: said, and nothing lost


@pytest.mark.parametrize(("desktop", "scale", "size", "whole"), [
    ((1920, 1080), 1, (1280, 800), False), ((1366, 768), 1, (1280, 656), True), ((1024, 600), 1, (1008, 488), True),
    ((3840, 2160), 2, (2560, 1600), False), ((1920, 1080), 2, (1904, 968), True), ((3, 5), 1, (1, 1), True),
])  # fmt: skip
def test_the_opening_size_leaves_room_for_bars_or_is_maximised(desktop, scale, size, whole):
    assert run.opening_size(desktop, scale) == (size, whole)


def test_a_number_is_not_parted_from_its_percent_sign(app):
    words = "Digit 1 of 2: 7, >99.9 %. Sure."
    for width in range(60, 400, 7):
        lines = widgets.wrapped(words, width, 13)
        assert " ".join(lines) == words and not any(line.startswith("%") for line in lines)


def test_the_wheel_turns_nothing_under_a_dialog(app):
    pen = app.pad.pen
    for name in dialogs.DIALOGS:
        app.dialogs.open = name
        send(app, pygame.MOUSEWHEEL, x=0, y=3, flipped=False)
        assert app.pad.pen == pen, name


def test_a_known_mistake_is_shown_as_one(app, written, digits):
    images, labels = digits[1]
    number = next(n for n, label in enumerate(labels) if label == 3)  # this network knows 1 and 7 alone
    for label, words in ((3, "Wrong: it is a 3"), (None, ""), (int(app_answer(app, images[number])), "Right.")):
        app.pad.show(Picture(images[number], "test image", label))
        app.read()
        written.clear()
        shown = show(app)
        said = " ".join(line for line, *_ in written)
        assert (words in said) if words else ("Wrong" not in said and "Right." not in said)
        assert ("✓" in said) == (label is not None)
        tile = pygame.surfarray.array3d(shown)[slice_of(app.layout.parts["digit"])].reshape(-1, 3).astype(int)
        wrong = np.abs(tile - app.theme.warning).sum(axis=1).min() < 12
        assert wrong == (label == 3)  # in the warning colour, and only then


def app_answer(app, image):
    app.pad.show(Picture(image, "test image"))
    app.read()
    return app.answer.digit


def slice_of(box):
    return slice(box.x, box.right), slice(box.y, box.bottom)


def test_a_map_that_is_not_there_yet_is_said_to_be_worked_out(app, written):
    draw(app, SEVEN)
    press(app, "H")
    show(app)
    assert "Being worked out …" in {words for words, *_ in written}
    app.update(1.0)
    until(app, lambda: app.reading.effects)
    written.clear()
    show(app)
    assert "Being worked out …" not in {words for words, *_ in written}
    assert any("All 784" in words for words, *_ in written)
