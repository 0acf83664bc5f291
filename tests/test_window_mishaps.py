"""What people do in the wrong order, at the wrong time or by mistake; nothing may be lost, mixed up or said wrongly."""

import json

import numpy as np
import pytest
from PIL import Image

pygame = pytest.importorskip("pygame")

from events import ONE, SEVEN, click, draw, on_pad, press, send  # noqa: E402

from nn import ink  # noqa: E402
from window import actions, overlays, pad, strokes  # noqa: E402
from window.strokes import Stroke  # noqa: E402


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
    actions.add_file(app, number)
    app.update(0.05)
    assert app.number == "71"
    for index in (1, 0):
        click(app, pad.digit_box(app, index))
        assert app.chosen == index and app.drawing.picture  # and nothing is drawn
    assert pad.digit_box(app, 0).right <= pad.digit_box(app, 1).x + app.layout.parts["pad"].w // 4
    assert pad.digit_at(app, on_pad(app, 0.02, 0.02)) is None


@pytest.mark.parametrize("then", [lambda app: draw(app, ONE), lambda app: press(app, "Ctrl+Z")], ids=["draw", "undo"])
def test_without_live_a_number_drawn_over_or_undone_is_no_number_any_more(app, number, then):
    draw(app, SEVEN)
    press(app, "L")
    actions.add_file(app, number)
    press(app, "Space")
    assert len(app.answers) == 2
    show(app)
    then(app)
    app.update(0.05)
    show(app)
    assert pad.digit_at(app, on_pad(app, 0.3, 0.5)) is None
    press(app, "Space")
    assert len(app.answers) == 1


def test_an_answer_of_a_moment_ago_is_not_boxed_over_new_ink(app, number):
    actions.add_file(app, number)
    press(app, "Space")
    draw(app, ONE, button=3)
    app.update(0.001)
    show(app)


# --- a replay that something interrupts -----------------------------------------------------------------------

@pytest.mark.parametrize("what", ["R", "7", "Ctrl+Z", "C", "a file", "a stroke"])
def test_a_replay_ends_where_something_else_begins(app, session, number, what, digits):
    app.tests = digits[1]
    actions.add_file(app, session)
    app.update(0.6)
    assert app.replaying and app.drawing.stroke
    if what == "a file":
        actions.add_file(app, number)
    elif what == "a stroke":
        draw(app, ONE)
    else:
        press(app, what)
    marks = app.drawing.marks
    app.update(2.0)
    assert not app.replaying and app.drawing.marks == marks


def test_the_arrow_keys_leave_a_replay_and_the_mouses_stroke_alone(app, session):
    actions.add_file(app, session)
    app.update(0.6)
    press(app, "Left")
    app.update(2.0)
    assert [point[:2] for point in app.drawing.strokes[0].points] == SEVEN
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.1, 0.1), button=1)
    press(app, "Left")
    assert len(app.drawing.stroke.points) == 1


# --- what is kept ---------------------------------------------------------------------------------------------

def kept(app):
    return sorted(path.name[0] for path in (app.samples / "drawings").glob("*.json"))


def test_undo_takes_a_wrong_label_back(app):
    draw(app, SEVEN)
    press(app, "1")
    assert kept(app) == ["1"] and not app.drawing.marks
    press(app, "Ctrl+Z")
    assert kept(app) == [] and app.kept == 0 and len(app.drawing.strokes) == 1
    press(app, "7")
    assert kept(app) == ["7"] and app.kept == 1
    draw(app, ONE)
    press(app, "Ctrl+Z", "Ctrl+Z")  # the new stroke, then the label
    assert kept(app) == []


def test_undo_under_the_pen_takes_back_the_stroke_and_not_what_was_kept_before(app):
    draw(app, SEVEN)
    press(app, "7")
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, 0.2, 0.2), button=1)
    press(app, "Ctrl+Z")
    assert kept(app) == ["7"] and not app.drawing.marks


def test_a_digit_key_held_down_keeps_one_drawing_and_says_so(app):
    draw(app, SEVEN)
    press(app, "7", "7", "7")
    assert kept(app) == ["7"] and app.message.words.startswith("Kept as a 7")


def test_a_stroke_of_this_very_moment_is_kept_with_the_rest(app):
    send(app, pygame.MOUSEBUTTONDOWN, pos=on_pad(app, *SEVEN[0]), button=1)
    for point in SEVEN[1:]:
        send(app, pygame.MOUSEMOTION, pos=on_pad(app, *point), rel=(0, 0), buttons=(1, 0, 0))
    press(app, "7")
    (path,) = (app.samples / "drawings").glob("7-*.json")
    data = json.loads(path.read_text())
    assert len(data["strokes"][0]["points"]) == len(SEVEN) and np.max(data["image"]) == 255


def test_a_test_image_is_not_kept_even_with_a_stroke_on_it(app, digits):
    app.tests = digits[1]
    press(app, "R")
    draw(app, [(0.02, 0.02), (0.05, 0.02)])
    press(app, "3")
    assert kept(app) == [] and "yourself" in app.message.words and app.drawing.marks


def test_a_click_on_the_right_digit_keeps_the_drawing(app):
    draw(app, SEVEN)
    click(app, "bar 7")
    assert kept(app) == ["7"]


def test_too_few_good_drawings_name_a_damaged_one(app):
    for _ in range(3):
        draw(app, SEVEN)
        press(app, "7")
    next((app.samples / "drawings").glob("*.json")).write_text("{")
    press(app, "F")
    assert app.message.words.startswith("2 of 10") and "left out" in app.message.words


# --- help, keys, words ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("close", ["Esc", "F1", "click"])
def test_help_is_closed_by_its_key_by_escape_and_by_a_click_and_nothing_is_drawn_through_it(app, close):
    press(app, "F1")
    assert app.helping
    draw(app, ONE) if close == "click" else press(app, close)
    assert not app.helping and not app.drawing.marks


def test_what_was_learned_is_kept_or_discarded_by_its_buttons(app, one_or_seven):
    from window import hand

    for part in ("keep", "discard"):
        app.learned = hand.Learned(one_or_seven, 10, (3, 1), 10000, (60, 62))
        show(app)
        places = [(x, y) for x in range(0, app.layout.size[0], 8) for y in range(0, app.layout.size[1], 8)]
        place = next(place for place in places if overlays.part_at(app, place) == part)
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            send(app, kind, pos=place, button=1)
        assert app.learned is None and (app.samples / hand.WEIGHTS).exists()


def test_redo_by_the_other_usual_key(app):
    draw(app, SEVEN)
    press(app, "Ctrl+Z", "Ctrl+Shift+Z")
    assert len(app.drawing.strokes) == 1


def test_switching_live_keeps_a_current_answer(app):
    draw(app, SEVEN)
    press(app, "L")
    assert app.answer and not app.stale
    press(app, "L")
    app.update(1.0)
    assert app.message.words.startswith("Live:")


def test_a_file_name_that_is_no_text_is_shown_as_far_as_it_goes(app):
    actions.add_file(app, "\udce9t\udce9.png")
    show(app)
    assert app.message.bad


def test_an_image_of_mnist_in_two_pieces_stays_one_digit(app, digits, tmp_path):
    image = digits[1][0][694]
    Image.fromarray(image).save(tmp_path / "five.png")
    actions.add_file(app, str(tmp_path / "five.png"))
    app.update(0.05)
    assert len(app.answers) == 1 and np.array_equal(app.answer.image, image)
