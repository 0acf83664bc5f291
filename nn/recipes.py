"""The recipes by which a network is trained, and the images each of them trains on."""

from dataclasses import dataclass

import numpy as np

from nn import hands
from nn.augment import Augment


@dataclass(frozen=True)
class Recipe:
    """All choices of a training. lr is the schedule's peak; augment None leaves the images as they are."""

    epochs: int
    batch_size: int = 64
    lr: float = 3e-3
    schedule: str = "one-cycle"  # a name in optim.SCHEDULES, or a function like those
    optimizer: str = "adamw"  # a name in optim.OPTIMIZERS, or a function like those
    weight_decay: float = 1e-2
    batch_norm: bool = False  # train with it; it is folded away when the weights are saved
    label_smoothing: float = 0.0
    average: float = 0.999  # decay of the weights' moving average
    augment: Augment | None = Augment()  # noqa: RUF009 (it is frozen)
    held_out: int = 5000  # training images kept for validation, the last ones; 0 trains on all
    scribbles: int = 0  # marks that are no digits, added with all ten digits equally likely
    drawn: int = 0  # digits that nn.hands draws, added too
    late: float = 0.0  # the share of the epochs, the last ones, to which the next two apply
    late_drawn: int | None = None  # how many of the drawn digits they see; None: all
    late_rho: float = 0.0  # how far uphill they take the gradient, optim.uphill tells why; 0: where the weights are
    temperature: float | None = None  # divides the finished network's logits; None fits it to held-out images, if any
    threshold: float = 0.5  # if the two likeliest digits together have less, it does not look like a digit

    def is_late(self, epoch):
        """Is this epoch, counted from 1, one of the late ones?"""
        return epoch > self.epochs * (1 - self.late)

    def seen(self, epoch, images):
        """How many of the training images an epoch, counted from 1, goes through: the first so many."""
        if self.late_drawn is None or not self.is_late(epoch):
            return images
        return images - self.drawn + self.late_drawn


RECIPES = {
    "quick": Recipe(epochs=1, batch_size=128, lr=1.2e-2, batch_norm=True),
    "standard": Recipe(epochs=20, lr=5e-3, batch_norm=True, label_smoothing=0.05),
    # Its temperature was fitted, and all of it chosen, on training images held out; then it trains on all of them.
    # The drawn digits pull what is alike in both, a 7 without a bar and a 1 with a long flag, away from MNIST's view;
    # to see fewer of them in the second half brings that back. There, too, it looks for a flat minimum; doing so in
    # all epochs gains no more.
    "best": Recipe(
        epochs=20, lr=5e-3, batch_norm=True, label_smoothing=0.05, held_out=0, scribbles=4000,
        drawn=24000, late=0.5, late_drawn=6000, late_rho=0.2, temperature=0.56, threshold=0.85,
    ),
}


def training_images(recipe, images, labels, seed):
    """What the recipe trains on: uint8 images (M, 28, 28), the drawn digits last, and their target probabilities,
    float32 (M, 10).
    """
    kept = len(images) - recipe.held_out
    images, targets = [images[:kept]], [np.eye(10, dtype=np.float32)[labels[:kept]]]
    rng = np.random.default_rng((seed, 0, 1))  # before the first epoch; training.py tells why it may not end in 0
    if recipe.scribbles:
        images.append(hands.scribbles(recipe.scribbles, rng))
        targets.append(np.full((recipe.scribbles, 10), 0.1, np.float32))
    if recipe.drawn:
        drawn, drawn_labels = hands.make(recipe.drawn, rng)
        images.append(drawn)
        targets.append(np.eye(10, dtype=np.float32)[drawn_labels])
    return (images[0], targets[0]) if len(images) == 1 else (np.concatenate(images), np.concatenate(targets))
