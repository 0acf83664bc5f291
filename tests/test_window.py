"""The window, driven by events as a user's hand would, without a screen."""


import inspect
from dataclasses import replace

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, on_pad, press, send, until  # noqa: E402

from window import panels  # noqa: E402
from window.actions import ask, files, keys, look, move, teach  # noqa: E402
from window.actions import draw as ink  # noqa: E402
from window.app import App  # noqa: E402
from window.data import hand, strokes  # noqa: E402
from window.panels import dialogs  # noqa: E402
from window.panels.theme import THEMES, scale  # noqa: E402


def picture(app):
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    return pygame.surfarray.array3d(surface)


# --- drawing and reading --------------------------------------------------------------------------------------

def test_a_drawn_7_is_read_as_a_7_and_a_1_as_a_1(app):
    draw(app, SEVEN)
    assert app.answer.digit == 7 and app.title.startswith("7 · ")
    press(app, "C")
    draw(app, ONE)
    assert app.answer.digit == 1 and app.reading.number == "1"
    assert app.answer.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_the_answer_follows_the_pen_before_it_is_lifted(app):
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, *SEVEN[0]), button=1)
    for point in SEVEN[1:]:
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, *point), rel=(0, 0), buttons=(1, 0, 0))
    app.update(0.05)
    assert app.answer.digit == 7


def test_while_drawing_it_answers_at_most_30_times_a_second(app, monkeypatch):
    reads = []
    monkeypatch.setattr(app, "read", lambda: reads.append(app.clock) or setattr(app.reading, "since_answer", 0.0))
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.1, 0.5), button=1)
    for i in range(100):
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, 0.1 + i * 0.008, 0.5), rel=(0, 0), buttons=(1, 0, 0))
        app.update(0.01)
    assert 20 <= len(reads) <= 31


def test_an_empty_pad_has_no_answer_and_a_dot_asks_to_go_on(app):
    app.update(1.0)
    assert app.answer is None and app.title == "Draw a digit"
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.5, 0.5), button=1)
    send(app, pygame.MOUSEBUTTONUP, pos=on_pad(app, 0.5, 0.5), button=1)
    app.update(1.0)
    assert app.answer is None and app.pad.dot
    press(app, "Space")
    assert app.answer is None and "Keep going" in app.message.words


def test_clearing_takes_the_answer_away_even_when_live_is_off(app):
    draw(app, SEVEN)
    press(app, "L", "Delete")
    app.update(0.1)
    assert app.answer is None


@pytest.mark.parametrize("how", ["Space", "Enter", "click"])
def test_with_live_off_only_predict_answers(app, how):
    press(app, "L")
    draw(app, SEVEN)
    app.update(1.0)
    assert app.answer is None
    if how == "click":
        click(app, "predict")
    else:
        press(app, how)
    assert app.answer.digit == 7


def test_undo_and_redo_walk_through_strokes_and_clear(app):
    draw(app, ONE)
    one = app.pad.page.ink.copy()
    draw(app, [(0.2, 0.2), (0.8, 0.2)])
    click(app, "clear")
    app.update(0.05)
    assert not app.pad.page.ink.any()
    press(app, "Ctrl+Z", "Ctrl+Z")
    app.update(0.05)
    assert np.array_equal(app.pad.page.ink, one)
    press(app, "Ctrl+Y")
    app.update(0.05)
    assert app.pad.page.ink.sum() > one.sum()
    press(app, "Ctrl+Z", "Ctrl+Z", "Ctrl+Z", "Ctrl+Z")
    assert not app.pad.drawing.marks and app.message.words == "Nothing to undo."


@pytest.mark.parametrize("way", ["right button", "key", "button"])
def test_erasing_takes_ink_away(app, way):
    draw(app, ONE)
    before = int(app.pad.page.ink.sum())
    if way == "key":
        press(app, "E")
    elif way == "button":
        click(app, "eraser")
    draw(app, [(0.3, 0.5), (0.7, 0.5)], button=3 if way == "right button" else 1)
    assert app.pad.page.ink.sum() < before * 0.95
    assert app.pad.page.ink[280, 280] == 0


def test_the_wheel_and_brackets_and_slider_set_the_pens_width(app):
    start = app.pad.pen
    send(app, pygame.MOUSEWHEEL, x=0, y=2, flipped=False)
    assert app.pad.pen > start
    press(app, "[", "[", "[")
    assert app.pad.pen < start
    press(app, *"]" * 60)
    assert app.pad.pen == strokes.THICKEST
    click(app, "width")
    assert app.pad.pen == pytest.approx((strokes.THINNEST + strokes.THICKEST) / 2, rel=0.05)


def test_a_resized_window_keeps_the_drawing_and_its_answer(app):
    draw(app, SEVEN)
    before = app.pad.page.ink.copy(), app.answer.probabilities.copy()
    send(app, pygame.VIDEORESIZE, size=(1500, 1000), w=1500, h=1000)
    press(app, "Space")
    assert app.layout.size == (1500, 1000)
    assert np.array_equal(app.pad.page.ink, before[0]) and np.array_equal(app.answer.probabilities, before[1])


def test_all_by_keyboard(app):
    press(app, "Tab")
    assert app.looking.focus == "pad"
    app.pad.nib = (0.3, 0.25)
    press(app, "Enter", *["Right"] * 11, *["Down"] * 17, "Enter")
    app.update(0.1)
    assert len(app.pad.drawing.strokes) == 1 and app.answer is not None
    for _ in range(app.focusable().index("clear")):
        press(app, "Tab")
    assert app.looking.focus == "clear"
    press(app, "Enter")
    assert not app.pad.drawing.marks
    press(app, "Shift+Tab")
    assert app.looking.focus == "redo"


# --- keys -----------------------------------------------------------------------------------------------------

def controls():
    made = [panel for view in panels.VIEWS.values() for panel in view] + list(panels.dialogs.DIALOGS.values())
    return [its for panel in made for its in panel.CONTROLS.values()]


def test_every_action_has_a_key_or_a_control():
    reached = {binding.action for binding in keys.TABLE} | {f for its in controls() for f in (its.action, its.there)}
    inner = {ink.widen, look.view, files.add, files.show}  # called by them, or by the mouse
    public = {f for module in (ask, files, ink, look, move, teach) for name, f in vars(module).items()
              if inspect.isfunction(f) and f.__module__ == module.__name__ and not name.startswith("_")
              and f.__code__.co_varnames[0] == "app"}
    assert public - inner <= reached


def test_no_key_is_bound_twice():
    bound = [key for binding in keys.TABLE for key in binding.keys]
    assert len(bound) == len(set(bound))


@pytest.mark.parametrize("key", sorted(keys.BOUND))
def test_each_key_calls_its_action(app, monkeypatch, key):
    called = []
    spied = keys.BOUND[key]._replace(action=lambda *arguments: called.append(arguments))
    monkeypatch.setitem(keys.BOUND, key, spied)
    press(app, key)
    assert called == [(app, key) if spied.with_key else (app,)]



@pytest.mark.parametrize(("press_it", "means"), [
    (("&", pygame.KSCAN_1, "&"), "1"), (("à", pygame.KSCAN_0, "à"), "0"),  # French, without Shift
    (("с", pygame.KSCAN_C, "с"), "C"), (("я", pygame.KSCAN_Z, "", pygame.KMOD_LCTRL), "Ctrl+Z"),  # Russian
    (("ψ", pygame.KSCAN_C, "ψ"), "C"), (("ב", pygame.KSCAN_C, "ב"), "C"),  # Greek, Hebrew
    (("8", pygame.KSCAN_8, "[", pygame.KMOD_LCTRL | pygame.KMOD_RALT), "["),  # AltGr, as Windows has it
    ((pygame.K_KP7, pygame.KSCAN_KP_7, ""), "7"),  # without NumLock
    (("z", pygame.KSCAN_Y, "\x1a", pygame.KMOD_LCTRL), "Ctrl+Z"),  # German: the layout's letter, not the place
    (("m", pygame.KSCAN_SEMICOLON, "m"), "M"),  # French: M stands beside L
])  # fmt: skip
def test_keys_of_other_layouts(press_it, means):
    name, place, typed, mod = (*press_it, 0)[:4]
    code = ord(name) if isinstance(name, str) else name
    found = keys.name(pygame.event.Event(pygame.KEYDOWN, key=code, scancode=place, unicode=typed, mod=mod))
    assert found == means


def test_a_held_key_repeats_only_where_that_makes_sense(app):
    for _ in range(5):
        send(app, pygame.KEYDOWN, key=pygame.K_t, unicode="t", mod=0, scancode=pygame.KSCAN_T)
    assert app.theme.name == "light"
    before = app.pad.pen
    for _ in range(5):
        send(app, pygame.KEYDOWN, key=pygame.K_LEFTBRACKET, unicode="[", mod=0, scancode=pygame.KSCAN_LEFTBRACKET)
    assert app.pad.pen == pytest.approx(max(before / 1.1**5, strokes.THINNEST))
    send(app, pygame.KEYUP, key=pygame.K_t, mod=0)
    send(app, pygame.KEYDOWN, key=pygame.K_t, unicode="t", mod=0)
    assert app.theme.name == "dark"


@pytest.mark.parametrize("lost", ["motion", "focus"])
@pytest.mark.parametrize("part", ["pad", "width"])
def test_a_lost_release_ends_what_the_button_began(app, part, lost):
    box = app.layout.parts[part]
    send(app, pygame.MOUSEBUTTONDOWN, pos=box.middle, button=1)
    if lost == "focus":
        send(app, pygame.WINDOWFOCUSLOST)
    pen = app.pad.pen
    for x in (5, 20):
        send(app, pygame.MOUSEMOTION, pos=(box.x + x, box.y + 4), rel=(0, 0), buttons=(0, 0, 0))
    assert app.pad.pen == pen and app.pad.drawing.stroke is None
    assert [len(stroke.points) for stroke in app.pad.drawing.strokes] == ([1] if part == "pad" else [])


def test_a_key_is_known_by_what_the_layout_types(app):
    send(app, pygame.KEYDOWN, key=pygame.K_8, mod=pygame.KMOD_RALT, unicode="[")  # a German keyboard
    assert app.pad.pen < strokes.PEN


# --- looking --------------------------------------------------------------------------------------------------

def test_heat_and_plain_change_the_large_view(app):
    draw(app, SEVEN)
    views = []
    for key in "HHHHPP":
        press(app, key)
        views.append(app.looking.view)
    assert views == ["effect", "slope", "occlusion", "pixels", "plain", "pixels"]
    click(app, "effect")
    assert app.looking.view == "effect"


def test_a_click_on_a_row_explains_that_digit_and_files_nothing(app):
    draw(app, SEVEN)
    marks = app.pad.marks
    click(app, "bar 1")
    assert app.pad.marks == marks and app.teaching.kept == 0
    assert app.explained == 1 and app.looking.view == "effect" and app.looking.pinned == (6, 1, (0, 0))
    app.update(1.0)
    until(app, lambda: app.reading.effects)
    at_one = picture(app)
    click(app, "bar 1")
    assert app.explained == 7 and app.looking.pinned is None and not np.array_equal(picture(app), at_one)


def test_pointing_at_a_cell_and_clicking_it(app):
    draw(app, SEVEN)
    cell = app.layout.cell(0, 11)
    send(app, pygame.MOUSEMOTION, pos=cell.middle, rel=(0, 0), buttons=(0, 0, 0))
    assert app.pointed[:2] == (0, 11) and np.abs(np.array(app.pointed[2]) - 13).max() <= 1
    at = app.pointed
    click(app, cell)
    assert app.looking.pinned == at
    picture(app)
    press(app, "Esc")
    assert app.looking.pinned is None


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_text_has_contrast(theme):
    def light(colour):
        c = np.array(colour) / 255
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    def contrast(a, b):
        a, b = sorted((light(a), light(b)))
        return (b + 0.05) / (a + 0.05)

    of = THEMES[theme]
    for text, ground in [(of.text, of.panel), (of.muted, of.panel), (of.text, of.raised), (of.accent, of.panel),
                        (of.on_accent, of.accent), (of.warning, of.background), (of.muted, of.background)]:
        assert contrast(text, ground) >= 4.5


def test_every_state_can_be_drawn_in_both_themes_and_looks_different(app):
    seen = {}

    def look(state):
        for _ in range(2):
            pixels = picture(app).tobytes()
            assert pixels not in seen, f"{state} looks like {seen[pixels]}"
            seen[pixels] = state
            press(app, "T")

    look("empty")
    draw(app, SEVEN)
    look("answered")
    app.update(1.0)
    look("with occlusion")
    press(app, "H")
    look("effect")
    press(app, "F1")
    look("help")
    press(app, "F1")
    app.looking.pinned = (2, 5, (3, 3))
    look("convolution")
    app.looking.pinned = (3, 5, (2, 2))
    look("pooling")
    app.looking.pinned = (5, 3, (0, 0))
    look("dense")
    app.looking.pinned = None
    app.teaching.progress = hand.Progress(0.5, "epoch 2 of 3")
    look("learning")
    app.teaching.progress = None
    app.teaching.learned = hand.Learned(app.reading.network, 10, (3, 1), 10000, (60, 62))
    look("learned")


def test_colour_scales_end_where_they_should():
    table = scale((0, 0, 0), (10, 20, 30), (255, 255, 255))
    assert table[0].tolist() == [0, 0, 0] and table[255].tolist() == [255, 255, 255]
    assert (np.diff(table.astype(int), axis=0) >= 0).all()


# --- files and the test set -----------------------------------------------------------------------------------

def test_a_dropped_picture_is_read_and_a_bad_file_leaves_the_drawing(app, tmp_path):
    from PIL import Image

    page = np.full((300, 200), 255, np.uint8)
    page[40:260, 90:110] = 0
    Image.fromarray(page).save(tmp_path / "one.png")
    send(app, pygame.DROPBEGIN)
    send(app, pygame.DROPFILE, file=str(tmp_path / "one.png"))
    app.update(0.1)
    assert app.answer.digit == 1 and "one.png" in app.message.words
    (tmp_path / "no.png").write_text("not a picture")
    marks = app.pad.drawing.marks
    send(app, pygame.DROPFILE, file=str(tmp_path / "no.png"))
    assert app.message.bad and "no.png" in app.message.words and app.pad.drawing.marks == marks
    press(app, "PageUp")
    assert not app.message.bad


def test_several_digits_in_a_picture_are_read_as_a_number(app, digits, tmp_path):
    from PIL import Image

    images, labels = digits[1]
    ones, sevens = images[labels == 1], images[labels == 7]
    row = np.concatenate([ones[0], sevens[0], ones[1]], axis=1)
    Image.fromarray(row).resize((84 * 6, 28 * 6)).save(tmp_path / "number.png")
    send(app, pygame.DROPFILE, file=str(tmp_path / "number.png"))
    app.update(0.1)
    assert app.reading.number == "171" and app.title.startswith("171 · ")
    press(app, "Right")
    assert app.reading.chosen == 1 and app.answer.digit == 7
    picture(app)
    draw(app, [(0.1, 0.1), (0.9, 0.9)])  # drawn over, it is read from the pad
    assert {answer.steps.page.shape for answer in app.reading.answers} == {(560, 560)}


@pytest.mark.parametrize("of", ["file", "pad"])
def test_the_doubt_of_a_reading_is_said_of_each_of_its_digits(app, tmp_path, monkeypatch, of):
    from PIL import Image

    read = files.ink.read_page

    def in_doubt(network, page):
        found = read(network, page)
        return replace(found, doubt="it is so") if isinstance(page, np.ndarray) == (of == "pad") else found

    monkeypatch.setattr(files.ink, "read_page", in_doubt)
    draw(app, [(0.3, 0.2), (0.3, 0.8)])
    assert [answer.doubt for answer in app.reading.answers] == [""]  # one drawing is one digit
    draw(app, [(0.7, 0.2), (0.7, 0.8)])
    if of == "file":
        assert [answer.doubt for answer in app.reading.answers] == ["", ""]
        Image.fromarray(255 - app.pad.page.ink).save(tmp_path / "number.png")
        send(app, pygame.DROPFILE, file=str(tmp_path / "number.png"))
        app.update(0.1)
    app.reading.show(app.answer.image)
    app.reading.switch(app.reading.network, ())
    assert [answer.doubt for answer in app.reading.answers] == ["it is so"] * 2
    assert {answer.verdict for answer in app.reading.answers} == {"unsure"}
    assert app.answer.confidence >= 0.9 and app.answer.sentence == "Unsure: it is so."


def test_a_random_test_digit_reaches_the_network_unchanged(app):
    press(app, "R")
    until(app, lambda: app.pad.drawing.marks)
    shown = app.pad.drawing.picture
    number = int(shown.name.split()[-1])
    assert np.array_equal(app.reading.tests[0][number], app.answer.image)
    assert shown.label == app.reading.tests[1][number]


def test_mistakes_are_mistakes(app):
    press(app, "M")
    until(app, lambda: app.reading.mistakes is not None)
    for _ in range(3):
        press(app, "M")
        assert app.answer.digit != app.pad.drawing.picture.label


def test_a_session_saved_and_replayed_is_the_same_ink(app, one_or_seven, tmp_path):
    draw(app, SEVEN)
    draw(app, [(0.4, 0.55), (0.7, 0.55)], button=3)
    press(app, "Ctrl+S")
    (saved,) = (tmp_path / "sessions").glob("*.json")
    other = App(one_or_seven, size=(900, 600), samples=tmp_path)
    send(other, pygame.DROPFILE, file=str(saved))
    other.update(0.06)
    assert 0 < other.pad.page.ink.sum() < app.pad.page.ink.sum() * 2 and other.pad.replaying  # in its own time
    other.update(10.0)
    assert not other.pad.replaying
    assert np.abs(other.pad.page.ink.astype(int) - app.pad.page.ink).max() <= 1  # five decimals are kept


def test_the_picture_of_the_window_is_saved(app, tmp_path):
    press(app, "S")
    (saved,) = (tmp_path / "pictures").glob("*.png")
    assert pygame.image.load(saved).get_size() == app.layout.size


def test_asking_for_a_file_takes_typed_text(app, tmp_path):
    (tmp_path / "nothing.png").write_text("no")
    press(app, "O")
    send(app, pygame.TEXTINPUT, text="o")  # the same O, which is no letter of the path
    press(app, "X")
    for letter in str(tmp_path / "noth"):
        send(app, pygame.TEXTINPUT, text=letter)
    press(app, "C", "Tab", "Backspace", "Tab")  # C is a letter now, not an action
    assert app.dialogs.opening.text == str(tmp_path / "nothing.png")
    press(app, "Enter")  # it is no picture: the dialog stays, with the path and the reason
    assert app.dialogs.open == "open" and "nothing.png" in app.dialogs.opening.error and not app.dialogs.files
    picture(app)
    session = tmp_path / "my seven.json"
    strokes.save(session, [strokes.Stroke(0.09, False, [(x, y, 0.1) for x, y in SEVEN])])
    app.dialogs.opening.begin()
    app.dialogs.opening.insert(f"{session.as_uri()}\r\n'{session}'")
    press(app, "Enter")
    assert app.dialogs.open is None and app.dialogs.files == [str(session)] * 2
    press(app, "O", "X")
    assert app.dialogs.opening.listed == [str(session)]
    where = dialogs.opened(app)[2]["field"].middle  # where a click does nothing: what is typed goes there anyway
    send(app, pygame.MOUSEBUTTONDOWN, pos=where, button=1)
    send(app, pygame.MOUSEBUTTONUP, pos=where, button=1)
    assert app.dialogs.open == "open"


def test_a_path_is_edited_at_its_caret_and_completed(app, tmp_path):
    opening = app.dialogs.opening
    opening.insert("acd")
    opening.move(-2)
    opening.insert("b")
    assert (opening.text, opening.caret) == ("abcd", 2)
    opening.erase()
    opening.erase(after=True)
    assert (opening.text, opening.caret) == ("ad", 1)
    for name in ("one.png", "only.png"):
        (tmp_path / name).touch()
    opening.take(f"{tmp_path}/o")
    assert [path.rsplit("/", 1)[1] for path in opening.listed] == ["one.png", "only.png"]
    opening.complete()
    assert opening.text == f"{tmp_path}/on"


def test_the_clipboard_of_a_program_that_has_gone_is_empty(app, monkeypatch):
    def gone():
        raise pygame.error("Selection owner has gone")

    monkeypatch.setattr(pygame.display, "get_init", lambda: True)
    monkeypatch.setattr(pygame.scrap, "get_text", gone)
    draw(app, SEVEN)
    press(app, "O", "Ctrl+V", "Esc")
    assert app.pad.marks and app.dialogs.open is None


# --- without a network yet, and under a monkey ----------------------------------------------------------------

def test_a_drawing_made_while_the_network_loads_is_read_when_it_is_there(one_or_seven, tmp_path):
    app = App(None, samples=tmp_path)
    draw(app, SEVEN)
    press(app, "Space", "M", "F")
    picture(app)
    assert app.answer is None
    app.use(one_or_seven)
    app.update(0.1)
    assert app.answer.digit == 7


def test_20_000_random_events_raise_nothing(app, tmp_path, monkeypatch):
    """Mostly on the pad and the controls, as anywhere else little happens; now and then time passes and it draws."""
    monkeypatch.setattr(files, "write_whole", lambda path, data: None)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    names = [*keys.BOUND, "Backspace", "X"]
    names = [name for name in names if name not in ("Ctrl+Q", "R", "M", "F")]  # these start threads
    boxes = list(app.layout.parts.values())
    for i in range(20_000):
        box = boxes[rng.integers(len(boxes))]
        pos = (int(box.x + rng.integers(box.w)), int(box.y + rng.integers(box.h)))
        match rng.integers(12):
            case 0 | 1 | 2:
                send(app, pygame.MOUSEMOTION, pos=pos, rel=(0, 0), buttons=(1, 0, 0))
            case 3 | 4:
                send(app, pygame.MOUSEBUTTONDOWN, pos=pos, button=int(rng.integers(1, 6)))
            case 5 | 6:
                send(app, pygame.MOUSEBUTTONUP, pos=pos, button=int(rng.integers(1, 6)))
            case 7 | 8 | 9:
                press(app, names[rng.integers(len(names))])
            case 10:
                kind = [pygame.TEXTINPUT, pygame.MOUSEWHEEL, pygame.WINDOWLEAVE, pygame.DROPBEGIN, pygame.VIDEORESIZE,
                        pygame.DROPFILE, pygame.ACTIVEEVENT, pygame.KEYUP][rng.integers(8)]
                w, h = (int(n) for n in rng.integers(1, 1400, 2)) if rng.random() < 0.1 else (1280, 800)
                send(app, kind, text="a", x=0, y=int(rng.integers(-9, 9)), file="/nowhere/a.png", w=w, h=h, size=(w, h),
                     key=97, mod=0)
                boxes = list(app.layout.parts.values())
            case 11:
                app.update(float(rng.random() * 0.1))
        if i % 500 == 0:
            picture(app)
    assert app.running


def test_events_at_the_edge_and_outside_of_the_window(app):
    for pos in [(-5, -5), (0, 0), (1279, 799), (1280, 800), (5000, 10), (10, -3000)]:
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            send(app, kind, pos=pos, button=1)
        send(app, pygame.MOUSEMOTION, pos=pos, rel=(0, 0), buttons=(0, 0, 0))
        app.update(0.1)
    draw(app, [(0.5, 0.5), (3.0, -2.0), (0.4, 0.6)])  # a stroke may leave the pad
    assert app.answer is not None


def test_quitting(app):
    send(app, pygame.QUIT)
    assert not app.running
