"""Any ink to a 28x28 image, the way MNIST itself was made.

A *page* is an array (H, W) of uint8: 0 is paper, 255 is ink. Strokes become a page by `draw`, a picture file by
`read`; `split` parts the digits of a page, and `to_mnist` makes of a page what the network eats.

Source of the rule: Yadav and Bottou, "Cold Case: The Lost MNIST Digits", NeurIPS 2019, and the program
published with it that makes MNIST again from NIST's forms.
"""

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageOps

INK = 128  # the least grey level that counts as ink: a pixel at least half covered
LARGEST_FILE = 50_000_000  # pixels; a larger picture would take seconds and half a gigabyte to decode
WORKING_SIDE = 1024  # a larger picture is reduced below this: a digit ends at 20 pixels anyway
FAINTEST = 8  # grey levels: less contrast is no ink
SMOOTH_GRAIN = 4  # grey levels of grain that one pixel of blur is for
GRAIN_REACH = 5  # how many times its roughness the paper's grain reaches above the paper
SMALLEST_INK = 8  # pixels of the longer side: less is a speck, and shows no digit


@dataclass(frozen=True)
class Steps:
    """What `to_mnist` did to a page, for showing."""

    page: np.ndarray  # (H, W) uint8
    box: tuple[int, int, int]  # left, top, side of the square around the ink, in page pixels
    average: np.ndarray  # (20, 20) uint8: the square, averaged over areas
    stretched: np.ndarray  # (20, 20) uint8: the same with its peak at 255
    centre: tuple[float, float]  # x, y of the centre of mass of `stretched`; 0, 0 is its first pixel
    shift: tuple[int, int]  # x, y where the corner of `stretched` lands in `image`
    image: np.ndarray  # (28, 28) uint8


def draw(strokes, width, size):
    """A page of anti-aliased pen strokes with round ends and joints.

    strokes: sequences of (x, y) in page pixels, x right, y down; a stroke of one point is a dot
    width: diameter of the pen in pixels
    size: side of the page in pixels
    Returns (size, size) uint8.
    """
    radius = width / 2
    reach = radius + 1  # beyond it no pixel is touched
    nearest = np.full((size, size), np.inf, np.float32)  # each pixel's squared distance to the strokes
    middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
    for stroke in strokes:
        for (ax, ay), (bx, by) in pairwise([*stroke[:1], *stroke]):  # the first point alone is a dot
            across = slice(max(int(min(ax, bx) - reach), 0), max(int(max(ax, bx) + reach) + 1, 0))
            down = slice(max(int(min(ay, by) - reach), 0), max(int(max(ay, by) + reach) + 1, 0))
            x = middles[across] - np.float32(ax)
            y = middles[down, None] - np.float32(ay)
            dx, dy = np.float32(bx - ax), np.float32(by - ay)
            along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, np.float32(1e-12)), 0, 1)
            squared = (x - along * dx) ** 2 + (y - along * dy) ** 2
            np.minimum(nearest[down, across], squared, out=nearest[down, across])
    coverage = np.clip(radius + 0.5 - np.sqrt(nearest), 0, 1)
    return np.rint(coverage * 255).astype(np.uint8)


def to_mnist(ink, steps=False):
    """A page as a 28x28 image made by MNIST's own rule.

    1. Put a square around the ink, of at least 10/128 of the page, so that a dot stays a dot.
    2. Average it over areas to 20x20.
    3. Stretch the grey levels so that the peak is 255.
    4. Shift by whole pixels into 28x28 so that the centre of mass lies in (13.5, 14.5], counted from the
       middle of the first pixel.

    ink: (H, W) uint8, 0 paper to 255 ink; an image of MNIST comes out as it went in
    Returns (28, 28) uint8, or `Steps` if steps is true; None if the page has no ink.
    """
    box = _box(ink, threshold=1 if is_mnist(ink) else INK)
    if box is None:
        return None
    left, top, width, height = box
    side = max(width, height, round(min(ink.shape) * 10 / 128))
    before, above = (side - width) // 2, (side - height) // 2  # paper between the square and the ink
    inside = ink[top : top + height, left : left + width]
    rows, columns = area_weights(20, height, side, above), area_weights(20, width, side, before)
    average = rows @ inside @ columns.T
    peak = average.max()
    stretched = average if peak >= 254 else average * (255 / peak)  # MNIST's own peaks are 254 or 255
    stretched = np.rint(stretched).astype(np.uint8)

    x, y = _centre(stretched)
    shift_x, shift_y = int(np.floor(14.5 - x)), int(np.floor(14.5 - y))
    image = np.pad(stretched, 20)[20 - shift_y : 48 - shift_y, 20 - shift_x : 48 - shift_x].copy()
    if not steps:
        return image
    average = np.rint(average).astype(np.uint8)
    square = left - before, top - above, side
    return Steps(ink, square, average, stretched, (x, y), (shift_x, shift_y), image)


def is_mnist(ink):
    """Whether a page is already as MNIST's images are: in size, side and centre."""
    box = _box(ink, threshold=1) if ink.shape == (28, 28) else None
    if box is None:
        return False
    _, _, width, height = box
    x, y = _centre(ink)
    return max(width, height) == 20 and 13.5 < x <= 14.5 and 13.5 < y <= 14.5


def _box(ink, threshold):
    """Left, top, width and height of all ink from the threshold up, or None if there is none."""
    inked = ink >= threshold
    rows = np.flatnonzero(inked.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(inked[rows[0] : rows[-1] + 1].any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def area_weights(cells, length, side, before=0):
    """The weights of `length` pixels in the averages over `cells` equal parts of a side that begins `before` them.

    Returns (cells, length) float32. `side` and `before` are in pixels; what lies beyond the pixels counts as 0.
    """
    edges = side * np.arange(cells + 1)[:, None] / cells - before
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.maximum(overlap, 0) * (cells / side)).astype(np.float32)


def _centre(image):
    """x and y of the centre of mass, the middle of the first pixel being 0, 0."""
    mass = image.sum()
    x = (image.sum(axis=0) @ np.arange(image.shape[1])) / mass
    y = (image.sum(axis=1) @ np.arange(image.shape[0])) / mass
    return float(x), float(y)


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
        raise ValueError(f"{path}: not a picture in a format that Pillow reads") from None
    except Exception as error:  # on a broken file Pillow's decoders raise nearly anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path}: {reason.splitlines()[0]}") from error
    ink = _ink(grey)
    box = _box(ink, INK)
    if box is None or max(box[2:]) < SMALLEST_INK:
        raise ValueError(f"{path}: no ink found")
    return ink


def _grey(path):
    """(H, W) float32 grey levels, 0 to 255, of a picture file, neither side above `WORKING_SIDE`."""
    with Image.open(path) as picture:
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
