"""Network.save and Network.load: what is saved comes back, and a file that is spoilt is refused in one line."""

import json
import os
import pickle

import numpy as np
import pytest
from test_network import rng, small_net

from nn.files import read_npz
from nn.layers import Dense
from nn.network import Network


def test_what_is_saved_comes_back(tmp_path):
    network = small_net()
    network.temperature, network.threshold, network.card = 1.25, 0.4, {"seed": 7, "recipe": {"epochs": 3}}
    path = tmp_path / "new folder" / "weights.npz"
    network.save(path)
    twin = Network.load(path)
    assert [type(layer) for layer in twin.layers] == [type(layer) for layer in network.layers]
    for mine, its in ((network.params, twin.params), (network.state, twin.state)):
        assert mine.keys() == its.keys()
        assert all(np.array_equal(mine[name], its[name]) and its[name].dtype == np.float32 for name in mine)
    assert (twin.temperature, twin.threshold, twin.card) == (1.25, 0.4, network.card)
    x = rng().random((2, 10, 9, 1), np.float32)
    assert np.array_equal(twin.forward(x), network.forward(x))  # strides, windows and paddings came back too
    assert os.listdir(path.parent) == ["weights.npz"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.npz"
    network = small_net()
    network.save(path)
    before = path.read_bytes()

    def interrupted(descriptor):
        os.truncate(descriptor, 100)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        network.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["weights.npz"]


def changed(**changes):
    """A maker of files with other arrays; None leaves one out."""

    def spoil(path):
        arrays = read_npz(path) | changes
        np.savez(path, **{name: a for name, a in arrays.items() if a is not None})

    return spoil


def described(**changes):
    """A maker of files with another description of the network."""

    def spoil(path):
        arrays = read_npz(path)
        changed(about=np.array(json.dumps(json.loads(str(arrays["about"])) | changes)))(path)

    return spoil


def f32(*numbers):
    return np.array(numbers, np.float32)


BAD_FILES = {
    "empty": (lambda path: path.write_bytes(b""), "not a readable .npz"),
    "text": (lambda path: path.write_text("These are no weights.\n" * 99), "of plain arrays (no zip file"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-300]), "not a readable .npz"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps({"1.mean": 1})), "not a readable .npz"),
    "a pickled array": (changed(**{"1.mean": np.array([{}, {}])}), "pickled objects, which could run code"),
    "a single array": (lambda path: np.save(path.open("wb"), np.zeros(3)), "not a readable .npz"),
    "no description": (changed(about=None), "not a file of weights"),
    "description no JSON": (changed(about=np.array("{")), "not a file of weights"),
    "nested too deep": (changed(about=np.array("[" * 100_000)), "not a file of weights"),
    "too large": (described(layers=[["Dense", {"n_in": 10**7, "n_out": 10**7}]]), "n_in = 10000000"),
    "description a list": (changed(about=np.array("[]")), "not a file of weights"),
    "description incomplete": (changed(about=np.array("{}")), "not a file of weights"),
    "unknown layer": (described(layers=[["Attention", {}]]), "Attention"),
    "unknown argument": (described(layers=[["Dropout", {"rate": 0.1, "slope": 1}]]), "slope"),
    "temperature no number": (described(temperature="warm"), "warm"),
    "temperature not finite": (described(temperature=float("nan")), "NaN is no number"),
    "temperature zero": (described(temperature=0), "temperature 0"),
    "temperature too large": (described(temperature=10**400), "too large"),
    "threshold not finite": (described(threshold=float("nan")), "NaN is no number"),
    "threshold above 1": (described(threshold=90), "threshold 90"),
    "missing array": (changed(**{"1.mean": None}), "'1.mean' is missing"),
    "extra array": (changed(**{"2.w": f32(0)}), "'2.w' belongs to no layer"),
    "wrong shape": (changed(**{"1.mean": f32(0, 0, 0)}), "should be float32 (2,), it is float32 (3,)"),
    "wrong dtype": (changed(**{"1.mean": np.zeros(2)}), "should be float32 (2,), it is float64 (2,)"),
    "not a number": (changed(**{"1.mean": f32(0, np.nan)}), "not finite"),
    "infinite": (changed(**{"1.var": f32(1, np.inf)}), "not finite"),
}


@pytest.mark.parametrize(("spoil", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_in_one_line_that_names_it(tmp_path, spoil, words):
    path = tmp_path / "weights.npz"
    small_net().save(path)
    spoil(path)
    with pytest.raises(ValueError) as error:
        Network.load(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and words in message and "\n" not in message


def test_no_file_and_a_directory_are_refused_in_one_line_too(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        Network.load(tmp_path / "none.npz")
    assert str(error.value) == f"{tmp_path / 'none.npz'}: no such file"
    with pytest.raises(ValueError) as error:
        Network.load(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: ")


def test_a_file_with_any_byte_changed_loads_or_is_refused(tmp_path):
    """Never another kind of exception, whatever a disk does to a file."""
    path = tmp_path / "weights.npz"
    Network([Dense(2, 3, rng=rng())]).save(path)
    good = path.read_bytes()
    refused = 0
    for i in rng().choice(len(good), min(len(good), 400), replace=False):
        path.write_bytes(good[:i] + bytes([good[i] ^ 0x55]) + good[i + 1 :])
        try:
            Network.load(path)
        except ValueError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 200
