"""nn/answers.py: the answers are the layers', whatever the network, its weights' history, the batch and the threads."""

import numpy as np
import pytest

from nn import answers
from nn.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU
from nn.network import Network, digit_net, load_digit_net, to_input


def rng(seed=0):
    return np.random.default_rng(seed)


def images(N, H=28, W=28):
    return rng(N).integers(0, 256, (N, H, W), dtype=np.uint8)


def network(**options):
    made = digit_net(rng(), **options)
    for name, a in made.params.items():
        if name.endswith("b"):
            a[...] = rng(len(name)).normal(0, 0.1, a.shape)
    return made


def plain(net, pictures):
    return net.probabilities(net.replica().forward(to_input(pictures)))


def assert_answers(net, pictures, threads=None, atol=3e-6):
    """Of noise, whose values add up to much, rounding leaves a little more than of digits."""
    assert np.abs(net.predict(pictures, threads) - plain(net, pictures)).max() <= atol


@pytest.mark.parametrize("N", [1, 2, 7, 8, 9, 31, 32, 33, 64, 97])
@pytest.mark.parametrize("threads", [None, 1, 2, 5])
def test_the_digit_network(N, threads, monkeypatch):
    net = network()
    monkeypatch.setattr(answers, "FusedNetwork", None)  # the compiled function answers, not the other way
    assert_answers(net, images(N), threads)


def test_the_shipped_weights_on_digits(some):
    from train import SHIPPED

    assert_answers(load_digit_net(SHIPPED), some, atol=1e-6)


def test_weights_that_change_never_give_old_answers():
    net, pictures = network(), images(3)
    net.predict(pictures)
    net.layers[3].params["w"] *= 1.5
    assert_answers(net, pictures)
    net.assign({"6.w": -net.params["6.w"]})
    assert_answers(net, pictures)
    net.layers[3].params["w"] = rng(5).normal(0, 0.1, (3, 3, 32, 64)).astype(np.float32)
    assert_answers(net, pictures)


@pytest.mark.parametrize("N", [1, 70])
@pytest.mark.parametrize("make", [
    lambda: network(batch_norm=True),
    lambda: Network([
        Conv2D(1, 3, 5, padding="same", rng=rng()), ReLU(), AvgPool2D(2), Flatten(), Dense(588, 4, rng=rng()),
    ]),
    lambda: Network([Flatten(), Dense(784, 10, rng=rng())]),
])  # fmt: skip
def test_other_networks(make, N):
    assert_answers(make(), images(N))


@pytest.mark.parametrize(("H", "W", "kernel"), [(18, 20, (1, 2)), (23, 28, 2)])
def test_the_same_layers_of_other_sizes(H, W, kernel, monkeypatch):
    kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
    places = (((H - 2) // 2 - 2) // 2 - kh + 1) * (((W - 2) // 2 - 2) // 2 - kw + 1)
    net = Network([
        Conv2D(1, 5, 3, rng=rng(1)), ReLU(), MaxPool2D(2), Conv2D(5, 18, 3, rng=rng(2)), ReLU(), MaxPool2D(2),
        Conv2D(18, 7, kernel, rng=rng(3)), ReLU(), Flatten(), Dense(7 * places, 20, rng=rng(4)), ReLU(),
        Dense(20, 3, rng=rng(5)),
    ])  # fmt: skip
    monkeypatch.setattr(answers, "FusedNetwork", None)
    assert_answers(net, images(11, H, W))


def test_images_in_any_order_of_memory():
    net, pictures = network(), images(40)
    for view in (pictures[::2], pictures.transpose(0, 2, 1), pictures[:, ::-1]):
        assert_answers(net, view)
    pictures.setflags(write=False)
    assert_answers(net, pictures)


def test_no_images_no_answers():
    assert network().predict(images(0)).shape == (0, 10)


@pytest.mark.parametrize("shape", [(28, 28), (3, 9, 9), (3, 30, 30)])
def test_what_does_not_fit_is_named_by_its_layer(shape):
    with pytest.raises(ValueError, match="expects"):
        network().predict(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(("layer", "name", "shape"), [
    (0, "w", (3, 3, 2, 32)), (0, "w", (2, 3, 1, 32)), (0, "w", (32,)), (3, "w", (3, 3, 31, 64)), (3, "b", (63,)),
    (6, "w", (3, 3, 65, 64)), (6, "w", (576, 64)), (6, "w", (64,)), (6, "b", (1, 64)), (6, "b", ()),
    (9, "w", (500, 64)), (9, "b", (63,)), (11, "w", (65, 10)), (11, "b", (11,)),
])  # fmt: skip
def test_weights_of_a_shape_that_does_not_fit_never_reach_compiled_code(layer, name, shape, monkeypatch):
    monkeypatch.setattr(answers, "digits", None)
    net = network()
    net.layers[layer].params[name] = np.zeros(shape, np.float32)
    try:
        expected = plain(net, images(1))  # the layers broadcast some biases, and take other kernels
    except ValueError:
        with pytest.raises(ValueError):
            net.predict(images(1))
    else:
        assert np.allclose(net.predict(images(1)), expected, atol=1e-5)


@pytest.mark.parametrize(("layer", "change"), [
    (0, {"stride": 2}), (3, {"padding": "same"}), (6, {"stride": 2}), (6, {"padding": "same"}),
    (2, {"stride": 1}), (5, {"window": (3, 3)}), (2, {"window": (1, 2)}),
])  # fmt: skip
def test_other_strides_windows_and_padding_are_the_layers_business(layer, change, monkeypatch):
    monkeypatch.setattr(answers, "digits", None)
    net = network()
    vars(net.layers[layer]).update(change)
    x = to_input(images(2, 40, 40))
    for step in net.replica().layers[:9]:
        x = step.forward(x)
    net.layers[9].n_in = x.shape[1]  # what Flatten hands on
    net.layers[9].params["w"] = rng().normal(0, 0.05, (x.shape[1], 64)).astype(np.float32)
    assert_answers(net, images(2, 40, 40))


def test_weights_of_another_kind_are_the_layers_business(monkeypatch):
    monkeypatch.setattr(answers, "digits", None)
    changes = (lambda w: w.astype(np.float64), np.asfortranarray, lambda w: np.repeat(w, 2, axis=-1)[..., ::2])
    for change in changes:
        net = network()
        for layer, name in ((3, "w"), (9, "w"), (6, "b")):
            params = net.layers[layer].params
            kept, params[name] = params[name], change(params[name])
            if name == "w" or change is not np.asfortranarray:  # of one axis, it is the same
                assert_answers(net, images(2))
            params[name] = kept


def test_an_error_in_a_thread_is_raised(monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(answers, "_digits", fail)
    with pytest.raises(ZeroDivisionError):
        network().predict(images(200), 2)
