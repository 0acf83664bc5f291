"""nn/check: what it says of wrong layers, and every exercise solved once, from this project's own sources."""

import inspect
import re

import numpy as np
import pytest

from nn.check import OURS, Wrong, check, check_loss, check_optimizer, exercises
from nn.check.__main__ import EXERCISES, main, skeleton
from nn.layers import BatchNorm, Conv2D, Dense, ReLU
from nn.losses import SoftmaxCrossEntropy
from nn.optim import SGD, AdamW


def rng(seed=0):
    return np.random.default_rng(seed)


# --- wrong layers -------------------------------------------------------------------------------------------

class DividesByN(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["w"] = self.grads["w"] / len(dy)
        return dx


class TurnsTheSign(Dense):
    def backward(self, dy):
        return -super().backward(dy)


class ForgetsToTurnTheFilter(Conv2D):
    def backward(self, dy):
        super().backward(dy)
        w = self.params["w"]
        try:
            self.params["w"] = w[::-1, ::-1]
            return super().backward(dy)
        finally:
            self.params["w"] = w


class TurnsTheFiltersGradient(Conv2D):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["w"] = np.ascontiguousarray(self.grads["w"][::-1, ::-1])
        return dx


class Accumulates(Dense):
    def backward(self, dy):
        before = dict(self.grads)
        dx = super().backward(dy)
        self.grads = {name: g + before.get(name, 0) for name, g in self.grads.items()}
        return dx


class HoldsTheStatistics(BatchNorm):
    def backward(self, dy):
        self.from_batch = False
        return super().backward(dy)


class LeavesOutDy(ReLU):
    def backward(self, dy):
        return self.positive.astype(dy.dtype)


class KeepsTheLastWindow(Conv2D):
    """The image's gradient by =, where windows overlap, and not by +=."""

    def backward(self, dy):
        dx, w = super().backward(dy), self.params["w"]
        kh, kw, _, _ = w.shape
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                dx[:, i : i + kh, j : j + kw] = np.einsum("nf,uvcf->nuvc", dy[:, i, j], w)
        return dx


class SkipsTheParameters(Dense):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.b = self.params["b"]

    def forward(self, x, training=False):
        return super().forward(x) - self.params["b"] + self.b.astype(x.dtype)


class Transposes(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["w"] = self.grads["w"].T.copy()
        return dx


WRONG = [
    (DividesByN(5, 4, rng()), (3, 5), "grads['w']", "everywhere 3 times too small: that is N = 3"),
    (TurnsTheSign(5, 4, rng()), (3, 5), "dx", "the sign is turned"),
    (ForgetsToTurnTheFilter(2, 4, (3, 2), rng=rng()), (3, 5, 7, 2), "dx", "the filter is turned: forward slides it"),
    (TurnsTheFiltersGradient(2, 4, (3, 2), rng=rng()), (3, 5, 7, 2), "grads['w']", "the filter's gradient is turned"),
    (Accumulates(5, 4, rng()), (3, 5), "grads['w'] of the same batch again", "adds to the gradient that an earlier"),
    (HoldsTheStatistics(3), (4, 5, 2, 3), "dx", "this holds mean and variance fixed"),
    (LeavesOutDy(), (3, 5), "dx", "dy is left out"),
    (KeepsTheLastWindow(2, 4, (3, 2), rng=rng()), (3, 5, 7, 2), "dx", "right in the corner, which one window sees"),
    (SkipsTheParameters(5, 4, rng()), (3, 5), "grads['b']", "does forward read it from self.params?"),
    (Transposes(4, 4, rng()), (3, 4), "grads['w']", "it is transposed"),
]


@pytest.mark.parametrize(("layer", "shape", "array", "cause"), WRONG, ids=lambda a: type(a).__name__)
def test_a_wrong_backward_is_named_with_both_numbers_and_the_cause(layer, shape, array, cause):
    with pytest.raises(Wrong) as error:
        check(layer, shape)
    text = str(error.value)
    assert re.search(rf"^[\w(].*{re.escape(array)} is wrong in \d+ of \d+ numbers, most at \[[\d, ]+\]:$", text, re.M)
    assert re.search(r"^  (analytic|second) +-?[\d.e-]+\n  (numeric|first) +-?[\d.e-]+", text, re.M)
    assert cause in text, text


def test_a_failure_reads_like_this():
    with pytest.raises(Wrong) as error:
        check(TurnsTheSign(2, 1, rng()), (1, 2))
    analytic, numeric = (float(re.search(rf"{word} +(\S+)", str(error.value))[1]) for word in ("analytic", "numeric"))
    assert analytic == -numeric != 0
    assert str(error.value) == (
        "TurnsTheSign(n_in=2, n_out=1) on x (1, 2), in prediction: dx is wrong in 2 of 2 numbers, most at [0, 1]:\n"
        f"  analytic {analytic: .6g}\n"
        f"  numeric  {numeric: .6g}\n"
        "  ratio    -1\n"
        "  Likely cause: the sign is turned."
    )


def broken(method):
    """A Dense layer with this method in place of its own."""
    return type("Broken", (Dense,), {method.__name__: method})(5, 4, rng())


def test_the_contract():
    def forward(self, x, training=False):
        x *= 2
        return Dense.forward(self, x)

    with pytest.raises(Wrong, match="it writes into x"):
        check(broken(forward), (3, 5))

    def forward(self, x, training=False):
        return Dense.forward(self, x).astype(np.float64)

    with pytest.raises(Wrong, match="forward's y is float64 where x is float32"):
        check(broken(forward), (3, 5))

    def backward(self, dy):
        Dense.backward(self, dy)

    with pytest.raises(Wrong, match="backward's dx should be an array, it is None"):
        check(broken(backward), (3, 5))

    def backward(self, dy):
        return Dense.backward(self, dy)[:, :1]

    with pytest.raises(Wrong, match=r"backward's dx has the shape \(3, 1\); expected \(3, 5\)"):
        check(broken(backward), (3, 5))

    def backward(self, dy):
        dx = Dense.backward(self, dy)
        del self.grads["b"]
        return dx

    with pytest.raises(Wrong, match=r"grads has \['w'\]; expected the keys of params, \['b', 'w'\]"):
        check(broken(backward), (3, 5))

    def backward(self, dy):
        return dy @ self.params["nothing"]

    with pytest.raises(Wrong, match=r"backward raises KeyError: 'nothing' \(.*test_check.py, line \d+\)"):
        check(broken(backward), (3, 5))

    def backward(self, dy):
        dx = Dense.backward(self, dy)
        self.params["b"] -= 0.1 * self.grads["b"]
        return dx

    with pytest.raises(Wrong, match=r"it writes into params\['b'\]"):
        check(broken(backward), (3, 5))


@pytest.mark.parametrize(("replace", "by", "words"), [
    ("self.cols @ w.reshape(-1, F) + b", "self.cols @ w.reshape(-1, F)", "y is wrong in 36 of 36 numbers"),
    ("// self.stride + 1", "// self.stride", "forward's y has the shape (3, 2, 3, 1); expected (3, 3, 4, 1)"),
])  # fmt: skip
def test_a_forward_that_is_not_ours_is_named(replace, by, words, tmp_path, capsys):
    """Its gradient would be right: of another function."""
    path = tmp_path / "mine.py"
    path.write_text(solved("Conv2D").replace(replace, by))
    assert main([str(path)]) == 1
    assert words in capsys.readouterr().out


def test_ties_go_to_the_first(tmp_path, capsys):
    """A pooling from the other corner is right but for its choice among equal values."""
    path = tmp_path / "mine.py"
    path.write_text("""
import numpy as np
from nn.layers import MaxPool2D as Ours
from nn.check.exercises import MaxPool2D as Exercise

class MaxPool2D(Exercise):
    def forward(self, x, training=False):
        self.pool = Ours(self.window, self.stride)
        return np.ascontiguousarray(self.pool.forward(np.ascontiguousarray(x[:, ::-1, ::-1]))[:, ::-1, ::-1])

    def backward(self, dy):
        return np.ascontiguousarray(self.pool.backward(np.ascontiguousarray(dy[:, ::-1, ::-1]))[:, ::-1, ::-1])
""")
    assert main([str(path)]) == 1
    printed = capsys.readouterr().out
    assert "dx for an x with equal values is wrong" in printed and "of equal values the first one wins alone" in printed


# --- losses and optimizers ----------------------------------------------------------------------------------

LOGITS, LABELS = rng().standard_normal((3, 5)), np.array([4, 0, 2])


def test_our_loss_and_optimizers_are_right():
    assert check_loss(SoftmaxCrossEntropy(0.1), LOGITS, LABELS) < 1e-6
    assert check_loss(SoftmaxCrossEntropy(), LOGITS, rng(1).dirichlet(np.ones(5), 3)) < 1e-6
    assert check_optimizer(SGD, momentum=0.9) < 1e-4 and check_optimizer(AdamW, weight_decay=0.1) < 1e-4


@pytest.mark.parametrize(("name", "replace", "by", "words"), [
    ("SoftmaxCrossEntropy", " / len(self.p)", "", "everywhere 3 times too large: that is N = 3; the loss is the mean"),
    ("SoftmaxCrossEntropy", " - logits.max(axis=1, keepdims=True)", "", "exp(10000) is infinite"),
    ("SGD", "v *= self.momentum", "v *= 1", "step 1 was right"),
    ("SGD", "w.ndim > 1", "w.ndim > 0", "SGD, step 1: the move of 'b' is wrong"),
    ("SGD", "w.ndim > 1", "w.ndim > 2", "weight decay is for matrices alone"),
    ("SGD", "w -= lr * v", "self.params[name] = w - lr * v", "Change the old one in place"),
])  # fmt: skip
def test_a_wrong_loss_or_optimizer_is_named_with_the_cause(name, replace, by, words, tmp_path, capsys):
    path, text = tmp_path / "mine.py", solved(name)
    assert replace in text
    path.write_text(text.replace(replace, by))
    assert main([str(path)]) == 1
    assert words in (printed := capsys.readouterr().out), printed


def test_adam_without_the_correction_of_its_start(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(skeleton("AdamW").replace("        raise NotImplementedError", """
        for name, w in self.params.items():
            m, v = self.state[f"m.{name}"], self.state[f"v.{name}"]
            m += (1 - self.beta1) * (grads[name] - m)
            v += (1 - self.beta2) * (grads[name] ** 2 - v)
            w -= lr * m / (np.sqrt(v) + self.eps)
"""))
    assert main([str(path)]) == 1
    assert "3.162 times too large: m and v are not divided by 1 - beta^t" in capsys.readouterr().out


# --- exercises ----------------------------------------------------------------------------------------------

def solved(name):
    """The text of an exercise's file, its empty methods filled with the source of ours."""
    cls, ours, text = getattr(exercises, name), OURS[name], skeleton(name)
    for method in vars(cls).values():
        if inspect.isfunction(method) and "raise NotImplementedError" in inspect.getsource(method):
            text = text.replace(inspect.getsource(method), inspect.getsource(getattr(ours, method.__name__)))
    more = "".join(f"    {line}\n" for line in LEFT_OUT.get(name, ()))
    text = text.replace("\n    def ", f"\n{more}\n    def ", 1)
    module = ours.__module__  # its names, those of private helpers too, are what our source reads
    names = f"import {module}\nglobals().update({{k: v for k, v in vars({module}).items() if k[:2] != '__'}})\n"
    return text.replace("import numpy as np\n", names + "import numpy as np\n", 1)


# What ours have and the exercises leave out: padding, smoothed labels, and what training's faster twins share.
LEFT_OUT = {
    "BatchNorm": ("gather = nn.layers.BatchNorm.gather",),
    "Conv2D": ("padding = 'valid'", "_margins = nn.layers.Conv2D._margins"),
    "MaxPool2D": ("take = nn.layers.MaxPool2D.take",),
    "SoftmaxCrossEntropy": ("label_smoothing = 0.0",),
}


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_can_be_solved(name, tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(solved(name))
    assert main([str(path)]) == 0
    assert re.fullmatch(rf"{name}: right; the largest relative error is \de[-+]\d\d\n", capsys.readouterr().out)


@pytest.mark.parametrize("name", EXERCISES)
def test_an_empty_exercise_is_said_to_be_not_written(name, tmp_path, capsys):
    assert main(["--exercise", name]) == 0
    path = tmp_path / "mine.py"
    path.write_text(capsys.readouterr().out)
    assert main([str(path)]) == 1
    assert re.fullmatch(rf"{name}: (forward|step) is not written yet\.\n", capsys.readouterr().out)


def test_half_an_exercise(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(skeleton("ReLU").replace("raise NotImplementedError", "return np.maximum(x, 0)", 1))
    assert main([str(path)]) == 1
    assert capsys.readouterr().out == "ReLU: backward is not written yet; forward is right so far.\n"


def test_time_compares_with_ours(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(solved("Dense"))
    assert main([str(path), "--time"]) == 0
    assert re.search(r"Dense forward and backward on x \(64, 576\): yours [\d.]+ ms, ours [\d.]+ ms: .* ours$",
                     capsys.readouterr().out, re.M)  # fmt: skip


def test_a_layer_of_one_s_own_brings_its_examples(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text("""
import numpy as np
from nn.layers import Layer

class Square(Layer):
    def forward(self, x, training=False):
        self.x = x
        return x * x

    def backward(self, dy):
        return 2 * self.x * dy

CASES = [(Square(), (3, 5))]
""")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.startswith("Square() on x (3, 5): right; ")
    path.write_text(path.read_text().replace("2 * self.x", "self.x"))
    assert main([str(path)]) == 1
    assert "everywhere 2 times too small: it is counted twice, or halved" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "words"), [
    ("class ReLU:\n    def forward(self, x)\n", "mine.py, line 2: SyntaxError: expected ':'"),
    ("import numpy as np\n\nnp.nothing\n", "mine.py, line 3: AttributeError: "),
    ("class Mine:\n    pass\n", "mine.py: no class named as one of ours, and no CASES"),
])  # fmt: skip
def test_a_file_that_cannot_be_checked_is_one_line_and_exit_code_2(text, words, tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(SystemExit) as end:
        main([str(path)])
    errors = capsys.readouterr().err
    assert end.value.code == 2 and words in errors and errors.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["nowhere.py"], ["--exercise", "Attention"], ["nn"], ["README.md"]])
def test_a_mistaken_command_is_one_line_and_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith("nn.check: ") and errors.count("\n") == 1
