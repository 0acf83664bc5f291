"""MNIST, or any data set in its format: four IDX files in a folder, gzipped or not.

The format (LeCun, Cortes & Burges 1998, "The MNIST database"): two zero bytes, a byte for the type of the numbers
(8: unsigned bytes, the only one here), a byte for the number of dimensions, each dimension's size as a big-endian
32-bit whole number, then the numbers, the last dimension fastest.
"""

import hashlib
import math
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parent
DENSEST = 1100  # bytes that a byte of gzip can become (zlib's documentation: 1032)

# SHA-256 of the shipped files' contents, uncompressed.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

# checksum() of the four arrays.
CHECKSUM = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"


def load(folder=SHIPPED):
    """((train images, train labels), (test images, test labels)), images uint8 (N, 28, 28), labels uint8 (N,) 0..9,
    all of them read-only.

    The shipped files are checked against CHECKSUMS; another folder's are checked for form alone. FileNotFoundError or
    ValueError, in one line that names the file, what was expected and what was found.
    """
    train, test = load_part(folder, "train"), load_part(folder, "t10k")
    return train, test


def load_part(folder, part):
    """(images, labels) of one part, 'train' or 't10k'."""
    images_path, images = _read(folder, part, "images", None)
    labels_path, labels = _read(folder, part, "labels", (images_path, len(images)))
    if labels.max() > 9:
        raise ValueError(f"{labels_path}: expected labels from 0 to 9, found {labels.max()}")
    return images, labels


def checksum(*arrays):
    """SHA-256 over the bytes of these arrays: which data a network was trained on."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _read(folder, part, kind, partner):
    """(path, array) of one IDX file, the first of its candidates that can be read; otherwise the first one's error.

    partner: for labels (path, count) of the images, of which there must be as many; None for images.
    """
    refused = None
    for path in _candidates(Path(folder), part, kind):
        try:
            return path, _parse(path, kind, partner)
        except (OSError, EOFError, zlib.error) as error:
            refused = refused or ValueError(f"{path}: cannot be read, or be unpacked by gzip ({error})")
        except ValueError as error:
            refused = refused or error
    raise refused from None


def _candidates(folder, part, kind):
    """The files that may hold a part's images or labels, under the names that MNIST and its kin go by.

    They are train-images-idx3-ubyte, train-images.idx3-ubyte (Kaggle) or emnist-digits-test-images-idx3-ubyte (EMNIST),
    with .gz or without, in the folder, in raw/ or MNIST/raw/ (torchvision), or in a folder of the file's own name.
    """
    called, tail = ("train" if part == "train" else "(?:t10k|test)"), f"idx{3 if kind == 'images' else 1}[-.]ubyte"
    named = re.compile(rf"(?:(.*)[-.])?{called}[-.]{kind}[-.]{tail}(?:\.gz)?", re.IGNORECASE)
    places = ("*", "raw/*", "*/raw/*", "*ubyte/*")
    for place in places:
        found = sorted((p for p in folder.glob(place) if p.is_file() and named.fullmatch(p.name)), key=lambda p: p.name)
        sets = sorted({named.fullmatch(p.name)[1] or "" for p in found})
        if len(sets) > 1:
            raise ValueError(f"{folder}: several data sets ({', '.join(sets)}); give each a folder of its own")
        if found:
            return sorted(found, key=lambda p: p.suffix.lower() != ".gz")  # where both are, the shipped files' kind
    name = f"{part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
    there = ", ".join(sorted(p.name for p in folder.iterdir())[:6]) if folder.is_dir() else ""
    what = f"the folder has {there}" if there else "the folder is empty" if folder.is_dir() else "no such folder"
    raise FileNotFoundError(f"{folder / name}: no such file, gzipped or not, nor under its other names; {what}")


def _parse(path, kind, partner):
    """The array of an IDX file, which is unpacked no further than its header promises. OSError, EOFError, zlib.error or
    ValueError.
    """
    dimensions = 3 if kind == "images" else 1
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"  # whatever its name says
        raw.seek(0)
        file = _Gunzip(raw) if packed else raw
        header = file.read(4 + 4 * dimensions)
        if len(header) < 4 + 4 * dimensions or header[:4] != bytes([0, 0, 8, dimensions]):
            raise ValueError(f"{path}: expected an IDX header of unsigned bytes in {dimensions} dimensions, "
                             f"found {header[:4].hex(' ') or 'an empty file'}")
        shape = struct.unpack(f">{dimensions}I", header[4:])
        if kind == "images" and (shape[1:] != (28, 28) or shape[0] == 0):
            raise ValueError(f"{path}: expected images of 28 x 28, found {shape}")
        if kind == "labels" and shape[0] != partner[1]:
            raise ValueError(f"{partner[0]}: {partner[1]} images, but {path} has {shape[0]} labels")
        by, promised, size = " x ".join(map(str, shape)), math.prod(shape), os.fstat(raw.fileno()).st_size
        if promised > size * (DENSEST if packed else 1):
            raise ValueError(f"{path}: its header promises {by} bytes, more than a file of {size} can hold")
        data = file.read(promised + 1)
    if len(data) != promised:
        found = len(data) if len(data) < promised else "more"
        raise ValueError(f"{path}: its header promises {by} bytes, found {found}")
    if path.parent == SHIPPED:
        digest = hashlib.sha256(header)
        digest.update(data)
        if digest.hexdigest() != CHECKSUMS[path.name.removesuffix(".gz")]:
            raise ValueError(f"{path}: its checksum is not MNIST's; restore the file with `git checkout`")
    return np.frombuffer(data, np.uint8).reshape(shape)


class _Gunzip:
    """What a gzip file holds, as gzip.GzipFile reads it, but in one call of zlib, so that other threads run meanwhile.

    GzipFile asks for 8 kB at a time, and waits for the interpreter's lock after each.
    """

    def __init__(self, file):
        self.file, self.packed, self.member = file, b"", zlib.decompressobj(31)  # 31: a gzip header, and its checksum

    def read(self, size):
        """So many bytes, fewer at the end. EOFError or zlib.error."""
        parts, missing = [], size
        while missing:
            self.packed = self.packed or self.file.read(2**24)
            if self.member.eof:
                self.packed = self.packed.lstrip(b"\0")  # padding may follow
                if not self.packed:
                    break
                self.member = zlib.decompressobj(31)  # the next of several, which are one file
            if not self.packed:
                raise EOFError("it ends too early")
            parts.append(self.member.decompress(self.packed, missing))
            self.packed = self.member.unused_data if self.member.eof else self.member.unconsumed_tail
            missing -= len(parts[-1])
        return b"".join(parts)
