"""nn/compiling.py: kernels are compiled and kept, whatever state the disk is in."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from nn import compiling

ROOT = Path(__file__).parents[1]
# A kernel of its own, so that a test takes no longer than compiling one loop.
KERNEL = """
import numpy as np
from nn.compiling import compiled

def twice(x):
    for i in range(len(x)):
        x[i] *= 2

twice = compiled(twice)
x = np.ones(3)
twice(x)
print(x.sum(), sum(twice.stats.cache_hits.values()))
"""


@pytest.fixture
def kernel(tmp_path):
    """Runs a program of one kernel, whose cache is in tmp_path/cache: (what it printed, the words on stderr)."""
    (tmp_path / "kernel.py").write_text(KERNEL)

    def run(**environment):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)} | environment
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run([sys.executable, "kernel.py"], cwd=tmp_path, env=environment,
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr

    return run


def test_every_kernel_is_compiled_this_way():
    """Numba's own njit and its cache stop a program where nothing can be kept."""
    for path in (*(ROOT / "nn").rglob("*.py"), *(ROOT / "window").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert path == ROOT / "nn/compiling.py" or not re.search(r"\bn?jit\b|cache=True", text), path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder that a program is in")
def test_a_kernel_is_compiled_where_the_current_folder_is_gone(tmp_path):
    """One that takes a constant from a tuple: there Numba looks for the lines of the source."""
    (tmp_path / "kernel.py").write_text(KERNEL.replace("len(x)", "x.shape[0]"))
    (tmp_path / "gone").mkdir()
    script = "import os, runpy, sys; os.rmdir(os.getcwd()); runpy.run_path(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "kernel.py"], cwd=tmp_path / "gone",
                          env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True)  # fmt: skip
    assert (done.stdout, done.stderr) == ("6.0 0\n", "")


def test_a_kernel_is_compiled_once_and_then_loaded(kernel):
    assert [kernel(), kernel()] == [("6.0 0", ""), ("6.0 1", "")]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def zeros(path):
    """The end of a file whose blocks were never written."""
    path.write_bytes(path.read_bytes()[:-1000] + bytes(1000))


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [cut, empty, zeros, flipped])
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_spoilt_file_of_the_cache_is_compiled_again(kernel, tmp_path, suffix, harm):
    kernel()
    (file,) = (tmp_path / "cache").rglob(f"*{suffix}")
    if harm is flipped and suffix == ".nbi":
        file.write_bytes(b"\x80" + file.read_bytes())  # the list has no checksum: only what can't be read
    else:
        harm(file)
    assert kernel() == ("6.0 0", "")
    assert kernel() == ("6.0 1", "")


def test_without_a_place_for_the_cache_it_goes_on_and_says_so_once(kernel):
    """No locator of Numba's finds a folder: what a read-only checkout without a home comes to."""
    printed, words = kernel(NUMBA_CACHE_DIR=None, NUMBA_CACHE_LOCATOR_CLASSES="UserProvidedCacheLocator")
    assert printed == "6.0 0"
    assert words.startswith("Compiled kernels can't be kept (") and words.count("\n") == 1


def test_where_nobody_is_at_home_no_folder_named_so_is_made(tmp_path):
    """The user of a container who has a number, and neither name nor home; nn/ can't be written to."""
    script = """if True:
        import os
        import numba.core.caching as caching
        os.path.expanduser = lambda path: path
        caching.CacheImpl._locator_classes = [caching.UserWideCacheLocator]
        from nn import kernels"""
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "can't be kept" in done.stderr and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_full_disk_costs_no_more_than_the_cache(tmp_path, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling, "_said", False)
    monkeypatch.setattr(compiling._Checked, "_open_for_write", full)

    def thrice(x):
        return 3 * x

    kernels = [compiling.compiled(thrice), compiling.compiled(thrice)]
    assert [kernel(np.float32(2)) for kernel in kernels] == [6, 6]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "Compiled kernels can't be kept ([Errno 28] No space left on device)"
    ]
