"""nn/ink: strokes and pages, the road from them to MNIST's 28x28, and the digits of a page."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nn import hands, ink

SEVEN = [[(30, 40), (90, 40), (60, 120)], [(45, 80), (85, 80)]]  # on a page of 160


def distance(a, b):
    """L2 distance in grey levels."""
    return np.linalg.norm(a.astype(float) - b)


def moved(strokes, x, y, scale=1.0):
    return [[(a * scale + x, b * scale + y) for a, b in stroke] for stroke in strokes]


def enlarged(image, side=560):
    """An image of MNIST as crisp ink, each pixel 20 pixels wide."""
    smooth = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    return np.where(np.asarray(smooth) > 127, np.uint8(255), np.uint8(0))


# --- draw -----------------------------------------------------------------------------------------------------


def test_a_dot_and_a_line_cover_their_area():
    radius, length = 12, 100
    dot = ink.draw([[(80.3, 79.6)]], 2 * radius, 160)
    assert dot.sum() / 255 == pytest.approx(np.pi * radius**2, rel=0.01)
    line = ink.draw([[(30, 40), (30 + 0.6 * length, 40 + 0.8 * length)]], 2 * radius, 160)
    assert line.sum() / 255 == pytest.approx(np.pi * radius**2 + 2 * radius * length, rel=0.01)


def test_the_middle_of_a_pixel_is_at_half():
    dot = ink.draw([[(3.5, 1.5)]], 1, 8)
    assert dot[1, 3] == 255
    assert dot.sum() == 255


def test_edges_are_anti_aliased():
    page = ink.draw([[(0, 4.25), (20, 4.25)]], 4, 20)  # ink from 2.25 to 6.25
    assert page[1:8, 10].tolist() == [0, 191, 255, 255, 255, 64, 0]


def test_a_fast_stroke_has_no_gaps_and_a_joint_no_notch():
    page = ink.draw([[(10, 10), (150, 150), (150, 20)]], 8, 160)
    steps = np.linspace(0, 1, 500)[:, None]
    for a, b in ((10, 10), (150, 150)), ((150, 150), (150, 20)):
        x, y = (np.array(a) + steps * (np.array(b) - a)).astype(int).T
        assert (page[y, x] == 255).all()
    assert page[152, 152] > 200 and not page[153:, 153:].any()  # the outside of the joint is round


def test_strokes_may_leave_the_page_and_may_be_empty():
    whole = ink.draw(moved([[(-40, 30), (200, 30)]], 60, 60), 10, 400)[60:220, 60:220]
    assert np.array_equal(ink.draw([[(-40, 30), (200, 30)], [], [(-500, 10)], [(10, 900)]], 10, 160), whole)
    assert not ink.draw([], 10, 50).any()


def test_strokes_may_be_arrays():
    assert np.array_equal(ink.draw([np.array(stroke) for stroke in SEVEN], 9, 160), ink.draw(SEVEN, 9, 160))


# --- to_mnist -------------------------------------------------------------------------------------------------


def test_mnist_comes_out_as_it_went_in(digits):
    images = digits[1][0][:3000]
    same = [np.array_equal(ink.to_mnist(image), image) for image in images]
    assert np.mean(same) >= 0.999  # 1 in 4,000 of MNIST's own breaks its rule


def test_mnist_redrawn_large_comes_back(some):
    distances = [distance(ink.to_mnist(enlarged(image)), image) for image in some]
    assert np.median(distances) < 400


@given(digit=st.integers(0, 9), seed=st.integers(0, 1000), width=st.floats(5, 40))
def test_size_centre_and_peak_are_mnists(digit, seed, width):
    strokes = moved(hands.write(digit, np.random.default_rng(seed)), 60, 80, scale=200)
    image = ink.to_mnist(ink.draw(strokes, width, 320))
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert image.shape == (28, 28) and image.dtype == np.uint8
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert image.max() in (254, 255)  # the peaks that MNIST's own images have
    for axis in (0, 1):
        centre = image.sum(axis=1 - axis) @ np.arange(28) / image.sum()
        assert 13.5 < centre <= 14.5


@given(x=st.integers(0, 200), y=st.integers(0, 200))
def test_the_place_on_the_page_changes_nothing(x, y):
    here = ink.to_mnist(ink.draw(SEVEN, 13, 360))
    assert np.array_equal(ink.to_mnist(ink.draw(moved(SEVEN, x, y), 13, 360)), here)


def test_the_size_changes_little():
    reference = ink.to_mnist(ink.draw(moved(SEVEN, 0, 0, scale=8), 8 * 13, 8 * 160))
    for scale in (0.5, 0.8, 1, 1.7, 3, 5.5):
        page = ink.draw(moved(SEVEN, 0, 0, scale), 13 * scale, int(160 * scale))
        assert distance(ink.to_mnist(page), reference) < 250 / scale


def test_no_ink_is_none():
    assert ink.to_mnist(np.zeros((100, 80), np.uint8)) is None
    assert ink.to_mnist(np.full((100, 80), ink.INK - 1, np.uint8)) is None
    assert ink.to_mnist(np.zeros((28, 28), np.uint8)) is None


def test_a_dot_stays_a_dot():
    image = ink.to_mnist(ink.draw([[(300, 200)]], 10, 560))
    assert 3 <= np.count_nonzero(image.any(axis=0)) <= 6


@pytest.mark.parametrize("shape", [(1, 1), (1, 10000), (10000, 1), (28, 28), (300, 200)])
def test_all_ink_is_a_square_or_a_line(shape):
    image = ink.to_mnist(np.full(shape, 255, np.uint8))
    assert image.shape == (28, 28) and image.max() == 255
    assert max(np.count_nonzero(image.any(axis=axis)) for axis in (0, 1)) == 20


def test_ink_far_from_its_middle_is_cut_at_the_edge_not_wrapped():
    page = np.zeros((200, 200), np.uint8)
    page[20:60, 20:60] = 255
    page[20:22, 20:180] = 255  # a thin tail to the right: the centre is far left
    image = ink.to_mnist(page)
    assert image[:, 27].any() and not image[:, 0].any()


def test_faint_noise_around_the_ink_changes_little():
    clean = ink.draw(SEVEN, 13, 160)
    grain = np.random.default_rng(0).normal(0, 25, clean.shape)
    noisy = np.clip(clean + grain, 0, 255).astype(np.uint8)
    assert distance(ink.to_mnist(noisy), ink.to_mnist(clean)) < 500


def test_steps_tell_the_whole_way():
    page = ink.draw(SEVEN, 13, 160)
    page = (page * 0.7).astype(np.uint8)
    steps = ink.to_mnist(page, steps=True)
    left, top, side = steps.box
    rows, columns = np.nonzero(page >= ink.INK)
    assert side == np.ptp(rows) + 1 and top == rows.min()  # taller than wide
    assert abs((left + side / 2) - (columns.min() + columns.max() + 1) / 2) <= 0.5
    assert steps.average.max() == 178 and steps.stretched.max() == 255
    x, y = steps.centre
    assert steps.shift == (np.floor(14.5 - x), np.floor(14.5 - y))
    x, y = steps.shift
    assert np.array_equal(steps.image[y : y + 20, x : x + 20], steps.stretched)
    assert steps.image.sum() == steps.stretched.sum()
    assert np.array_equal(steps.image, ink.to_mnist(page))
