"""Files written whole or not at all, and files of arrays read without trust."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np


def write_whole(path, data):
    """Write bytes to path by way of a temporary file beside it, so that no half file is ever seen there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_npz(path, arrays):
    """Write {name: array} as an .npz file, whole."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def read_npz(path):
    """{name: array} of an .npz file without pickles. FileNotFoundError or ValueError, in one line naming it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except Exception as error:  # a broken file makes zipfile and numpy raise a dozen kinds
        pickled = zipfile.is_zipfile(path) and "allow_pickle" in str(error)
        reason = "pickled objects, which could run code" if pickled else error if zipfile.is_zipfile(path) else "no zip"
        raise ValueError(f"{path}: not a readable .npz file of plain arrays ({reason})") from None


def check_arrays(path, found, wanted):
    """ValueError unless `found` has the names, shapes and dtypes of `wanted`, and only finite numbers."""
    for name in wanted.keys() | found.keys():
        if name not in found:
            raise ValueError(f"{path}: array {name!r} is missing")
        if name not in wanted:
            raise ValueError(f"{path}: array {name!r} belongs to no layer")
        a, b = found[name], wanted[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            raise ValueError(f"{path}: {name!r} should be {b.dtype} {b.shape}, it is {a.dtype} {a.shape}")
        if not np.isfinite(a).all():
            raise ValueError(f"{path}: {name!r} holds numbers that are not finite")
