"""Sessions, kept drawings and undo without trust: bounded in what they may hold, in time and in memory."""

import json
import os
import time

import numpy as np
import pygame
import pytest

from window.data import hand, strokes
from window.data.strokes import MOST_POINTS, MOST_STATES, MOST_STROKES, Drawing, Stroke
from window.panels import dialogs, widgets

STROKE = {"width": 0.09, "erases": False, "points": [[0.5, 0.5, 0]]}


def session(path, drawn, **more):
    path.write_text(json.dumps(strokes.FORMAT | {"strokes": drawn} | more))
    return path


def line(points):
    """A stroke whose points are all due at once."""
    return STROKE | {"points": [[0.2 + 0.6 * i / points, 0.5, 0] for i in range(points)]}


@pytest.mark.parametrize("drawn", [[line(MOST_POINTS + 1)], [STROKE] * (MOST_STROKES + 1), [line(15_000)] * 2])
def test_a_session_of_too_much_is_refused_by_its_limit(tmp_path, drawn):
    with pytest.raises(ValueError, match="more than 2,000 and 20,000"):
        strokes.load(session(tmp_path / "a.json", drawn))
    with pytest.raises(ValueError, match="more than 2,000 and 20,000"):
        strokes.save(tmp_path / "b.json", [Stroke(0.1, False, s["points"]) for s in drawn])
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("drawn", [None, 5, "text", {}, [None], [[]], [{}], [STROKE | {"points": 5}], [{"points": []}],
                                   [STROKE | {"points": [[1, 2]]}], [STROKE | {"points": [[1, 2, 1e999]]}],
                                   [STROKE | {"width": None}], [STROKE | {"width": 0}]])  # fmt: skip
def test_what_are_no_strokes_is_refused_in_one_line(tmp_path, drawn):
    path = session(tmp_path / "a.json", drawn)
    if drawn == {}:
        assert strokes.load(path) == []
        return
    with pytest.raises(ValueError) as error:
        strokes.load(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_no_file_of_endless_length_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    for path in ("/dev/zero", tmp_path / "pipe.json", tmp_path):
        with pytest.raises(ValueError, match="no file"):
            strokes.load(path)
    (tmp_path / "drawings").mkdir()
    os.mkfifo(tmp_path / "drawings" / "7-a.json")
    assert hand.load(tmp_path) == ([], ["7-a.json left out: a pipe or device, no file"])


def test_a_session_of_many_points_at_one_moment_never_stops_the_window_for_long(app, tmp_path):
    app.replay(strokes.load(session(tmp_path / "a.json", [line(5000), *[line(5)] * 300])))
    longest, begun = 0.0, time.perf_counter()
    while app.pad.replaying:
        start = time.perf_counter()
        app.update(0.02)
        longest = max(longest, time.perf_counter() - start)
    assert len(app.pad.drawing.strokes) == 301
    assert longest < 1 and time.perf_counter() - begun < 20


def test_undo_goes_back_so_far_and_holds_no_more():
    drawing = Drawing()
    for number in range(MOST_STATES + 50):
        assert drawing.state == number
        drawing.touch(0.5, 0.5, number, 0.1)
        drawing.lift()
    assert len(drawing.states) == MOST_STATES
    back = 0
    while drawing.undo():
        back += 1
    assert back == MOST_STATES - 1 and len(drawing.marks) == 51
    while drawing.redo():
        pass
    assert drawing.state == len(drawing.marks) == MOST_STATES + 50


def test_a_kept_drawing_is_taken_back_after_states_were_forgotten(app):
    for _ in range(MOST_STATES):
        app.pad.drawing.touch(0.5, 0.1, 0, 0.09)
        app.pad.drawing.move(0.5, 0.9, 1)
        app.pad.drawing.lift()
    app.teaching.kept_at[app.pad.drawing.state] = None
    app.pad.clear()
    path = app.teaching.samples / "drawings" / "1-a.json"
    app.teaching.kept_at[app.pad.drawing.state] = path
    app.pad.drawing.touch(0.5, 0.1, 0, 0.09)
    app.pad.drawing.lift()
    app.pad.drawing.undo()
    assert app.teaching.just_kept(app.pad.drawing) == path


def test_a_path_of_20_000_letters_is_shown_and_refused_at_once(app):
    surface, opening = pygame.Surface(app.layout.size), app.dialogs.opening
    app.dialogs.open = "open"
    opening.take("a" * 20_000 + "end")
    start = time.perf_counter()
    for _ in range(5):
        opening.insert("x")
        app.draw(surface)
    app.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0, unicode="\r"))
    app.draw(surface)
    assert app.dialogs.open == "open" and opening.error and opening.text.endswith("end")
    assert time.perf_counter() - start < 2


def test_the_end_of_a_long_path_is_what_is_shown(app, monkeypatch):
    app.dialogs.open = "open"
    shown, (_, _, parts) = [], dialogs.opened(app)
    for path in ("short", "w" * 200 + "end", "i" * 50_000 + "end"):
        app.dialogs.opening.take(path)
        with monkeypatch.context() as patch:
            patch.setattr(widgets, "text", lambda surface, words, *rest, **more: shown.append(words))
            app.draw(pygame.Surface(app.layout.size))
    short, *long = [words for words in shown if words == "short" or words.endswith("end")]
    assert short == "short"
    assert len(long) == 2
    for words in long:
        assert words.startswith("…") and 10 < len(words) < 1000
        assert 0.9 * parts["field"].w < widgets.text_size(words, app.layout.text)[0] < parts["field"].w


def test_an_image_of_a_kept_drawing_that_is_none_is_left_out(tmp_path):
    path = hand.keep(tmp_path, 4, [Stroke(0.09, False, [(0.5, 0.5, 0.0)])], np.eye(28, dtype=np.uint8))
    good = json.loads(path.read_text())
    for changes in ({"image": [[1] * 28] * 27 + [[]]}, {"image": [[2**70] * 28] * 28}, {"image": [[-1] * 28] * 28},
                    {"image": None}, {"label": []}, {"label": 10}, {"strokes": {}, "image": "x"}):  # fmt: skip
        path.write_text(json.dumps(good | changes))
        samples, refused = hand.load(tmp_path)
        assert samples == [] and len(refused) == 1 and refused[0].startswith(path.name)
