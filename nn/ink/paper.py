"""What is ink in a picture: levels to pages (H, W) uint8, 0 paper to 255 ink, by several views of the same picture.

A view is one guess: whether the ink is darker or lighter than the paper, in which colour it shows, how strong it is,
and whether printed lines are left out. Reading tries them all and the network's word decides.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from nn.ink.pieces import extreme_along, grown, pen_width, pieces_of
from nn.ink.rules import without_lines
from nn.ink.strokes import INK, ink_box

FAINTEST = 8  # grey levels: less contrast is no ink
SMOOTH_GRAIN = 4  # grey levels of grain that one pixel of blur is for
GRAIN_REACH = 5  # how many times its roughness the paper's grain reaches above the paper
TWO_STRENGTHS = 1.6  # how many times as strong as the weak ink the strong ink is, where there are two
PARALLEL = 0.97  # the cosine between two colour axes from which on they show the same
COLOURED = 6  # grey levels of deviation along a colour axis: with less it shows nothing


# Log-probabilities, before reading, of views that are seldom the right ones
OTHER_POLARITY = -0.8
COLOUR_AXIS = -0.15
FINE_LIGHT = -0.15
STRONG = -0.1
FADING = -0.05
CLOSED = -0.15
FILLED = -0.05
PANEL = -0.1
LINES_LEFT = -0.4  # unless all ink is read as digits
LINES_OFF = -0.3
WIDEST_PEN = 0.3  # of the height of the ink: what is filled wider is no digit
ENCLOSING = 1.15  # times as much as its ink is a piece that encloses paper
WEAK = 0.4  # of full ink: what is half as strong still counts
GOES_ON = 0.15  # of its height: the part of a digit that is missed
MOST_TALL = 40  # pieces of a digit's height that are looked at
LEAST_PANEL = 0.15  # of the picture
NARROWEST_PANEL = 96  # pixels: a smaller picture in a picture would hardly show a digit
SOLID = 0.6  # of its box: an area has so much of it
MANY_LINES = 3  # so many lines are printed ones


@dataclass(frozen=True)
class View:
    """One guess at what is ink."""

    name: str
    ink: np.ndarray  # (H, W) uint8
    prior: float  # its log-probability before reading
    paper: tuple | None = None  # (left, top, right, bottom) of the panel that is the paper; None: all of the picture
    lined: bool = False  # whether it shows what may be printed lines: reading adds LINES_LEFT


def views(levels, stage):
    """The views of a picture's `Levels`, in two stages: 0 of the grey levels, with and without lines; 1 all others."""
    found = []
    for axis, image in _axes(levels, stage):
        likely = "dark" if _mostly_light(image) else "light"
        for polarity in ("dark", "light"):
            raised = 255 - image if polarity == "dark" else image
            prior = (0 if polarity == likely else OTHER_POLARITY) + (COLOUR_AXIS if axis else 0)
            found += _of(raised, 3, f"{axis}{polarity} ink", stage and not axis, prior)
            if stage and not axis:
                found += _of(raised, 8, f"{polarity} ink on uneven light", False, prior + FINE_LIGHT)
    grey = _grey(levels.colours)
    for left, top, right, bottom in panels(grey) if stage else ():
        inner = grey[top:bottom, left:right]
        for name, raised in (("dark", 255 - inner), ("light", inner)):
            prior = PANEL + (0 if _mostly_light(inner) == (name == "dark") else OTHER_POLARITY)
            for view in _of(raised, 3, f"{name} ink in a panel", False, prior):
                ink = np.zeros(grey.shape, np.uint8)
                ink[top:bottom, left:right] = view.ink
                found.append(replace(view, ink=ink, paper=(left, top, right, bottom)))
    return found


def panels(grey):
    """The boxes (left, top, right, bottom) of even areas that fill a large part of a picture, but not all of it.

    A canvas in the window of a program, an image in a plot, a sheet on a table. Each of the two commonest levels is
    tried; a box is a few pixels inside, beyond the blurred edge.
    """
    counts = np.convolve(np.bincount(np.clip(grey, 0, 255).astype(np.uint8).ravel(), minlength=256), np.ones(9), "same")
    found = []
    for _ in range(2):
        level = int(counts.argmax())
        counts[max(level - 12, 0) : level + 13] = 0
        even = pieces_of(np.abs(grey - level) < 6)
        if not len(even.area):
            continue
        k = int(even.area.argmax())
        box = int(even.left[k]) + 3, int(even.top[k]) + 3, int(even.right[k]) - 3, int(even.bottom[k]) - 3
        inside = (box[2] - box[0] + 6) * (box[3] - box[1] + 6)
        if even.area[k] < SOLID * inside:
            continue  # strokes, not an area
        wide = min(box[2] - box[0], box[3] - box[1]) > NARROWEST_PANEL
        if wide and LEAST_PANEL * grey.size < inside < 0.92 * grey.size:
            found.append(box)
    return found


def _of(raised, reach, name, more, prior):
    """The views of ink that is lighter than its paper: those of stage 0, or `more`."""
    ink, faint = above_paper(raised, reach)
    if full_strength(ink, faint) is None:
        return []
    bare, lines = without_lines(ink, faint)
    kinds = [(name, ink, prior, lines > 0)] if lines < MANY_LINES else []
    if lines:
        kinds.append((name + ", without lines", bare, prior + (0 if lines >= MANY_LINES else LINES_OFF), False))
    found = []
    for name, ink, prior, lined in kinds:
        full = full_strength(ink, faint)
        if full is None:
            continue
        plain = _scaled(ink, faint, full)
        if not more:
            weak = _scaled(ink, faint, WEAK * full)
            fades = not lines and shows_more(weak, plain)
            found.append(View(name, plain, prior + (FADING if fades else 0), lined=lined))
            found += [View(name + ", the weak too", weak, prior)] if fades else []
            continue
        strong = strong_strength(ink, faint)
        if strong is not None:
            found.append(View(name + ", the strong", _scaled(ink, faint, strong), prior + STRONG, lined=lined))
        mask = plain >= INK
        pen = pen_width(mask)
        for widths in (0.5, 1.0):
            closed = closed_gaps(plain, max(round(widths * pen), 1))
            found.append(View(name + ", gaps closed", closed, prior + CLOSED, lined=lined))
        solid = filled(plain)
        rows = np.flatnonzero((solid >= INK).any(axis=1))
        if len(rows) and pen_width(solid >= INK) < WIDEST_PEN * np.ptp(rows) and _hollow(mask, solid >= INK):
            found.append(View(name + ", outlines filled", solid, prior + FILLED, lined=lined))
    return found


def closed_gaps(ink, reach):
    """Ink whose gaps of up to twice `reach` pixels are closed: a broken, dashed or dry stroke as one."""
    wide = np.pad(ink, reach)
    return 255 - grown(255 - grown(wide, reach), reach)[reach:-reach, reach:-reach]


def filled(ink):
    """Ink with what its outermost outlines enclose, up to the next outline: hollow digits as solid ones."""
    mask = np.pad(ink >= INK, 1)
    paper = pieces_of(~mask).labels
    out = paper == paper[0, 0]
    labels = pieces_of(mask).labels
    outer = np.unique(labels[grown(out.astype(np.uint8), 1) > 0])
    rim = grown(np.isin(labels, outer[outer > 0]).astype(np.uint8), 1) > 0
    inside = np.unique(paper[rim & ~mask & ~out])
    return np.where(np.isin(paper, inside[inside > 0]), np.uint8(255), np.pad(ink, 1))[1:-1, 1:-1]


def _hollow(mask, solid):
    """Whether all large pieces of a mask enclose paper, as hollow digits do: of solid ones most don't."""
    found = pieces_of(solid)
    large = found.height >= found.height.max() / 2
    inked = np.bincount(found.labels[mask], minlength=len(found.area) + 1)[1:]
    return bool((found.area > ENCLOSING * inked)[large].all())


def shows_more(weak, plain):
    """Whether the weak parts of ink are more than the edges of strokes: a piece (H, W) uint8 goes on by a part of a
    digit where the plain ink has ended, as under a flash.
    """
    found = pieces_of(weak >= INK)
    if not len(found.area) or not (plain >= INK).any():
        return False
    tall = np.flatnonzero(found.height >= found.height.max() / 2)
    if len(tall) > MOST_TALL:
        return False  # a texture
    for k in tall:
        left, top, right, bottom = found.left[k], found.top[k], found.right[k], found.bottom[k]
        strong = (plain[top:bottom, left:right] >= INK) & (found.labels[top:bottom, left:right] == k + 1)
        box, least = ink_box(strong, 1), (1 - GOES_ON) * (bottom - top)
        if box is None or box[3] - 1 < least or box[2] - 1 < right - left - GOES_ON * (bottom - top):
            return True
    return False


def _mostly_light(grey):
    """Whether the paper, which is most of a picture, is light: nearer to the light end of all levels than the dark."""
    picture = Image.fromarray(grey)
    light = picture.resize((3, 3), Image.Resampling.BOX).resize(picture.size, Image.Resampling.BILINEAR)
    even = (grey - np.asarray(light)).ravel()
    few = min(max(4, even.size // 5000), even.size // 2)
    ordered = np.partition(even, (few, even.size // 2, even.size - 1 - few))
    return ordered[even.size // 2] > (ordered[few] + ordered[-1 - few]) / 2


def _grey(colours):
    if colours.shape[2] == 1:
        return colours[..., 0]
    return colours @ np.float32([0.299, 0.587, 0.114])


def _axes(levels, stage):
    """(name, image (H, W) float32) of each way to look at the colours: grey, the opacity, the two principal axes."""
    yield "", _grey(levels.colours)
    if not stage:
        return
    if levels.opacity is not None and np.ptp(levels.opacity):
        yield "opaque ", levels.opacity
    if levels.colours.shape[2] == 1:
        return
    colours = levels.colours.reshape(-1, 3)
    some = colours[:: max(len(colours) // 20_000, 1)]
    middle = np.median(some, axis=0)
    spread, axes = np.linalg.eigh(np.cov(some - middle, rowvar=False))
    seen = [np.float32([0.299, 0.587, 0.114]) / 0.669]
    for k in (2, 1):
        axis = axes[:, k].astype(np.float32)
        if spread[k] < COLOURED**2 / 4 or max(abs(axis @ other) for other in seen) > PARALLEL:
            continue
        seen.append(axis)
        yield f"colour {3 - k} ", np.clip((levels.colours - middle.astype(np.float32)) @ axis + 128, 0, 255)


def above_paper(grey, reach=3):
    """How far light ink stands above its paper (H, W) float32, and what the paper's grain alone may reach.

    1. Blur as far as the grain is rough, so that ink stands out of it. 2. Take off the light on the paper.
    """
    ink = grey - paper(grey, reach)
    level, grain = _grain(ink)
    blur = round(min(grain / SMOOTH_GRAIN, min(grey.shape) / 28))  # pixels; at most a 28th of the picture
    if blur > 1:
        picture = Image.fromarray(grey)
        grey = np.asarray(picture.reduce(blur).resize(picture.size, Image.Resampling.BILINEAR))
        ink = grey - paper(grey, reach)
        level, grain = _grain(ink)
    return ink, max(level + GRAIN_REACH * grain, FAINTEST)


def full_strength(ink, faint):
    """The level of full ink: a quarter of the ink is at least so strong. None if there is no ink."""
    inked = ink[ink > faint]
    if len(inked) < 8:
        return None
    peak = np.partition(inked, -4)[-4]  # three hot pixels don't count
    if peak < 2 * faint:
        return None
    return float(np.percentile(inked[inked > max(faint, peak / 8)], 75))


def strong_strength(ink, faint):
    """The level of the stronger of two inks, as pen over printed lines or over the back of the page; else None.

    Otsu's threshold: of all splits of the levels in two, the one with the least spread within both.
    """
    inked = ink[ink > faint]
    counts, edges = np.histogram(inked, 64)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    if not np.isfinite(between).any():
        return None  # one level alone
    k = int(np.nanargmax(np.where(np.isfinite(between), between, np.nan)))
    weak, strong = sums[k] / below[k], (sums[-1] - sums[k]) / max(above[k], 1)
    return float(strong) if strong > TWO_STRENGTHS * weak else None


def _scaled(ink, faint, full):
    return np.rint(np.clip(ink / full, 0, 1) * (ink > faint) * 255).astype(np.uint8)


def _grain(ink):
    """Level and roughness of the paper: of the darker three fifths of the picture, which are paper.

    Noise that was cut off at black has no lower half, and up to two fifths may be ink.
    """
    low, high = np.percentile(ink.ravel()[:: max(ink.size // 100_000, 1)], (30, 60))
    return high, 0.87 * (high - low)  # the same as between median and upper quartile, for Gaussian grain


def paper(grey, reach=3):
    """The level of the paper at each pixel of light ink on dark paper, by a morphological opening.

    Whatever is narrower than 1 / reach of the picture is ink; slower changes are the light on the paper.
    """
    coarse = Image.fromarray(grey).reduce(-(-max(grey.shape) // 128))
    window = max(max(coarse.size) // reach, 3)
    level = np.pad(np.asarray(coarse), window - 1, mode="edge")
    for extreme in (np.minimum, np.maximum):
        for axis in (0, 1):
            level = extreme_along(extreme, level, window, axis)
    return np.asarray(Image.fromarray(level).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
