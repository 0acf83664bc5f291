"""What the window is made of, each without a screen: strokes, the page, rectangles, the arithmetic, the words."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import ink, mnist
from nn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from nn.network import Network, digit_net, to_input
from window.data import anatomy, strokes
from window.data.answer import answer, effects, occlusion, percent, shrunk
from window.data.page import SIDE, Page, fitted, frame
from window.data.strokes import Drawing, Stroke
from window.panels import arrange as layout
from window.panels.how import CHANNELS
from window.panels.layout import Rect

ROOT = Path(__file__).resolve().parent.parent
SIZES = [(900, 600), (1024, 560), (1280, 800), (1366, 730), (1920, 1080), (3840, 2160), (900, 1400), (1080, 1920),
         (2560, 600), (450, 300)]  # fmt: skip


# --- strokes --------------------------------------------------------------------------------------------------

def drawn(*lines):
    drawing = Drawing()
    for line in lines:
        (x, y), *rest = line
        drawing.touch(x, y, 0.0, 0.09)
        for t, (x, y) in enumerate(rest):
            drawing.move(x, y, 0.1 * t)
        drawing.lift()
    return drawing


def test_undo_and_redo_come_back_to_the_very_same_marks():
    drawing = drawn([(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)])
    both = drawing.marks
    assert drawing.undo() and drawing.undo() and not drawing.undo() and drawing.marks == ()
    assert drawing.redo() and drawing.redo() and not drawing.redo() and drawing.marks == both
    drawing.undo()
    drawing.touch(0.5, 0.5, 0, 0.09)
    drawing.lift()
    assert not drawing.redo()  # a new stroke ends what was undone


@given(st.lists(st.tuples(st.floats(0.001, 1), st.booleans(), st.lists(
    st.tuples(*[st.floats(-2, 3, width=32)] * 2, st.floats(0, 100)), min_size=1, max_size=5)), max_size=4))
def test_a_session_survives_the_file(entries):
    made = [Stroke(width, erases, points) for width, erases, points in entries]
    back = strokes.from_json(json.loads(json.dumps(strokes.to_json(made))))
    assert [(s.erases, len(s.points)) for s in back] == [(s.erases, len(s.points)) for s in made]
    for a, b in zip(made, back, strict=True):
        assert np.allclose([p[:2] for p in a.points], [p[:2] for p in b.points], atol=1e-5)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "{}", '{"format": "digit strokes", "version": 2, "strokes": []}',
    '{"format": "digit strokes", "version": 1, "strokes": 4}',
    '{"format": "digit strokes", "version": 1, "strokes": [{"width": 0.1, "erases": false, "points": []}]}',
    '{"format": "digit strokes", "version": 1, "strokes": [{"width": 9, "erases": false, "points": [[0, 0, 0]]}]}',
    '{"format": "digit strokes", "version": 1, "strokes": [{"width": 0.1, "erases": false, "points": [[0, NaN, 0]]}]}',
    '{"format": "digit strokes", "version": 1, "strokes": [{"width": 0.1, "erases": false, "points": [[0, 0]]}]}',
    "[" * 100_000,
])  # fmt: skip
def test_a_broken_session_is_refused_by_name(tmp_path, text):
    path = tmp_path / "session.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"session\.json: ") as error:
        strokes.load(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"none\.json"):
        strokes.load(tmp_path / "none.json")


def test_the_pens_width_counts_in_pixels_of_mnists_box():
    line = drawn([(0.5, 0.155), (0.5, 0.845)]).strokes  # 0.69 long and, with the pen's round ends, 0.78 high
    assert strokes.pen_in_box(line, 0.09) == pytest.approx(20 * 0.09 / 0.78)
    page = Page()
    page.follow(tuple(line))
    columns = (ink.to_mnist(page.ink)[10:18].astype(float) / 255).sum(axis=1)
    assert columns == pytest.approx(2.31, abs=0.1)  # as wide as the gauge says


# --- the page -------------------------------------------------------------------------------------------------

def test_a_page_drawn_bit_by_bit_is_the_page_drawn_at_once():
    rng = np.random.default_rng(0)
    drawing, page = Drawing(), Page()
    for erases in (False, False, True, False):
        drawing.touch(*rng.random(2), 0.0, 0.05 + 0.1 * rng.random(), erases)
        for _ in range(30):
            drawing.move(*(rng.random(2) * 1.2 - 0.1), 0.0)
            assert page.follow(drawing.marks)
        drawing.lift()
        page.follow(drawing.marks)
    whole = Page()
    whole.follow(drawing.marks)
    assert np.abs(page.ink.astype(int) - whole.ink).max() <= 1  # float32 rounds by where a piece begins
    assert not page.follow(drawing.marks)
    assert page.follow(drawing.marks[:2])
    shorter = Page()
    shorter.follow(drawing.marks[:2])
    assert np.array_equal(page.ink, shorter.ink) and page.ink.any()


def test_a_page_is_what_nn_ink_draws():
    drawing = drawn([(0.2, 0.3), (0.7, 0.35), (0.4, 0.8)], [(0.3, 0.6), (0.6, 0.6)])
    page = Page()
    page.follow(drawing.marks)
    lines = [np.array(s.points)[:, :2] * SIDE for s in drawing.strokes]
    assert np.abs(page.ink.astype(int) - ink.draw(lines, 0.09 * SIDE, SIDE)).max() <= 1


def test_a_picture_fits_the_page_and_keeps_its_ink():
    rng = np.random.default_rng(0)
    for shape in [(28, 28), (700, 1400), (33, 20), (1, 3), (561, 559)]:
        picture = rng.integers(0, 256, shape).astype(np.uint8)
        page, (top, left, height, width) = fitted(picture), frame(shape)
        inside = page[top : top + height, left : left + width]
        assert page.sum() == inside.sum() and max(height, width) > SIDE * 0.9
        assert inside.mean() == pytest.approx(picture.mean(), rel=0.02)
    digit = mnist.load_part(mnist.SHIPPED, "t10k")[0][0]
    assert np.array_equal(fitted(digit)[10::20, 10::20], digit)


# --- rectangles -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("view", ["forward", "received", "how", "train", "backward", "why"])
@pytest.mark.parametrize("scale", [0.6, 1.0, 1.3, 2.0, 4.0])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_overlaps_or_leaves_its_panel_or_the_window(size, scale, view):
    made = layout(size, scale, view=view)
    assert made.fits
    for rect in [*made.parts.values(), *made.panels.values()]:
        assert rect.w > 0 and rect.h > 0
        assert rect.x >= 0 and rect.y >= 0 and rect.right <= size[0] and rect.bottom <= size[1]
    for group in (made.parts, made.panels):
        for (a, p), (b, q) in itertools.combinations(group.items(), 2):
            apart = p.right <= q.x or q.right <= p.x or p.bottom <= q.y or q.bottom <= p.y
            assert apart, (a, b)
    for name, rect in made.parts.items():
        assert any(p.x <= rect.x and p.y <= rect.y and rect.right <= p.right and rect.bottom <= p.bottom
                   for p in made.panels.values()), name


@pytest.mark.parametrize("size", SIZES)
def test_each_cell_is_found_where_it_is(size):
    made = layout(size)
    for stage, count in enumerate(CHANNELS):
        for index in range(count):
            cell = made.cell(stage, index)
            assert made.cell_at(cell.middle) == (stage, index)
            assert made.cell_at((cell.x, cell.y)) == (stage, index)
            assert made.cell_at((cell.right - 1, cell.bottom - 1)) == (stage, index)


def test_text_is_legible_and_grows_with_scale():
    assert layout((900, 600)).text >= 12
    assert layout((2560, 1600)).text > layout((1280, 800)).text
    one, two = layout((1280, 800)).parts["digit"], layout((2560, 1600), 2.0).parts["digit"]
    assert two.h == pytest.approx(2 * one.h, rel=0.05)


@pytest.mark.parametrize("size", SIZES)
def test_a_larger_scale_is_larger_text_in_any_window_and_pictures_give_way(size):
    texts = [layout(size, scale).text for scale in (0.6, 1.0, 1.2, 1.4, 4.0)]
    assert (texts == sorted(texts) and texts[0] < texts[1] < texts[3]) or size == (450, 300)
    assert texts[-1] >= 1.33 * texts[1]
    one, two = layout(size), layout(size, 1.4)
    assert one.whole and (two.parts["pad"].w < one.parts["pad"].w or not two.whole or min(size) > 1000)


@pytest.mark.parametrize(("size", "sides"), [((2560, 600), (1170, 600)), ((1080, 1920), (1080, 1026))])
def test_a_very_wide_or_very_tall_window_spreads_nothing_over_all_of_it(size, sides):
    made = layout(size)
    for start, length, most, whole in zip("xy", "wh", sides, size, strict=True):
        first = min(getattr(panel, start) for panel in made.panels.values())
        last = max(getattr(panel, start) + getattr(panel, length) for panel in made.panels.values())
        assert last - first < most and abs(first - (whole - last)) <= 2 * made.gap  # in the middle
    assert made.parts["bar 0"].w < 50 * made.text and made.parts["bar 0"].h < 3 * made.text + 1
    for stage in range(len(CHANNELS)):
        assert made.parts[f"caption {stage}"].w >= 7.7 * made.text


def test_a_rect_holds_its_first_pixel_and_not_the_one_after_its_last():
    rect = Rect(2, 3, 4, 5)
    assert rect.holds((2, 3)) and rect.holds((5, 7)) and not rect.holds((6, 7)) and not rect.holds((5, 8))


# --- the arithmetic -------------------------------------------------------------------------------------------

def odd_net(rng):
    """Strides, 'same' padding, other windows and a BatchNorm in use."""
    net = Network([
        Conv2D(1, 4, (5, 7), stride=2, padding="same", rng=rng), BatchNorm(4), ReLU(),  # (14, 14, 4)
        MaxPool2D(3, stride=2),  # (6, 6, 4)
        Conv2D(4, 6, 2, rng=rng),  # (5, 5, 6)
        Flatten(), Dense(150, 10, rng=rng),
    ])  # fmt: skip
    net.layers[1].state["mean"] += rng.normal(0, 0.1, 4).astype(np.float32)
    net.layers[1].params["gamma"] *= 1.5
    return net


def flattened_first(rng):
    """BatchNorm, ReLU and Dropout behind Flatten, where the numbers no longer stand in maps."""
    return Network([Conv2D(1, 4, 5, rng=rng), ReLU(), MaxPool2D(4), Flatten(), BatchNorm(144), ReLU(), Dropout(0.5),
                    Dense(144, 10, rng=rng)])  # fmt: skip


@pytest.fixture(scope="module")
def digit():
    return mnist.load_part(mnist.SHIPPED, "t10k")[0][0]


@pytest.mark.parametrize("make", [digit_net, odd_net, flattened_first])
def test_the_arithmetic_of_every_stage_gives_the_networks_own_number(make, digit):
    rng = np.random.default_rng(1)
    net = make(rng)
    for layer in net.layers:
        for name in layer.params.keys() & {"b"}:
            layer.params[name] += rng.normal(0, 0.1, layer.params[name].shape).astype(np.float32)
    values = anatomy.activations(net, digit)
    assert np.allclose(values[-1], net.forward(to_input(digit[None])), atol=1e-5)
    for stage in anatomy.stages(net):
        maps = anatomy.shown(stage, values)
        for _ in range(20):
            cell, *place = (int(rng.integers(n)) for n in maps.shape)
            found = anatomy.arithmetic(net, stage, values, cell, tuple(place))
            assert found.shown == maps[(cell, *place)]
            assert found.value == pytest.approx(found.shown, abs=1e-4)
            if found.terms.weights is not None:
                assert found.terms.inputs.shape == found.terms.weights.shape
                assert found.terms.products.sum() == pytest.approx(found.terms.total, abs=1e-4)


@pytest.mark.parametrize("make", [digit_net, odd_net])
def test_only_pixels_of_the_receptive_field_matter(make, digit):
    rng = np.random.default_rng(2)
    net = make(rng)
    image = rng.integers(1, 255, (28, 28)).astype(np.uint8)
    before = anatomy.activations(net, image)
    for stage in anatomy.stages(net):
        maps = anatomy.shown(stage, before)
        for _ in range(3):
            place = tuple(int(rng.integers(n)) for n in maps.shape[1:])
            top, left, bottom, right = anatomy.receptive_field(net, before, stage, place)
            inside = np.zeros((28, 28), bool)
            inside[top:bottom, left:right] = True
            outside_changed = np.where(inside, image, 255 - image).astype(np.uint8)
            after = anatomy.shown(stage, anatomy.activations(net, outside_changed))
            assert np.allclose(after[:, *place], maps[:, *place], atol=1e-5)
            if len(stage.shape) == 3 and stage.first == 0:
                inside_changed = np.where(inside, 255 - image, image).astype(np.uint8)
                assert not np.allclose(anatomy.shown(stage, anatomy.activations(net, inside_changed))[:, *place],
                                       maps[:, *place], atol=1e-3)


def test_the_dense_stages_see_26_pixels_and_the_last_two_rows_change_nothing(digit):
    net = digit_net(np.random.default_rng(2))
    before = anatomy.activations(net, digit)
    assert anatomy.receptive_field(net, before, anatomy.stages(net)[-1], (0, 0)) == (0, 0, 26, 26)
    changed = digit.copy()
    changed[26:], changed[:, 26:] = 255, 255
    assert np.array_equal(anatomy.activations(net, changed)[-1], before[-1])


def test_the_place_in_the_code_is_where_forward_stands():
    for layer in digit_net(None).layers:
        place, name = anatomy.place_of(layer.forward).split("  ")
        file, line = place.split(":")
        assert (ROOT / file).read_text().splitlines()[int(line) - 1].strip().startswith("def forward(")
        assert name == f"{type(layer).__name__}.forward"


class Unknown(Layer):
    def forward(self, x, training=False):
        return 2 * x


def test_a_layer_that_cannot_be_taken_apart_has_no_arithmetic(digit):
    net = Network([Unknown(), Flatten(), Dense(784, 10, rng=np.random.default_rng(0))])
    stage = anatomy.stages(net)[0]
    assert anatomy.arithmetic(net, stage, anatomy.activations(net, digit), 0, (3, 3)) is None


# --- the answer -----------------------------------------------------------------------------------------------

@pytest.mark.shipped
@pytest.mark.parametrize("image", ["digit", "noise"])
def test_what_ink_does_is_tried_out_and_the_slope_is_the_scores(digit, image):
    rng = np.random.default_rng(3)
    net = digit_net(rng)
    image = digit if image == "digit" else rng.integers(1, 256, (28, 28)).astype(np.uint8)
    *_, found = effects(net, image)
    for y, x in [(0, 0), (8, 12), (14, 14), (20, 10), (27, 27)]:
        full, none = image.copy(), image.copy()
        full[y, x], none[y, x] = 255, 0
        scores = [net.forward(to_input(each[None]))[0] for each in (full, none)]
        assert found.ink[y, x] == pytest.approx(scores[0] - scores[1], abs=1e-4)
    for layer in net.layers:
        layer.params = {name: array.astype(float) for name, array in layer.params.items()}
    known = np.argwhere(~np.isnan(found.slope).any(axis=-1) & (image > 0))
    assert len(known) > 10
    for y, x in known[::25]:
        step = np.zeros((1, 28, 28, 1))
        step[0, y, x, 0] = 1e-6
        up, down = (net.forward(to_input(image[None]) + sign * step)[0] for sign in (1, -1))
        assert found.slope[y, x] == pytest.approx((up - down) / 2e-6, abs=1e-3)


def test_occlusion_sees_where_a_network_looks():
    """A network whose score for 3 is the ink in the upper left quarter."""
    net = Network([Flatten(), Dense(784, 10)])
    quarter = np.zeros((28, 28), np.float32)
    quarter[:14, :14] = 0.05
    net.layers[1].params["w"][:] = 0
    net.layers[1].params["w"][:, 3] = quarter.reshape(-1)
    heat = occlusion(net, np.full((28, 28), 200, np.uint8))
    assert heat[:12, :12].min() > 0 and np.abs(heat[16:, 16:]).max() < 1e-6


def test_no_ink_no_answer_and_an_image_of_mnist_stays_as_it_is(digit):
    net = digit_net(np.random.default_rng(0))
    assert answer(net, np.zeros((560, 560), np.uint8)) is None
    found = answer(net, digit)
    assert np.array_equal(found.image, digit)
    assert np.allclose(found.probabilities, net.predict(digit[None])[0])


def test_shrinking_keeps_the_place():
    page = np.zeros((560, 560), np.uint8)
    page[100:120, 40:60] = 255  # one pixel of the 28x28
    small = shrunk(page)
    assert small[5, 2] == 255 and np.count_nonzero(small) == 1
    wide = shrunk(np.full((10, 40), 255, np.uint8))  # 40 x 10 is 28 x 7
    assert int(wide.sum()) == pytest.approx(255 * 28 * 7, rel=0.02)


def test_percent_is_never_rounded_up_to_certainty():
    assert percent(0.99999) == ">99.9 %" and percent(0.982) == "98.2 %" and percent(1.0) == "100.0 %"
