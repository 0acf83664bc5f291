"""nn/recipes.py: what a recipe trains on, and what each epoch of it sees."""

from dataclasses import replace

import numpy as np
import pytest

from nn import hands
from nn.recipes import RECIPES, Recipe, training_images


def test_the_held_out_images_are_the_last_and_not_trained_on(data):
    images, labels = data
    kept, targets = training_images(Recipe(epochs=1, held_out=30), images, labels, seed=0)
    assert np.array_equal(kept, images[:70])
    assert np.array_equal(targets, np.eye(10, dtype=np.float32)[labels[:70]])


def test_scribbles_and_drawn_digits_are_added(data):
    images, labels = data
    recipe = Recipe(epochs=1, held_out=0, scribbles=5, drawn=20)
    kept, targets = training_images(recipe, images, labels, seed=0)
    assert kept.shape == (125, 28, 28) and kept.dtype == np.uint8
    assert targets.shape == (125, 10) and targets.dtype == np.float32
    assert np.array_equal(kept[:100], images)
    assert np.allclose(targets[100:105], 0.1) and set(targets[105:].max(axis=1)) == {1}
    assert np.allclose(targets.sum(axis=1), 1)
    same_stream = np.random.default_rng(0)  # the first weights'
    assert not np.array_equal(kept[100:105], hands.scribbles(5, same_stream))
    again, _ = training_images(recipe, images, labels, seed=0)
    other, _ = training_images(recipe, images, labels, seed=1)
    assert np.array_equal(kept, again) and not np.array_equal(kept, other)


@pytest.mark.parametrize(("epochs", "late", "seen"), [
    (4, 0.5, [125, 125, 108, 108]),
    (2, 0.5, [125, 108]),
    (3, 0.5, [125, 108, 108]),
    (1, 0.5, [108]),
    (2, 0.0, [125, 125]),
    (2, 1.0, [108, 108]),
])  # fmt: skip
def test_late_epochs_see_fewer_of_the_drawn_digits(epochs, late, seen):
    recipe = Recipe(epochs=epochs, scribbles=5, drawn=20, late=late, late_drawn=3)
    assert [recipe.seen(epoch, 125) for epoch in range(1, epochs + 1)] == seen
    assert replace(recipe, late_drawn=None).seen(epochs, 125) == 125


def test_every_recipe_follows_the_rules():
    assert list(RECIPES) == ["quick", "standard", "best"]
    assert RECIPES["quick"].epochs <= 2
    assert RECIPES["standard"].held_out > 0  # what is chosen is chosen on images held out
