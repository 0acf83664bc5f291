"""New training images from old: each is turned, resized, slanted, moved and bent a little, anew every time."""

from dataclasses import dataclass

import numpy as np

from nn.kernels import warp
from nn.network import to_input

CONTROL_POINTS = 7  # on each axis of the bending field, 6.75 pixels apart: as smooth as a Gaussian of sigma 4


@dataclass(frozen=True)
class Augment:
    """How far, at most, an image may be moved; 0 leaves that out.

    rotation in degrees; scale, shear as shares (0.1 is 10 %); shift in pixels; bend is the standard deviation,
    in pixels, of the elastic field's control points (Simard, Steinkraus & Platt 2003, whose Gaussian-blurred noise
    this B-spline field equals in smoothness). untouched is the share of the images that are not moved at all.
    """

    rotation: float = 10.0
    scale: float = 0.1
    shear: float = 0.1
    shift: float = 1.5
    bend: float = 1.0
    untouched: float = 0.25

    def __call__(self, images, rng):
        """Square uint8 images (N, H, H) -> float32 (N, H, H, 1) from 0 to 1, warped by rng's draws."""
        N, H, W = images.shape
        if H != W:
            raise ValueError(f"Augment expects square images, got {images.shape}")
        angle = np.radians(self.rotation) * rng.uniform(-1, 1, N)
        height, width = 1 + self.scale * rng.uniform(-1, 1, (2, N))
        slant = self.shear * rng.uniform(-1, 1, N)
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)  # (N, 2, 2)
        stretch = np.array([[height, np.zeros(N)], [slant * width, width]]).transpose(2, 0, 1)
        shift = self.shift * rng.uniform(-1, 1, (N, 2))
        bend = self.bend * rng.standard_normal((N, 2, CONTROL_POINTS, CONTROL_POINTS))
        moved = np.flatnonzero(rng.random(N) >= self.untouched)
        warped = np.empty((len(moved), H, W), np.float32)
        warp(images[moved], (turn @ stretch)[moved], shift[moved], bend[moved], spline_basis(H), warped)
        out = to_input(images)
        out[moved, :, :, 0] = warped
        return out


def spline_basis(size):
    """Weight of each control point at each pixel: (size, CONTROL_POINTS), rows summing to 1.

    A uniform cubic B-spline: de Boor 1978, chapter IX.
    """
    spacing = (size - 1) / (CONTROL_POINTS - 3)
    distance = np.abs(np.arange(size)[:, None] / spacing - np.arange(-1, CONTROL_POINTS - 1))  # in spacings
    inner = 2 / 3 - distance**2 + distance**3 / 2
    outer = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, inner, outer)
