"""Many people drawing on the page at once: how long their answers take.

    python benchmarks/page.py [--people 50] [--seconds 30]
    python benchmarks/page.py --screenshot OUT.png

A server of its own on this machine, and `--people` threads that draw as a person does through the page: strokes of
0.7 s, asking after each answer, at most 10 times a second; then a rest, in which the pictures come; then 2 s of
thought. --screenshot takes the page's picture instead, by Playwright and Chromium. It needs the extra `web`.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nn import hands  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--screenshot", metavar="OUT.png")
    args = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "play.py", "--web", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        if args.screenshot:
            return screenshot(f"http://127.0.0.1:{port}", args.screenshot)
        address = f"http://127.0.0.1:{port}/digits/"
        before, end = memory(server.pid), time.monotonic() + args.seconds
        times, failed = {"read": [], "explain": []}, []
        people = [threading.Thread(target=draw, args=(n, address, end, times, failed)) for n in range(args.people)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        answered = sum(map(len, times.values()))
        print(f"{args.people} people for {args.seconds:.0f} s: {answered:,} answers, {len(failed)} failed")
        for name, taken in times.items():
            median, late, worst = np.percentile(taken, (50, 95, 100))
            print(f"  {name:<16} {len(taken):6,} answers   median {1000 * median:4.0f} ms   "
                  f"95 % {1000 * late:4.0f} ms   worst {1000 * worst:5.0f} ms")  # fmt: skip
        print(f"  memory {before} MB before, {memory(server.pid)} MB after")
    finally:
        server.terminate()
        server.wait(10)


def screenshot(address, out):
    """The page with one of its examples, explained."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, locale="en")
        page.goto(address)
        page.locator(".digits .examples button").nth(2).click()
        page.wait_for_selector(".digits .maps img")
        page.screenshot(path=out)
        browser.close()


def draw(n, address, end, times, failed):
    """One person, until the end."""
    rng = np.random.default_rng(n)
    time.sleep(rng.uniform(0, 3))
    while time.monotonic() < end:
        finished = []
        for stroke in hands.write(int(rng.integers(10)), rng):
            points = [[*map(float, 0.1 + 0.8 * np.asarray(xy)), 0.0] for xy in stroke]
            start = time.monotonic()
            while (share := (time.monotonic() - start) / 0.7) < 1:
                part = {"width": 0.09, "erases": False, "points": points[: max(1, int(share * len(points)))]}
                asked = time.monotonic()
                ask(address, "read", [*finished, part], times, failed)
                time.sleep(max(0, asked + 0.1 - time.monotonic()))
            finished.append({"width": 0.09, "erases": False, "points": points})
        time.sleep(0.4)
        ask(address, "explain", finished, times, failed)
        time.sleep(2)


def ask(address, name, strokes, times, failed):
    body = json.dumps({"strokes": strokes}).encode()
    request = urllib.request.Request(address + name, body, {"Content-Type": "application/json"})
    start = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            if "error" in json.load(reply):
                failed.append("refused")
        times[name].append(time.monotonic() - start)
    except OSError as error:
        failed.append(error)


def memory(process):
    """Resident megabytes of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 >> 20


if __name__ == "__main__":
    main()
