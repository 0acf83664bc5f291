"""nn/losses.py: the loss on paper, its gradient by finite differences, and what it refuses."""

import warnings

import numpy as np
import pytest

from nn.check import check_loss
from nn.layers import Softmax
from nn.losses import SoftmaxCrossEntropy


def rng(seed=0):
    return np.random.default_rng(seed)


def test_loss_by_hand():
    """p = (1/4 3/4) and (1/2 1/2); the labels 1 and 0 give the mean of -log 3/4 and -log 1/2."""
    loss = SoftmaxCrossEntropy()
    value = loss.forward(np.log([[1.0, 3], [5, 5]]), np.array([1, 0]))
    assert np.isclose(value, (np.log(4 / 3) + np.log(2)) / 2)
    assert np.allclose(loss.backward(), [[1 / 8, -1 / 8], [-1 / 4, 1 / 4]])  # (p - y) / 2


def test_label_smoothing_by_hand():
    """s = 0.4 and two classes: the target of label 0 is 0.8 and 0.2."""
    loss = SoftmaxCrossEntropy(label_smoothing=0.4)
    value = loss.forward(np.log([[1.0, 3]]), np.array([0]))
    assert np.isclose(value, -0.8 * np.log(1 / 4) - 0.2 * np.log(3 / 4))
    assert np.allclose(loss.backward(), [[1 / 4 - 0.8, 3 / 4 - 0.2]])


TARGETS = {
    "labels": np.array([4, 0, 2, 2], np.uint8),
    "probabilities": rng(1).dirichlet(np.ones(5), 4),
}


@pytest.mark.parametrize("smoothing", [0.0, 0.15])
@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_gradient(targets, smoothing):
    check_loss(SoftmaxCrossEntropy(smoothing), rng().standard_normal((4, 5)), targets)


def test_softmax_and_the_plain_logarithm_give_the_same_loss_and_gradient():
    """The long way round: p = softmax(x), L = -mean log p[label], dL/dp = -1 / p at the label."""
    softmax, loss = Softmax(), SoftmaxCrossEntropy()
    logits, labels = rng().standard_normal((6, 4)), np.array([0, 1, 2, 3, 3, 1])
    p = softmax.forward(logits)
    at = np.arange(6), labels
    assert np.isclose(loss.forward(logits, labels), -np.log(p[at]).mean())
    dp = np.zeros_like(p)
    dp[at] = -1 / p[at] / 6
    assert np.allclose(loss.backward(), softmax.backward(dp))


def test_one_hot_probabilities_are_labels():
    logits, labels = rng().standard_normal((3, 4)), np.array([3, 0, 1])
    for smoothing in (0.0, 0.1):
        loss = SoftmaxCrossEntropy(smoothing)
        assert loss.forward(logits, labels) == loss.forward(logits, np.eye(4)[labels])


def test_huge_logits_stay_finite():
    loss = SoftmaxCrossEntropy()
    assert loss.forward(np.array([[1e4, 0.0]], np.float32), np.array([1])) == 1e4
    assert loss.backward().tolist() == [[1, -1]]


def test_float32_stays_float32():
    loss = SoftmaxCrossEntropy(0.1)
    for targets in (np.array([1]), np.array([[0.5, 0.5]])):
        assert isinstance(loss.forward(np.zeros((1, 2), np.float32), targets), float)
        assert loss.backward().dtype == np.float32


@pytest.mark.parametrize("targets", [
    np.array([0, 5]),  # there is no class 5
    np.array([-1, 0]),
    np.array([0, 1, 2]),  # three labels for two images
    np.full((2, 4), 0.25),  # four classes for five
    np.full((2, 1), 1.0),
    np.full((1, 5), 0.2),
    np.array([0.0, 1.0]),  # no whole numbers
    np.array([True, False]),
    np.full((2, 5), 0.4),  # rows that sum to 2
    np.full((2, 5), np.nan),
    np.array([[1.5, -0.5, 0, 0, 0], [1, 0, 0, 0, 0]]),
], ids=str)  # fmt: skip
def test_targets_that_do_not_fit_are_refused(targets):
    with pytest.raises(ValueError, match=r"SoftmaxCrossEntropy expects .* got"):
        SoftmaxCrossEntropy().forward(np.zeros((2, 5)), targets)


@pytest.mark.parametrize(("logits", "error"), [
    (np.zeros(5), ValueError), (np.zeros((0, 5)), ValueError), (np.zeros((2, 5), np.float16), TypeError),
    (np.zeros((2, 5), int), TypeError), ([[1.0, 2.0]], TypeError),
], ids=str)  # fmt: skip
def test_logits_that_do_not_fit_are_refused(logits, error):
    with pytest.raises(error, match="SoftmaxCrossEntropy expects"):
        SoftmaxCrossEntropy().forward(logits, np.zeros(len(logits), int))


def test_a_softmax_before_the_loss_is_warned_of_and_logits_are_not():
    logits, labels = rng().standard_normal((4, 5)), np.array([4, 0, 2, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for usual in (logits, np.zeros((4, 5)), abs(logits), np.full((4, 5), 0.3)):
            SoftmaxCrossEntropy().forward(usual, labels)
    with pytest.warns(UserWarning, match="leave Softmax out of the network"):
        SoftmaxCrossEntropy().forward(Softmax().forward(logits), labels)


def test_backward_before_forward_is_named():
    with pytest.raises(RuntimeError, match="call forward first"):
        SoftmaxCrossEntropy().backward()


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(ValueError):
        SoftmaxCrossEntropy(smoothing)
