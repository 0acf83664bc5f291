"""The window while a network learns in it: how long frames take, and how much the window slows the training.

    python benchmarks/window_train.py [--seconds 8] [--turns 3] [--json]
    python benchmarks/window_train.py --strip OUT.png      draw four moments of a training, for the README

Without a screen, at 1280 x 800, 30 frames a second. The training alone is nn.training.fit with the same choices; both
take turns, so that a change of the machine's pace meets both. A frame's time is that of its events, the answer and the
picture. The targets: 33 ms, none over 100 ms, and 70 % of the images a second.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ["SDL_VIDEODRIVER"] = "dummy"

import numpy as np  # noqa: E402
import pygame  # noqa: E402
from PIL import Image  # noqa: E402

from nn import mnist  # noqa: E402
from nn.network import digit_net  # noqa: E402
from nn.recipes import RECIPES  # noqa: E402
from nn.training import Step, fit  # noqa: E402
from window.actions import train, views  # noqa: E402
from window.app import App  # noqa: E402
from window.data import live, strokes  # noqa: E402
from window.panels import widgets  # noqa: E402
from window.panels.layout import Rect  # noqa: E402
from window.run import EXAMPLE, usable  # noqa: E402

SIZES = (1280, 800), (1100, 700), (1440, 900)
FRAME = 1 / 30  # seconds
BEGIN = 1.5  # seconds of a training that aren't counted: kernels are loaded, moments follow each other closely


def alone(seconds):
    """Images a second of fit() without a window."""
    (images, labels), _ = mnist.load()
    recipe = replace(RECIPES["quick"], epochs=live.EPOCHS, batch_size=live.Choices().batch_size, lr=3e-3,
                     schedule="constant")  # fmt: skip
    network, count, start = digit_net(np.random.default_rng(0), True), 0, time.perf_counter()
    for event in fit(network, images[:55000], labels[:55000], recipe):
        now = time.perf_counter() - start
        if isinstance(event, Step) and now > BEGIN:
            count += recipe.batch_size
        if now > BEGIN + seconds:
            return count / (now - BEGIN)
    return count / (now - BEGIN)


def opened(weights, size=SIZES[0]):
    """A window in which a 5 is drawn, at the view Train."""
    pygame.font.init()
    app = App(usable(weights), size=size, samples="unused")
    app.replay(strokes.load(EXAMPLE))
    while app.pad.replaying:
        app.update(max(app.pad.replaying[0][0] - app.clock, 0))
    views.go(app, "train")
    return app


def beside(weights, seconds):
    """{what the user does: (milliseconds of each frame, images a second)} of a training in the window."""
    app, found = opened(weights), {}
    train.start(app)
    while app.learning.chosen.last is None:
        app.update(0.0)
        time.sleep(FRAME)
    frames(app, BEGIN, lambda app, n: None)
    for name, act in (("watching", lambda app, n: None), ("drawing", draw), ("scrubbing", scrub),
                      ("resizing", resize), ("switching", switch)):  # fmt: skip
        before, start = app.learning.chosen.last.images, time.perf_counter()
        times = frames(app, seconds if name in ("watching", "drawing") else seconds / 4, act)
        found[name] = times, (app.learning.chosen.last.images - before) / (time.perf_counter() - start)
        app.learning.chosen.shown = None
        send(app, pygame.MOUSEBUTTONUP, pos=(1, 1), button=1)
        app.resize(SIZES[0])
        views.go(app, "train")
    app.learning.controls.stop()
    while len(app.jobs):
        time.sleep(0.01)
        app.update(0.0)
    return found


def frames(app, seconds, act):
    """Milliseconds of each frame, 30 of them a second, with `act(app, n)` done in the n-th."""
    times, end, surfaces = [], time.perf_counter() + seconds, {}
    while (start := time.perf_counter()) < end:
        act(app, len(times))
        app.update(FRAME)
        if app.changed:
            app.draw(surfaces.setdefault(app.layout.size, pygame.Surface(app.layout.size)))
        times.append(1000 * (time.perf_counter() - start))
        time.sleep(max(0.0, FRAME - (time.perf_counter() - start)))
    return times


def send(app, kind, **values):
    app.handle(pygame.event.Event(kind, values))


def draw(app, n):
    """A mouse draws a 0, begins anew every two seconds."""
    pad, turn = app.layout.parts["pad"], n % 60 / 10
    at = int(pad.x + pad.w * (0.5 - 0.2 * np.sin(turn))), int(pad.y + pad.h * (0.5 - 0.35 * np.cos(turn)))
    if n % 60 == 0:
        send(app, pygame.MOUSEBUTTONUP, pos=at, button=1)
        app.pad.drawing.lift()
        app.pad.clear()
        send(app, pygame.MOUSEBUTTONDOWN, pos=at, button=1)
    send(app, pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=(1, 0, 0))


def scrub(app, n):
    """The mouse drags through time, to and fro."""
    box = app.layout.parts["time ribbon"]
    at = int(box.x + box.w * abs(np.sin(n / 15))), box.y + 2
    if n == 0:
        send(app, pygame.MOUSEBUTTONDOWN, pos=at, button=1)
    send(app, pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=(1, 0, 0))


def resize(app, n):
    w, h = SIZES[n % 3]
    send(app, pygame.VIDEORESIZE, size=(w, h), w=w, h=h)


def switch(app, n):
    if n % 5 == 0:
        views.go(app, ("forward", "train", "backward", "train", "why", "train")[n // 5 % 6])


def strip(weights, path):
    """Draw four moments of a training side by side: the plane, the first filters, the bars of a drawn 5."""
    app = opened(weights)
    train.epoch(app)
    run = app.learning.chosen
    while app.learning.going or "judge" in app.jobs or run.unjudged():
        app.update(FRAME)
        time.sleep(0.01)
    gap, size = app.layout.gap, app.layout.text
    plane, filters, bars = (app.layout.parts[name] for name in ("plane", "train filters", "train bars"))
    whole = pygame.Surface((4 * plane.w + 5 * gap, plane.h + filters.h + 3 * gap + 2 * size))
    whole.fill(app.theme.panel)
    window = pygame.Surface(app.layout.size)
    for column, step in enumerate((0, 10, 60, None)):
        steps = [abs(moment.step - (step or 0)) for moment in run.moments]
        run.shown = None if step is None else steps.index(min(steps))
        run.follow(app.answer.image, len(run.moments))
        app.draw(window)
        x = gap + column * (plane.w + gap)
        words = f"after {run.moment.step} batches: {run.judged[run.moment].accuracy:.1%} right"
        widgets.text(whole, words, Rect(x, gap // 2, plane.w, 2 * size), size, app.theme.text, "bold")
        whole.blit(window, (x, gap + 2 * size), plane)
        whole.blit(window, (x, 2 * gap + 2 * size + plane.h), filters)
        whole.blit(window, (x + filters.w + gap, 2 * gap + 2 * size + plane.h), bars)
    run.controls.stop()
    small = Image.fromarray(pygame.surfarray.array3d(whole).swapaxes(0, 1)).quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT / "weights" / "digits.npz")
    parser.add_argument("--seconds", type=float, default=8, help="of each training, in each turn (8)")
    parser.add_argument("--turns", type=int, default=3, help="(3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--strip", type=Path, metavar="OUT.png", help="draw four moments of a training, and stop")
    args = parser.parse_args()
    if args.strip:
        strip(args.weights, args.strip)
        return
    without, within = [], {}
    for _ in range(args.turns):
        without.append(alone(args.seconds))
        for name, (times, rate) in beside(args.weights, args.seconds).items():
            within.setdefault(name, []).append((times, rate))
    base = float(np.median(without))
    result = {"alone_images_s": round(base)}
    for name, turns in within.items():
        times = np.concatenate([times for times, _ in turns])
        rate = float(np.median([rate for _, rate in turns]))
        middle, most, worst = (round(float(ms), 1) for ms in np.percentile(times, [50, 95, 100]))
        result[name] = {"frame_ms": middle, "95_%_ms": most, "worst_ms": worst,
                        "images_s": round(rate), "share": round(rate / base, 2)}  # fmt: skip
    if args.json:
        print(json.dumps(result))
        return
    print(f"training alone: {base:,.0f} images/s")
    print(f"{'while':>10}{'frame, median':>16}{'95 %':>10}{'worst':>10}{'images/s':>11}{'of alone':>10}")
    for name in within:
        row = result[name]
        print(f"{name:>10}{row['frame_ms']:>13.1f} ms{row['95_%_ms']:>7.1f} ms{row['worst_ms']:>7.1f} ms"
              f"{row['images_s']:>11,}{row['share']:>10.0%}")  # fmt: skip


if __name__ == "__main__":
    main()
