"""The view Train, driven by events. What it shows is worked out in test_window_live.py."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import SEVEN, click, draw, press, send, until  # noqa: E402
from test_window_live import FEW, ran  # noqa: E402

from nn import mnist  # noqa: E402
from nn.network import load_digit_net  # noqa: E402
from window.actions import train  # noqa: E402
from window.app import App  # noqa: E402
from window.data import live, looks  # noqa: E402
from window.panels import train as panel  # noqa: E402
from window.panels import widgets  # noqa: E402


@pytest.fixture(scope="module")
def run():
    return ran(batch_norm=True)


@pytest.fixture
def app(one_or_seven, tmp_path, monkeypatch):
    pygame.font.init()
    monkeypatch.setattr(live, "learn", lambda *options, learn=live.learn: learn(*options, load=lambda: (FEW, FEW)))
    monkeypatch.setattr(mnist, "load", None)
    app = App(one_or_seven, samples=tmp_path)
    train.view(app)
    yield app
    for run in app.learning.runs:
        run.controls.stop()


def test_start_pause_a_batch_and_what_a_choice_does(app):
    click(app, "plane")  # the large button
    run = app.learning.chosen
    click(app, "start")
    until(app, lambda: run.moment is not None)
    click(app, "batch")
    until(app, lambda: run.news.step >= 1 and not app.learning.going)
    click(app, "norm")
    assert app.learning.chosen is None and not app.learning.choices.batch_norm and "Run 1" in app.message.words
    click(app, "run 0")
    assert app.learning.chosen is run, "its name goes back to it, though no other has begun"
    click(app, "norm")
    click(app, "start")
    assert app.learning.chosen is not run and app.learning.chosen.choices.batch_norm is False
    click(app, "run 0")
    assert app.learning.chosen is run
    click(app, "earlier")
    click(app, "batch")
    assert run.shown is None, "going on shows what is learned now"
    assert app.learning.runs[1].controls.batches == 0 or app.learning.runs[1].over, "one learns at a time"
    click(app, "run 1")
    click(app, "start")
    until(app, lambda: app.learning.runs[1].over)
    click(app, "run 0")
    click(app, "start")
    until(app, lambda: run.over)
    assert len(run.losses) == len(app.learning.runs[1].losses)
    click(app, "drop")
    assert len(app.learning.runs) == 1


def test_it_learns_before_there_is_a_network_to_read_with(app, tmp_path):
    bare = App(samples=tmp_path)
    train.view(bare)
    train.batch(bare)
    until(bare, lambda: bare.learning.moment and bare.learning.moment.step == 1)
    bare.draw(pygame.Surface(bare.layout.size))
    bare.learning.controls.stop()


def test_a_moment_is_saved_and_used_in_every_view_and_left_again(app, one_or_seven):
    click(app, "optimizer")
    click(app, "batch")
    until(app, lambda: app.learning.moment and app.learning.moment.step == 1)
    assert app.learning.controls.optimizer == "sgd"
    moment = app.learning.moment
    click(app, "save")
    click(app, "save")
    first, *_ = (app.teaching.samples / "trained").glob("*run1-batch1.npz")
    again = load_digit_net(first)
    assert all(np.array_equal(again.params[name], a) for name, a in moment.network.params.items())
    click(app, "use")
    press(app, "N")
    assert app.reading.network is moment.network and app.sight == "forward"
    press(app, "W")
    assert app.reading.network is one_or_seven
    press(app, "W")
    assert app.reading.network is moment.network
    press(app, "N")
    click(app, "use")
    assert app.reading.network is one_or_seven
    (app.teaching.samples / "trained").rename(app.teaching.samples / "aside")
    (app.teaching.samples / "trained").write_text("in the way")
    click(app, "save")
    assert app.message.bad and "not saved" in app.message.words


def test_enter_starts_and_pauses_and_the_help_is_of_the_view(app):
    press(app, "Enter")
    assert app.learning.going
    press(app, "Enter")
    assert not app.learning.going and len(app.learning.runs) == 1
    press(app, "F1")
    written, draw = [], widgets.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widgets, "text", lambda surface, words, *rest, **options: (
            written.append(words), draw(surface, words, *rest, **options)))  # fmt: skip
        app.draw(pygame.Surface(app.layout.size))
    assert "What it has become" in written and "How it got there" not in written


def test_what_the_background_brings_is_drawn_30_times_a_second_at_most(app):
    surface, drawn = pygame.Surface(app.layout.size), 0
    app.draw(surface)
    for _ in range(120):
        app.news = True
        app.update(1 / 120)
        if app.changed:
            app.draw(surface)
            drawn += 1
    assert 25 <= drawn <= 31


def test_what_isnt_in_sight_isnt_worked_out_until_it_is(app):
    draw(app, SEVEN)
    app.update(1.0)
    assert app.answer and app.reading.occluded is None and "effects" not in app.jobs
    press(app, "N")
    app.update(1.0)
    assert app.reading.occluded is not None and "effects" in app.jobs


def test_every_control_of_the_view_says_what_it_does(app):
    assert all(control.help for control in panel.CONTROLS.values())
    assert {part.split()[0] for row in panel.ROWS for part in row} <= panel.CONTROLS.keys()


def test_a_divergence_is_said_and_can_be_gone_back_from(app, one_or_seven):
    app.learning.controls.rate = 1e30
    click(app, "start")
    run = app.learning.chosen
    until(app, lambda: run.over)
    assert "stopped: the loss became" in app.message.words and "--lr" not in app.message.words
    now, mend = panel.said(app.learning, app.teaching)
    assert now.startswith("Diverged: ") and "back to before" in mend
    run.moment.network.params["0.w"][...] = np.nan
    for part in ("use", "save"):
        click(app, part)
        assert "no numbers" in app.message.words
    assert app.reading.network is one_or_seven and not (app.teaching.samples / "trained").exists()
    click(app, "earlier")
    click(app, "earlier")
    assert np.isfinite(run.moment.network.params["0.w"]).all()
    click(app, "use")
    assert app.reading.network is run.moment.network
    click(app, "start")
    assert app.learning.chosen is not run and run in app.learning.runs


def test_closing_the_window_keeps_what_nobody_saved(app):
    for _ in range(2):
        click(app, "seed")
        click(app, "batch")
        run = app.learning.chosen
        until(app, lambda run=run: run.news and run.news.step == 1)
    click(app, "save")
    assert train.keep_unsaved(app) == []
    (kept,) = (app.teaching.samples / "trained").glob("last-*")
    first = app.learning.runs[0]
    assert kept.name == "last-run1.npz" and first.controls.stopped
    assert np.array_equal(load_digit_net(kept).params["0.w"], first.news.network.params["0.w"])
    kept.unlink()
    app.learning.runs[1].take(live.Moment(2, 64, run.news.network, kept=False))
    train.keep_unsaved(app)
    assert (kept.parent / "last-run2.npz").exists(), "it has learned more since it was saved"
    kept.unlink()
    kept.mkdir()
    assert "what run 1 learned is lost" in train.keep_unsaved(app)[0]


def test_no_run_is_dropped_for_a_new_one(app):
    for _ in range(5):
        train.seed(app)
        train.batch(app)
    assert [run.number for run in app.learning.runs] == [1, 2, 3, 4] and app.message.bad
    press(app, ",", ".")  # nothing to go back to yet: no harm


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (1920, 1080)])
def test_the_view_is_drawn_and_scrubbed(size, theme, one_or_seven, tmp_path, run):
    def drag(app, points):
        send(app, pygame.MOUSEBUTTONDOWN, pos=points[0], button=1)
        for point in points[1:]:
            send(app, pygame.MOUSEMOTION, pos=point, rel=(0, 0), buttons=(1, 0, 0))
        send(app, pygame.MOUSEBUTTONUP, pos=points[-1], button=1)

    pygame.font.init()
    app = App(one_or_seven, size=size, theme=theme, samples=tmp_path)
    train.view(app)
    surface = pygame.Surface(size)
    app.draw(surface)
    draw(app, SEVEN)
    app.learning.runs, app.learning.chosen = [run], run
    run.shown, run.judged = None, {run.moments[-1]: looks.judge(run.moments[-1].network, FEW, FEW)}
    app.draw(surface)
    seen = pygame.surfarray.array3d(surface)
    press(app, ",", ",", ",")
    app.draw(surface)
    assert run.moment is run.moments[-3] and (seen != pygame.surfarray.array3d(surface)).any()
    box = app.layout.parts["time ribbon"]
    drag(app, [(box.right - 1, box.y + 5), (box.x + box.w // 2, box.y + 5), (box.x - 50, box.y + 500)])
    assert run.moment is run.moments[0]
    app.looking.focus = "time ribbon"
    press(app, "Right", "Down")
    assert run.moment is run.moments[2]
    app.draw(surface)
    press(app, "N")
    assert app.sight == "forward"
    app.draw(surface)


def curve(app):
    surface = pygame.Surface(app.layout.size)
    app.changed = True
    app.draw(surface)
    return pygame.surfarray.array3d(surface.subsurface(app.layout.parts["time loss"]))


def test_a_run_keeps_the_name_that_it_began_with_and_marks_what_was_changed(app):
    def three():
        for _ in range(3):
            run = app.learning.chosen
            step = run.last.step if run and run.last else 0
            click(app, "batch")
            run = app.learning.chosen
            until(app, lambda run=run, step=step: run.news and run.news.step == step + 1)
        return run

    run = three()
    plain = panel.named(run)
    assert plain == "1  AdamW 0.003 · batch 64 · norm"
    click(app, "optimizer")
    said = "1  AdamW 0.003, SGD from batch 4 · batch 64 · norm"
    assert panel.named(run) == said and len(run.changes) == 1
    three()
    assert panel.named(run) == said and [change.step for change in run.changes] == [1, 4]
    ticked, run.changes[1:] = curve(app), []
    widgets._kept.clear()
    assert (ticked != curve(app)).any(), "the curve has a tick where it was changed"
