"""What people do in the wrong order, at the wrong time or by mistake; nothing may be lost, mixed up or said wrongly."""

import copy
import json

import numpy as np
import pytest
from PIL import Image

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, on_pad, press, send, until  # noqa: E402

from nn import ink  # noqa: E402
from window.actions import files  # noqa: E402
from window.actions.draw import READY  # noqa: E402
from window.data import strokes  # noqa: E402
from window.data.page import SIDE  # noqa: E402
from window.data.strokes import Stroke  # noqa: E402
from window.panels import dialogs, pad  # noqa: E402


def show(app):
    app.draw(pygame.Surface(app.layout.size))


@pytest.fixture
def number(tmp_path):
    """A picture file of a 7 and a 1 side by side."""
    lines = [[(60 * x + 20, 60 * y + 10) for x, y in SEVEN], [(60 * x + 90, 60 * y + 10) for x, y in ONE]]
    page = np.maximum(*(ink.draw([line], 6, 180) for line in lines))[:80]
    path = tmp_path / "71.png"
    Image.fromarray(255 - page).save(path)
    return str(path)


@pytest.fixture
def session(tmp_path):
    """A session file of a crossed 7 that takes a second and a half to draw."""
    path = tmp_path / "seven.json"
    bar = Stroke(0.09, False, [(0.4, 0.6, 1.2), (0.7, 0.6, 1.5)])
    strokes.save(path, [Stroke(0.09, False, [(x, y, 0.25 * i) for i, (x, y) in enumerate(SEVEN)]), bar])
    return str(path)


# --- several digits in a picture ------------------------------------------------------------------------------

def test_a_click_on_one_of_several_digits_chooses_it(app, number):
    files.add(app, number)
    app.update(0.05)
    assert app.reading.number == "71"
    for index in (1, 0):
        click(app, pad.digit_box(app, index))
        assert app.reading.chosen == index and app.pad.drawing.picture  # and nothing is drawn
    assert pad.digit_box(app, 0).right <= pad.digit_box(app, 1).x + app.layout.parts["pad"].w // 4
    assert pad.digit_at(app, on_pad(app, 0.02, 0.02)) is None


@pytest.mark.parametrize("then", [lambda app: draw(app, ONE), lambda app: press(app, "Ctrl+Z")], ids=["draw", "undo"])
def test_without_live_a_number_drawn_over_or_undone_is_no_number_any_more(app, number, then):
    draw(app, SEVEN)
    press(app, "L")
    files.add(app, number)
    press(app, "Space")
    assert len(app.reading.answers) == 2
    show(app)
    then(app)
    app.update(0.05)
    show(app)
    assert pad.digit_at(app, on_pad(app, 0.3, 0.5)) is None
    press(app, "Space")
    assert {answer.steps.page.shape for answer in app.reading.answers} == {(SIDE, SIDE)}  # the pad's, not the picture's


def test_an_answer_of_a_moment_ago_is_not_boxed_over_new_ink(app, number):
    files.add(app, number)
    press(app, "Space")
    draw(app, ONE, button=3)
    app.update(0.001)
    show(app)


def test_two_digits_drawn_on_the_pad_are_a_number_that_is_not_kept_as_one(app):
    draw(app, [(0.15 + 0.3 * (x - 0.3), y) for x, y in SEVEN])
    draw(app, [(0.75 + 0.3 * (x - 0.5), y) for x, y in ONE])
    app.update(0.1)
    assert app.reading.number == "71"
    show(app)
    press(app, "7")
    assert app.teaching.kept == 0 and "single drawings of yours" in app.message.words
    strokes_before = len(app.pad.drawing.strokes)
    draw(app, [(0.2, 0.5), (0.3, 0.5)])  # on the first digit's box a press draws
    assert len(app.pad.drawing.strokes) == strokes_before + 1
    press(app, "Ctrl+Z")
    app.update(0.1)
    press(app, "Right")
    assert app.reading.chosen == 1 and app.answer.digit == 1


def test_ink_beyond_the_edge_is_said(app):
    draw(app, [(0.3, 0.6), (0.7, 0.6), (0.6, 1.0), (0.55, 1.3)])
    assert app.pad.outside
    draw(app, [(0.3, 0.3), (0.4, 0.3)])
    press(app, "C")
    draw(app, ONE)
    assert not app.pad.outside


def test_the_example_leaves_no_trace_and_hands_over(app):
    seven = [Stroke(0.09, False, [(x, y, 0.25 * i) for i, (x, y) in enumerate(SEVEN)])]
    for end in ("time", "pen", "key"):
        app.show_example(seven)
        app.update(0.6)
        app.update(0.5)
        assert app.pad.marks and not app.pad.own
        press(app, "7") if end == "key" else draw(app, ONE) if end == "pen" else app.update(10)
        app.update(0.1)
        assert app.teaching.kept == 0 and len(app.pad.drawing.strokes) == (end == "pen")
        press(app, "C")


def test_what_was_kept_can_be_looked_at_removed_and_put_back(app):
    for digit in "711":
        draw(app, SEVEN if digit == "7" else ONE)
        press(app, digit)
    click(app, "gallery")
    assert app.dialogs.open == "gallery" and [s.label for s in app.teaching.shelf] == [1, 1, 7]
    show(app)
    for part, left in (("kept 2", ["1", "1"]), ("put_back", ["1", "1", "7"])):
        click(app, dialogs.opened(app)[2][part])
        assert kept(app) == left and app.teaching.kept == len(left)
    press(app, "Esc")
    assert app.dialogs.open is None


def test_with_a_card_open_the_arrows_move_within_it(app):
    draw(app, ONE)
    nib = app.pad.nib
    app.looking.pinned = (0, 3, (5, 25))
    press(app, "Right", "Down")
    assert app.looking.pinned == (0, 3, (6, 0)) and app.pad.nib == nib
    app.looking.pinned = (6, 9, (0, 0))
    press(app, "Right")
    assert app.looking.pinned == (6, 0, (0, 0))


# --- a replay that something interrupts -----------------------------------------------------------------------

@pytest.mark.parametrize("what", ["R", "7", "Ctrl+Z", "C", "a file", "a stroke"])
def test_a_replay_ends_where_something_else_begins(app, session, number, what, digits):
    app.reading.tests = digits[1]
    files.add(app, session)
    app.update(0.6)
    assert app.pad.replaying and app.pad.drawing.stroke
    if what == "a file":
        files.add(app, number)
    elif what == "a stroke":
        draw(app, ONE)
    else:
        press(app, what)
    marks = app.pad.drawing.marks
    app.update(2.0)
    assert not app.pad.replaying and app.pad.drawing.marks == marks


def test_the_arrow_keys_leave_a_replay_and_the_mouses_stroke_alone(app, session):
    files.add(app, session)
    app.update(0.6)
    press(app, "Left")
    app.update(2.0)
    assert [point[:2] for point in app.pad.drawing.strokes[0].points] == SEVEN
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.1, 0.1), button=1)
    press(app, "Left")
    assert len(app.pad.drawing.stroke.points) == 1


# --- what is kept ---------------------------------------------------------------------------------------------

def kept(app):
    return sorted(path.name[0] for path in (app.teaching.samples / "drawings").glob("*.json"))


def test_undo_takes_a_wrong_label_back(app):
    draw(app, SEVEN)
    press(app, "1")
    assert kept(app) == ["1"] and not app.pad.drawing.marks
    press(app, "Ctrl+Z")
    assert kept(app) == [] and app.teaching.kept == 0 and len(app.pad.drawing.strokes) == 1
    press(app, "7")
    assert kept(app) == ["7"] and app.teaching.kept == 1
    draw(app, ONE)
    press(app, "Ctrl+Z", "Ctrl+Z")  # the new stroke, then the label
    assert kept(app) == []


def test_undo_under_the_pen_takes_back_the_stroke_and_not_what_was_kept_before(app):
    draw(app, SEVEN)
    press(app, "7")
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.2, 0.2), button=1)
    press(app, "Ctrl+Z")
    assert kept(app) == ["7"] and not app.pad.drawing.marks


def test_a_digit_key_held_down_keeps_one_drawing_and_says_so(app):
    draw(app, SEVEN)
    press(app, "7", "7", "7")
    assert kept(app) == ["7"] and app.message.words.startswith("Kept as a 7")


def test_a_stroke_of_this_very_moment_is_kept_with_the_rest(app):
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, *SEVEN[0]), button=1)
    for point in SEVEN[1:]:
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, *point), rel=(0, 0), buttons=(1, 0, 0))
    press(app, "7")
    (path,) = (app.teaching.samples / "drawings").glob("7-*.json")
    data = json.loads(path.read_text())
    assert len(data["strokes"][0]["points"]) == len(SEVEN) and np.max(data["image"]) == 255


def test_a_test_image_is_not_kept_even_with_a_stroke_on_it(app, digits):
    app.reading.tests = digits[1]
    press(app, "R")
    draw(app, [(0.02, 0.02), (0.05, 0.02)])
    press(app, "3")
    assert kept(app) == [] and "single drawings of yours" in app.message.words and app.pad.drawing.marks


def test_a_click_on_the_right_digit_keeps_the_drawing(app):
    draw(app, SEVEN)
    click(app, "teach 7")
    assert kept(app) == ["7"]


def test_too_few_good_drawings_name_a_damaged_one(app):
    for _ in range(3):
        draw(app, SEVEN)
        press(app, "7")
    next((app.teaching.samples / "drawings").glob("*.json")).write_text("{")
    press(app, "F")
    assert app.message.words.startswith("2 of 10") and "left out" in app.message.words


# --- help, keys, words ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("close", ["Esc", "F1", "click"])
def test_help_is_closed_by_its_key_by_escape_and_by_a_click_and_nothing_is_drawn_through_it(app, close):
    press(app, "F1")
    assert app.dialogs.open == "help"
    draw(app, ONE) if close == "click" else press(app, close)
    assert not app.dialogs.open and not app.pad.drawing.marks


def test_what_was_learned_is_kept_or_discarded_by_its_buttons(app, one_or_seven):
    from window.data import hand

    for part in ("keep", "away"):
        app.teaching.learned = hand.Learned(one_or_seven, 10, (3, 1), 10000, (60, 62))
        click(app, "learn")
        assert app.sight == "train" and "better keep it" in app.message.words
        press(app, "Esc")
        assert app.teaching.learned, "Esc throws nothing away"
        click(app, part)
        assert app.teaching.learned is None and (app.teaching.samples / hand.WEIGHTS).exists()
        press(app, "N")


def test_redo_by_the_other_usual_key(app):
    draw(app, SEVEN)
    press(app, "Ctrl+Z", "Ctrl+Shift+Z")
    assert len(app.pad.drawing.strokes) == 1


def test_switching_live_keeps_a_current_answer(app):
    draw(app, SEVEN)
    press(app, "L")
    assert app.answer and not app.reading.stale
    press(app, "L")
    app.update(1.0)
    assert app.message.words.startswith("Live:")


def test_a_file_name_that_is_no_text_is_shown_as_far_as_it_goes(app):
    files.add(app, "\udce9t\udce9.png")
    show(app)
    assert app.message.bad


def test_an_image_of_mnist_in_two_pieces_stays_one_digit(app, digits, tmp_path):
    image = digits[1][0][694]
    Image.fromarray(image).save(tmp_path / "five.png")
    files.add(app, str(tmp_path / "five.png"))
    app.update(0.05)
    assert len(app.reading.answers) == 1 and np.array_equal(app.answer.image, image)


# --- undo and what was kept ---------------------------------------------------------------------------------

def test_undo_takes_back_every_drawing_kept_on_its_way(app):
    """The 7 was kept as a 1 by mistake, and another drawing after it: both come back, and neither stays kept."""
    draw(app, SEVEN)
    press(app, "1")
    draw(app, ONE)
    press(app, "1", "Ctrl+Z", "Ctrl+Z", "Ctrl+Z")
    assert kept(app) == [] and app.teaching.kept == 0 and len(app.pad.drawing.strokes) == 1
    press(app, "7")
    assert kept(app) == ["7"]


def test_redo_says_that_the_drawing_is_not_kept_any_more(app):
    draw(app, SEVEN)
    press(app, "7", "Ctrl+Z", "Ctrl+Y")
    assert not app.pad.drawing.marks and kept(app) == [] and "not kept" in app.message.words
    press(app, "Ctrl+Z")
    draw(app, ONE)
    press(app, "Ctrl+Z", "Ctrl+Y")
    assert app.pad.drawing.marks and app.message.words == "Done again."


def test_a_kept_drawing_that_cannot_be_deleted_is_said_to_stay(app, monkeypatch):
    draw(app, SEVEN)
    press(app, "7")

    def refuse(path, missing_ok):
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    press(app, "Ctrl+Z")
    assert app.message.bad and "Read-only" in app.message.words and kept(app) == ["7"] and not app.pad.drawing.marks


def test_a_dot_is_not_kept(app):
    draw(app, [(0.5, 0.5), (0.51, 0.5)])
    press(app, "1")
    assert kept(app) == [] and app.pad.drawing.marks


def test_a_kept_drawing_can_be_opened_and_is_drawn_again(app):
    draw(app, SEVEN)
    press(app, "7")
    (path,) = (app.teaching.samples / "drawings").glob("7-*.json")
    files.add(app, str(path))
    app.update(5.0)
    assert not app.message.bad and len(app.pad.drawing.strokes[0].points) == len(SEVEN)


def test_the_right_button_keeps_nothing(app):
    draw(app, SEVEN)
    click(app, "teach 7", button=3)
    assert kept(app) == [] and app.pad.drawing.marks


# --- what comes in the middle of something ------------------------------------------------------------------

@pytest.mark.parametrize("disturb", [
    lambda app: click(app, "theme"),
    lambda app: click(app, "theme", button=3),
    lambda app: press(app, "Esc"),
    lambda app: press(app, "F1", "F1"),
    lambda app: press(app, "Left"),
])  # fmt: skip
def test_a_replay_goes_on_whatever_is_clicked(app, session, disturb):
    files.add(app, session)
    app.update(0.3)
    disturb(app)
    for _ in range(40):
        app.update(0.05)
    assert [len(stroke.points) for stroke in app.pad.drawing.strokes] == [len(SEVEN), 2]


@pytest.mark.parametrize("key", ["R", "M"])
def test_a_test_image_that_comes_late_does_not_replace_what_is_being_drawn(app, digits, key):
    if key == "M":
        app.reading.tests = digits[1][0][:200], digits[1][1][:200]
    press(app, key)
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, *SEVEN[0]), button=1)
    until(app, lambda: not app.jobs)
    for point in SEVEN[1:]:
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, *point), rel=(0, 0), buttons=(1, 0, 0))
    assert len(app.pad.drawing.stroke.points) == len(SEVEN) and app.pad.drawing.picture is None
    press(app, key)  # asked for again, it comes
    until(app, lambda: app.pad.drawing.picture is not None)


def test_mistakes_found_for_other_weights_are_not_shown(app, digits, one_or_seven):
    app.reading.tests = digits[1][0][:200], digits[1][1][:200]
    press(app, "M")
    app.use(copy.deepcopy(one_or_seven))
    until(app, lambda: not app.jobs)
    assert app.reading.mistakes is None and "changed" in app.message.words


# --- what the message line says -----------------------------------------------------------------------------

def test_a_message_stays_until_the_pen_moves_again(app):
    draw(app, SEVEN)
    assert app.message.words.startswith("Read as a 7")
    press(app, "7")
    app.update(1.0)
    press(app, "Ctrl+Z")
    app.update(1.0)
    assert app.answer and app.message.words.startswith("Undone: the drawing is back")
    draw(app, [(0.4, 0.6), (0.7, 0.6)])
    assert app.message.words.startswith("Read as a 7")


def test_ink_erased_is_not_read_as_anything(app):
    draw(app, ONE)
    app.pad.pen = 0.25
    draw(app, ONE, button=3)
    assert not app.reading.answers and app.message.words == READY
    press(app, "Space")
    assert app.message.words.startswith("There is no ink yet")


def test_a_drawing_over_a_test_image_is_not_offered_to_be_kept(app, digits):
    app.reading.tests = digits[1]
    press(app, "R")
    draw(app, [(0.3, 0.5), (0.7, 0.5)])
    assert app.reading.answers and "press" not in app.message.words


def test_without_live_old_answers_are_said_to_be_old_and_the_keyboard_draws(app, number):
    press(app, "L")
    files.add(app, number)
    press(app, "Space")
    assert app.message.words.startswith("Read as 71.")
    draw(app, ONE)
    words = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("window.panels.widgets.paragraph", lambda surface, said, *rest: words.append(said))
        show(app)
    assert app.reading.number == "71" and "The ink has changed: press Predict." in words
    press(app, "Left", "Enter", "Right", "Right")
    assert len(app.pad.drawing.stroke.points) == 3


def test_the_reason_of_a_files_refusal_is_not_pushed_out_by_a_long_path(app, tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    files.add(app, str(folder / "nothing.png"))
    assert app.message.bad and app.message.words.startswith("nothing.png: ")


def test_a_full_disk_is_said_with_the_folders_name(app, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    draw(app, SEVEN)
    monkeypatch.setattr("window.data.hand.write_whole", full)
    press(app, "7")
    assert app.message.words.startswith(f"{app.teaching.samples}: No space left") and app.pad.drawing.marks
