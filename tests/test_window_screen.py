"""The window as a user starts it: play.py in a process of its own, and once on a real (virtual) screen."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pygame = pytest.importorskip("pygame")

from nn.layers import Dense, Flatten  # noqa: E402
from nn.network import Network  # noqa: E402
from window import run  # noqa: E402
from window.data import strokes  # noqa: E402
from window.data.strokes import Stroke  # noqa: E402
from window.panels import arrange  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SEVEN = [(0.28, 0.2), (0.5, 0.2), (0.72, 0.2), (0.6, 0.45), (0.5, 0.65), (0.42, 0.85)]


@pytest.fixture(scope="module")
def weights(one_or_seven, tmp_path_factory):
    """A file of that network."""
    path = tmp_path_factory.mktemp("weights") / "one-or-seven.npz"
    one_or_seven.save(path)
    return path


@pytest.fixture
def session(tmp_path):
    points = [(x, y, 0.1 * t) for t, (x, y) in enumerate(SEVEN)]
    strokes.save(tmp_path / "seven.json", [Stroke(0.09, False, points)])
    return tmp_path / "seven.json"


def play(*arguments, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    return subprocess.run([sys.executable, ROOT / "play.py", *map(str, arguments)], env=env | environment,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip


def test_a_screenshot_of_a_replayed_session(weights, session, tmp_path):
    out = tmp_path / "out.png"
    done = play("--weights", weights, "--samples", tmp_path, "--replay", session, "--screenshot", out)
    assert (done.returncode, done.stderr) == (0, "")
    shown = pygame.image.load(out)
    assert shown.get_size() == (1280, 800)
    empty = tmp_path / "empty.png"
    assert play("--weights", weights, "--samples", tmp_path, "--screenshot", empty).returncode == 0
    assert empty.read_bytes() != out.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.png", "out.png", "seven.json"]


def test_the_same_through_the_function(weights, session, tmp_path):
    for theme, scale in (("light", 1.0), ("dark", 1.5)):
        out = tmp_path / f"{theme}.png"
        run.screenshot(out, weights, session=session, samples=tmp_path, theme=theme, scale=scale)
        assert pygame.image.load(out).get_size() == (1280 * scale, 800 * scale)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_it_says_so_within_a_second_or_two(weights, tmp_path):
    start = time.monotonic()
    done = play("--weights", weights, "--samples", tmp_path)
    assert time.monotonic() - start < 5  # a second, on a machine that does nothing else
    assert done.returncode == 2 and "--predict" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("fault", ["missing", "broken", "shape", "file", "session"])
def test_what_cannot_be_used_is_named_and_ends_with_2(weights, tmp_path, fault):
    bad = tmp_path / "bad.npz"
    arguments = ["--weights", bad]
    if fault == "broken":
        bad.write_bytes(b"PK no")
    elif fault == "shape":
        Network([Flatten(), Dense(784, 7)]).save(bad)
    elif fault == "file":
        bad.write_text("no picture")
        arguments = ["--weights", weights, bad]
    elif fault == "session":
        arguments = ["--weights", weights, "--replay", bad]
    done = play(*arguments, "--samples", tmp_path, "--screenshot", tmp_path / "out.png")
    assert done.returncode == 2 and "bad.npz" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.png").exists()
    if fault in ("missing", "broken", "shape"):
        assert "train.py" in done.stderr


def test_the_window_is_drawn_before_the_network_is_there(weights, tmp_path):
    """And Numba isn't imported before that."""
    code = (
        "import sys, pygame\n"
        "def first():\n"
        "    print('numba' in sys.modules, flush=True)\n"
        "    raise SystemExit\n"
        "pygame.display.flip = first\n"
        "from window.run import open_window\n"
        f"open_window({str(weights)!r}, samples={str(tmp_path)!r})\n"
    )
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_what_is_wrong_with_a_file_is_still_said_when_the_network_is_there(weights, tmp_path):
    (tmp_path / "broken.png").write_text("no picture")
    code = (
        "from window import run\n"
        "class Seen(run.App):\n"
        "    def update(self, seconds):\n"
        "        super().update(seconds)\n"
        "        self.running = self.reading.network is None or bool(self.jobs)\n"
        "        if not self.running:\n"
        "            print(self.message.words)\n"
        "run.App = Seen\n"
        f"run.open_window({str(weights)!r}, files=[{str(tmp_path / 'broken.png')!r}], samples={str(tmp_path)!r})\n"
    )
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("broken.png: "), done.stderr


@pytest.mark.parametrize(("layout", "keys"), [
    # the codes of the keys that are pressed, whatever is written on them: C, Z, S and Q, and 7 without Shift
    ("us", {"C": 54, "Z": 52, "S": 39, "Q": 24, "7": 16}),
    ("fr", {"C": 54, "Z": 25, "S": 39, "Q": 38, "7": 16}),  # è is written on 7
    ("ru", {"C": 54, "Z": 52, "S": 39, "Q": 24, "7": 16}),
])  # fmt: skip
def test_a_real_pointer_on_a_school_screen(weights, tmp_path, layout, keys):
    """Xvfb is the screen, openbox its window manager, setxkbmap the keyboard and xdotool the hand: a 7 is drawn, the
    window's title carries the answer, and all of the window is on the screen.
    """
    for program in ("Xvfb", "xdotool", "openbox", "setxkbmap"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (apt-get install xvfb xdotool openbox x11-xkb-utils)")
    reader, writer = os.pipe()
    processes = [subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1366x768x24"],
                                  pass_fds=[writer], stderr=subprocess.DEVNULL)]  # fmt: skip
    os.close(writer)
    window = None
    try:
        with os.fdopen(reader) as pipe:
            env = os.environ | {"DISPLAY": f":{pipe.readline().strip()}",
                                "SDL_VIDEODRIVER": "x11", "SDL_VIDEO_X11_WMCLASS": "digits"}
        processes.append(subprocess.Popen(["openbox"], env=env, stderr=subprocess.DEVNULL))

        def xdo(*words):
            done = subprocess.run(["xdotool", *map(str, words)], env=env, capture_output=True, check=False)
            return done.stdout.decode()

        def title():
            return xdo("getwindowname", found).strip()

        def press(key, ctrl=False):
            with_ctrl = ("keydown", "ctrl"), ("key", keys[key]), ("keyup", "ctrl")
            for words in with_ctrl if ctrl else with_ctrl[1:2]:
                xdo(*words)

        def size():
            lines = dict(line.split("=") for line in xdo("getwindowgeometry", "--shell", found).splitlines())
            return int(lines["WIDTH"]), int(lines["HEIGHT"])

        def pointer(x, y):
            """Where on the screen the pointer is when it has been moved to a place in the window."""
            xdo("mousemove", "--window", found, x, y)
            lines = dict(line.split("=") for line in xdo("getmouselocation", "--shell").splitlines())
            return int(lines["X"]), int(lines["Y"])

        def wait(condition, seconds=60):
            end = time.monotonic() + seconds
            while not (value := condition()):
                assert window.poll() is None, window.communicate()[1]
                assert time.monotonic() < end, title() if found else "no window"
                time.sleep(0.1)
            return value

        found = None
        window = subprocess.Popen([sys.executable, ROOT / "play.py", "--weights", weights, "--samples", tmp_path],
                                  env=env, stderr=subprocess.PIPE, text=True)  # fmt: skip
        processes.append(window)
        found = wait(lambda: xdo("search", "--onlyvisible", "--class", "digits")).split()[0]
        wait(lambda: title() == "Draw a digit" and size()[0] == 1366)  # the first frame is there, and maximised
        time.sleep(0.5)
        (width, height), (left, top) = size(), pointer(0, 0)
        assert top > 0  # under the title bar
        assert pointer(width - 1, height - 1) == (left + width - 1, top + height - 1)  # else it would stop at the edge
        pad = arrange((width, height)).parts["pad"]

        def draw_seven():
            at = [(pad.x + round(x * pad.w), pad.y + round(y * pad.h)) for x, y in SEVEN]
            pointer(*at[0])
            xdo("mousedown", 1)
            for (ax, ay), (bx, by) in itertools.pairwise(at):
                for share in (0.25, 0.5, 0.75, 1):
                    pointer(round(ax + share * (bx - ax)), round(ay + share * (by - ay)))
            xdo("mouseup", 1)

        draw_seven()
        wait(lambda: title().startswith("7 · "))
        # now, since xdotool's keyboard, which the screen has only since its first event, is to have this layout, too
        xdo("key", "F13")
        subprocess.run(["setxkbmap", layout], env=env, check=True, capture_output=True)
        time.sleep(1)
        press("C")
        wait(lambda: title() == "Draw a digit")
        press("Z", ctrl=True)
        wait(lambda: title().startswith("7 · "))
        press("S", ctrl=True)
        (saved,) = wait(lambda: list((tmp_path / "sessions").glob("*.json")))
        assert len(json.loads(saved.read_text())["strokes"]) == 1
        press("7")
        wait(lambda: list((tmp_path / "drawings").glob("7-*.json")))
        press("Q", ctrl=True)
        assert window.wait(timeout=20) == 0
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=20)


def test_closing_while_learning_does_not_wait(weights, tmp_path):
    """The training thread ends with the process, whatever it was doing."""
    code = (
        "import sys, time, pygame, numpy as np\n"
        "pygame.font.init()\n"
        "from window.actions import teach\n"
        "from window.data import hand\n"
        "from window.app import App\n"
        "from window.run import usable\n"
        "from window.data.strokes import Stroke\n"
        f"app = App(usable({str(weights)!r}), samples={str(tmp_path)!r})\n"
        "image = np.zeros((28, 28), np.uint8); image[4:24, 13:15] = 255\n"
        "for _ in range(hand.ENOUGH): hand.keep(app.teaching.samples, 1, [Stroke(0.09, False, [(0, 0, 0)])], image)\n"
        "hand.OTHERS, hand.RECIPE = 60_000, hand.RECIPE | {'drawn': 0, 'scribbles': 0}\n"
        "teach.learn(app)\n"
        "def share(): return app.teaching.progress.share if app.teaching.progress else 0\n"
        "while share() <= 0.05: app.update(0.01); time.sleep(0.01)\n"
        "print('learning', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"learning", process.stderr.read()
    start = time.monotonic()
    assert process.wait(timeout=30) == 0
    assert time.monotonic() - start < 5
