"""A picture file to a page, and a page to the pages of its digits."""

import contextlib
import importlib
import warnings

import numpy as np
from PIL import Image, ImageOps

from nn.ink.strokes import INK, ink_box, is_mnist

# Raster formats whose decoders start no other program and follow no reference to another file. EPS runs Ghostscript;
# WMF, FPX and MIC hand over to what the system offers; ICNS, BLP, DDS and the like are no pictures that people take.
FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "HEIF", "ICO", "PPM", "JPEG2000", "QOI")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
LARGEST_FILE = 50_000_000  # pixels; a larger picture would take seconds and half a gigabyte to decode
WORKING_SIDE = 1024  # a larger picture is reduced below this: a digit ends at 20 pixels anyway
FAINTEST = 8  # grey levels: less contrast is no ink
SMOOTH_GRAIN = 4  # grey levels of grain that one pixel of blur is for
GRAIN_REACH = 5  # how many times its roughness the paper's grain reaches above the paper
SMALLEST_INK = 8  # pixels of the longer side: less is a speck, and shows no digit


def read(path):
    """The page in a picture file, dark on light or light on dark, on even or uneven paper.

    Any file and mode that Pillow reads; of several frames, the first. Larger pictures are reduced.
    Returns (H, W) uint8, 0 paper to 255 ink, neither side above `WORKING_SIDE`.
    Raises ValueError("path: reason") for a file that can't be read or shows nothing to recognise.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of what it mends by itself
            grey = _grey(path)
    except Image.UnidentifiedImageError:
        raise ValueError(f"{path}: {_unknown(path)}") from None
    except Exception as error:  # on a broken file Pillow's decoders raise nearly anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path}: {reason.splitlines()[0]}") from error
    ink = _ink(grey)
    box = ink_box(ink, INK)
    if box is None or max(box[2:]) < SMALLEST_INK:
        raise ValueError(f"{path}: no ink found")
    return ink


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
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return ("a HEIC photo: `pip install pillow-heif` reads it; or let the phone share it as JPEG "
                "(iPhone: Settings, Camera, Formats, Most Compatible)")  # fmt: skip
    if start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis"):
        return "an AVIF picture: Pillow 11.3 or later reads it; or save it as PNG or JPEG"
    return "not a picture in a format that is read here: save it as PNG or JPEG"


def _grey(path):
    """(H, W) float32 grey levels, 0 to 255, of a picture file, neither side above `WORKING_SIDE`."""
    with _open(path) as picture:
        width, height = picture.size
        limit = LARGEST_FILE // 2 if picture.format in ("WEBP", "AVIF") else LARGEST_FILE  # decoded in many copies
        if width * height > limit:
            raise ValueError(f"{width}x{height} pixels are too many: shrink the picture first")
        if min(width, height) < SMALLEST_INK * max(1, max(width, height) / WORKING_SIDE):
            raise ValueError(f"{width}x{height} pixels are too narrow to show a digit")
        picture.draft(None, (WORKING_SIDE, WORKING_SIDE))  # a JPEG is decoded at a fraction of its size
        deep = picture.mode in ("I", "F") or picture.mode.startswith("I;16")
        if picture.mode not in ("L", "RGB", "RGBA", "CMYK", "F") or "transparency" in picture.info:
            picture = picture.convert("F" if deep else "RGBA")  # what can be reduced
        picture = picture.reduce(-(-max(picture.size) // WORKING_SIDE))
        picture = ImageOps.exif_transpose(picture)
    if deep:  # 16 bits, 32 bits or floating point: their scale is what they hold
        levels = np.asarray(picture, np.float64)
        if not np.isfinite(levels).all():
            raise ValueError("some pixels are not finite numbers")
        return ((levels - levels.min()) * (255 / (np.ptp(levels) or 1))).astype(np.float32)
    grey, alpha = np.moveaxis(np.asarray(picture.convert("RGBA").convert("LA"), np.float32), 2, 0)
    on_white = grey * alpha / 255 + (255 - alpha)
    return on_white if np.ptp(on_white) else grey * alpha / 255  # white on nothing: black paper shows it


def _ink(grey):
    """The page in (H, W) grey levels, 0 to 255, of either polarity and any lighting.

    1. Make the ink light and the paper dark; an image of MNIST is done.
    2. Blur it as far as its grain is rough, so that ink stands out of the grain.
    3. Take off the light on the paper.
    4. Cut off what the grain may reach.
    5. Scale by the strength of the pen, so that full ink is 255.
    """
    picture = Image.fromarray(grey)
    light = picture.resize((3, 3), Image.Resampling.BOX).resize(picture.size, Image.Resampling.BILINEAR)
    even = grey - np.asarray(light)  # without the slow light, the border is nearer to the paper than to the ink
    if np.median(_border(even)) > (even.min() + even.max()) / 2:
        grey = 255 - grey  # dark ink on light paper
    if is_mnist(grey):
        return grey.astype(np.uint8)
    _, grain = _grain(grey - _paper(grey))
    blur = round(min(grain / SMOOTH_GRAIN, min(grey.shape) / 28))  # pixels; at most a 28th of the picture
    if blur > 1:
        picture = Image.fromarray(grey)
        grey = np.asarray(picture.reduce(blur).resize(picture.size, Image.Resampling.BILINEAR))
    ink = grey - _paper(grey)
    level, grain = _grain(ink)
    faint = max(level + GRAIN_REACH * grain, FAINTEST)
    if ink.max() < 2 * faint:
        return np.zeros(ink.shape, np.uint8)
    full = np.percentile(ink[ink > max(faint, ink.max() / 8)], 75)  # a quarter of the ink is at least so strong
    return np.rint(np.clip(ink / full, 0, 1) * (ink > faint) * 255).astype(np.uint8)


def _grain(image):
    """Level and roughness of the paper at the border: its median, and how far above that its upper quartile lies.

    Noise that was cut off at black has no lower half, and up to a quarter of the border may be ink.
    """
    level, above = np.percentile(_border(image), (50, 75))
    return level, above - level


def _border(image):
    """The outermost pixels of an image: paper, as a rule."""
    return np.concatenate((image[0], image[-1], image[:, 0], image[:, -1]))


def _paper(grey):
    """The level of the paper at each pixel of light ink on dark paper, by a morphological opening.

    Whatever is narrower than a third of the picture is ink; slower changes are the light on the paper.
    """
    coarse = Image.fromarray(grey).reduce(-(-max(grey.shape) // 128))
    window = max(coarse.size) // 3
    paper = np.pad(np.asarray(coarse), window - 1, mode="edge")
    for extreme in (np.minimum, np.maximum):
        for axis in (0, 1):
            paper = _extreme_along(extreme, paper, window, axis)
    return np.asarray(Image.fromarray(paper).resize(grey.shape[::-1], Image.Resampling.BILINEAR))


def _extreme_along(extreme, image, window, axis):
    """Running np.minimum or np.maximum of `window` neighbours along an axis, by doubling spans."""
    image = np.moveaxis(image, axis, 0)
    span = 1
    while span < window:
        step = min(span, window - span)
        image = extreme(image[:-step], image[step:])
        span += step
    return np.moveaxis(image, 0, axis)


def split(ink):
    """The digits of a page, left to right: a list of pages (H, W) uint8, each with the ink of one digit.

    One line of digits is expected. Two pieces of ink are one digit if they share more than half the width of the
    narrower, or any width if one is less than half as high as the digits: then it is the bar of a 5 or a 7.
    Specks are left out. A page of one digit comes out as it went in, and so does an image of MNIST, whatever is on it.
    """
    if is_mnist(ink):
        return [ink]
    pieces = _pieces(ink >= INK)
    rows, columns = np.nonzero(pieces)
    if not len(rows):
        return []
    numbers = pieces[rows, columns]
    order = np.argsort(numbers, kind="stable")
    rows, columns, numbers = rows[order], columns[order], numbers[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=0))  # where the pixels of the next piece begin
    numbers = numbers[starts]
    left, right = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts) + 1
    height = np.maximum.reduceat(rows, starts) + 1 - np.minimum.reduceat(rows, starts)
    extent = np.maximum(height, right - left)
    if extent.max() < SMALLEST_INK:
        return []

    digits = []  # a digit is a list of pieces
    for k in np.argsort(left):
        if extent[k] < extent.max() / 8:
            continue  # a speck
        if digits:
            last = digits[-1]
            end = right[last].max()
            shared = min(end, right[k]) - left[k]
            narrower = min(end - left[last[0]], right[k] - left[k])
            bar = min(height[last].max(), height[k]) < height.max() / 2
            if shared > (0 if bar else narrower / 2):
                last.append(k)
                continue
        digits.append([k])

    reach = _greatest_neighbour(pieces)  # the anti-aliased edge of a piece goes with it
    return [
        np.where((reach == 0) | np.isin(reach, numbers[digit]), ink, 0).astype(np.uint8) for digit in digits
    ]


def _pieces(mask):
    """Connected pieces of a mask (H, W), corners touching: int32 array, 0 outside, else a number for each piece.

    Each pixel starts as a piece of its own. Where pieces touch, the lower number points to the greater one, and
    following the pointers joins whole chains at a time.
    """
    pieces = np.where(mask, np.arange(1, mask.size + 1, dtype=np.int32).reshape(mask.shape), 0)
    while True:
        around = _greatest_neighbour(pieces)
        touching = mask & (around > pieces)
        if not touching.any():
            return pieces
        joins = np.arange(mask.size + 1, dtype=np.int32)
        np.maximum.at(joins, pieces[touching], around[touching])
        while not np.array_equal(further := joins[joins], joins):
            joins = further
        pieces = joins[pieces]


def _greatest_neighbour(numbers):
    """The greatest of each 3x3 neighbourhood."""
    for axis in (0, 1):
        padded = np.pad(numbers, [(1, 1) if a == axis else (0, 0) for a in (0, 1)])
        numbers = _extreme_along(np.maximum, padded, 3, axis)
    return numbers
