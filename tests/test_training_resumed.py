"""nn/training.py: a training that was stopped goes on from an epoch's state, and ends with the same bits."""

from dataclasses import replace

import pytest
from test_training import PLAIN, net_with_batch_norm_and_dropout, rng, same, small_net, trained

from nn.augment import Augment
from nn.network import digit_net
from nn.recipes import Recipe
from nn.training import Epoch, blank_state, fit


def stopped_and_resumed(make, data, recipe, after, **options):
    """(network, last Epoch) of a training that was stopped after an epoch and went on in a new process, as it were."""
    for event in fit(make(), *data, recipe, **options):
        if isinstance(event, Epoch) and event.epoch == after:
            break
    state = {name: a.copy() for name, a in event.state.items()}
    network = make()
    for a in network.params.values():
        a += 1  # whatever was there is replaced
    first, *_, last = fit(network, *data, recipe, resume=state, **options)
    assert (first.epoch, last.epoch) == (after + 1, recipe.epochs)
    return network, last


@pytest.mark.parametrize("make", [small_net, net_with_batch_norm_and_dropout])
@pytest.mark.parametrize("batch_size", [40, 33])  # 33: the last batch is one image, which only one thread sees
def test_resuming_ends_with_the_same_bits(data, make, batch_size):
    recipe = Recipe(epochs=3, batch_size=batch_size, augment=Augment(), late=0.4, late_rho=0.1)
    network = make()
    _, last = trained(network, data, recipe, seed=2)
    for after in (1, 2):
        resumed, resumed_last = stopped_and_resumed(make, data, recipe, after, seed=2)
        assert same(resumed.params | resumed.state, network.params | network.state)
        assert same(resumed_last.state, last.state)
        assert same(resumed_last.network.params, last.network.params)


def test_the_state_of_an_epoch_is_a_copy(data):
    """Training goes on while a checkpoint is being written."""
    events = fit(small_net(), *data, PLAIN)
    first = next(event for event in events if isinstance(event, Epoch))
    before = {name: a.copy() for name, a in first.state.items()}
    list(events)
    assert same(first.state, before)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_blank_state_describes_the_state_of_a_digit_network(data, batch_norm):
    _, last = trained(digit_net(rng(), batch_norm), data, replace(PLAIN, epochs=1))
    blank = blank_state(batch_norm)
    assert {name: (a.shape, a.dtype) for name, a in last.state.items()} == {
        name: (a.shape, a.dtype) for name, a in blank.items()
    }
