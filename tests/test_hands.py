"""nn/hands: what it draws is a digit, varied, inside the page and the same for the same seed."""

from itertools import pairwise

import numpy as np
import pytest

from nn import hands, ink
from nn.hands import drawing, marks

EVERY = [(digit, i) for digit in hands.STYLES for i in range(len(hands.STYLES[digit]))]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_every_digit_has_styles():
    assert sorted(hands.STYLES) == list(range(10))
    assert all(hands.STYLES.values())


@pytest.mark.parametrize(("digit", "i"), EVERY)
def test_the_forms_of_a_style_can_be_mixed(digit, i):
    """Same strokes, same corners; and every point lies in the unit square."""
    forms = [hands.parse(form) for form in hands.STYLES[digit][i]]
    for points, shape in forms:
        assert shape == forms[0][1]
        assert points.shape == (sum(map(len, shape)), 2)
        assert points.min() >= 0 and points.max() <= 1


def test_read_a_form_by_hand():
    points, shape = hands.parse("10,20 30,40! 50,60 | 70,80 90,100")
    assert np.allclose(points, [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8], [0.9, 1.0]])
    assert shape == ((False, True, False), (False, False))


def test_the_spline_passes_through_its_control_points():
    points = rng().normal(size=(6, 2))
    for corners in [(False,) * 6, (False, True, False, True, True, False)]:
        curve = hands.spline(corners) @ points
        assert len(curve) == 5 * hands.STEPS + 1
        assert np.allclose(curve[:: hands.STEPS], points)


def test_the_spline_is_smooth_but_for_its_corners():
    """Where the points lie on a circle, the curve turns a little at each step; at a corner it turns at once."""
    angle = np.linspace(0, 2 * np.pi, 13)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def turns(corners):
        steps = np.diff(hands.spline(corners) @ points, axis=0)
        heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        return np.abs(np.diff(heading))

    smooth = turns((False,) * 13)
    assert smooth.max() < np.radians(12)  # 30 degrees from point to point, in six steps
    cornered = turns((False,) * 6 + (True,) + (False,) * 6)
    assert cornered.argmax() == 6 * hands.STEPS - 1
    assert cornered.max() > 1.5 * smooth.max()


def test_a_line_of_control_points_gives_a_line():
    curve = hands.spline((False,) * 4) @ np.array([[0.0, 0], [1, 2], [2, 4], [3, 6]])
    assert np.allclose(curve[:, 1], 2 * curve[:, 0])
    assert np.all(np.diff(curve[:, 0]) > 0)


@pytest.mark.parametrize("digit", range(10))
def test_a_drawing_fills_the_unit_square(digit):
    generator = rng(digit)
    for _ in range(50):
        points = np.vstack(hands.write(digit, generator))
        assert np.isfinite(points).all()
        low, high = points.min(axis=0), points.max(axis=0)
        assert np.max(high - low) == pytest.approx(1)
        assert np.allclose((low + high) / 2, 0.5)


def test_write_comes_to_every_style(monkeypatch):
    met = set()
    monkeypatch.setattr(drawing, "vary", lambda style, rng: met.add(style))
    generator = rng()
    for digit in range(10):
        for _ in range(400):
            hands.write(digit, generator)
    assert met == {style for styles in hands.STYLES.values() for style in styles}


class Steady:
    """A Generator whose normals are all 0: a hand without whims, that is hurried as it is told."""

    def __init__(self, haste=0.0):
        self.rng, self.haste = rng(), haste

    def normal(self, mean, spread, shape=None):
        return np.zeros(np.shape(mean) if shape is None else shape)

    def dirichlet(self, alpha):
        return self.rng.dirichlet(alpha)

    def random(self):
        return self.haste


def test_a_steady_hand_draws_the_form_as_it_stands():
    form = "0,0 50,50! 100,0 | 20,100 50,90 80,100"
    corner, sign = (False, True, False), (False,) * 3
    points = hands.parse(form)[0]
    drawn = hands.vary((form,), Steady())
    assert np.allclose(drawn[0], hands.spline(corner) @ points[:3])
    assert np.allclose(drawn[1], hands.spline(sign) @ points[3:])
    hurried = hands.vary((form,), Steady(haste=1.0))
    shift = hurried[0][0] - points[0]  # the form is centred anew
    assert np.allclose(hurried[0] - shift, hands.spline(sign) @ points[:3])


def test_vary_mixes_all_forms_of_a_style():
    """Drawings of a style of two forms lie between them and come near to both."""
    style, steady = ("0,0 50,50 100,100", "0,0 50,50 0,100"), Steady()
    widths = [np.ptp(hands.vary(style, steady)[0][:, 0]) for _ in range(200)]
    assert min(widths) < 0.6 and max(widths) > 0.95


def test_vary_moves_each_control_point_and_each_stroke():
    """Twice the same stroke comes out neither in the same place nor of the same form."""
    style, generator = ("0,0 50,40 100,0 50,100 | 0,0 50,40 100,0 50,100",), rng()
    gaps = np.array([np.subtract(*hands.vary(style, generator)) for _ in range(100)])  # (100, m, 2)
    assert np.std(gaps, axis=1).min() > 0.002
    assert np.sqrt(np.mean(gaps.mean(axis=1) ** 2)) > 0.023  # the control points alone would give 0.018


def test_hands_slant_to_the_right_on_the_whole():
    stroke, generator = ("50,0 50,50 50,100",), rng()
    slants = [np.subtract(*hands.vary(stroke, generator)[0][[0, -1], 0]) for _ in range(300)]
    assert 0.05 < np.mean(slants) < 0.2
    assert np.std(slants) > 0.15


def test_no_two_drawings_are_alike():
    generator = rng()
    for digit in range(10):
        images = [hands.picture(hands.write(digit, generator), generator).astype(int) for _ in range(30)]
        distances = [np.abs(a - b).mean() for i, a in enumerate(images) for b in images[:i]]
        assert min(distances) > 2
        assert np.mean(distances) > 15


def test_make_gives_mnist_like_images_of_every_digit():
    images, labels = hands.make(180, rng())
    assert images.shape == (180, 28, 28) and images.dtype == np.uint8
    assert labels.shape == (180,) and labels.dtype == np.uint8
    assert set(labels) == set(range(10))
    rows, columns = images.any(axis=2).sum(axis=1), images.any(axis=1).sum(axis=1)
    assert np.all(np.maximum(rows, columns) >= 18)  # 20 by MNIST's rule, but for the faintest rim
    assert np.all(np.maximum(rows, columns) <= 20)
    assert np.all(images.max(axis=(1, 2)) >= 254)
    mass = images.sum(axis=(1, 2))
    centre = (images.sum(axis=2) @ np.arange(28)) / mass
    assert np.all((centre > 13.4) & (centre < 14.6))


def test_make_uses_every_style_as_often(monkeypatch):
    met = []
    monkeypatch.setattr(drawing, "vary", lambda style, rng: met.append(style))
    monkeypatch.setattr(drawing, "picture", lambda strokes, rng: np.zeros((28, 28), np.uint8))
    _, labels = hands.make(2 * len(EVERY), rng())
    styles = [style for styles in hands.STYLES.values() for style in styles]
    assert all(met.count(style) == 2 for style in styles)
    for label, style in zip(labels, met, strict=True):
        assert style in hands.STYLES[label]


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    for maker in (lambda seed: hands.make(40, rng(seed))[0], lambda seed: hands.scribbles(40, rng(seed))):
        assert np.array_equal(maker(7), maker(7))
        assert not np.array_equal(maker(7), maker(8))


def test_signs_can_be_read():
    for form in hands.SIGNS:
        points, _ = hands.parse(form)
        assert points.min() >= 0 and points.max() <= 1
    assert len(set(hands.SIGNS)) == len(hands.SIGNS)


def test_scribbles_are_ink_inside_the_page_and_of_many_kinds():
    generator = rng()
    counts = set()
    for _ in range(200):
        strokes = hands.scribble(generator)
        points = np.vstack(strokes)
        assert np.isfinite(points).all()
        assert points.min() >= -1e-9 and points.max() <= 1 + 1e-9
        counts.add(len(strokes))
    assert len(counts) >= 8
    images = hands.scribbles(50, generator)
    assert images.shape == (50, 28, 28) and images.dtype == np.uint8
    assert np.all(images.max(axis=(1, 2)) > 0)


def test_the_pen_width_varies_as_a_users_does():
    """From thin to thick: the ink of the same strokes on the page."""
    strokes, generator = hands.write(0, rng()), rng()
    inked = [np.count_nonzero(hands.picture(strokes, generator) >= ink.INK) for _ in range(60)]
    assert max(inked) > 1.8 * min(inked)


def extent(strokes):
    points = np.vstack(strokes)
    return points.min(axis=0), points.max(axis=0)


def test_every_kind_of_mark_is_made(monkeypatch):
    met = set()
    for kind in marks.KINDS:
        assert all(len(stroke) for stroke in kind(rng())) and len(kind(rng())) >= 1
    spies = [lambda generator, kind=kind: met.add(kind) or kind(generator) for kind in set(marks.KINDS)]
    monkeypatch.setattr(marks, "KINDS", spies)
    generator = rng()
    for _ in range(200):
        hands.scribble(generator)
    assert len(met) == len(spies) >= 8


@pytest.mark.parametrize(("side", "kept"), [("left", 0), ("right", 1)])
def test_a_part_of_a_digit_is_what_lies_on_one_side_of_a_cut(side, kept, monkeypatch):
    """Of a bar from 0 to 1 crossed thrice: up to, or from, a cut at .35 to .6, and nothing is joined across the gap."""
    comb = [np.array([[x, 0.5] for x in np.linspace(0, 1, 101)]), np.array([[0.1, 0], [0.9, 0.1], [0.1, 0.2]])]
    monkeypatch.setattr(marks, "write", lambda digit, rng: comb)
    monkeypatch.setattr(marks, "SIDES", [(2, side)])
    generator = rng()
    for _ in range(30):
        part = marks.part(generator)
        (low, _), (high, _) = extent(part)
        assert (low, high)[kept] == (0, 1)[kept]
        assert 0.33 < (high, low)[kept] < 0.62
        assert len(part) == (3, 2)[kept]  # the second stroke crosses the cut twice and is outside in between


def test_neighbours_stand_side_by_side(monkeypatch):
    monkeypatch.setattr(marks, "write", lambda digit, rng: [np.array([[0.3, 0.0], [0.7, 1.0]])])
    generator = rng()
    counts = set()
    for _ in range(60):
        strokes = marks.neighbours(generator)
        counts.add(len(strokes))
        gaps = [b[:, 0].min() - a[:, 0].max() for a, b in pairwise(strokes)]
        assert -0.0801 < min(gaps) and max(gaps) < 0.3001
    assert counts == {2, 3}


def test_a_line_is_much_longer_than_the_digit_on_it():
    generator, upright = rng(), 0
    for _ in range(60):
        line = marks.on_a_line(generator)[-1]
        length = np.abs(line[1] - line[0])
        assert 1.6 <= length.max() <= 3 and length.min() == 0
        upright += length[1] > 0
        low, high = np.sort(line[:2], axis=0)
        assert np.all(low <= 1.2001) and np.all(high >= -0.2001)
    assert 5 < upright < 40


def test_what_encloses_a_digit_goes_around_it():
    generator = rng()
    for _ in range(60):
        *digit, frame = marks.enclosed(generator)
        assert len(frame) in (5, 25) and np.allclose(frame[0], frame[-1], atol=0.2)
        inner, outer = extent(digit), extent([frame])
        assert np.all(outer[0] < inner[0] + 0.12) and np.all(outer[1] > inner[1] - 0.12)
