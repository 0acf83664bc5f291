"""nn/optim.py: steps on paper, PyTorch's steps, the schedules' shape, and the average of the weights."""

import math

import naive
import numpy as np
import pytest
from make_golden import GOLDEN, OPTIMIZER_STEPS, optimizer_case

from nn.layer import EMPTY
from nn.layers import BatchNorm, Dense
from nn.network import Network
from nn.optim import SCHEDULES, SGD, AdamW, Average, adamw_update, constant, cosine, one_cycle, uphill


def f32(*numbers):
    return np.array(numbers, np.float32)


# --- optimizers ---------------------------------------------------------------------------------------------

def test_sgd_by_hand():
    """Gradient 1 twice, momentum 0.5: v is 1, then 1.5; with lr 0.1 w goes from 2 to 1.9 to 1.75."""
    params = {"w": f32(2)}
    sgd = SGD(params, momentum=0.5)
    sgd.step({"w": f32(1)}, lr=0.1)
    assert np.allclose(params["w"], 1.9)
    sgd.step({"w": f32(1)}, lr=0.1)
    assert np.allclose(params["w"], 1.75)


def test_sgd_decays_matrices_and_leaves_vectors():
    params = {"w": f32([10]), "b": f32(10)}
    SGD(params, weight_decay=0.2).step({"w": f32([0]), "b": f32(0)}, lr=0.1)
    assert np.allclose(params["w"], 10 * (1 - 0.1 * 0.2))
    assert params["b"] == 10


def test_adamw_by_hand():
    """Step 1: m' = g and v' = g^2, a step of lr. Step 2, with gradients 2 and then -1:
    m' = (.9 * .1 * 2 - .1) / (1 - .9^2) = .08 / .19 and v' = (.99 * .01 * 4 + .01) / (1 - .99^2) = .0496 / .0199.
    """
    params = {"w": f32(1)}
    adamw = AdamW(params, weight_decay=0, beta1=0.9, beta2=0.99)
    adamw.step({"w": f32(2)}, lr=0.1)
    assert np.allclose(params["w"], 0.9)
    adamw.step({"w": f32(-1)}, lr=0.1)
    assert np.allclose(params["w"], 0.9 - 0.1 * (0.08 / 0.19) / math.sqrt(0.0496 / 0.0199), rtol=1e-5)


def test_adamw_decays_matrices_and_leaves_vectors():
    """Not by the gradient's size: decay is apart from the two means ("decoupled")."""
    params = {"w": f32([10]), "b": f32(10)}
    AdamW(params, weight_decay=0.2).step({"w": f32([0]), "b": f32(0)}, lr=0.1)
    assert np.allclose(params["w"], 10 * (1 - 0.1 * 0.2))
    assert params["b"] == 10


@pytest.mark.parametrize(("kind", "make"), [
    ("sgd", lambda params: SGD(params, momentum=0.9)),
    ("adamw", lambda params: AdamW(params, weight_decay=0.2)),
])  # fmt: skip
def test_steps_are_those_of_pytorch(kind, make):
    golden = np.load(GOLDEN)
    params, gradients = optimizer_case()
    optimizer = make(params)
    for t, grads in enumerate(gradients, start=1):
        optimizer.step(grads, lr=0.1)
        for name, w in params.items():
            assert w.dtype == np.float32
            assert np.allclose(w, golden[f"{kind}.{t}.{name}"], rtol=1e-5, atol=1e-6), (t, name)
    assert t == OPTIMIZER_STEPS


@pytest.mark.parametrize("make", [SGD, AdamW])
def test_an_optimizer_goes_on_from_its_state(make):
    params, gradients = optimizer_case()
    halfway = make(params)
    for grads in gradients[:2]:
        halfway.step(grads, lr=0.1)
    copy = {name: w.copy() for name, w in params.items()}
    resumed = make(copy)
    for name, a in halfway.state.items():
        resumed.state[name][...] = a
    for grads in gradients[2:]:
        halfway.step(grads, lr=0.1)
        resumed.step(grads, lr=0.1)
    assert all(np.array_equal(copy[name], params[name]) for name in params)


@pytest.mark.parametrize("make", [SGD, AdamW])
def test_steps_change_the_arrays_in_place_and_not_the_gradients(make):
    """Replicas share the arrays: a new one in their place would never reach them."""
    params, gradients = optimizer_case()
    homes, before = dict(params), {name: g.copy() for name, g in gradients[0].items()}
    start = {name: w.copy() for name, w in params.items()}
    make(params).step(gradients[0], lr=0.1)
    for name in params:
        assert params[name] is homes[name]
        assert not np.array_equal(params[name], start[name])
        assert np.array_equal(gradients[0][name], before[name])


@pytest.mark.parametrize("make", [SGD, AdamW])
def test_a_gradient_may_be_a_transposed_view(make):
    results = []
    for grad in (f32([1, 2, 3], [4, 5, 6]), f32([1, 4], [2, 5], [3, 6]).T):
        params = {"w": np.zeros((2, 3), np.float32)}
        make(params).step({"w": grad}, lr=0.1)
        make(params).step({"w": grad}, lr=0.1)
        results.append(params["w"])
    assert np.array_equal(*results)


@pytest.mark.parametrize("make", [SGD, AdamW])
@pytest.mark.parametrize(("w", "error", "words"), [
    (np.zeros((3, 2), np.float32).T, ValueError, "can't move 'w' in place, it is not contiguous"),
    (np.broadcast_to(np.float32(1), (2, 3)), ValueError, "can't move 'w' in place, it is"),
    (np.frombuffer(bytes(24), np.float32), ValueError, "it is read-only"),
    (np.asmatrix(np.zeros((2, 3), np.float32)), TypeError, "got a matrix"),
    (np.ma.zeros((2, 3), np.float32), TypeError, "got a MaskedArray"),
    (np.zeros((2, 3), np.float16), TypeError, "got dtype <f2"),
    (np.zeros((2, 3), ">f4"), TypeError, "got dtype >f4"),
    (np.zeros((2, 3), int), TypeError, "got dtype int64"),
    ([1.0, 2.0], TypeError, "got a list"),
], ids=str)  # fmt: skip
def test_what_cannot_be_moved_in_place_is_refused_at_once(make, w, error, words):
    with pytest.raises(error) as caught:
        make({"w": w})
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [SGD, AdamW])
@pytest.mark.parametrize(("grads", "error", "words"), [
    ({"w": np.zeros((2, 2), np.float32)}, ValueError, "expects arrays of (2, 3) for 'w', got (2, 2)"),
    ({"w": np.zeros((1, 1), np.float32)}, ValueError, "expects arrays of (2, 3) for 'w', got (1, 1)"),
    ({"w": np.zeros(6, np.float32)}, ValueError, "expects arrays of (2, 3) for 'w', got (6,)"),
    ({"w": np.zeros((2, 3), np.float16)}, TypeError, "got dtype <f2"),
    ({"w": np.asmatrix(np.zeros((2, 3), np.float32))}, TypeError, "got a matrix"),
    ({}, KeyError, "no gradient of 'w': call backward before step"),
], ids=str)  # fmt: skip
def test_a_gradient_that_does_not_fit_moves_nothing(make, grads, error, words):
    params = {"w": np.ones((2, 3), np.float32)}
    with pytest.raises(error) as caught:
        make(params).step(grads, lr=0.1)
    assert words in str(caught.value)
    assert (params["w"] == 1).all()


@pytest.mark.parametrize("make", [SGD, AdamW])
def test_a_weight_put_in_the_place_of_another_of_another_size_is_refused(make):
    params = {"w": np.ones(3, np.float32)}
    optimizer = make(params)
    params["w"] = np.ones(30000, np.float32)
    with pytest.raises(ValueError, match=r"expects arrays of \(30000,\) for 'w', got \(3,\)"):
        optimizer.step({"w": np.ones(30000, np.float32)}, lr=0.1)


# --- AdamW's kernel ----------------------------------------------------------------------------------------

def adamw(w, gradients, lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8, decay=0.0):
    w = np.array(w, np.float32)
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        adamw_update(w, np.array(g, np.float32), m, v, lr, beta1, beta2, eps, decay, t)
    return w


def test_the_first_adamw_step_by_hand():
    """m' = g and v' = g^2, so the step is lr times the gradient's sign, whatever its size; decay takes lr * 0.5 w."""
    assert np.allclose(adamw([1, 1, 1], [[100, -0.01, 0]]), [0.9, 1.1, 1])
    assert np.allclose(adamw([2], [[0]], decay=0.5), [2 - 0.1 * 0.5 * 2])


def test_adamw_is_its_naive_twin():
    gradients = np.random.default_rng(0).standard_normal((6, 3))
    settings = {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "decay": 0.3}
    twin = [naive.adamw(w, g, **settings) for w, g in zip([1.0, -2.0, 0.5], gradients.T, strict=True)]
    assert np.allclose(adamw([1.0, -2.0, 0.5], gradients, **settings), twin, rtol=1e-5)


# --- sharpness-aware minimisation ----------------------------------------------------------------------------

def test_uphill_by_hand():
    """The gradient (3, 4) has length 5 over both arrays: a distance of 10 up it is (6, 8). Then every bit is back."""
    params, grads = {"w": f32([0.1]), "b": f32(0.7)}, {"w": f32([3]), "b": f32(4)}
    homes, before = dict(params), {name: w.copy() for name, w in params.items()}
    with uphill(params, grads, rho=10):
        assert np.allclose(params["w"], 6.1) and np.allclose(params["b"], 8.7)
        assert all(params[name] is home for name, home in homes.items())
    assert all(np.array_equal(params[name], w) for name, w in before.items())


def test_uphill_of_nothing_is_here():
    params = {"w": f32([2])}
    with uphill(params, {"w": f32([0])}, rho=1):
        assert params["w"] == 2


def test_an_error_uphill_leaves_the_params_as_they_were():
    params = {"w": f32([2])}
    with pytest.raises(KeyboardInterrupt), uphill(params, {"w": f32([1])}, rho=1):
        raise KeyboardInterrupt
    assert params["w"] == 2


# --- schedules ----------------------------------------------------------------------------------------------

def test_constant():
    assert [constant(p) for p in (0, 0.3, 1)] == [1, 1, 1]


def test_cosine():
    assert np.allclose([cosine(p) for p in (0, 1 / 3, 0.5, 1)], [1, 0.75, 0.5, 0])


def test_one_cycle():
    """From 4 % up to the peak at 15 %, halfway at the halves, and down to nothing."""
    assert np.allclose([one_cycle(p) for p in (0, 0.075, 0.15, 0.575, 1)], [0.04, 0.52, 1, 0.5, 0])
    rates = np.array([one_cycle(p) for p in np.linspace(0, 1, 201)])
    assert (np.diff(rates[:31]) > 0).all() and (np.diff(rates[30:]) < 0).all()


def test_schedules_stay_between_nothing_and_the_peak():
    assert SCHEDULES == {"constant": constant, "cosine": cosine, "one-cycle": one_cycle}
    for schedule in SCHEDULES.values():
        rates = [schedule(p) for p in np.linspace(0, 1, 101)]
        assert min(rates) >= 0 and np.isclose(max(rates), 1)


# --- the average --------------------------------------------------------------------------------------------

def test_average_by_hand():
    """The first two decays of the warm-up are 2/11 and 3/12."""
    network = Network([Dense(1, 1, EMPTY)])
    average = Average(network, decay=0.999)
    w, mean = network.layers[0].params["w"], average.network.layers[0].params["w"]
    w[...] = 11
    average.update()
    assert np.allclose(mean, 2 / 11 * 0 + 9 / 11 * 11)
    w[...] = 1
    average.update()
    assert np.allclose(mean, 3 / 12 * 9 + 9 / 12 * 1)
    assert w == 1


def test_the_average_s_decay_ends_at_the_one_asked_for():
    network = Network([Dense(1, 1, EMPTY)])
    average = Average(network, decay=0.5)
    average.steps = 1000
    network.layers[0].params["w"][...] = 8
    average.update()
    assert np.allclose(average.network.layers[0].params["w"], 4)


def test_the_average_covers_every_parameter_and_running_statistic():
    network = Network([Dense(2, 3, np.random.default_rng(0)), BatchNorm(3)])
    average = Average(network, decay=0.5)
    for a in (network.params | network.state).values():
        a += 1
    average.update()
    arrays = average.network.params | average.network.state
    for name, a in (network.params | network.state).items():
        assert np.allclose(arrays[name], a - 2 / 11), name
