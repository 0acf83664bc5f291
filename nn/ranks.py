"""Training over several processes, here or on many machines: each learns its share of a batch; gradients are added.

The loss is a mean over the batch's images, so its gradient is a sum over them, and it doesn't matter who computes
which terms: data parallel training is that sum, cut into a part for each process ("rank"). The weights start equal;
every rank adds the same gradients up and takes the same step, so the weights stay equal and are never sent. The sum
is MPI's Allreduce:

    mpiexec -n 4 python train.py

Beside threads this costs an Allreduce of all gradients in each step (373 kB for the digit network), and saves that
the workers wait for one interpreter's lock. It needs the extra `cluster`: mpi4py and an MPI.
"""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

import numpy as np

STARTED = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")  # set by mpiexec: MPICH's, Intel's and Microsoft's; Open MPI's


class Alone:
    """One process, without MPI: what `Ranks` is for several."""

    rank, size = 0, 1

    def sum(self, arrays):
        return arrays

    def any(self, flag):
        return flag

    def from_first(self, make):
        return make()

    def agree(self, facts):
        pass

    def abort(self, code):
        pass


ALONE = Alone()


class Ranks:
    """The processes that mpiexec started. rank: this one's number, from 0. size: how many there are."""

    def __init__(self, comm):
        self.comm, self.rank, self.size = comm, comm.Get_rank(), comm.Get_size()

    def sum(self, arrays):
        """{name: array} of all ranks, the same names, shapes and dtype, added up: the same bits on each of them."""
        if not arrays:
            return {}
        names = sorted(arrays)
        flat = np.concatenate([arrays[name].ravel() for name in names])
        total = np.empty_like(flat)
        self.comm.Allreduce(flat, total)
        parts = np.split(total, np.cumsum([arrays[name].size for name in names])[:-1])
        return {name: part.reshape(arrays[name].shape) for name, part in zip(names, parts, strict=True)}

    def any(self, flag):
        """The largest flag of all ranks."""
        return max(self.comm.allgather(flag))

    def from_first(self, make):
        """What make() returns on rank 0, on all ranks."""
        return self.comm.bcast(make() if self.rank == 0 else None)

    def agree(self, facts):
        """ValueError, on rank 0, unless all ranks have the same facts {what: value}: data, code, versions."""
        first, *others = self.comm.allgather(facts)
        for rank, theirs in enumerate(others, 1):
            for what, value in first.items():
                if theirs[what] != value and self.rank == 0:
                    raise ValueError(f"rank {rank} has another {what} than rank 0: {theirs[what]}, not {value}")

    def abort(self, code):
        """End every rank with this exit code: one that goes on would wait for this one's gradients for ever."""
        self.comm.Abort(code)


def program():
    """Facts to agree on: the SHA-256 of the sources of nn/, and the versions of what computes."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return {"code": digest.hexdigest(), "NumPy": version("numpy"), "Numba": version("numba")}


def connect():
    """The Ranks that mpiexec started this process among, or ALONE. ValueError without mpi4py."""
    if all(int(os.environ.get(name, 1)) < 2 for name in STARTED):
        return ALONE
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ValueError(f"mpiexec needs mpi4py ({error}): pip install -e '.[cluster]'") from None
    return Ranks(MPI.COMM_WORLD)
