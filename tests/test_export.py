"""nn/export.py and README's lines for other frameworks: the same answers there, to 1e-5."""

import numpy as np
import pytest

import train
from nn.export import export, varint
from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax
from nn.network import Network, digit_net, to_input

SHIPPED = train.SHIPPED


def rng(seed=0):
    return np.random.default_rng(seed)


def test_varint_by_hand():
    """300 = 2 * 128 + 44: the example of protobuf's own documentation."""
    assert [varint(n) for n in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\x01", b"\xac\x02"]


NETWORKS = {
    "the digit network": (lambda: digit_net(rng()), (28, 28, 1)),
    "the other layers": (lambda: Network([
        Conv2D(1, 3, (2, 3), stride=2, padding="same", rng=rng(1)), ReLU(), AvgPool2D(2, stride=1),
        Conv2D(3, 2, 2, padding="same", rng=rng(2)), MaxPool2D((2, 1), 2), Flatten(), Dropout(0.3),
        Dense(8, 4, rng=rng(3)), Softmax(),
    ]), (9, 10, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("make", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_onnxruntime_gives_our_logits(make, shape, tmp_path):
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    network, path = make(), tmp_path / "digits.onnx"
    for i, a in enumerate(network.params.values()):
        a += rng(i).uniform(0, 0.1, a.shape).astype(np.float32)  # biases too
    export(path, network, shape)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    x = rng().random((5, *shape), np.float32)
    (logits,) = runtime.InferenceSession(path).run(["logits"], {"image": x})
    assert np.allclose(logits, network.forward(x), rtol=1e-5, atol=1e-5)


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ValueError, match="BatchNorm can't be written to ONNX"):
        export(tmp_path / "a.onnx", Network([Flatten(), BatchNorm(784)]))
    with pytest.raises(ValueError, match="should end in"):
        export(tmp_path / "a.onnx", Network([ReLU()]))
    assert not list(tmp_path.iterdir())


def readme_lines(words):
    """The Python block of README's that has these words in it."""
    text = (train.ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = (part for part in text.split("```python\n")[1:] if words in part.split("```")[0])
    return block.split("```")[0]


def framework(words, some):
    """(what README's block defines, our logits, x) after running that block on the shipped weights."""
    names = {}
    exec(readme_lines(words).replace('"weights/digits.npz"', repr(str(SHIPPED))), names)
    x = to_input(some[:50])
    return names, Network.load(SHIPPED).forward(x), x


def back(names, before):
    assert all(np.array_equal(names["back"][name], a) for name, a in before.params.items())


def test_keras_answers_the_same(some):
    pytest.importorskip("tensorflow")
    names, logits, x = framework("import keras", some)
    assert np.allclose(names["model"](x), logits, rtol=1e-5, atol=1e-5)
    back(names, Network.load(SHIPPED))


def test_pytorch_answers_the_same(some):
    torch = pytest.importorskip("torch")
    names, logits, x = framework("import torch", some)
    with torch.no_grad():
        assert np.allclose(names["model"](torch.tensor(x).permute(0, 3, 1, 2)), logits, rtol=1e-5, atol=1e-5)
    back(names, Network.load(SHIPPED))


def test_the_command_writes_it_beside_the_score(tmp_path, capsys):
    path = tmp_path / "digits.onnx"
    assert train.main(["--evaluate", str(SHIPPED), "--export", str(path)]) == 0
    assert f"ONNX: {path}\n" in capsys.readouterr().out and path.stat().st_size > 4 * 93_322
    assert train.main(["--export", str(path)]) == 2
    assert capsys.readouterr().err.startswith("train.py: --export wants the weights")
