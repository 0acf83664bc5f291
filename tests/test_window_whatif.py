"""What if: painting into the 28x28 and switching filters off, as numbers and through events."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from events import SEVEN, click, draw, press, send, until  # noqa: E402
from test_window_why import REFUSED, SHOWN, Doubled, looked, other, seen, window  # noqa: E402

from nn import ink  # noqa: E402
from nn.describe import Rectified  # noqa: E402
from nn.layer import Layer  # noqa: E402
from nn.layers import Dense, Flatten  # noqa: E402
from nn.network import Network, digit_net  # noqa: E402
from window.actions import whatif as whatif_actions  # noqa: E402
from window.data import anatomy, steps, testset, whatif, why  # noqa: E402
from window.data.strokes import Picture  # noqa: E402
from window.panels import receives, thinks, widgets  # noqa: E402


class Shifted(Rectified, Layer):
    """Makes something else of 0."""

    def forward(self, x, training=False):
        return x + 1


@pytest.fixture
def image(digits):
    return digits[1][0][115]


def test_a_stroke_adds_ink_and_the_rubber_takes_it_away_where_it_passes(image):
    stroke = [(5.0, 4.0), (5.0, 9.0), (20.0, 9.0)]
    painted = whatif.painted(image, stroke, False)
    assert (painted >= image).all() and painted[9, 10] == painted[6, 4] == 255 and painted.dtype == np.uint8
    assert (painted[14:] == image[14:]).all()
    piece = whatif.painted(whatif.painted(image, stroke[:2], False), stroke[1:], False)
    assert (piece == painted).all()  # a stroke drawn bit by bit is the same
    erased = whatif.painted(painted, stroke, True)
    assert (erased <= painted).all() and not erased[8:10, 6:19].any() and (erased[14:] == image[14:]).all()
    whatif.painted(image, [(-50.0, 3.0), (90.0, -7.0)], False)  # beyond the picture


@pytest.mark.parametrize("kind", ["digit network", "normed", "hidden 100 and 30", "convolution, then scores"])
def test_what_is_switched_off_is_0_everywhere_and_nothing_else_before_it_changes(kind, image):
    network = digit_net(np.random.default_rng(1)) if kind == "digit network" else other(kind)
    network.card = {"test_accuracy": 0.9, "seed": 1}
    stages, values = looked(network, image)
    alive = [int(anatomy.shown(stage, values).any(axis=(1, 2)).nonzero()[0][-1]) for stage in stages]
    scores = values[-1]
    for number in range(len(stages) - 1):
        made = whatif.maker(network, stages, number)
        twin = whatif.without(network, stages, {(made, alive[number])})
        after = anatomy.activations(twin, image)
        maps, before = (anatomy.shown(stages[made], each) for each in (after, values))
        assert not maps[alive[number]].any() and not anatomy.shown(stages[number], after)[alive[number]].any()
        others = np.arange(len(maps)) != alive[number]
        assert np.array_equal(maps[others], before[others])
        assert twin.card == {"seed": 1}
    assert np.array_equal(anatomy.activations(network, image)[-1], scores) and "test_accuracy" in network.card
    assert not np.array_equal(after[-1], scores)
    both = whatif.without(network, stages, {(0, 1), (0, 2)})
    assert not anatomy.shown(stages[0], anatomy.activations(both, image))[1:3].any()
    with pytest.raises(why.CannotSay, match="scores"):
        whatif.maker(network, stages, len(stages) - 1)


def test_pooling_is_switched_off_by_the_filter_that_it_pools_and_own_layers_are_refused():
    network = digit_net(np.random.default_rng(0))
    stages = anatomy.stages(network)
    assert [whatif.maker(network, stages, n) for n in range(6)] == [0, 0, 2, 2, 4, 5]
    own = Network([Doubled(), Flatten(), Dense(784, 10)])
    with pytest.raises(why.CannotSay, match="Doubled"):
        whatif.maker(own, anatomy.stages(own), 0)
    shifted = Network([Flatten(), Dense(784, 20), Shifted(), Dense(20, 10)])
    with pytest.raises(why.CannotSay, match="Shifted"):
        whatif.without(shifted, anatomy.stages(shifted), {(0, 3)})


def test_the_score_counts_what_is_right(one_or_seven, digits):
    images, labels = digits[1][0][:700], digits[1][1][:700]
    scores = list(testset.score(one_or_seven, images, labels))
    right = int((one_or_seven.predict(images).argmax(axis=1) == labels).sum())
    assert scores[-1] == (right, 700, 700) and scores[-1].done and not scores[0].done and 0 < right < 700


# --- the view -----------------------------------------------------------------------------------------------------


def brushed(app, *points, button=1):
    """Paint in the 28x28 with the mouse, in its pixels."""
    box = app.layout.parts["paint"]
    spots = [(round(box.x + x * box.w / 28), round(box.y + y * box.h / 28)) for x, y in points]
    send(app, pygame.MOUSEBUTTONDOWN, pos=spots[0], button=button)
    for spot in spots[1:]:
        send(app, pygame.MOUSEMOTION, pos=spot, rel=(0, 0), buttons=(1, 0, 0))
    send(app, pygame.MOUSEBUTTONUP, pos=spots[-1], button=button)


def test_painting_changes_the_answer_at_once_and_leaves_the_drawing(app):
    press(app, "X")
    brushed(app, (5, 5))
    assert "Draw a digit first" in app.message.words
    draw(app, SEVEN)
    ink, own, before = app.pad.page.ink.copy(), app.answer.image, app.answer.values[-1]
    seen(app)
    brushed(app, (3, 22), (10, 22), (14, 22))
    painted = app.answer.image
    assert (painted >= own).all() and painted[21:23, 3:14].min() > 200 and app.answer.painted
    assert "differ" in app.message.words and "unharmed" in app.message.words
    assert np.allclose(app.answer.probabilities, app.reading.network.predict(painted[None])[0], atol=1e-5)
    assert not np.allclose(app.answer.values[-1], before)
    assert (app.pad.page.ink == ink).all() and len(app.pad.drawing.strokes) == 1
    app.update(0.05)
    assert app.answer.image is painted  # it stays as long as the drawing stays
    brushed(app, (8, 20), (8, 25), button=3)
    assert app.answer.image[22, 8] == 0 and painted[22, 8] > 200
    seen(app)
    press(app, "Ctrl+Z")
    assert (app.answer.image == painted).all()
    press(app, "Ctrl+Z")
    assert (app.answer.image == own).all() and not app.answer.painted and len(app.pad.drawing.strokes) == 1
    click(app, "rubber")
    brushed(app, (0, 0), (27, 27))
    click(app, "drawn")
    assert not app.answer.painted
    press(app, "Ctrl+Z")
    assert app.answer.painted and app.answer.image.sum() < own.sum()
    press(app, "X")
    assert app.answer.painted  # it can be looked at in every view
    press(app, "X")
    draw(app, [(0.1, 0.1), (0.3, 0.1)])
    assert not app.answer.painted
    press(app, "Ctrl+Z")
    app.update(0.1)
    assert (app.answer.image == own).all()  # nothing was painted any more: it was the pad's undo


def test_painting_by_the_keyboard_and_what_comes_between(app):
    draw(app, SEVEN)
    press(app, "X")
    app.looking.focus = "paint"
    press(app, "Left", "Up", "Enter")
    assert app.answer.image[13, 13] == 255 and app.whatif.nib == (13, 13) and len(app.whatif.done) == 1
    press(app, "E", "Enter")
    assert app.answer.image[13, 13] == 0
    seen(app)
    for _ in range(40):
        press(app, "Right")
    assert app.whatif.nib == (27, 13)
    press(app, "E")
    box = app.layout.parts["paint"]
    send(app, pygame.MOUSEBUTTONDOWN, pos=box.middle, button=1)
    for step in (20, 40):
        before = app.answer
        send(app, pygame.MOUSEMOTION, pos=(box.x + step, box.y + 9), rel=(0, 0), buttons=(1, 0, 0))
        app.update(0.02)
        assert app.answer is not before and (app.answer.image > before.image).any()  # at once, the button still down
        app.update(0.02)
    press(app, "C")
    app.update(0.1)
    send(app, pygame.MOUSEMOTION, pos=(box.x, box.y), rel=(0, 0), buttons=(1, 0, 0))
    send(app, pygame.MOUSEBUTTONUP, pos=(box.x, box.y), button=1)
    seen(app)
    assert app.answer is None


def test_filters_go_off_and_on_by_clicks_and_the_test_set_is_asked(app, digits):
    app.reading.tests = digits[1][0][:800], digits[1][1][:800]
    draw(app, SEVEN)
    whole, before = app.reading.network, app.answer.probabilities
    press(app, "X")
    brushed(app, (3, 22), (10, 22))
    painted = app.answer.image
    maps = anatomy.shown(app.reading.stages[5], app.answer.values)[:, 0, 0]
    click(app, app.layout.cell(5, int(maps.argmax())))
    click(app, app.layout.cell(1, 4))
    assert app.reading.off == {(5, int(maps.argmax())), (0, 4)} and app.reading.whole is whole
    assert (app.answer.image == painted).all()
    assert np.allclose(app.answer.probabilities, app.reading.network.predict(painted[None])[0], atol=1e-5)
    assert not np.allclose(app.answer.values[-1], anatomy.activations(whole, painted)[-1])
    without = app.reading.network
    until(app, lambda: "what if" not in app.jobs)
    for network in (whole, without):
        right = int((network.predict(app.reading.tests[0]).argmax(axis=1) == app.reading.tests[1]).sum())
        assert app.whatif.scores[network] == (right, 800, 800)
    assert app.whatif.scores[whole] != app.whatif.scores[without]
    seen(app)
    click(app, app.layout.cell(6, 3))
    assert "scores stay" in app.message.words and app.reading.network is without
    click(app, app.layout.cell(0, 4))
    assert len(app.reading.off) == 1
    app.looking.pointer, app.looking.focus, app.looking.cursor = None, "stage 4", 9
    press(app, "Enter")
    assert (4, 9) in app.reading.off
    press(app, "G")
    assert not app.reading.off and app.reading.network is whole
    click(app, "drawn")
    assert np.allclose(app.answer.probabilities, before)
    click(app, app.layout.cell(0, 4))
    app.use(whole)
    assert not app.reading.off


def test_without_test_images_the_filters_still_go_off(app, tmp_path, monkeypatch):
    monkeypatch.setattr(testset.mnist, "SHIPPED", tmp_path)
    draw(app, SEVEN)
    press(app, "X")
    click(app, app.layout.cell(0, 4))
    until(app, lambda: app.whatif.refused)
    seen(app)
    assert app.reading.off and "t10k" in app.whatif.refused


@pytest.mark.parametrize("kind", [*SHOWN, *REFUSED])
def test_what_if_takes_every_network(kind, tmp_path, digits):
    app = window(other(kind), tmp_path, digits)
    draw(app, SEVEN)
    press(app, "X")
    for number in range(len(app.reading.stages)):
        click(app, app.layout.cell(number, 0))
        seen(app)
    brushed(app, (3, 3), (9, 9))
    press(app, "T", "Y")
    seen(app)


def test_a_known_digit_that_is_painted_over_is_not_called_wrong(app, image):
    app.pad.show(Picture(image, "test image 115", 8))
    app.update(0.1)
    press(app, "X")
    assert thinks.mistaken(app)
    brushed(app, (3, 22), (10, 22))
    assert not thinks.mistaken(app)


def test_each_step_is_said_in_a_sentence_with_its_own_numbers(digits):
    page = np.zeros((200, 300), np.uint8)
    page[20:170, 40:60] = 200  # a 1 at the left, of a weak pen: its 20 x 20 is in the middle by itself
    page[20:30, 20:60] = 200
    of = ink.to_mnist(page, steps=True)
    said = [steps.sentence(of, n) for n in range(4)]
    assert "300 × 200" in said[0] and "150 pixels" in said[1] and "peak of 200" in said[2]
    x, y = of.shift[0] - 4, of.shift[1] - 4
    assert (x, y) != (0, 0)
    assert (f"{abs(x)} {'right' if x > 0 else 'left'}" in said[3]) == (x != 0)
    assert (f"{abs(y)} {'down' if y > 0 else 'up'}" in said[3]) == (y != 0)
    square = np.zeros((100, 100), np.uint8)
    square[25:75, 25:75] = 255
    of = ink.to_mnist(square, steps=True)
    assert "peak" not in steps.sentence(of, 2)
    assert ("middle of 28 × 28" in steps.sentence(of, 3)) == (of.shift == (4, 4))


def test_a_step_is_shown_large_by_click_and_by_key_and_says_what_happened(app):
    click(app, "step 1")
    seen(app)  # with no drawing
    draw(app, SEVEN)
    press(app, "Esc")
    large = app.layout.parts["large"]
    views = []
    for number in range(5):
        click(app, f"step {number}")
        assert app.looking.view == ("pixels" if number == 4 else f"step {number}")
        app.looking.pointer = None
        views.append(seen(app)[large.x : large.right, large.y : large.bottom])
        if number < 4:
            assert receives.readout(app) == steps.sentence(app.answer.steps, number)
            click(app, f"step {number}")
            assert app.looking.view == "pixels"
            click(app, f"step {number}")
    for a, b in ((0, 1), (1, 2), (2, 3), (3, 4)):
        assert (views[a] != views[b]).any()
    app.looking.focus = "step 2"
    press(app, "Enter")
    assert app.looking.view == "step 2" and "20 × 20" in receives.readout(app)
    press(app, "H", "H", "B")
    seen(app)


def test_forward_says_that_its_picture_was_painted_over(app):
    draw(app, SEVEN)
    press(app, "X")
    brushed(app, (3, 22), (10, 22))
    press(app, "X")
    app.looking.pointer = None
    assert "Painted over" in receives.readout(app)


@pytest.mark.parametrize("view", ["forward", "why", "train"])
def test_what_was_painted_and_switched_off_is_said_in_every_view_and_train_uses_the_drawing(app, view, monkeypatch):
    from test_window_live import ran

    draw(app, SEVEN)
    whatif_actions.view(app)
    brushed(app, (3, 22), (10, 22), (14, 22))
    whatif_actions._switch(app, {(0, 3), (0, 5)})
    press(app, {"forward": "X", "why": "Y", "train": "N"}[view])
    app.learning.runs = [ran()]
    app.learning.chosen = app.learning.runs[0]
    asked, look = [], type(app.learning.chosen).look
    monkeypatch.setattr(type(app.learning.chosen), "look", lambda run, image: asked.append(image) or look(run, image))
    written, write = [], widgets.text
    monkeypatch.setattr(widgets, "text", lambda surface, words, *rest, **options: (
        written.append(words), write(surface, words, *rest, **options)))  # fmt: skip
    app.draw(pygame.Surface(app.layout.size))
    said = " ".join(written)
    assert app.answer.painted and "Painted over and 2 switched off in What if" in said and "goes back" in said
    if view == "train":
        assert asked and all(image is app.answer.steps.image for image in asked)
        click(app, "use")
        assert "left behind" in app.message.words
