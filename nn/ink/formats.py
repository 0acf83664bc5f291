"""A picture file to arrays of levels: which formats are decoded, how far a large picture is reduced, which frames."""

import contextlib
import importlib
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

# Raster formats whose decoders start no other program and follow no reference to another file. EPS runs Ghostscript;
# WMF, FPX and MIC hand over to what the system offers; ICNS, BLP, DDS and the like are no pictures that people take.
FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "HEIF", "ICO", "PPM", "JPEG2000", "QOI")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
LARGEST = 50_000_000  # pixels to decode; more would take seconds and half a gigabyte
LARGEST_OF = {"WEBP": LARGEST // 2, "AVIF": LARGEST // 2, "JPEG2000": LARGEST // 5,  # many copies, or a slow decoder
              "RGBA": LARGEST // 2, "I;16": LARGEST // 2, "I;16B": LARGEST // 2, "I": LARGEST // 2,
              "F": LARGEST // 2}  # more bytes for a pixel
WORKING_SIDE = 1500  # pixels; a larger picture is reduced to this: digits of 5 mm on a page of A4 keep 25 pixels
SMALLEST_SIDE = 8  # pixels; fewer show no digit
SMALLEST_PICTURE = 10  # pixels of the longer side; fewer are read wrongly more often than rightly
SMALL_SIDE = 96  # pixels; a picture below MNIST's 28 is enlarged beyond it, since pens are measured in pixels
MOST_SCANS = 100  # of a progressive JPEG: each costs a decoding; cameras and programs write about ten
MOST_FRAMES = 60  # that are looked through, of LARGEST pixels all together
OUTLIERS = 0.0002  # the share of deep pixels that may be hot or dead


@dataclass(frozen=True)
class Levels:
    """One frame of a picture file."""

    colours: np.ndarray  # (H, W, 1) grey or (H, W, 3) RGB: float32, 0 to 255; on white if clear
    opacity: np.ndarray | None  # (H, W) float32, 0 clear to 255 opaque; None if all is opaque
    animated: bool  # whether other frames may show more of the same
    note: str  # which frame it is, "" for the first


def frames(path):
    """The frames of a picture file, one by one, each reduced to sides of `WORKING_SIDE` at most.

    Raises ValueError("path: reason") for a file that can't be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of what it mends by itself
            with _open(path) as picture:
                yield from _frames(picture, path)
    except Image.UnidentifiedImageError:
        raise ValueError(f"{path}: {_unknown(path)}") from None
    except GeneratorExit:
        raise
    except Exception as error:  # on a broken file Pillow's decoders raise nearly anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path}: {reason.splitlines()[0]}") from error


def _open(path):
    """The picture in a file, opened by the decoders of `FORMATS` alone, whatever its name ends in."""
    Image.init()
    if "HEIF" not in Image.OPEN:
        with contextlib.suppress(ImportError):
            importlib.import_module("pillow_heif").register_heif_opener()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])


def _unknown(path):
    """Why a file is no picture that is read here, and what to do about it."""
    with open(path, "rb") as file:
        start = file.read(32)
    if not start:
        return "the file is empty"
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return ("a HEIC photo: `pip install pillow-heif` reads it; or let the phone share it as JPEG "
                "(iPhone: Settings, Camera, Formats, Most Compatible)")  # fmt: skip
    if start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis"):
        return "an AVIF picture: Pillow 11.3 or later reads it; or save it as PNG or JPEG"
    return "not a picture in a format that is read here: save it as PNG or JPEG"


def _frames(picture, path):
    kind = picture.format
    count = 1 if kind in ("MPO", "ICO", "HEIF") else getattr(picture, "n_frames", 1)  # depth, previews, sizes
    decoded = 0
    for k in range(min(count, MOST_FRAMES)):
        picture.seek(k) if count > 1 else None
        full = picture.size
        if kind in ("JPEG", "MPO"):
            _few_scans(path)
            picture.draft(None, (WORKING_SIDE, WORKING_SIDE))  # a JPEG is decoded at a fraction of its size
        width, height = picture.size
        if kind == "JPEG2000":
            picture.reduce = halvings = min(int(np.log2(max(max(full) / WORKING_SIDE, 1))), _halvings(path))
            width, height = width >> halvings, height >> halvings
        if width * height > min(LARGEST_OF.get(kind, LARGEST), LARGEST_OF.get(picture.mode, LARGEST)):
            raise ValueError(f"{full[0]}x{full[1]} pixels are too many: shrink the picture first")
        narrow = min(full) < SMALLEST_SIDE * max(1, max(full) / WORKING_SIDE)
        if narrow or max(full) < SMALLEST_PICTURE:
            raise ValueError(f"{full[0]}x{full[1]} pixels are too small to read")
        decoded += width * height
        if k and decoded > LARGEST:
            return
        note = "" if k == 0 else f"{'page' if kind == 'TIFF' else 'frame'} {k + 1} of {count}"
        yield _levels(picture, count > 1 and kind != "TIFF", note)


def _few_scans(path):
    with open(path, "rb") as file:
        if file.read().count(b"\xff\xda") > MOST_SCANS:
            raise ValueError(f"a JPEG of more than {MOST_SCANS} scans: save it again as PNG or as a plain JPEG")


def _halvings(path):
    """How many times a JPEG 2000 can be halved as it is decoded: the COD segment of its main header says."""
    with open(path, "rb") as file:
        start = file.read(100_000)
    at = start.find(b"\xff\x52\x00", start.find(b"\xff\x4f\xff\x51"))
    return start[at + 9] if 0 <= at < len(start) - 9 else 0


def _levels(picture, animated, note):
    """The levels of an opened picture, upright and reduced."""
    deep = picture.mode in ("I", "F") or picture.mode.startswith("I;16")
    see_through = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info
    if deep:
        picture = picture.convert("F")
    elif see_through:
        picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    picture = ImageOps.exif_transpose(picture)
    scale = WORKING_SIDE / max(picture.size)
    if scale < 1:
        picture = picture.resize([max(round(side * scale), 1) for side in picture.size], Image.Resampling.BOX)
    if max(picture.size) < 28:
        times = -(-SMALL_SIDE // max(picture.size))
        picture = picture.resize([side * times for side in picture.size], Image.Resampling.BICUBIC)
    levels = np.asarray(picture, np.float32)
    if deep:
        return Levels(_stretched(levels)[..., None], None, animated, note)
    if not see_through:
        return Levels(levels if levels.ndim == 3 else levels[..., None], None, animated, note)
    colours, opacity = levels[..., :3], levels[..., 3]
    return Levels(colours * (opacity / 255)[..., None] + (255 - opacity)[..., None], opacity, animated, note)


def _stretched(levels):
    """Levels of 16 or 32 bits or of floating point, whose scale is what they hold, as 0 to 255.

    A few pixels on either side, hot or dead ones, don't set the scale.
    """
    if not np.isfinite(levels).all():
        raise ValueError("some pixels are not finite numbers")
    few = max(4, int(levels.size * OUTLIERS))
    ordered = np.partition(levels.ravel(), (few, levels.size - 1 - few))
    low, high = float(ordered[few]), float(ordered[-1 - few])
    return np.clip((levels.astype(np.float64) - low) * (255 / ((high - low) or 1)), 0, 255).astype(np.float32)
