"""Several processes train as several threads do."""

import sys
import threading

import numpy as np
import pytest

from nn.network import digit_net
from nn.ranks import ALONE, Ranks, connect
from nn.recipes import Recipe
from nn.training import Step, fit


class Communicator:
    """MPI's, as far as Ranks needs it, between the threads of one process."""

    def __init__(self, rank, size, shared):
        self.rank, self.size, self.shared = rank, size, shared

    def Get_rank(self):
        return self.rank

    def Get_size(self):
        return self.size

    def allgather(self, mine):
        self.shared["given"][self.rank] = mine
        self.shared["barrier"].wait(30)
        everyone = list(self.shared["given"])
        self.shared["barrier"].wait(30)
        return everyone

    def Allreduce(self, mine, total):
        total[...] = sum(self.allgather(mine.copy()))


def on_ranks(size, run):
    """What run(ranks) returns on each of `size` ranks."""
    shared = {"given": [None] * size, "barrier": threading.Barrier(size)}
    results = [None] * size

    def body(rank):
        try:
            results[rank] = run(Ranks(Communicator(rank, size, shared)))
        except ValueError as error:
            results[rank] = error

    threads = [threading.Thread(target=body, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def trained(images, labels, ranks=ALONE, threads=1, **changes):
    """(losses, params and states) of a short training with batch norm, warps and an uphill epoch."""
    recipe = Recipe(**{"epochs": 2, "batch_size": 16, "batch_norm": True, "late": 0.5, "late_rho": 0.1} | changes)
    network = digit_net(np.random.default_rng(0), recipe.batch_norm)
    events = fit(network, images, labels, recipe, threads=threads, ranks=ranks)
    return [event.loss for event in events if isinstance(event, Step)], network.params | network.state


def test_two_ranks_of_one_thread_give_the_bits_of_two_threads(data):
    images, labels = data
    losses, arrays = trained(images, labels, threads=2)
    for theirs, others in on_ranks(2, lambda ranks: trained(images, labels, ranks)):
        assert theirs == losses
        for name, a in arrays.items():
            np.testing.assert_array_equal(others[name], a, err_msg=name)


def test_three_ranks_agree_with_three_threads_to_rounding_and_among_themselves_to_the_bit(data):
    """The last batch has 2 images: one rank has nothing to learn from, and adds zeros."""
    images, labels = data[0][:98], data[1][:98]
    losses, _ = trained(images, labels, threads=3, batch_norm=False)
    (first, arrays), *rest = on_ranks(3, lambda ranks: trained(images, labels, ranks, batch_norm=False))
    np.testing.assert_allclose(first, losses, rtol=1e-4)
    for others, theirs in rest:
        assert others == first
        for name, a in arrays.items():
            np.testing.assert_array_equal(theirs[name], a, err_msg=name)


def test_sum_matches_arrays_by_name_not_by_order():
    def run(ranks):
        arrays = {"a": np.full(2, 1.0 + ranks.rank), "b": np.full((1, 3), 10.0)}
        return ranks.sum(arrays if ranks.rank else dict(reversed(arrays.items())))

    for result in on_ranks(2, run):
        np.testing.assert_array_equal(result["a"], [3, 3])
        np.testing.assert_array_equal(result["b"], [[20, 20, 20]])


def test_ranks_that_hold_other_data_are_refused_by_name_on_the_first():
    def run(ranks):
        ranks.agree({"version of NumPy": "2.4", "data": "abc" if ranks.rank != 1 else "xyz"})

    error, *others = on_ranks(3, run)
    assert str(error) == "rank 1 has another data than rank 0: xyz, not abc"
    assert others == [None, None]


def test_without_mpiexec_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("PMI_SIZE", raising=False)
    monkeypatch.delenv("OMPI_COMM_WORLD_SIZE", raising=False)
    assert connect() is ALONE


def test_mpiexec_without_mpi4py_names_the_extra(monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ValueError, match=r"mpiexec needs mpi4py .*cluster"):
        connect()
