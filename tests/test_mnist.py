"""nn/mnist: the real files, files made by hand, and files that are broken."""

import gzip
import shutil
import struct

import numpy as np
import pytest

from nn import mnist


def idx(array):
    """An array as an IDX file's bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(folder, name, data):
    (folder / f"{name}.gz").write_bytes(gzip.compress(data))


IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype(np.uint8)
LABELS = np.array([7, 0, 9], np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Four small files in the right format."""
    for part, count in (("train", 3), ("t10k", 2)):
        write(tmp_path, f"{part}-images-idx3-ubyte", idx(IMAGES[:count]))
        write(tmp_path, f"{part}-labels-idx1-ubyte", idx(LABELS[:count]))
    return tmp_path


# --- what is right ------------------------------------------------------------------------------------------

def test_mnist_itself(digits):
    (train_images, train_labels), (test_images, test_labels) = digits
    assert train_images.shape == (60000, 28, 28) and test_images.shape == (10000, 28, 28)
    assert {a.dtype for pair in digits for a in pair} == {np.dtype(np.uint8)}
    assert train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train_images[0, :5].max() == 0 and train_images[0].max() == 255  # white ink on black paper


def test_the_first_digit_stands_upright(digits):
    """Every second pixel of the first training image, a 5: neither mirrored nor lying on its side."""
    (images, _), _ = digits
    picture = ["".join("#" if p > 100 else "." for p in row) for row in images[0, 4:26:2, 4:26:2]]
    assert picture == [
        "...........",
        "....######.",
        "..#####....",
        "....#......",
        "....#......",
        ".....##....",
        ".......#...",
        "......##...",
        "....###....",
        "..###......",
        "####.......",
    ]


def test_a_folder_of_one_s_own(folder):
    (images, labels), (test_images, test_labels) = mnist.load(folder)
    assert np.array_equal(images, IMAGES) and np.array_equal(labels, LABELS)
    assert np.array_equal(test_images, IMAGES[:2]) and np.array_equal(test_labels, LABELS[:2])


def test_files_may_be_unzipped_and_the_folder_a_string(folder):
    for path in folder.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    (images, labels), _ = mnist.load(str(folder))
    assert np.array_equal(images, IMAGES) and np.array_equal(labels, LABELS)


RENAMED = {
    "dots": lambda name: name.replace("-idx", ".idx"),
    "a folder for each, as Kaggle unpacks them": lambda name: f"{name}/{name}",
    "torchvision's folders": lambda name: f"MNIST/raw/{name}",
    "its inner folder": lambda name: f"raw/{name}",
    "EMNIST's": lambda name: f"emnist-digits-{name.replace('t10k', 'test')}.gz",
    "capitals": str.upper,
    "an uncompressed file named .gz": lambda name: f"{name}.gz",
}


@pytest.mark.parametrize("rename", RENAMED.values(), ids=RENAMED)
def test_files_are_found_under_the_names_that_people_have(folder, rename):
    for path in list(folder.glob("*.gz")):
        name = rename(path.name.removesuffix(".gz"))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(gzip.decompress(path.read_bytes()))
        if (folder / name) != path:
            path.unlink()
    (images, labels), (test_images, _) = mnist.load(folder)
    assert np.array_equal(images, IMAGES) and np.array_equal(labels, LABELS) and len(test_images) == 2


def test_a_good_file_beside_a_bad_one_is_taken(folder):
    good, bad = folder / TRAIN_IMAGES, folder / f"{TRAIN_IMAGES}.gz"
    good.write_bytes(gzip.decompress(bad.read_bytes()))
    bad.write_bytes(bad.read_bytes()[:100])
    assert np.array_equal(mnist.load(folder)[0][0], IMAGES)


def test_several_sets_in_a_folder_are_named(folder):
    write(folder, f"emnist-letters-{TRAIN_IMAGES}", idx(IMAGES))
    with pytest.raises(ValueError, match=r"several data sets .*emnist-letters"):
        mnist.load(folder)


def test_what_was_there_instead_is_said(tmp_path):
    (tmp_path / "mnist.csv").touch()
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte: no such file.*the folder has mnist\.csv"):
        mnist.load(tmp_path)


def test_a_file_is_unpacked_no_further_than_its_header_promises(folder, monkeypatch):
    """A bomb: three images are promised, and a gigabyte of paper follows them."""
    taken, read = [], mnist._Gunzip.read

    def counted(file, size):
        data = read(file, size)
        taken.append(len(data))
        return data

    monkeypatch.setattr(mnist._Gunzip, "read", counted)
    write(folder, TRAIN_IMAGES, idx(IMAGES) + bytes(10**6))
    with pytest.raises(ValueError, match="found more"):
        mnist.load(folder)
    assert sum(taken) == 16 + IMAGES.size + 1


def test_a_gzip_file_may_have_several_members_and_padding(folder):
    """As `cat a.gz b.gz` and tapes make them; gzip reads them as one."""
    data = idx(IMAGES)
    packed = b"".join(gzip.compress(data[at : at + 1000]) + bytes(3) for at in range(0, len(data), 1000))
    assert gzip.decompress(packed) == data
    (folder / f"{TRAIN_IMAGES}.gz").write_bytes(packed)
    assert np.array_equal(mnist.load(folder)[0][0], IMAGES)


def test_checksum_sees_every_byte_and_the_order():
    assert mnist.checksum(IMAGES, LABELS) == mnist.checksum(IMAGES, LABELS)
    others = [(IMAGES, LABELS + 1), (IMAGES[::-1], LABELS), (IMAGES[:, ::-1], LABELS), (IMAGES.swapaxes(1, 2), LABELS)]
    assert len({mnist.checksum(*pair) for pair in [(IMAGES, LABELS), *others]}) == 5


# --- what is wrong ------------------------------------------------------------------------------------------

def gz(array_or_bytes):
    data = array_or_bytes if isinstance(array_or_bytes, bytes) else idx(array_or_bytes)
    return gzip.compress(data, mtime=0)


TRAIN_IMAGES, TRAIN_LABELS, TEST_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"
BROKEN = {  # which file, what stands in it instead (None: no file), what the message says
    "missing": (TRAIN_IMAGES, None, "no such file"),
    "empty": (TRAIN_IMAGES, b"", "an empty file"),
    "truncated gzip": (TRAIN_IMAGES, gz(IMAGES)[:-20], "gzip"),
    "its last bytes": (TRAIN_IMAGES, gz(IMAGES)[:-8], "gzip"),
    "its checksum": (TRAIN_IMAGES, gz(IMAGES)[:-8] + bytes(8), "gzip"),
    "something behind": (TRAIN_IMAGES, gz(IMAGES) + b"more", "gzip"),
    "damaged gzip": (TRAIN_IMAGES, gz(IMAGES)[:40] * 9, "gzip"),
    "no gzip": (TEST_LABELS, b"<html>404</html>", "found 3c 68 74 6d"),
    "images for labels": (TEST_LABELS, gz(IMAGES), "found 00 00 08 03"),
    "signed bytes": (TEST_LABELS, gz(b"\0\0\x09" + idx(LABELS)[3:]), "found 00 00 09 01"),
    "header cut off": (TEST_LABELS, gz(idx(LABELS)[:6]), "expected an IDX header"),
    "a byte too few": (TRAIN_IMAGES, gz(idx(IMAGES)[:-1]), "promises 3 x 28 x 28 bytes, found 2351"),
    "a byte too many": (TRAIN_IMAGES, gz(idx(IMAGES) + b"\0"), "promises 3 x 28 x 28 bytes, found more"),
    "absurd size": (TRAIN_IMAGES, gz(b"\0\0\x08\x03" + b"\xff" * 12), "expected images of 28 x 28"),
    "absurd number": (TRAIN_IMAGES, gz(idx(IMAGES)[:4] + b"\xff" * 4 + idx(IMAGES)[8:]), "promises 4294967295 x"),
    "nothing times too much": (TEST_LABELS.replace("labels-idx1", "images-idx3"),
                               gz(idx(IMAGES)[:4] + bytes(4) + b"\xff" * 8), "found (0, 4294967295, 4294967295)"),
    "fewer labels": (TRAIN_LABELS, gz(LABELS[:2]), "3 images, but"),
    "no images": (TRAIN_IMAGES, gz(IMAGES[:0]), "found (0, 28, 28)"),
    "other size": (TRAIN_IMAGES, gz(IMAGES[:, :27]), "expected images of 28 x 28, found (3, 27, 28)"),
    "label 10": (TRAIN_LABELS, gz(LABELS + 1), "expected labels from 0 to 9, found 10"),
}


@pytest.mark.parametrize(("name", "data", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_in_one_line_that_names_it(folder, name, data, words):
    path = folder / f"{name}.gz"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        mnist.load(folder)
    message = str(error.value)
    assert name in message and words in message and "\n" not in message


def test_no_images_and_no_labels_are_refused(folder):
    write(folder, "train-images-idx3-ubyte", idx(IMAGES[:0]))
    write(folder, "train-labels-idx1-ubyte", idx(LABELS[:0]))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte"):
        mnist.load(folder)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte: no such file"):
        mnist.load(tmp_path / "none")


def test_the_shipped_files_are_checked_by_their_checksum(tmp_path, monkeypatch):
    """One byte changed in a copy, which stands in the shipped files' place."""
    for path in mnist.SHIPPED.glob("t10k*.gz"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(mnist, "SHIPPED", tmp_path)
    mnist.load_part(tmp_path, "t10k")
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte.gz: its checksum is not MNIST's"):
        mnist.load_part(tmp_path, "t10k")
