"""nn/augment.py: digits move no further than asked, stay digits, and follow the seed."""

import naive
import numpy as np
import pytest

from nn.augment import CONTROL_POINTS, Augment, spline_basis, warp

STILL = Augment(rotation=0, scale=0, shear=0, shift=0, bend=0, untouched=0)


def rng(seed=0):
    return np.random.default_rng(seed)


def only(**changes):
    return Augment(**{"rotation": 0, "scale": 0, "shear": 0, "shift": 0, "bend": 0, "untouched": 0} | changes)


def centre(images):
    """Row and column of the centre of the ink, (N, 2), and the spread around it, (N, 2, 2)."""
    ink = images.reshape(len(images), 28, 28) / images.sum(axis=(1, 2, 3))[:, None, None]
    at = np.arange(28)
    row, column = (ink.sum(axis=2) * at).sum(axis=1), (ink.sum(axis=1) * at).sum(axis=1)
    y, x = at[None, :, None] - row[:, None, None], at[None, None, :] - column[:, None, None]
    spread = [[(ink * a * b).sum(axis=(1, 2)) for b in (y, x)] for a in (y, x)]
    return np.array([row, column]).T, np.array(spread).transpose(2, 0, 1)


def blob(height=2.0, width=2.0):
    """One soft spot in the middle of the page, uint8 (1, 28, 28); its sizes are standard deviations in pixels."""
    at = np.arange(28) - 13.5
    spot = np.exp(-(at[:, None] ** 2) / (2 * height**2) - at**2 / (2 * width**2))
    return (255 * spot).round().astype(np.uint8)[None]


def many(images, augment, n=400):
    return augment(np.repeat(images, n, axis=0), rng())


def test_nothing_asked_for_changes_nothing(digits):
    (images, _), _ = digits
    out = STILL(images[:5], rng())
    assert out.shape == (5, 28, 28, 1) and out.dtype == np.float32
    assert np.allclose(out[..., 0], images[:5] / 255, atol=1e-6)


def test_the_same_seed_gives_the_same_images_and_another_does_not(digits):
    (images, _), _ = digits
    one, same, other = (Augment()(images[:5], rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_each_image_is_moved_in_its_own_way_and_stays_in_range(digits):
    (images, _), _ = digits
    before = images[:1].copy()
    out = many(images[:1], Augment(untouched=0), 50)
    assert len({image.tobytes() for image in out}) == 50
    assert out.min() >= 0 and out.max() <= 1
    assert np.array_equal(images[:1], before)


def test_shift_moves_by_at_most_what_was_asked_in_both_directions():
    centres, _ = centre(many(blob(), only(shift=3)))
    moved = centres - 13.5
    assert np.abs(moved).max() <= 3.01
    assert np.allclose(moved.min(axis=0), -3, atol=0.1) and np.allclose(moved.max(axis=0), 3, atol=0.1)


def test_rotation_turns_by_at_most_what_was_asked_and_keeps_sizes():
    """The long axis of a tall ellipse stood upright."""
    _, spread = centre(many(blob(height=3.5, width=2), only(rotation=20)))
    angle = np.degrees(0.5 * np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]))
    assert 19 < angle.max() <= 20.2 and -20.2 <= angle.min() < -19
    area = np.linalg.det(spread)
    assert np.allclose(area, np.median(area), rtol=0.1)


def test_scale_resizes_height_and_width_by_at_most_what_was_asked():
    """What is read from s times the distance comes out 1/s as large."""
    _, spread = centre(many(blob(2.5, 2.5), only(scale=0.2)))
    _, (plain,) = centre(STILL(blob(2.5, 2.5), rng()))
    ratio = np.sqrt(np.diagonal(spread, axis1=1, axis2=2) / np.diagonal(plain))
    for axis in (0, 1):
        assert 0.81 <= ratio[:, axis].min() <= 0.86 and 1.2 <= ratio[:, axis].max() <= 1.27
    assert abs(np.corrcoef(ratio.T)[0, 1]) < 0.2  # each on its own
    assert np.abs(spread[:, 0, 1]).max() < 0.1  # and nothing leans


def test_shear_leans_letters_and_keeps_lines():
    """Columns move with the row, rows stay where they are: the height is kept, the width grows."""
    _, spread = centre(many(blob(), only(shear=0.4)))
    assert np.allclose(spread[:, 0, 0], spread[0, 0, 0], rtol=0.02)
    lean = spread[:, 0, 1] / spread[:, 0, 0]
    assert 0.37 < lean.max() < 0.42 and -0.42 < lean.min() < -0.37


def test_bend_moves_neighbours_alike_and_the_far_apart_differently():
    """Dots 2 pixels apart move together, dots 18 pixels apart don't."""
    moves = []
    for row in (5, 7, 23):
        page = np.zeros((1, 28, 28), np.uint8)
        page[0, row - 1 : row + 2, 13:16] = 255
        centres, _ = centre(many(page, only(bend=2.0)))
        moves.append(centres[:, 0] - row)
    near, far = np.corrcoef(moves[0], moves[1])[0, 1], np.corrcoef(moves[0], moves[2])[0, 1]
    assert near > 0.9 and abs(far) < 0.3
    assert 0.5 < np.std(moves[0]) < 2


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match="square"):
        Augment()(np.zeros((2, 20, 60), np.uint8), rng())


def test_the_share_asked_for_is_left_untouched_and_the_rest_is_moved(digits):
    (images, _), _ = digits
    out = many(images[:1], Augment(untouched=0.25))[..., 0]
    same = (out == images[0] / np.float32(255)).all(axis=(1, 2))
    assert 0.18 < same.mean() < 0.32  # a quarter of 400, give or take three standard deviations
    assert (np.abs(out[~same] - images[0] / 255).max(axis=(1, 2)) > 0.1).all()


@pytest.mark.parametrize("size", [28, 20])
def test_spline_basis_is_a_weighted_mean_of_control_points_near_by(size):
    basis = spline_basis(size)
    assert basis.shape == (size, CONTROL_POINTS)
    assert np.allclose(basis.sum(axis=1), 1)
    assert (basis >= 0).all() and ((basis > 0).sum(axis=1) <= 4).all()
    assert np.allclose(basis[0, :4], [1 / 6, 4 / 6, 1 / 6, 0])  # on a control point: 1/6, 4/6, 1/6
    assert np.allclose(basis[::-1, ::-1], basis)


# --- the kernel, warp --------------------------------------------------------------------------------------

def warped(images, matrix=((1, 0), (0, 1)), shift=(0, 0), bend=None, basis=None):
    N, H, _ = images.shape
    out = np.empty(images.shape, np.float32)
    bend = np.zeros((N, 2, 2, 2)) if bend is None else bend
    basis = np.zeros((H, 2)) if basis is None else basis
    warp(images, np.tile(np.array(matrix, float), (N, 1, 1)), np.tile(np.array(shift, float), (N, 1)),
                 bend, basis, out)  # fmt: skip
    return out


PAGE = np.array([[[0, 51, 102], [153, 204, 255], [0, 0, 51]]], np.uint8)  # 51 = 0.2 * 255


@pytest.mark.parametrize(("change", "expected"), [
    ({}, [[0, 0.2, 0.4], [0.6, 0.8, 1], [0, 0, 0.2]]),
    ({"shift": (1, 0)}, [[0.6, 0.8, 1], [0, 0, 0.2], [0, 0, 0]]),  # read one row below: the page moves up
    ({"shift": (0, -1)}, [[0, 0, 0.2], [0, 0.6, 0.8], [0, 0, 0]]),  # read one column left: it moves right
    ({"shift": (0, 0.5)}, [[0.1, 0.3, 0.2], [0.7, 0.9, 0.5], [0, 0.1, 0.1]]),  # halfway between neighbours
    ({"matrix": ((0, 1), (1, 0))}, [[0, 0.6, 0], [0.2, 0.8, 0], [0.4, 1, 0.2]]),  # rows for columns
    ({"matrix": ((0, 1), (-1, 0))}, [[0.4, 1, 0.2], [0.2, 0.8, 0], [0, 0.6, 0]]),  # a quarter turn
])  # fmt: skip
def test_warp_by_hand(change, expected):
    assert np.allclose(warped(PAGE, **change)[0], expected, atol=1e-6)


def test_warp_is_its_naive_twin():
    images = rng(0).integers(0, 256, (3, 7, 7), dtype=np.uint8)
    matrix = np.eye(2) + 0.3 * rng(1).standard_normal((3, 2, 2))
    shift, bend = rng(2).standard_normal((3, 2)), rng(3).standard_normal((3, 2, 4, 4))
    basis = rng(4).random((7, 4))
    out = np.empty(images.shape, np.float32)
    warp(images, matrix, shift, bend, basis, out)
    assert np.allclose(out, naive.warp(images, matrix, shift, bend, basis), atol=1e-6)
