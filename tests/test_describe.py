"""What layers say of themselves is what they do: their terms give the values that forward gives, and only the inputs
that they name can change an output.
"""

import numpy as np
import pytest

from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax

RNG = np.random.default_rng(0)
IMAGES = [
    Conv2D(2, 3, 3, rng=RNG), Conv2D(2, 3, (2, 3), stride=2, padding="same", rng=RNG),
    Conv2D(2, 3, 2, padding="same", rng=RNG),
    MaxPool2D(2), MaxPool2D((3, 2), stride=2), AvgPool2D(3, stride=1),
]  # fmt: skip


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(1, 9, 8, 2))


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_a_windows_terms_give_its_value_and_it_sees_no_more_than_it_says(layer, x):
    for name in layer.params.keys() & {"b"}:
        layer.params[name] += np.float32(0.3)
    y = layer.forward(x)
    for cell, place in [(0, (0, 0)), (1, (1, 2)), (y.shape[3] - 1, (y.shape[1] - 1, y.shape[2] - 1))]:
        terms = layer.terms(x[0], cell, place)
        assert terms.total + (terms.bias or 0) == pytest.approx(y[(0, *place, cell)], abs=1e-6)
        top, left, bottom, right = layer.sees((*place, place[0] + 1, place[1] + 1))
        inside = np.zeros(x.shape[1:3], bool)
        inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
        changed = layer.forward(np.where(inside[None, :, :, None], x, x + 5))
        assert changed[(0, *place, cell)] == y[(0, *place, cell)]
        changed = layer.forward(np.where(inside[None, :, :, None], x + 5, x))
        assert changed[(0, *place, cell)] != y[(0, *place, cell)]


def test_a_box_of_several_places_is_seen_from_edge_to_edge():
    assert Conv2D(1, 1, 3).sees((0, 2, 11, 4)) == (0, 2, 13, 6)
    assert MaxPool2D(2).sees((1, 0, 3, 5)) == (2, 0, 6, 10)
    assert ReLU().sees((1, 2, 3, 4)) == (1, 2, 3, 4)
    assert Dense(4, 2).sees((0, 0, 1, 1)) is None and Flatten().sees((0, 0, 1, 1)) is None


def test_a_dense_units_terms_give_its_value():
    layer = Dense(5, 3, rng=RNG)
    layer.params["b"] += np.float32(0.2)
    x = np.random.default_rng(2).normal(size=(1, 5))
    terms = layer.terms(x[0], 2, (0, 0))
    assert terms.total + terms.bias == pytest.approx(layer.forward(x)[0, 2], abs=1e-6)
    assert terms.products.sum() == pytest.approx(terms.total)


def test_what_changes_each_number_for_itself_says_how():
    norm = BatchNorm(3)
    norm.params["gamma"] += np.float32([0.5, 1, 2])
    norm.params["beta"] += np.float32([-1, 0, 1])
    norm.state["mean"] += np.float32([0.3, 0.2, 0.1])
    norm.state["var"] *= np.float32([4, 2, 0.5])
    x = np.random.default_rng(3).normal(size=(1, 4, 3))
    for layer in (norm, ReLU(), Dropout(0.5)):
        y = layer.forward(x)
        assert layer.elementwise
        for i, j in np.ndindex(4, 3):
            assert layer.value(x[0, i, j], j) == pytest.approx(y[0, i, j], abs=1e-6)


def test_titles_and_what_cannot_be_taken_apart():
    assert [layer.title for layer in (Conv2D(1, 2, (3, 5)), MaxPool2D(2), Dense(2, 2))] == [
        "Conv 3 × 5", "Max pool 2 × 2", "Dense"]
    assert Softmax().terms(np.ones(3), 0, (0, 0)) is None and Softmax().title == "Softmax"
    layer = Conv2D(2, 3, 3, rng=RNG)
    assert np.allclose(layer.kernel(1), layer.params["w"][..., 1].mean(axis=2)) and Dense(2, 2).kernel(0) is None
