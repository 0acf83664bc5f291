"""New training images from old: each is turned, resized, slanted, moved and bent a little, anew every time."""

from dataclasses import dataclass

import numpy as np

from nn.kernels import compiled
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


def warp(images, matrix, shift, bend, basis, out):
    """Read each output pixel from a moved place of the image, bilinearly; beyond the edge is paper.

    images (N, H, W) uint8 -> out (N, H, W) float 0..1. Seen from the centre, place p is read at
    matrix @ p + shift + bend(p), where matrix (N, 2, 2), shift (N, 2), and bend is a smooth field given by
    control points (N, 2, G, G) and basis (H, G), its weight of each: bend = basis @ control @ basis^T.
    Rows come before columns everywhere. H = W.
    """
    N, H, W = images.shape
    G = basis.shape[1]
    middle = (H - 1) / 2
    row_bend = np.empty((2, G))
    for n in range(N):
        for i in range(H):
            for axis in range(2):
                for b in range(G):
                    row_bend[axis, b] = 0.0
                    for a in range(G):
                        row_bend[axis, b] += basis[i, a] * bend[n, axis, a, b]
            for j in range(W):
                y, x = i - middle, j - middle
                row = matrix[n, 0, 0] * y + matrix[n, 0, 1] * x + shift[n, 0] + middle
                column = matrix[n, 1, 0] * y + matrix[n, 1, 1] * x + shift[n, 1] + middle
                for b in range(G):
                    row += row_bend[0, b] * basis[j, b]
                    column += row_bend[1, b] * basis[j, b]
                top, left = int(np.floor(row)), int(np.floor(column))
                down, right = row - top, column - left
                value = 0.0
                for u in range(2):
                    for v in range(2):
                        if 0 <= top + u < H and 0 <= left + v < W:
                            weight = (down if u else 1 - down) * (right if v else 1 - right)
                            value += weight * images[n, top + u, left + v]
                out[n, i, j] = value / 255


warp = compiled(warp)
