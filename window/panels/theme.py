"""Colours and fonts: one accent colour, two themes, and the colour scales that turn numbers into pictures."""

import importlib.util
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pygame


@dataclass(frozen=True)
class Theme:
    """Colours as (red, green, blue). Text has a contrast of 4.5 to 1 or more on `panel`, `faint` excepted."""

    name: str
    background: tuple
    panel: tuple
    raised: tuple  # buttons
    hover: tuple  # the button under the pointer
    line: tuple  # hairlines and outlines
    text: tuple
    muted: tuple  # second to the text
    faint: tuple  # outlines of what isn't there yet
    accent: tuple  # the winner, the primary button, the focus
    on_accent: tuple
    warning: tuple  # said against the answer, and errors
    paper: tuple
    ink: tuple

    @property
    def other(self):
        return THEMES["light" if self.name == "dark" else "dark"]

    @property
    def ink_scale(self):
        """Grey levels: 0 is paper, 1 is ink."""
        return scale(self.paper, self.ink)

    @property
    def heat_scale(self):
        """Activations: 0 is nothing, 1 the most."""
        if self.name == "dark":
            return scale(self.paper, (36, 68, 140), (62, 112, 214), self.accent, (176, 205, 255), (255, 255, 255))
        return scale(self.paper, (178, 203, 252), (104, 150, 244), self.accent, (16, 58, 160), (8, 20, 66))

    @property
    def signed_scale(self):
        """Signed numbers: 0 is the most against, 1/2 nothing, 1 the most in favour."""
        return scale(self.warning, self.paper, self.accent)


DARK = Theme(
    "dark",
    background=(13, 15, 20), panel=(22, 26, 33), raised=(37, 43, 54), hover=(50, 58, 72), line=(48, 55, 68),
    text=(236, 239, 244), muted=(158, 168, 183), faint=(78, 87, 102),
    accent=(96, 156, 255), on_accent=(8, 14, 28), warning=(255, 159, 82),
    paper=(10, 12, 16), ink=(246, 248, 252),
)
LIGHT = Theme(
    "light",
    background=(236, 239, 243), panel=(255, 255, 255), raised=(236, 240, 246), hover=(221, 228, 238),
    line=(208, 215, 225), text=(20, 25, 34), muted=(88, 98, 114), faint=(176, 185, 198),
    accent=(28, 92, 224), on_accent=(255, 255, 255), warning=(166, 72, 0),
    paper=(250, 251, 253), ink=(18, 22, 30),
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


@cache
def scale(*colours):
    """A table (256, 3) uint8 of colours blended from the first to the last."""
    at = np.linspace(0, 255, len(colours))
    channels = [np.interp(np.arange(256), at, channel) for channel in zip(*colours, strict=True)]
    return np.stack(channels, axis=1).astype(np.uint8)


# DejaVu comes with matplotlib, which this project needs anyhow; the font in pygame knows Latin-1 alone.
_PLACES = importlib.util.find_spec("matplotlib")
FONTS = Path(_PLACES.submodule_search_locations[0], "mpl-data", "fonts", "ttf") if _PLACES else None


def font(size, style=""):
    """A pygame font `size` pixels high, rounded. style: "", "bold" or "mono"."""
    return _font(max(1, round(size)), style)


@lru_cache(maxsize=64)  # a window has some forty; each takes 170 kB, and every other size of the window needs others
def _font(size, style):
    file = {"": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf", "mono": "DejaVuSansMono.ttf"}[style]
    path = FONTS / file if FONTS else None
    return pygame.font.Font(path if path and path.exists() else None, size)
