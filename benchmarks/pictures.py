"""How well whole numbers are read in picture files.

    python benchmarks/pictures.py DIR [--json OUT.json] [--sheet OUT.png] [--weights FILE]

Scores every picture under DIR whose name ends in `is-TRUTH`, as `2-is-07.png`; its folder is its kind. Right is the
whole number; for `is-none`, a refusal, or nothing that looks like a digit. A line a kind: right; wrong and sure (no
digit of it in doubt); wrong and in doubt; refused. --sheet draws what was misread, with what was found.
"""

import argparse
import json
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nn import ink, words  # noqa: E402
from nn.ink import reading  # noqa: E402
from nn.network import load_digit_net  # noqa: E402

TILE = 260  # pixels, of the sheet
networks = {}  # of this process


def score(path, weights):
    """One picture: a dict of file, kind, truth, what was read, and the outcome."""
    network = networks.get(weights) or networks.setdefault(weights, load_digit_net(weights))
    truth = path.stem.rpartition("is-")[2]
    result = {"file": str(path), "kind": path.parent.name, "truth": truth, "read": "", "said": [], "outcome": "refused"}
    try:
        found = reading.read_page(network, ink.read(str(path)))
        if not found.digits:
            raise ValueError(f"{path}: nothing looks like a digit")
    except ValueError as error:
        result["error"] = str(error).removeprefix(f"{path}: ")
        return result | ({"outcome": "right"} if truth == "none" else {})
    said = [words.verdict(digit.probabilities, network.threshold, found.doubt) for digit in found.digits]
    result |= {"read": found.number, "said": said, "view": found.view, "score": found.score, "doubt": found.doubt}
    none = all(word == "no digit" for word in said)
    if none if truth == "none" else found.number == truth:
        return result | {"outcome": "right"}
    sure = all(word in ("sure", "likely") for word in said)
    return result | {"outcome": "sure" if sure else "doubt"}


def sheet(results, weights, out):
    """Draw what was misread: the picture, and beside it the ink with the digits' boxes."""
    network = load_digit_net(weights)
    columns = 4
    rows = -(-len(results) // columns)
    whole = Image.new("RGB", (columns * 2 * TILE, max(rows, 1) * (TILE + 16)), "#606070")
    draw = ImageDraw.Draw(whole)
    for k, result in enumerate(results):
        x, y = k % columns * 2 * TILE, k // columns * (TILE + 16)
        read = result["read"] or result.get("error", "")[:30]
        name = f"{result['kind']} {result['truth']}: {read} {result['outcome']}"
        draw.text((x, y), f"{name} {result.get('view', '')}", fill="yellow")
        try:
            page = ink.read(result["file"])
            found = reading.read_page(network, page)
        except ValueError:
            with Image.open(result["file"]) as picture:
                picture = picture.convert("RGB")
                picture.thumbnail((TILE, TILE))
                whole.paste(picture, (x, y + 14))
            continue
        colours = page.levels.colours.astype(np.uint8)
        left = Image.fromarray(colours if colours.shape[2] == 3 else colours[..., 0]).convert("RGB")
        right = Image.fromarray(255 - found.ink).convert("RGB")
        pen = ImageDraw.Draw(right)
        for box, _ in found.left_out:
            pen.rectangle(box, outline="#d06060")
        for digit in found.digits:
            pen.rectangle(digit.box, outline="#2060ff", width=2)
            pen.text(digit.box[:2], f"{digit.digit} {digit.probabilities.max():.2f}", fill="#008000")
        for picture, place in ((left, x), (right, x + TILE)):
            picture.thumbnail((TILE - 4, TILE))
            whole.paste(picture, (place, y + 14))
    whole.save(out)


def main():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path)
    made.add_argument("--json", type=Path)
    made.add_argument("--sheet", type=Path)
    made.add_argument("--weights", default=str(ROOT / "weights" / "digits.npz"))
    made.add_argument("--half", choices=("odd", "even"), help="score only these of the numbered pictures")
    args = made.parse_args()
    paths = sorted(path for path in args.folder.rglob("*is-*") if path.is_file())
    if args.half:
        paths = [p for p in paths if p.name[:1].isdigit() and int(p.name.split("-")[0]) % 2 == (args.half == "odd")]
    with ProcessPoolExecutor(2) as workers:
        results = list(workers.map(score, paths, [args.weights] * len(paths), chunksize=4))
    table = defaultdict(lambda: defaultdict(int))
    for result in results:
        for row in (table[result["kind"]], table["all"]):
            row[result["outcome"]] += 1
            row["count"] += 1
    print(f"{'kind':<18}{'right':>9}{'sure':>6}{'doubt':>7}{'refused':>9}")
    for kind in [*sorted(set(table) - {"all"}), "all"]:
        row = table[kind]
        print(f"{kind:<18}{row['right']:>4} of{row['count']:>4}".ljust(29)
              + f"{row['sure'] or '':>4}{row['doubt'] or '':>7}{row['refused'] or '':>9}")  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    if args.sheet:
        sheet([result for result in results if result["outcome"] != "right"], args.weights, args.sheet)


if __name__ == "__main__":
    main()
