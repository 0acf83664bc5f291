"""The loss: softmax and cross-entropy in one, whose gradient is the difference p - y."""

import warnings

import numpy as np

from nn.layer import check_floats


def check_targets(targets, N, classes):
    """ValueError unless targets are N labels, whole numbers below `classes`, or N rows of so many probabilities."""
    if np.shape(targets) not in ((N,), (N, classes)):
        raise ValueError(f"SoftmaxCrossEntropy expects targets ({N},) or ({N}, {classes}), got {np.shape(targets)}")
    if targets.ndim == 1:
        if targets.dtype.kind not in "iu":
            raise ValueError(f"SoftmaxCrossEntropy expects labels that are whole numbers, got {targets.dtype}")
        low, high = targets.min(initial=0), targets.max(initial=0)
        if low < 0 or high >= classes:
            raise ValueError(f"SoftmaxCrossEntropy expects labels from 0 to {classes - 1}, got {low} to {high}")
    elif not ((abs(targets.sum(axis=1) - 1) < 1e-3).all() and targets.min(initial=0) >= 0):  # NaN is neither
        sums, low = targets.sum(axis=1), targets.min()
        raise ValueError("SoftmaxCrossEntropy expects probabilities, rows from 0 up that sum to 1, got "
                         f"sums from {sums.min():.4g} to {sums.max():.4g}, the smallest number {low:.4g}")  # fmt: skip


class SoftmaxCrossEntropy:
    """Mean over the batch of -sum_j y[j] log p[j], p = softmax(logits), y the target probabilities.

    label_smoothing s in [0, 1) makes the target 1 - s + s / classes at the label and s / classes elsewhere
    (Szegedy et al. 2016, section 7): a network that need not be certain isn't pushed to ever larger weights.
    """

    p = None  # softmax(logits) of the last forward

    def __init__(self, label_smoothing=0.0):
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label smoothing is from 0 to below 1, got {label_smoothing}")
        self.label_smoothing = label_smoothing

    def forward(self, logits, targets):
        """The mean loss, a float. logits (N, classes); targets (N,) whole numbers or (N, classes) probabilities.

        TypeError or ValueError for others, a warning for logits that look like the output of a Softmax.
        """
        check_floats("SoftmaxCrossEntropy", logits)
        if logits.ndim != 2 or len(logits) == 0:
            raise ValueError(f"SoftmaxCrossEntropy expects logits (N, classes), N at least 1, got {logits.shape}")
        N, classes = logits.shape
        check_targets(targets, N, classes)
        if logits.min() >= 0 and (abs(logits.sum(axis=1) - 1) < 1e-4).all():
            warnings.warn("every row of the logits is probabilities: SoftmaxCrossEntropy takes the softmax itself, so "
                          "leave Softmax out of the network", stacklevel=2)  # fmt: skip
        if targets.ndim == 1:
            targets = np.eye(classes, dtype=logits.dtype)[targets]
        y = targets * (1 - self.label_smoothing) + self.label_smoothing / classes
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # log(exp / sum) never takes log(0)
        self.p, self.y = np.exp(log_p), y.astype(logits.dtype)
        return float(-(self.y * log_p).sum() / N)

    def backward(self):
        """dlogits (N, classes). For one image, L = -sum_j y[j] log p[j], and dp[j]/dx[k] = p[j] ([j = k] - p[k]):
            dL/dx[k] = -sum_j y[j] / p[j] p[j] ([j = k] - p[k]) = -y[k] + p[k] sum_j y[j] = p[k] - y[k],
        since the targets sum to 1. The mean over the batch divides by N, here and nowhere else.
        """
        if self.p is None:
            raise RuntimeError("SoftmaxCrossEntropy.backward needs what forward keeps: call forward first")
        return (self.p - self.y) / len(self.p)
