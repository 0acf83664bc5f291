"""Draw a digit and see what the network makes of it.

    python play.py                      open the window
    python play.py FILE...              open it with pictures, or sessions, in it
    python play.py --screenshot OUT.png [--replay SESSION.json | FILE]
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WEIGHTS = ROOT / "weights" / "digits.npz"


def main(argv=None):
    args = parser().parse_args(argv)
    if not args.weights.is_file():
        return fail(f"{args.weights}: no such file; `python train.py` makes weights, and says how to use them")
    return open_window(args)


def parser():
    made = argparse.ArgumentParser(
        prog="play.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("files", nargs="*", metavar="FILE", help="a picture, or a session (.json)")
    made.add_argument("--weights", type=Path, default=WEIGHTS, help="the network's weights (weights/digits.npz)")
    window = made.add_argument_group("the window")
    window.add_argument("--theme", choices=("dark", "light"), default="dark")
    window.add_argument("--scale", type=scale, default=1.0, help="size of the window and its text, 0.5 to 4 (1)")
    window.add_argument("--samples", type=Path, default=Path.home() / "digits", metavar="DIR",
                        help="where your drawings, pictures and learned weights are kept (~/digits)")
    window.add_argument("--replay", metavar="SESSION", help="replay strokes that the window saved")
    window.add_argument("--screenshot", metavar="OUT.png", help="write a picture of the window and open none")
    return made


def scale(text):
    value = float(text)
    if not 0.5 <= value <= 4:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.5 and 4")
    return value


def open_window(args):
    """The window, or one picture of it. Returns the exit code."""
    from window import run

    options = {"files": args.files, "session": args.replay, "samples": args.samples,
               "scale": args.scale, "theme": args.theme}  # fmt: skip
    try:
        if args.screenshot:
            run.screenshot(args.screenshot, args.weights, **options)
        else:
            run.open_window(args.weights, **options)
    except run.NoDisplay as error:
        return fail(f"no display to open a window on ({error}); `python play.py --predict FILE` needs none")
    except (ValueError, OSError) as error:
        return fail(error)
    return 0


def fail(message):
    print(f"play.py: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
