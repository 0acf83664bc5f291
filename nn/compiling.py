"""How kernels are compiled: by Numba, once on a machine, and kept on disk whatever state that is in.

Numba's own cache stops a program where it finds no folder to write to, a full disk, or a file that a power cut left
half written. Here each of them costs a compilation and nothing else.
"""

import hashlib
import logging
import os
import pickle
from pathlib import Path

import numba
from numba.core import ir
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, UserWideCacheLocator

# Numba asks for each place in a source, to quote it in an error, relative to the current folder, which may be gone.
ir.Loc._get_path = lambda place: place.filename

_said = False


def compiled(function, contract=True):
    """A kernel: the loops of a function, compiled by Numba when it is first called.

    contract=False makes the bits that NumPy's expressions make.
    """
    # contract lets a * b + c be rounded once, as one instruction; nsz lets the sign of a zero be ignored. Both keep the
    # meaning of NaN and infinity, and the order of sums. numpy: a division doesn't look for zero first, which would
    # keep a loop from using vectors.
    fastmath = {"contract", "nsz"} if contract else False
    kernel = numba.njit(nogil=True, error_model="numpy", fastmath=fastmath)(function)
    if kernel is not function:  # it is, with NUMBA_DISABLE_JIT=1
        try:
            kernel._cache = _Cache(function)  # what cache=True does, with Numba's own class
        except Exception as error:  # RuntimeError where no folder will do, OSError where one can't be looked at
            _uncached(error)
    return kernel


class _Homeless(CompileResultCacheImpl):
    """Where nobody is at home, as in `docker run -u 1234`: Numba would make a folder named ~ in the current one."""

    _locator_classes = tuple(kind for kind in CompileResultCacheImpl._locator_classes if kind != UserWideCacheLocator)


class _Cache(FunctionCache):
    """Numba's cache of a function, which never stops a program."""

    _impl_class = CompileResultCacheImpl if os.path.isabs(os.path.expanduser("~")) else _Homeless

    def __init__(self, function):
        super().__init__(function)
        file = self._cache_file
        self._cache_file = _Checked(file._cache_path, self._impl.filename_base, (file._source_stamp, _callees()))

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever half a file makes pickle and LLVM raise
            return None

    def save_overload(self, sig, data):
        try:
            try:
                super().save_overload(sig, data)
            except Exception:  # the list of what is kept can't be read: begin a new one
                self.flush()
                super().save_overload(sig, data)
        except Exception as error:
            _uncached(error)


def _callees():
    """What tells that a kernel must be compiled again though its own file is the same: one that it calls may differ."""
    files = (Path(__file__).with_name(f"{name}.py") for name in ("kernels", "product", "winograd", "fused"))
    return [file.stat().st_mtime_ns for file in files if file.exists()]


class _Checked(IndexDataCacheFile):
    """Compiled code with its SHA-256 before it: half of it, or a block of zeros, is never run."""

    def _save_data(self, name, data):
        data = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.sha256(data).digest() + data)

    def _load_data(self, name):
        content = Path(self._data_path(name)).read_bytes()
        digest, data = content[:32], content[32:]
        if hashlib.sha256(data).digest() != digest:
            raise ValueError(f"{name}: half written, or of another program")
        return pickle.loads(data)


def _uncached(error):
    """Say, once, that nothing is kept."""
    global _said
    if not _said:
        _said = True
        logging.getLogger(__name__).warning(
            "Compiled kernels can't be kept (%s): every start will compile them, for about 10 seconds. "
            "NUMBA_CACHE_DIR may name a folder to keep them in.", error
        )  # fmt: skip
