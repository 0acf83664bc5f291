"""nn/training.py: the plain loop's results, the same bits for a seed, and 97 % on MNIST."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from nn import training
from nn.augment import Augment
from nn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax
from nn.losses import SoftmaxCrossEntropy
from nn.network import Network, digit_net, to_input
from nn.optim import OPTIMIZERS, AdamW, Average, one_cycle
from nn.recipes import Recipe
from nn.training import (
    Diverged,
    Epoch,
    Step,
    evaluate,
    fit,
    fit_temperature,
    predict_logits,
    warm_up,
)

PLAIN = Recipe(epochs=2, batch_size=40, augment=None)  # 100 images: batches of 40, 40 and 20


def rng(seed=0):
    return np.random.default_rng(seed)


def small_net(seed=0):
    return Network([
        Conv2D(1, 3, 3, rng=rng(seed)), ReLU(), MaxPool2D(2), Flatten(), Dense(13 * 13 * 3, 10, rng=rng(seed + 1)),
    ])  # fmt: skip


def net_with_batch_norm_and_dropout():
    return Network([
        Conv2D(1, 3, 3, rng=rng(1)), ReLU(), MaxPool2D(2), BatchNorm(3), Flatten(), Dropout(0.3),
        Dense(13 * 13 * 3, 20, rng=rng(2)), ReLU(), BatchNorm(20), Dense(20, 10, rng=rng(3)),
    ])  # fmt: skip


def trained(network, data, recipe=PLAIN, **options):
    """(losses, last Epoch) of a training of this network."""
    events = list(fit(network, *data, recipe, **options))
    return [event.loss for event in events if isinstance(event, Step)], events[-1]


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def close(a, b, tolerance):
    return a.keys() == b.keys() and all(np.allclose(a[name], b[name], atol=tolerance) for name in a)


# --- what fit() computes ------------------------------------------------------------------------------------

def plain_loop(network, images, labels, recipe, seed):
    """The same training without threads, micro-batches or fused layers. (losses, averaged network)"""
    optimizer = OPTIMIZERS[recipe.optimizer](network.params, recipe.weight_decay)
    average = Average(network, recipe.average)
    loss, losses = SoftmaxCrossEntropy(recipe.label_smoothing), []
    steps = recipe.epochs * -(-len(images) // recipe.batch_size)
    for epoch in range(1, recipe.epochs + 1):
        order = rng((seed, epoch)).permutation(len(images))
        for at in range(0, len(images), recipe.batch_size):
            batch = order[at : at + recipe.batch_size]
            losses.append(loss.forward(network.forward(to_input(images[batch]), training=True), labels[batch]))
            network.backward(loss.backward())
            if recipe.late_rho and epoch > recipe.epochs * (1 - recipe.late):
                here, grads = {name: w.copy() for name, w in network.params.items()}, network.grads
                length = np.sqrt(sum((g**2).sum() for g in grads.values()))
                network.assign({name: w + recipe.late_rho * grads[name] / length for name, w in here.items()})
                loss.forward(network.forward(to_input(images[batch]), training=True), labels[batch])
                network.backward(loss.backward())
                network.assign(here)
            optimizer.step(network.grads, recipe.lr * one_cycle((len(losses) - 0.5) / steps))
            average.update()
    return losses, average.network


@pytest.mark.parametrize("late", [{}, {"late": 0.5, "late_rho": 0.3}, {"optimizer": "sgd"}])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_fit_is_the_plain_loop(data, threads, late, monkeypatch):
    """Cutting a batch over threads and micro-batches changes no more than the rounding, the short last batch's too."""
    monkeypatch.setattr(training, "MICRO_BATCH", 16)
    recipe = replace(PLAIN, label_smoothing=0.1, weight_decay=0.1, **late)
    network, plain = small_net(), small_net()
    losses, last = trained(network, data, recipe, seed=3, threads=threads)
    plain_losses, average = plain_loop(plain, *data, recipe, seed=3)
    assert np.allclose(losses, plain_losses, rtol=1e-4)
    assert close(network.params, plain.params, 1e-5)
    assert close(last.network.params, average.params, 1e-5)
    assert not close(network.params, average.params, 1e-4)


def test_the_events_tell_the_story(data):
    network = small_net()
    events = list(fit(network, *data, PLAIN, validation=data))
    assert [(e.epoch, e.images) for e in events if isinstance(e, Step)] == [
        (1, 40), (1, 80), (1, 100), (2, 40), (2, 80), (2, 100),
    ]  # fmt: skip
    first, second = (e for e in events if isinstance(e, Epoch))
    assert events.index(first) == 3 and events[-1] is second
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.loss == np.mean([e.loss for e in events[:3]])
    assert (second.validation_loss, second.validation_accuracy) == evaluate(second.network, *data)
    assert first.seconds > 0


def test_without_validation_there_is_no_score(data):
    _, last = trained(small_net(), data)
    assert last.validation_loss is None and last.validation_accuracy is None


def test_probabilities_as_targets_are_labels(data):
    images, labels = data
    losses, _ = trained(small_net(), data)
    soft_losses, _ = trained(small_net(), (images, np.eye(10, dtype=np.float32)[labels]))
    assert np.allclose(losses, soft_losses, rtol=1e-6)


def test_a_single_step_learns(data):
    """Its learning rate is that of the middle of the schedule: one-cycle ends at 0."""
    network, start = small_net(), small_net()
    trained(network, data, replace(PLAIN, epochs=1, batch_size=100))
    assert not close(network.params, start.params, 1e-4)


def test_one_image(data):
    images, labels = data
    losses, _ = trained(small_net(), (images[:1], labels[:1]), validation=(images[:1], labels[:1]))
    assert len(losses) == 2 and np.isfinite(losses).all()


def test_images_and_weights_that_are_not_to_change_do_not(data):
    images, labels = data
    before = images.copy(), labels.copy()
    trained(small_net(), data, replace(PLAIN, augment=Augment()))
    assert np.array_equal(images, before[0]) and np.array_equal(labels, before[1])


def test_augmentation_is_used_and_each_epoch_has_its_own(data):
    one = replace(PLAIN, batch_size=100, lr=1e-12, weight_decay=0)  # weights stand still: losses tell the images
    (a, b), _ = trained(small_net(), data, one)
    assert np.isclose(a, b, rtol=1e-6)
    (c, d), _ = trained(small_net(), data, replace(one, augment=Augment()))
    assert abs(a - c) > 1e-3 and abs(c - d) > 1e-3


def test_dropout_drops_in_training_and_differently_on_each_thread(data):
    network = Network([Flatten(), Dropout(0.5), Dense(784, 10, rng=rng())])
    images = np.repeat(data[0][:1], 40, axis=0)  # one image on both threads: only chance can tell them apart
    recipe = Recipe(epochs=1, batch_size=40, augment=None, lr=1e-12)
    masks = []
    original = Dropout.forward

    def remembering(self, x, training=False):
        y = original(self, x, training)
        if training:
            masks.append(self.mask)
        return y

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dropout, "forward", remembering)
        trained(network, (images, np.zeros(40, int)), recipe, threads=2)
    assert len(masks) == 2
    assert all(0.4 < (mask == 0).mean() < 0.6 for mask in masks)
    assert not np.array_equal(*masks)


# --- late epochs ---------------------------------------------------------------------------------------------

SHARP = replace(PLAIN, late=0.5, late_rho=0.3)


def test_late_epochs_alone_take_the_gradient_uphill(data):
    (first, last), (plain_first, plain_last) = (
        [event for event in fit(small_net(), *data, recipe) if isinstance(event, Epoch)] for recipe in (SHARP, PLAIN)
    )
    assert same(first.state, plain_first.state)
    assert not close(last.network.params, plain_last.network.params, 1e-4)


def test_the_images_are_warped_once_for_both_gradients(data, monkeypatch):
    warps, warp = [], Augment.__call__
    monkeypatch.setattr(Augment, "__call__", lambda self, images, rng: [warps.append(1), warp(self, images, rng)][1])
    trained(small_net(), data, replace(SHARP, augment=Augment()), threads=2)
    assert len(warps) == 2 * 3 * 2  # epochs, batches, threads


def test_the_running_statistics_are_those_of_the_weights_and_not_of_the_place_uphill(data):
    states = []
    for rho in (0, 10):
        network = Network([Flatten(), Dense(784, 5, rng=rng()), BatchNorm(5), Dense(5, 10, rng=rng(1))])
        *_, last = fit(network, *data, Recipe(epochs=1, batch_size=100, augment=None, late=1, late_rho=rho))
        states.append(network.state | {f"average {name}": a for name, a in last.network.state.items()})
    assert same(*states)


def test_images_that_late_epochs_do_not_see_teach_them_nothing(data, monkeypatch):
    """20 of the 100 images are left out in the last epoch, and the schedule counts the steps that are left."""
    images, labels = data
    recipe = replace(PLAIN, drawn=20, late=0.5, late_drawn=0)
    rates, step = [], AdamW.step
    monkeypatch.setattr(AdamW, "step", lambda self, grads, lr: [rates.append(lr), step(self, grads, lr)])
    events = list(fit(small_net(), images, labels, recipe))
    assert [e.images for e in events if isinstance(e, Step)] == [40, 80, 100, 40, 80]
    assert np.allclose(rates, [recipe.lr * one_cycle((n + 0.5) / 5) for n in range(5)])

    first = next(event for event in events if isinstance(event, Epoch))
    other = np.concatenate([images[:80], 255 - images[80:]])
    _, again = trained(small_net(), (other, labels), recipe, resume=first.state)
    _, from_start = trained(small_net(), (other, labels), recipe)
    assert again.loss == events[-1].loss != from_start.loss


# --- the same bits ------------------------------------------------------------------------------------------

PINNED = [3.8570, 3.0845, 2.4518, 2.3142, 2.2863, 2.0796, 2.1814, 2.1254, 2.0757, 2.1627]


@pytest.mark.shipped
def test_the_first_ten_losses_are_pinned(digits):
    """The digit network with augmentation. They may differ in the last digits on another processor, no more."""
    (images, labels), _ = digits
    augment = Augment(rotation=12, scale=0.12, shear=0.2, shift=2, bend=2, untouched=0)
    recipe = Recipe(epochs=1, batch_size=64, lr=3e-3, weight_decay=1e-2, label_smoothing=0, augment=augment)
    losses, _ = trained(digit_net(rng(0)), (images[:640], labels[:640]), recipe, seed=1)
    assert np.allclose(losses, PINNED, rtol=1e-3), losses


def test_the_same_seed_gives_the_same_bits_and_another_does_not(data):
    recipe = replace(PLAIN, augment=Augment())
    networks = [net_with_batch_norm_and_dropout() for _ in range(3)]
    results = [trained(network, data, recipe, seed=seed) for network, seed in zip(networks, (5, 5, 6), strict=True)]
    (losses, last), (same_losses, same_last), (other_losses, other_last) = results
    assert losses == same_losses
    assert same(last.state, same_last.state)
    assert losses != other_losses
    assert not close(last.network.params, other_last.network.params, 1e-3)


@pytest.mark.parametrize("make", [small_net, net_with_batch_norm_and_dropout])
def test_more_threads_than_images_in_a_batch(data, make):
    images, labels = data
    few = images[:7], labels[:7]
    recipe = replace(PLAIN, batch_size=3)  # batches of 3, 3 and 1 on 5 threads
    losses, _ = trained(make(), few, recipe, threads=5)
    assert len(losses) == 6 and np.isfinite(losses).all()
    if make is small_net:
        assert np.allclose(losses, plain_loop(make(), *few, recipe, seed=0)[0], rtol=1e-4)


# --- BatchNorm and Dropout ----------------------------------------------------------------------------------

def test_running_statistics_are_the_mean_over_the_threads(data):
    """One step, two threads with 20 images each: the mean goes from 0 a tenth of the way to the mean of all 40."""
    images, labels = data[0][:40], data[1][:40]
    network = Network([Flatten(), BatchNorm(784), Dense(784, 10, rng=rng())])
    trained(network, (images, labels), replace(PLAIN, epochs=1), threads=2)
    mean = to_input(images).reshape(40, -1).mean(axis=0)
    assert np.allclose(network.layers[1].state["mean"], 0.1 * mean, atol=1e-6)


def test_a_network_with_batch_norm_and_dropout_learns_and_folds(data):
    network = net_with_batch_norm_and_dropout()
    losses, last = trained(network, data, Recipe(epochs=20, batch_size=50, lr=0.01, augment=None, average=0.9))
    assert losses[-1] < losses[0] / 2
    assert evaluate(last.network, *data)[1] > 0.9
    assert np.allclose(predict_logits(last.network.folded(), data[0]), predict_logits(last.network, data[0]), atol=1e-4)


# --- prediction ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("threads", [1, 2, 7])
def test_predict_logits_is_forward_in_the_images_order(data, threads):
    network, (images, _) = small_net(), data
    logits = predict_logits(network, images, threads)
    assert np.allclose(logits, network.forward(to_input(images)), atol=1e-5)
    assert np.allclose(predict_logits(network, images[:3], threads), logits[:3], atol=1e-5)


def test_predict_logits_survive_the_next_micro_batch(data):
    """Where the last layers are fused, each forward writes into the same memory."""
    network = Network([Conv2D(1, 10, 27, rng=rng()), ReLU(), MaxPool2D(2), Flatten()])
    logits = network.forward(to_input(data[0]))
    assert np.allclose(predict_logits(network, data[0], threads=1), logits, atol=1e-4)


def test_evaluate_by_hand():
    """Logits are log (1 3 ...) for every image: label 1 is right; with temperature 2 the odds are square roots."""
    network = Network([Flatten(), Dense(784, 3)])
    network.layers[1].params["b"][...] = np.log([1, 4, 4 / 9])
    images, labels = np.zeros((3, 28, 28), np.uint8), np.array([1, 1, 0])
    loss, accuracy = evaluate(network, images, labels)
    p = np.array([9, 36, 4]) / 49
    assert accuracy == 2 / 3
    assert np.isclose(loss, -(2 * np.log(p[1]) + np.log(p[0])) / 3)
    network.temperature = 2.0
    p = np.array([3, 6, 2]) / 11
    assert np.isclose(evaluate(network, images, labels)[0], -(2 * np.log(p[1]) + np.log(p[0])) / 3)


def test_the_fitted_temperature_has_the_smallest_loss(data):
    network = small_net()
    trained(network, data, Recipe(epochs=20, batch_size=10, augment=None, average=0.9))
    images, labels = data[0], np.where(np.arange(100) < 20, (data[1] + 1) % 10, data[1])  # a fifth is wrong
    data = images, labels
    network.temperature = fit_temperature(network, *data)
    best = evaluate(network, *data)[0]
    for other in (0.98, 1.02):
        twin = copy.copy(network)
        twin.temperature = network.temperature * other
        assert evaluate(twin, *data)[0] > best
    assert 1 < network.temperature < 10


def test_warm_up_leaves_the_network_alone():
    network = digit_net(rng())
    before = {name: a.copy() for name, a in network.params.items()}
    warm_up(network)
    assert same(network.params, before)


# --- MNIST --------------------------------------------------------------------------------------------------

def test_a_short_training_on_mnist_reaches_97_percent(digits):
    (images, labels), test = digits
    network = digit_net(rng())
    recipe = Recipe(epochs=2, batch_size=50, augment=None, average=0.99)
    _, last = trained(network, (images[:9000], labels[:9000]), recipe)
    assert evaluate(last.network, *test)[1] > 0.97


# --- mistakes -----------------------------------------------------------------------------------------------

def test_a_loss_that_is_no_number_stops_the_run_and_says_where(data):
    recipe = replace(PLAIN, lr=1e30)
    with pytest.raises(Diverged, match=r"in epoch 1, step \d.*--lr"):
        list(fit(small_net(), *data, recipe))


def test_weights_that_are_no_numbers_are_never_handed_out(data):
    """One step an epoch: the loss was still a number when the step made the weights infinite."""
    with pytest.raises(Diverged, match=r"after epoch 1.*--lr"):
        list(fit(small_net(), *data, Recipe(epochs=1, batch_size=100, lr=1e39, augment=None, schedule="constant")))


def test_a_filter_that_is_no_number_is_not_hidden_by_relu(data):
    network = small_net()
    network.layers[0].params["w"][..., 0] = np.nan
    with pytest.raises(Diverged):
        list(fit(network, *data, PLAIN))


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"images": lambda x: x / 255}, TypeError, "to_input expects uint8 images, 0 (paper) to 255 (ink), got float64"),
    ({"images": lambda x: x // 255}, ValueError, "uint8 images go from 0 to 255, these only to 1"),
    ({"images": lambda x: x[:99]}, ValueError, "got 99 and 100"),
    ({"images": lambda x: x[:, 4:]}, ValueError, "Dense expects (N, 576), got (1, 384)"),
    ({"labels": lambda y: y + 1}, ValueError, "expects labels from 0 to 9, got 0 to 10"),
    ({"labels": lambda y: y.astype(float)}, ValueError, "labels that are whole numbers, got float64"),
    ({"labels": lambda y: np.eye(10)[y] * 2}, ValueError, "rows from 0 up that sum to 1, got sums from 2 to 2"),
    ({"labels": lambda y: np.eye(12)[y]}, ValueError, "expects targets (100,) or (100, 10), got (100, 12)"),
    ({"layer": Softmax()}, ValueError, "leave Softmax out of the network's layers"),
    ({"threads": 0}, ValueError, "at least 1 thread, got 0"),
], ids=str)  # fmt: skip
def test_what_does_not_fit_is_refused_before_the_first_step(data, change, error, words):
    images, labels = (change.get(name, lambda a: a)(a) for name, a in zip(("images", "labels"), data, strict=True))
    network = digit_net(np.random.default_rng(0))
    network.layers += [change["layer"]] if "layer" in change else []
    before = network.params["0.w"].copy()
    with pytest.raises(error) as caught:
        next(fit(network, images, labels, Recipe(epochs=1), threads=change.get("threads", 1)))
    assert words in str(caught.value)
    assert np.array_equal(network.params["0.w"], before)


def test_the_network_of_an_epoch_stays_as_it_was(data):
    """So that whoever keeps the best of them keeps the best and not the last."""
    kept = []
    for event in fit(digit_net(np.random.default_rng(0)), *data, Recipe(epochs=3), threads=1):
        if isinstance(event, Epoch):
            kept.append((event.network, event.network.params["0.w"].copy()))
    assert all(np.array_equal(network.params["0.w"], then) for network, then in kept)
    assert not np.array_equal(kept[0][1], kept[2][1])


def test_a_state_that_does_not_fit_is_refused(data):
    network = digit_net(np.random.default_rng(0))
    *_, last = fit(network, *data, Recipe(epochs=1), threads=1)
    state = last.state | {"optimizer/m.0.b": np.float32(1)}
    with pytest.raises(ValueError, match=r"'m.0.b' has shape \(32,\), got \(\)"):
        next(fit(network, *data, Recipe(epochs=2), threads=1, resume=state))
