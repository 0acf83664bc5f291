"""Draw a digit and see what the network makes of it, or let it read picture files.

    python play.py                      open the window
    python play.py FILE...              open it with pictures, or sessions, in it
    python play.py --screenshot OUT.png [--replay SESSION.json | FILE]
    python play.py --predict FILE... [--json] [--explain OUT.png]
    python play.py --web [--host 127.0.0.1] [--port 7860] [--share]      the same as a page in a browser
    python play.py --space DIR          write that page as a Hugging Face Space

--predict prints a line for each digit: the digit, its confidence, how sure that is, and the probabilities of 0 to 9,
all in %. A picture of several digits gives a line for each, left to right, the upper line first. With --json a line is
an object {"file", "digit", "confidence", "reading", "second", "probabilities": [10], "looks_like_digit"}: the reading
is "sure", "likely", "unsure" (it is this digit or the second) or "no digit". One of several digits also has the
"number" that they make, as text, its "line" and its "place" in the number, both from 0. A "doubt" says why the number
may be another one although its digits are clear, as "ink as large as a digit was left out"; "left_out" names what was
taken for no digit, specks aside. Where not the first frame or page of a file was read, a "note" says which. A file that
can't be read gives {"file", "error"}. All files are tried; the exit code is 0 if all were read and 2 if any was not.
--explain writes a picture of how one FILE was read: the paper, the ink of each digit in a colour of its own, so that
cuts and joins show, and what was left out and why.
"""

if __name__ == "__main__":
    from nn import stopping

    stopping.listen()  # before anything that takes time

import argparse
import json
import os
import sys
from pathlib import Path

from nn import calling, stopping, streams

ROOT = Path(__file__).resolve().parent
WEIGHTS = ROOT / "weights" / "digits.npz"


def main(argv=None):
    """The exit code. Without argv, as a program: signals and streams are this process's own."""
    if argv is not None:
        return run(argv)
    stopping.listen()
    streams.begin()
    code = run(sys.argv[1:])
    error = streams.lost()
    stopping.say("")
    if isinstance(error, BrokenPipeError):  # the reader, `head` for one, has seen enough
        return 0
    return fail(f"what it has to say can't be written ({error.strerror})") if error else code


def run(argv):
    command = parser()
    args = command.parse_args(argv)
    if args.predict and not args.files:
        command.error("--predict wants a FILE")
    if args.explain and not (args.predict and len(args.files) == 1):
        command.error("--explain goes with --predict and one FILE")
    if args.json and not args.predict:
        command.error("--json goes with --predict")
    page = {name: getattr(args, name) for name in ("host", "port", "share") if getattr(args, name) is not None}
    if page and not args.web:
        command.error(f"--{next(iter(page))} goes with --web")
    window = () if args.predict or args.web or args.space else ("pygame",)
    if error := calling.missing("play", "numpy", "numba", "threadpoolctl", "PIL", *window):
        return fail(error)
    if not os.path.isfile(args.weights):  # False, where Path's own would raise, for a name that no file can have
        train = calling.command("train")
        return fail(f"{args.weights}: no such file; `{train}` makes weights, and says how to use them")
    if args.web or args.space:
        return serve(args, page)
    return predict(args) if args.predict else open_window(args)


def parser():
    made = argparse.ArgumentParser(
        prog="play.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # one line, without the usage above it
    made.error = lambda message: made.exit(2, "play.py: " + message.replace("\n", " ") + "\n")
    home = Path.home() if os.path.isabs(os.path.expanduser("~")) else Path()  # a container's user may have none
    made.add_argument("files", nargs="*", metavar="FILE", help="a picture, or a session (.json)")
    made.add_argument("--weights", type=Path, default=WEIGHTS, help="the network's weights (weights/digits.npz)")
    made.add_argument("--predict", action="store_true", help="print what the pictures show; no window")
    made.add_argument("--explain", metavar="OUT.png",
                      help="with --predict of one FILE: write a picture of how it was read")
    made.add_argument("--json", action="store_true", help="with --predict: an object of JSON a line")
    page = made.add_argument_group("the page")
    page.add_argument("--web", action="store_true", help="serve a page to draw on in a browser")
    page.add_argument("--host", help="the address to listen on; 0.0.0.0 lets others in (127.0.0.1)")
    page.add_argument("--port", type=port, help="(7860)")
    page.add_argument("--share", action="store_true", default=None, help="a public link, by Gradio's servers")
    page.add_argument("--space", metavar="DIR", type=Path, help="write a folder that is a Hugging Face Space")
    window = made.add_argument_group("the window")
    window.add_argument("--theme", choices=("dark", "light"), default="dark")
    window.add_argument("--scale", type=scale, default=1.0, help="size of the window and its text, 0.5 to 4 (1)")
    window.add_argument("--samples", type=Path, default=home / "digits", metavar="DIR",
                        help="where your drawings, pictures and learned weights are kept (~/digits)")
    window.add_argument("--replay", metavar="SESSION", help="replay strokes that the window saved")
    window.add_argument("--screenshot", metavar="OUT.png", help="write a picture of the window and open none")
    return made


def scale(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 4:
        raise argparse.ArgumentTypeError(f"expected a number from 0.5 to 4, got {text!r}")
    return value


def port(text):
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 65535, got {text!r}")
    return int(text)


def serve(args, options):
    """The page, or the folder of a Space that serves it. Returns the exit code."""
    try:
        from window.web import server, space
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        return fail("--web and --space need Gradio: pip install -e '.[web]'")
    try:
        if args.space:
            space.write(args.space, args.weights)
        else:
            server.serve(args.weights, **options)
    except (ValueError, OSError) as error:
        return fail(error)
    return stopping.asked()


def predict(args):
    """Print the digits in each file. Returns the exit code."""
    from nn.network import load_digit_net

    try:
        network = load_digit_net(args.weights)
    except (ValueError, OSError) as error:
        return fail(error)
    code = 0
    for path in args.files:
        if streams.lost():
            break
        try:
            readings = read_digits(network, path, args.explain)
        except ValueError as error:
            code = 2
            if args.json:
                print(json.dumps({"file": path, "error": str(error).removeprefix(f"{path}: ")}))
            else:
                fail(error)
            continue
        for reading in readings:
            print(json.dumps(reading) if args.json else as_text(reading, network.threshold))
    return code


def read_digits(network, path, explain=None):
    """The digits in a picture file, in the order of their number, each as the dict that --json prints.

    With `explain`, the name of a PNG file, a picture of how it was read is written there.
    Raises ValueError("path: reason") for a file that can't be read or shows nothing like a number.
    """
    from nn import ink, words

    page = ink.read(path)
    found = ink.read_page(network, page)
    if explain:
        from nn.ink import shown

        try:
            shown.explain(explain, page, found, network.threshold)
        except OSError as error:
            raise ValueError(f"{explain}: {error.strerror or error}") from error
    if not found.digits:
        raise ValueError(f"{path}: nothing on it looks like a number")
    readings, left_out = [], [why for _, why in found.left_out if why != "a speck"]
    for digit in found.digits:
        reading = {"file": path} | ({"note": found.note} if found.note else {})
        reading |= words.as_json(digit.probabilities, network.threshold, found.doubt)
        reading |= {"left_out": left_out} if left_out else {}
        where = {"number": found.number, "line": digit.line, "place": digit.place}
        readings.append(reading | where if len(found.digits) > 1 else reading)
    return readings


def as_text(reading, threshold):
    """One of read_digits as a line for people."""
    import numpy as np

    from nn import words

    where, probabilities = reading["file"], np.array(reading["probabilities"])
    if "note" in reading:
        where += f", {reading['note']}"
    if "number" in reading:
        where += f" ({reading['number']}, {reading['place'] + 1} of {len(reading['number'])})"
    each = "  ".join(f"{d}: {100 * p:.1f}" for d, p in enumerate(probabilities))
    said = words.sentence(probabilities, threshold, reading.get("doubt", ""))
    if "left_out" in reading and not reading.get("place"):  # once a line of digits
        said += f" Left out: {', '.join(dict.fromkeys(reading['left_out']))}."
    return f"{where}: {reading['digit']}, {100 * reading['confidence']:.1f} %. {said}   ({each})"


def open_window(args):
    """The window, or one picture of it. Returns the exit code."""
    from window import run

    options = {"own": args.weights == WEIGHTS, "files": args.files, "session": args.replay, "samples": args.samples,
               "scale": args.scale, "theme": args.theme}  # fmt: skip
    try:
        if args.screenshot:
            run.screenshot(args.screenshot, args.weights, **options)
        else:
            with stopping.patiently():
                run.open_window(args.weights, **options)
    except run.NoDisplay as error:
        return fail(f"no display to open a window on ({error}); `{calling.command('play')} --predict FILE` needs none")
    except (ValueError, OSError) as error:
        return fail(error)
    return stopping.asked()


def fail(message):
    if isinstance(message, OSError) and message.filename:
        message = f"{message.filename}: {message.strerror}"
    print("play.py:", *str(message).split("\n"), file=sys.stderr)  # on one line, whatever the name of a file is
    return 2


if __name__ == "__main__":
    sys.exit(main())
