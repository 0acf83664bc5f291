"""Events at random on a window without a screen: no exception, and no memory that grows with their number.

    python -m benchmarks.campaign.monkey --n 1000000 [--seed 0]

Mouse, wheel, keys, typed and pasted text, dropped files good and bad, sizes from one pixel up, several networks. Every
few events time passes, now and then the window is drawn. "Learn my hand" is replaced by one that learns nothing, at
once; the folder of kept drawings is emptied from time to time, behind the window's back.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import pygame
from threadpoolctl import threadpool_limits

from benchmarks.campaign.targets import good_files
from nn.network import load_digit_net
from window.actions import keys
from window.app import App
from window.data import hand, live

ROOT = Path(__file__).resolve().parents[2]
KEYS = [pygame.K_ESCAPE, pygame.K_RETURN, pygame.K_TAB, pygame.K_BACKSPACE, pygame.K_PAGEDOWN, pygame.K_PAGEUP,
        pygame.K_LEFT, pygame.K_RIGHT, pygame.K_UP, pygame.K_DOWN, *range(32, 127), *keys._NAMES]  # fmt: skip
TEXTS = ("a", "7", "/", "é", "数", "\U0001f600", "\ud800", "\0", "\n", "~", "x" * 20_000, "/dev/null", "a.json")


def learn(network, samples, controls):
    yield hand.Progress(0.5, "learning nothing")
    yield hand.Learned(network, 2, (1, 1), 10, (1, 1))


def train(network, choices, controls):
    while controls.wait():
        time.sleep(0.01)  # about as long as a batch takes
        yield live.Moment(0, 0, network)


def event(app, rng, files):
    """A pygame event, as a hand without a mind makes them."""
    width, height = app.layout.size
    pad = app.layout.parts["pad"]
    at = (int(rng.integers(-50, width + 50)), int(rng.integers(-50, height + 50)))
    if rng.random() < 0.5:
        at = (int(pad.x + rng.random() * pad.w), int(pad.y + rng.random() * pad.h))
    kind = rng.random()
    if kind < 0.45:
        return pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=(1, 0, 0))
    if kind < 0.68:
        down = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP)[rng.integers(0, 2)]
        return pygame.event.Event(down, pos=at, button=int(rng.integers(1, 6)))
    if kind < 0.9:
        key = int(KEYS[rng.integers(0, len(KEYS))])
        mod = int(rng.choice([0, 0, 0, pygame.KMOD_LCTRL, pygame.KMOD_LSHIFT, pygame.KMOD_LALT]))
        typed = chr(key) if 32 <= key < 127 and not mod else ""
        return pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod, unicode=typed)
    if kind < 0.94:
        return pygame.event.Event(pygame.TEXTINPUT, text=TEXTS[rng.integers(0, len(TEXTS))])
    if kind < 0.96:
        return pygame.event.Event(pygame.MOUSEWHEEL, y=int(rng.choice([-8000, -1, 1, 8000])), x=0)
    if kind < 0.97:
        size = (int(2 ** rng.uniform(0, 11.5)), int(2 ** rng.uniform(0, 11)))
        return pygame.event.Event(pygame.VIDEORESIZE, w=size[0], h=size[1], size=size)
    if kind < 0.98:
        return pygame.event.Event(pygame.DROPFILE, file=str(files[rng.integers(0, len(files))]))
    other = int(rng.choice([pygame.WINDOWLEAVE, pygame.DROPBEGIN, pygame.QUIT, pygame.KEYUP]))
    return pygame.event.Event(other, key=int(KEYS[rng.integers(0, len(KEYS))]), mod=0)


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def campaign(n, seed=0):
    """Send n events. Returns (exceptions, MB after the first tenth, MB at the end, seconds)."""
    rng, exceptions, begun, first = np.random.default_rng(seed), 0, time.perf_counter(), 0.0
    hand.learn, live.learn = learn, train
    pygame.display.init()
    pygame.font.init()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, user_api="blas"):
        files = [path for kind in ("pictures", "sessions", "samples") for path in good_files(kind, folder)]
        (bad := Path(folder, "bad.json")).write_text('{"format": "digit strokes", "version": 1, "strokes": [{}]}')
        (text := Path(folder, "text.png")).write_text("text")
        files += [bad, text, Path(folder), "/dev/zero", "none.png"]
        networks = [load_digit_net(path) for path in (ROOT / "weights" / "digits.npz", *good_files("weights", folder))]
        samples = Path(folder, "samples")
        app = App(networks[0], samples=samples)
        surface = pygame.Surface(app.layout.size)
        for number in range(n):
            try:
                app.handle(event(app, rng, files))
                if number % 8 == 0:
                    app.update(float(rng.choice([0.0, 0.016, 0.2, 5.0])))
                if number % 50 == 0:
                    if surface.get_size() != tuple(app.layout.size):
                        surface = pygame.Surface(app.layout.size)
                    app.draw(surface)
                if number % 5000 == 4999:
                    app.handle(pygame.event.Event(pygame.VIDEORESIZE, w=1280, h=800, size=(1280, 800)))
                    app.use(networks[rng.integers(0, len(networks))])
                    shutil.rmtree(samples, ignore_errors=True)
            except Exception:
                exceptions += 1
                print(f"event {number}, seed {seed}:\n{traceback.format_exc()}", flush=True)
            if number == n // 10:
                first = megabytes()
            if number % 100_000 == 99_999:
                print(f"  {number + 1:,} events, {exceptions} exceptions, {megabytes():.0f} MB", flush=True)
        for run in app.learning.runs:
            run.controls.stop()
        for name in ("nearest", "what if"):
            if name in app.jobs:
                app.jobs.cancel(name)
        while app.jobs and time.perf_counter() - begun < 30 + n:  # whatever comes next has the machine for itself
            app.jobs.collect()
            time.sleep(0.01)
    return exceptions, first, megabytes(), time.perf_counter() - begun


def summary(n, exceptions, first, last, seconds):
    return (f"window: {n:,} events, {exceptions} exceptions; {first:.0f} MB in the first tenth, {last:.0f} MB in "
            f"all; {seconds:.0f} s")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000, help="events")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    found = campaign(args.n, args.seed)
    print(summary(args.n, *found))
    return 1 if found[0] else 0


if __name__ == "__main__":
    sys.exit(main())
