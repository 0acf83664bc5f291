"""Pictures of numbers as people take them: a set to read that shares nothing with MNIST.

    python benchmarks/situations.py OUT_DIR [--seed S] [--n N] [--sheet OUT.png]

Writes N pictures of each kind in KINDS: OUT_DIR/KIND/K-is-TRUTH.png (or .jpg, .gif, .tif), where TRUTH is the number
that a person reads, line after line, without the signs between its digits; `none` if there is no number. The digits
are drawn by nn.hands in the plainer of its styles, never taken from MNIST. `python benchmarks/pictures.py OUT_DIR`
scores a reading of them. The same seed makes the same pictures.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.scenes import KINDS  # noqa: E402


def pictures(seed, n, kinds=KINDS):
    """(kind, k, Picture) of `n` pictures of each kind."""
    for kind in kinds:
        for k in range(n):
            yield kind, k, KINDS[kind](np.random.default_rng([seed, k, *kind.encode()]))


def write(folder, seed, n, kinds=KINDS):
    """Write the pictures under a folder; returns their paths."""
    paths = []
    for kind, k, picture in pictures(seed, n, kinds):
        path = Path(folder) / kind / f"{k}-is-{picture.truth or 'none'}.{picture.ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.image.save(path, **picture.options)
        paths.append(path)
    return paths


def sheet(paths, out, tile=200, columns=8):
    """Draw the pictures side by side, each with its kind and truth, to be looked at."""
    rows = -(-len(paths) // columns)
    whole = Image.new("RGB", (columns * tile, rows * (tile + 14)), "#606070")
    for k, path in enumerate(paths):
        x, y = k % columns * tile, k // columns * (tile + 14)
        with Image.open(path) as image:
            image.seek(getattr(image, "n_frames", 1) - 1)
            image = ImageOps.exif_transpose(image).convert("RGBA")
        image.thumbnail((tile - 4, tile - 4))
        whole.paste(image, (x, y + 14), image)
        ImageDraw.Draw(whole).text((x, y), f"{path.parent.name} {path.stem}", fill="yellow")
    whole.save(out)


def main():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--n", type=int, default=6, help="pictures of each kind")
    made.add_argument("--sheet", type=Path, help="also draw them all on one sheet")
    args = made.parse_args()
    paths = write(args.folder, args.seed, args.n)
    if args.sheet:
        sheet(paths, args.sheet)
    print(f"{len(paths)} pictures of {len(KINDS)} kinds in {args.folder}")


if __name__ == "__main__":
    main()
