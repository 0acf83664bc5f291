"""Files written whole or not at all, and files read without trust.

What a file takes to read is bounded by what it may be, not by what it says of itself: it is a regular file, no longer
than its reader allows, its parts unpack to no more than LARGEST, and no array is larger than the bytes that are there.
"""

import io
import json
import math
import os
import re
import stat
import struct
import textwrap
import zipfile
from itertools import accumulate
from pathlib import Path

import numpy as np

LARGEST = 2**26  # bytes of all arrays of a file: 16 million parameters, where the digit network has 93,322
DIRECTORY = 2**16  # bytes of a zip file's table of contents, room for a thousand names
DEEPEST = 100  # lists and objects of JSON within each other
BRACKETS = 20  # opened in the header of an .npy file at most; that of an array has two


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
    except OSError as error:  # a full disk names no file, and the temporary one is nobody's business
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def read_bytes(path, most):
    """The bytes of a regular file. FileNotFoundError, or ValueError if it is none or has more than `most` bytes.

    Anything else that can be opened, a pipe or a device, may never come to an end.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path}: {'a folder' if stat.S_ISDIR(status.st_mode) else 'a pipe or device'}, no file")
        if status.st_size > most:
            raise ValueError(f"{path}: larger than {most / 1e6:.0f} MB, the most that is read")
        with open(path, "rb") as file:
            return file.read(status.st_size)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None


def parse_json(text):
    """What a text of JSON says. ValueError if it is none, is nested deeper than DEEPEST, or has NaN or infinity."""
    try:
        data = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    brackets = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^][{}"]+', "", text)  # texts in quotes may hold others
    if max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > DEEPEST:
        raise ValueError("nested too deeply")  # what writes it again would meet Python's limit
    return data


def _refuse(constant):
    raise ValueError(f"{constant} is no number")


def write_npz(path, arrays):
    """Write {name: array} as an .npz file, whole. ValueError if read_npz would refuse it as too large."""
    if sum(np.asarray(a).nbytes for a in arrays.values()) > LARGEST - DIRECTORY:  # less what their headers take
        raise ValueError(f"{path}: its arrays have more than {LARGEST / 1e6:.0f} MB, the most that is read back")
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def read_npz(path):
    """{name: array} of an .npz file, numbers and texts alone. FileNotFoundError or ValueError, in one line naming it.

    What the file says of its sizes is checked before anything is unpacked by it.
    """
    data = read_bytes(path, LARGEST)
    try:
        return dict(_members(data))
    except Exception as error:  # a broken file makes zipfile and numpy raise a dozen kinds
        reason = textwrap.shorten(str(error), 160)  # on one line, and without a whole header in it
        raise ValueError(f"{path}: not a readable .npz file of plain arrays ({reason})") from None


def _members(data):
    """(name, array) of each member of a zip file's bytes."""
    locator, end = data[-42:-22], data[-22:]  # np.savez writes no comment, so the end record is at the end
    if not end.startswith(b"PK\5\6") or len(end) < 22:
        raise ValueError("no zip file, or one whose end is missing")
    (directory,) = struct.unpack("<L", end[12:16])
    if locator.startswith(b"PK\6\7") or directory > DIRECTORY:
        raise ValueError("more members than any file of weights has")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = file.infolist()
        if sum(member.file_size for member in members) > LARGEST:
            raise ValueError(f"it unpacks to more than {LARGEST / 1e6:.0f} MB")
        if len({member.filename for member in members}) < len(members):
            raise ValueError("two members have one name")
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename}: packed in a way that np.savez never uses")
            with file.open(member) as packed:
                unpacked = packed.read(member.file_size)  # told how much, it never unpacks more at once
            try:
                yield member.filename.removesuffix(".npy"), _array(unpacked)
            except Exception as error:
                raise ValueError(f"{member.filename}: {error}") from None


def _array(data):
    """The array of an .npy file's bytes. What its header promises has to be there, no more and no less."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    size = int.from_bytes(data[8 : 10 if version == (1, 0) else 12], "little")
    if sum(map(data[8 : 12 + size].count, (b"(", b"[", b"{"))) > BRACKETS:
        raise ValueError("a header nested deeply")  # Python's parser would take 60 MB to say so
    shape, columns_first, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError("pickled objects, which could run code")
    if dtype.kind not in "biufU" or dtype.itemsize * math.prod(shape) != len(data) - file.tell():
        raise ValueError(f"its header promises {dtype} {shape}, it has {len(data) - file.tell()} bytes")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if columns_first else "C")


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
