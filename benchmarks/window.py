"""How long a frame of the window takes while somebody draws: ink, answer and picture, without a screen.

    python benchmarks/window.py [--weights FILE] [--json]

A stroke is drawn across the pad by events, one point a frame, as a mouse does 60 times a second, and every frame
answers and draws the whole window: the view Forward at three sizes, and each other view in the size it opens with. The
target is 33 ms, that is, 30 answers a second. The title bar, the compositor and the screen are not in it.
`first frame` is a new process until the window has been drawn once, with nothing compiled (starts.py).
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ["SDL_VIDEODRIVER"] = "dummy"

import numpy as np  # noqa: E402
import pygame  # noqa: E402
import starts  # noqa: E402

from window.actions import views  # noqa: E402
from window.app import App  # noqa: E402
from window.panels.layout import OPENING  # noqa: E402
from window.run import usable  # noqa: E402

SIZES = [(900, 600), (1280, 800), (1920, 1080)]
FRAMES = 150


VIEWS = ("backward", "train", "why", "whatif")  # beside Forward


def frames(network, size, view="forward"):
    """Milliseconds of each frame of one long stroke that this network reads, and of the answers alone."""
    pygame.font.init()
    app = App(network, size=size, samples="unused")
    views.go(app, view)
    app.update(0)
    while app.jobs:  # what a view works out once, when it is opened
        time.sleep(0.02)
        app.update(0)
    surface = pygame.Surface(size)
    pad = app.layout.parts["pad"]
    turn = np.linspace(0, 4 * np.pi, FRAMES)
    points = np.stack([pad.x + pad.w * (0.5 + 0.3 * np.sin(turn)), pad.y + pad.h * (0.5 + 0.4 * np.sin(turn / 2))], 1)
    app.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=tuple(points[0]), button=1))
    whole, answers = [], []
    for point in points[1:]:
        start = time.perf_counter()
        app.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=tuple(map(int, point)), rel=(0, 0), buttons=(1, 0, 0)))
        app.update(1 / 30)
        answered = time.perf_counter()
        app.draw(surface)
        whole.append(1000 * (time.perf_counter() - start))
        answers.append(1000 * (answered - start))
    return whole[20:], answers[20:]  # the first ones fill caches


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT / "weights" / "digits.npz")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    args = parser.parse_args()
    try:
        network = usable(args.weights)
    except (OSError, ValueError) as error:
        print(f"window.py: {error}", file=sys.stderr)
        sys.exit(2)
    result = {"python": platform.python_version(), "pygame": pygame.ver, "machine": platform.machine()}
    result["first_frame_s"] = round(statistics.median(starts.first_frame() for _ in range(5)), 3)
    of = {"x".join(map(str, size)): (size,) for size in SIZES} | {view: (OPENING, view) for view in VIEWS}
    for name, what in of.items():
        whole, answers = frames(network, *what)
        result[name] = {
            "frame_ms": round(statistics.median(whole), 1),
            "95_%_ms": round(float(np.percentile(whole, 95)), 1),
            "answer_ms": round(statistics.median(answers), 1),
        }
    if args.json:
        print(json.dumps(result))
        return
    print(f"first frame {result['first_frame_s']:.2f} s (target 0.7), median of 5 new processes")
    print(f"{'window':>12}{'frame, median':>16}{'95 %':>10}{'answer alone':>15}   (target 33 ms)")
    for name in of:
        row = result[name]
        print(f"{name:>12}{row['frame_ms']:>13.1f} ms{row['95_%_ms']:>7.1f} ms{row['answer_ms']:>12.1f} ms")


if __name__ == "__main__":
    main()
