"""nn/files.py: what is written comes back, and what lies about its size or kind is refused before it costs anything."""

import io
import os
import struct
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

from nn.files import LARGEST, check_arrays, parse_json, read_bytes, read_npz, write_npz


@pytest.mark.parametrize(("found", "message"), [
    ({}, "f: array 'a' is missing"),
    ({"a": np.zeros(2), "b": np.zeros(1)}, "f: array 'b' belongs to no layer"),
    ({"a": np.zeros(3)}, "f: 'a' should be float64 (2,), it is float64 (3,)"),
    ({"a": np.zeros(2, int)}, "f: 'a' should be float64 (2,), it is int64 (2,)"),
    ({"a": np.array([1, np.inf])}, "f: 'a' holds numbers that are not finite"),
])  # fmt: skip
def test_check_arrays_says_what_was_expected_and_what_was_found(found, message):
    with pytest.raises(ValueError) as error:
        check_arrays("f", found, {"a": np.zeros(2)})
    assert str(error.value) == message


def test_write_npz_keeps_names_and_arrays(tmp_path):
    arrays = {"average/0.w": np.arange(6).reshape(2, 3), "epoch": np.array(3)}
    write_npz(tmp_path / "state.npz", arrays)
    found = read_npz(tmp_path / "state.npz")
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], a) for name, a in arrays.items())


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="the most that is read back"):
        write_npz(tmp_path / "state.npz", {"w": np.broadcast_to(np.float32(0), LARGEST // 4)})
    assert not os.listdir(tmp_path)


# --- what is no file --------------------------------------------------------------------------------------------

def test_a_pipe_a_device_a_folder_and_nothing_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, words in (("pipe", "a pipe or device"), ("link", "a pipe or device"), ("loop", "cannot be read"),
                        (".", "a folder")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            in_time(read_bytes, tmp_path / name, 100)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_bytes(tmp_path / "none", 100)


def in_time(function, *arguments):
    """What a function returns or raises, in another thread: opening a pipe would never come back."""
    outcome = []

    def run():
        try:
            outcome.append((function(*arguments), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert outcome, "it still waits"
    result, error = outcome[0]
    if error:
        raise error
    return result


def test_a_file_may_have_as_many_bytes_as_are_allowed_and_no_more(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path / "a", 5) == b"12345"
    with pytest.raises(ValueError, match="larger than"):
        read_bytes(tmp_path / "a", 4)


# --- JSON ---------------------------------------------------------------------------------------------------------

def test_parse_json_takes_what_json_is():
    text = '{"a": [1, 2.5, null, true, "quotes \\" and [[[ in a text"], "b": {"c": []}}'
    assert parse_json(text) == {"a": [1, 2.5, None, True, 'quotes " and [[[ in a text'], "b": {"c": []}}
    assert parse_json("[" * 100 + "]" * 100)
    assert parse_json('["' + "[" * 1000 + '"]') == ["[" * 1000]


@pytest.mark.parametrize(("text", "words"), [
    ("{", "not JSON"), ("", "not JSON"), ("[NaN]", "NaN is no number"), ('{"a": -Infinity}', "no number"),
    ("[" * 101 + "]" * 101, "too deeply"), ("[" * 100_000 + "]" * 100_000, "too deeply"),
    ('{"a":' * 500 + "1" + "}" * 500, "too deeply"), ('["]", ' + "[" * 101 + "]" * 101 + "]", "too deeply"),
    ("9" * 5000, "digits"),
])  # fmt: skip
def test_parse_json_refuses_what_code_could_stumble_over(text, words):
    with pytest.raises(ValueError, match=words):
        parse_json(text)


# --- .npz files that lie ------------------------------------------------------------------------------------------

def npy(shape, dtype="<f4", data=b"", version=1):
    """The bytes of an .npy file whose header promises what its data need not keep."""
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + data


def packed(*members, compression=zipfile.ZIP_DEFLATED):
    """The bytes of a zip file of (name, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def promising(data, name, size):
    """A zip file's bytes, in which the member of a name is said to unpack to another size."""
    data = bytearray(data)
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\1\2"
    data[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(data)


SMALL = npy((), data=bytes(4))
LIMIT = 2**22  # of these tests, in place of LARGEST
ZEROS = bytes(LIMIT + 1)
LIARS = {
    "a header of 4 terabytes": (packed(("w.npy", npy((10**12,)))), "promises"),
    "a header of more than 64 bits": (packed(("w.npy", npy((10**30, 10**30)))), "promises"),
    "a header of less than there is": (packed(("w.npy", npy((1,), data=bytes(8)))), "promises"),
    "negative sizes": (packed(("w.npy", npy((-1, -2), data=bytes(8)))), ""),
    "texts of no letter": (packed(("w.npy", npy((10**15,), "<U0"))), ""),
    "a header of 100,000 letters": (packed(("w.npy", npy("1" * 100_000, version=2))), "w.npy"),
    "a header nested deeply": (packed(("w.npy", b"\x93NUMPY\1\0\x88\x13" + b"(" * 5000)), "nested"),
    "a version of the future": (packed(("w.npy", npy((1,), data=bytes(4), version=9))), "w.npy"),
    "pickled objects": (packed(("w.npy", npy((1,), "|O", b"\x80\4N."))), "could run code"),
    "records": (packed(("w.npy", npy((1,), [("a", "<f4")], bytes(4)))), "promises"),
    "no array": (packed(("w.npy", b"text")), "w.npy"),
    "an empty member": (packed(("w.npy", b"")), "w.npy"),
    "a bomb": (packed(("w.npy", ZEROS)), "unpacks to more"),
    "four bombs": (packed(*((f"{i}.npy", ZEROS[: LIMIT // 2]) for i in range(4))), "unpacks to more"),
    "a bomb that says it is small": (promising(packed(("w.npy", ZEROS)), "w.npy", 100), "w.npy"),
    "one that says it is large": (promising(packed(("w.npy", npy((1,), data=bytes(4)))), "w.npy", 2**31), "unpacks"),
    "two members of one name": (packed(("w.npy", SMALL), ("w.npy", SMALL)), "one name"),
    "lzma": (packed(("w.npy", SMALL), compression=zipfile.ZIP_LZMA), "never uses"),
    "10,000 members": (packed(*((f"{i}.npy", b"") for i in range(10_000))), "more members"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("data", "words"), LIARS.values(), ids=LIARS)
def test_a_file_that_lies_is_refused_before_it_takes_memory(tmp_path, monkeypatch, data, words):
    monkeypatch.setattr("nn.files.LARGEST", LIMIT)
    path = tmp_path / "liar.npz"
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ValueError) as error:
        read_npz(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    message = str(error.value)
    assert message.startswith(f"{path}: not a readable .npz") and words in message
    assert "\n" not in message and len(message) < 400
    assert peak < 4 * len(data) + 2e6
