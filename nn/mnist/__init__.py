"""MNIST, or any data set in its format: four IDX files in a folder, gzipped or not.

The format (LeCun, Cortes & Burges 1998, "The MNIST database"): two zero bytes, a byte for the type of the numbers
(8: unsigned bytes, the only one here), a byte for the number of dimensions, each dimension's size as a big-endian
32-bit whole number, then the numbers, the last dimension fastest.
"""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parent

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
    images_path, images = _read(folder, f"{part}-images-idx3-ubyte", dimensions=3)
    labels_path, labels = _read(folder, f"{part}-labels-idx1-ubyte", dimensions=1)
    if len(images) != len(labels):
        raise ValueError(f"{images_path}: {len(images)} images, but {labels_path} has {len(labels)} labels")
    if images.shape[1:] != (28, 28) or len(images) == 0:
        raise ValueError(f"{images_path}: expected images of 28 x 28, found {images.shape}")
    if labels.max() > 9:
        raise ValueError(f"{labels_path}: expected labels from 0 to 9, found {labels.max()}")
    return images, labels


def checksum(*arrays):
    """SHA-256 over the bytes of these arrays: which data a network was trained on."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _read(folder, name, dimensions):
    """(path, array) of one IDX file."""
    folder = Path(folder)
    path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder / name}: no such file, gzipped or not")
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        how = "be unpacked by gzip" if path.suffix == ".gz" else "be read"
        raise ValueError(f"{path}: cannot {how} ({error})") from None
    if folder == SHIPPED and hashlib.sha256(data).hexdigest() != CHECKSUMS[name]:
        raise ValueError(f"{path}: its checksum is not MNIST's; restore the file with `git checkout`")
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes([0, 0, 8, dimensions]):
        raise ValueError(f"{path}: expected an IDX header of unsigned bytes in {dimensions} dimensions, "
                         f"found {data[:4].hex(' ') or 'an empty file'}")
    shape = struct.unpack(f">{dimensions}I", data[4:header])
    if len(data) - header != np.prod(shape, dtype=object):
        raise ValueError(f"{path}: its header promises {' x '.join(map(str, shape))} bytes, found {len(data) - header}")
    return path, np.frombuffer(data, np.uint8, offset=header).reshape(shape)
