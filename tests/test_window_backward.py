"""The way back that the window shows: equal to the network's own arrays, and those to finite differences."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from nn.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from nn.network import Network, digit_net
from window.data import backward, step, testset, weight
from window.data.anatomy import stages


def odd_net(rng):
    """Strides, padding, a mean pool, batch norm in the middle: nothing that the digit network has."""
    norm = BatchNorm(6)
    norm.state["mean"][:], norm.state["var"][:] = rng.normal(0, 0.1, 6), rng.uniform(0.5, 2, 6)
    norm.params["gamma"][:] = rng.uniform(0.5, 2, 6)
    return Network([
        Conv2D(1, 6, (3, 2), stride=2, padding="same", rng=rng), norm, ReLU(), AvgPool2D(2),
        Conv2D(6, 5, 2, rng=rng), ReLU(), MaxPool2D(3, stride=1), Dropout(0.5), Flatten(),
        Dense(80, 7, rng=rng), ReLU(), Dense(7, 10, rng=rng),
    ])  # fmt: skip


def flat_net(rng):
    """Batch norm and ReLU behind Flatten, where the numbers no longer stand in maps."""
    norm = BatchNorm(144)
    norm.params["gamma"][:] = rng.uniform(0.5, 2, 144)
    return Network([Conv2D(1, 4, 5, rng=rng), ReLU(), MaxPool2D(4), Flatten(), norm, ReLU(), Dense(144, 10, rng=rng)])


@pytest.fixture(params=[digit_net, odd_net, flat_net])
def network(request):
    """With biases that aren't 0, as after training: on blank paper a sum of 0 is at ReLU's kink, without a slope."""
    rng = np.random.default_rng(3)
    network = request.param(rng)
    for layer in network.layers:
        if "b" in layer.params:
            layer.params["b"][:] = rng.normal(0, 0.1, layer.params["b"].shape)
    return network


@pytest.fixture
def image(digits):
    return digits[1][0][0]


def test_the_loss_and_p_minus_y(network, image):
    way = backward.backward(network, image, 3)
    assert way.loss == pytest.approx(-np.log(way.p[3]), rel=1e-5)
    np.testing.assert_allclose(way.gradients[-1][0], way.p - np.eye(10)[3], atol=1e-6)


def test_relu_behind_flatten_is_a_stage_that_stops_what_is_not_above_0(image):
    network = flat_net(np.random.default_rng(3))
    way, found = backward.backward(network, image, 3), stages(network)
    assert [stage.title for stage in found] == ["Conv 5 × 5", "Max pool 4 × 4", "BatchNorm", "Dense"]
    assert np.array_equal(backward.stopped(way, found[2]), way.values[6][0] == 0)
    assert "slope" in backward.arrival(way, found, 1)[0] and "Hatched" in backward.arrival(way, found, 2)[0]


def test_every_gradient_on_a_card_is_the_networks_own(network, image):
    """A value of each cell of each stage: the terms add up to the array that backward computed."""
    way, found = backward.backward(network, image, 3), stages(network)
    rng, counted = np.random.default_rng(0), 0
    for number, stage in enumerate(found):
        for cell in range(stage.channels):
            place = tuple(rng.integers(0, side) for side in stage.shape[:-1]) or (0, 0)
            back = backward.gradient(way, found, number, cell, place)
            expected = way.gradients[stage.last + 1][0]
            expected = expected[*place, cell] if expected.ndim == 3 else expected[cell]
            assert back.shown == pytest.approx(expected, abs=1e-9)
            total = (way.p - np.eye(10)[3])[cell] if back.layer is None else back.terms.total
            assert total == pytest.approx(expected, rel=1e-4, abs=1e-6), (number, cell, place)
            counted += expected != 0
    assert counted > 20


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


def test_every_gradient_is_a_finite_difference(network, image):
    """A value of each stage, and a pixel, is moved by h, and the layers after it run again."""
    twin, rng, h, moving = weight.double(network), np.random.default_rng(4), 1e-6, 0
    way = backward.backward(twin, image, 3)
    way.values[0] = way.values[0].astype(float) + rng.normal(0, 1e-3, way.values[0].shape)  # no ties
    for i, layer in enumerate(twin.layers):
        way.values[i + 1] = layer.forward(way.values[i])
    way.gradients[-1] = softmax(way.values[-1]) - np.eye(10)[[3]]
    for i, layer in reversed(list(enumerate(twin.layers))):
        way.gradients[i] = layer.backward(way.gradients[i + 1])
    way = replace(way, network=twin)
    found = stages(network)

    def loss(i, values):
        for layer in copy.deepcopy(twin.layers[i:]):
            values = layer.forward(values)
        return -np.log(softmax(values))[0, 3]

    for number, stage in enumerate(found):
        i, array = stage.last + 1, way.values[stage.last + 1]
        at = np.unravel_index(np.abs(way.gradients[i]).argmax(), array.shape)
        others = np.argwhere(array != 0)  # where ReLU gave 0 a window may be all zeros: a tie, without one slope
        for spot in (at, tuple(others[rng.integers(len(others))].tolist())):
            sides = []
            for move in (h, -h):
                moved = array.copy()
                moved[spot] += move
                sides.append(loss(i, moved))
            back = backward.gradient(way, found, number, int(spot[-1]), tuple(map(int, spot[1:-1])) or (0, 0))
            assert back.shown == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-4, abs=1e-8), (number, spot)
            moving += back.shown != 0
    assert moving >= len(found)


def test_followers_pass_on_or_stop_what_arrives(network, image):
    """Before each follower stands the network's own array, and it is the slope times what came to it."""
    way, stopped_some = backward.backward(network, image, 3), False
    for number, stage in enumerate(found := stages(network)):
        halted = backward.stopped(way, stage)
        rng = np.random.default_rng(number)
        for cell in range(stage.channels):
            place = tuple(int(rng.integers(side)) for side in stage.shape[:-1]) or (0, 0)
            back = backward.gradient(way, found, number, cell, place)
            after = back.shown
            for i, passed in zip(range(stage.last, stage.first, -1), back.passed, strict=True):
                own = way.gradients[i][0]
                assert passed.before == pytest.approx(own[*place, cell] if own.ndim == 3 else own[cell], abs=1e-12)
                assert passed.before == pytest.approx(after * passed.slope, rel=1e-4, abs=1e-12)
                after = passed.before
            at = (*place, cell) if halted.ndim == 3 else cell
            assert halted[at] == any(passed.slope == 0 for passed in back.passed)
            stopped_some |= bool(halted[at])
    assert stopped_some


def test_relu_stops_what_is_not_above_0():
    """At 0 itself, too, as its backward does."""
    assert ReLU().slope(np.array([-1.0, 0.0, 2.0]), ...).tolist() == [0, 0, 1]


def test_what_won_its_pooling_is_what_the_gradient_was_routed_to(network, image):
    way, seen = backward.backward(network, image, 3), 0
    for stage in stages(network):
        won = backward.winners(way, stage)
        if won is None:
            continue
        seen += 1
        pool = network.layers[stage.last + 1]
        dy = np.ones_like(way.values[stage.last + 2])
        twin = copy.copy(pool)
        twin.forward(way.values[stage.last + 1])
        np.testing.assert_array_equal(won, twin.backward(dy)[0] > 0)
    assert seen


def test_the_formula_is_the_docstrings_own_line():
    def of(kind, symbol="dx"):
        return backward.formula(kind.backward, symbol)

    assert of(Conv2D) == "dx[n,h,q,c] = sum over u, v, f of dy[n, h - u, q - v, f] w[u,v,c,f]"
    assert of(Conv2D, "dw").endswith("dw = cols^T dy") and of(Dense).endswith("dx = dy w^T")
    assert of(ReLU).endswith("dx = dy [x > 0]") and of(BatchNorm).endswith("dx = s gamma dy")
    assert of(MaxPool2D).endswith("dx[winner] += dy") and "dy / (KH KW)" in of(AvgPool2D)


def test_the_weight_that_is_clicked_is_the_one_that_is_drawn(network, image):
    """Of the terms: the same number as in the square; of a cell's own: of its filter, at that row and column."""
    way, found, clicked = backward.backward(network, image, 3), stages(network), 0
    for number, stage in enumerate(found):
        place = tuple(side // 2 for side in stage.shape[:-1]) or (0, 0)
        back = backward.gradient(way, found, number, 2, place)
        if back.terms is not None and "w" in back.layer.params:
            drawn = back.terms.weights[..., back.most] if back.terms.weights.ndim == 3 else back.terms.weights
            for n in range(drawn.size):
                at = np.unravel_index(n, drawn.shape) if drawn.ndim == 2 else divmod(n, back.shape[1])
                assert back.layer.params["w"][weight.of_terms(back, at)] == drawn.flat[n]
                clicked += 1
            strongest = back.layer.params["w"][weight.of_terms(back)]
            assert strongest == drawn.flat[np.abs(_drawn_products(back)).argmax()]
        if "w" in network.layers[stage.first].params:
            dw = np.abs(way.grads[f"{stage.first}.w"])
            assert dw[weight.of_own(way, stage, 2)] == dw[..., 2].max()
            index = weight.of_own(way, stage, 2, (1, 1))
            columns = weight.own_shape(way, stage)[1]
            assert index[-1] == 2 and (index[:2] == (1, 1) if dw.ndim == 4 else index[0] == columns + 1)
    assert clicked >= 10


def _drawn_products(back):
    return back.terms.products[..., back.most] if back.terms.products.ndim == 3 else back.terms.products


def test_the_gradient_of_a_weight_is_the_sum_over_its_places(network, image):
    way, rng = backward.backward(network, image, 3), np.random.default_rng(1)
    for stage in stages(network):
        w = network.layers[stage.first].params.get("w")
        for _ in range(10 if w is not None else 0):
            index = tuple(rng.integers(0, side) for side in w.shape)
            terms = weight.weight(way, stage, index)
            assert terms.total == pytest.approx(way.grads[f"{stage.first}.w"][index], rel=1e-3, abs=1e-6)


def test_why_a_weights_gradient_is_0_is_told_apart(image):
    """What it met, or what comes back, is 0: in its own ReLU, in a later layer, or at the loss."""
    network = Network([Flatten(), Dense(784, 3, rng=0), ReLU(), Dense(3, 10, rng=0)])
    (w, b), (after, _) = (network.layers[i].params.values() for i in (1, 3))
    w[:] = np.abs(w)
    b[1], after[2] = -1e6, 0  # unit 1 never fires, unit 2 isn't looked at
    blank, ink = int(image.argmin()), int(image.argmax())

    def why(cell, at, bias=0.0):
        network.layers[3].params["b"][3] = bias
        way = backward.backward(network, image, 3)
        assert way.grads["1.w"][at, cell] == 0
        return weight.nothing(way, stages(network)[0], (at, cell))

    assert "doesn't use it" in why(0, blank) and "doesn't use it" in why(1, blank)
    assert "ReLU stopped" in why(1, ink)
    assert "later layers" in why(2, ink)
    assert "already 0" in why(0, ink, bias=1e4) and "doesn't use" not in why(0, blank, bias=1e4)


def test_backprop_and_finite_differences_agree_on_any_weight(network, image):
    rng = np.random.default_rng(2)
    for i, layer in enumerate(network.layers):
        for name, w in layer.params.items():
            index = tuple(rng.integers(0, side) for side in w.shape)
            check = weight.check(network, image, 3, f"{i}.{name}", index)
            assert check.by_backprop == pytest.approx(check.by_difference, rel=1e-5, abs=1e-8), (i, name, index)
            assert check.losses[20] == pytest.approx(backward.backward(network, image, 3).loss, rel=1e-4)


def test_a_step_goes_down_and_leaves_the_network_alone(network, image):
    before = {name: w.copy() for name, w in network.params.items()}
    way = backward.backward(network, image, 3)
    further = step.step(network, way, 0.01)
    assert backward.backward(further, image, 3).loss < way.loss
    for name, w in network.params.items():
        np.testing.assert_array_equal(w, before[name])
    cell, distance = step.moved(network, further)[0]
    change = further.layers[0].params["w"] - network.layers[0].params["w"]
    assert distance == pytest.approx(np.linalg.norm(change.reshape(-1, change.shape[-1]), axis=0).max(), rel=1e-5)
    assert np.linalg.norm(change[..., cell]) == pytest.approx(distance, rel=1e-5)


def test_the_accuracy_is_the_share_that_is_read_right(one_or_seven, digits):
    images, labels = (part[:1200] for part in digits[1])
    *waits, last = (score for _, _, score in testset.scores([one_or_seven], (images, labels)))
    assert [score.done for score in waits] == [False] * 2 and last.done
    assert last.right / last.of == (one_or_seven.predict(images).argmax(axis=1) == labels).mean()


def test_one_wild_cell_leaves_the_others_their_colours():
    maps = np.random.default_rng(0).uniform(0.5, 1, (64, 5, 5))
    maps[26] *= 1000
    assert 0.9 < backward.reach(maps) < 1.1
    maps[:] = 0
    assert backward.reach(maps) == 0
    maps[3, 2, 2] = -2
    assert backward.reach(maps) == 2
