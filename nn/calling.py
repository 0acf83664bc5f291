"""How this program was called, for the commands that it prints, and whether what it needs is installed."""

import importlib.util
import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED_AS = {"PIL": "pillow", "pygame": "pygame-ce"}  # where a package is imported by another name


def command(name):
    """What starts "train" or "play" from this folder, as text for a shell, by the interpreter that runs now."""
    called = Path(sys.argv[0])
    if called.stem in ("digits-train", "digits-play"):
        return typed(called.with_name(f"digits-{name}"))
    return f"{typed(sys.executable)} {typed(ROOT / f'{name}.py')}"


def missing(name, *packages):
    """One line that names the packages not to be found and what to do, for "train" or "play"; "" if all are there."""
    absent = [INSTALLED_AS.get(p, p) for p in packages if importlib.util.find_spec(p) is None]
    if not absent:
        return ""
    venv, scripts = ROOT / ".venv", "Scripts" if os.name == "nt" else "bin"
    there, python = venv / scripts / "python", typed(sys.executable)
    install = f"{typed(venv / scripts / 'pip')} install -e {typed(ROOT)}"
    if sys.prefix != sys.base_prefix:
        mend = f"{python} -m pip install -e {typed(ROOT)}"
    elif os.path.exists(there) or os.path.exists(f"{there}.exe"):
        mend = f"{typed(there)} {typed(ROOT / f'{name}.py')}, and if they are missing there too: {install}"
    else:
        mend = f"{python} -m venv {typed(venv)} && {install}, then {typed(there)} {typed(ROOT / f'{name}.py')}"
    return f"{python} has no {', '.join(absent)}. Try: {mend}"


def typed(path):
    """A path as a person in this folder would type it; links in it stay, since an environment's Python is one."""
    whole = str(path)
    try:
        shown = min(os.path.relpath(whole), whole, key=len)
    except (OSError, ValueError):  # the folder is gone; on Windows, another drive
        shown = whole
    return shlex.quote(shown) if os.name != "nt" else f'"{shown}"' if " " in shown else shown
