"""The page as a folder that is a Hugging Face Space as it stands."""

import io
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from window.web import server

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("numpy", "numba", "pillow", "threadpoolctl")

README = """\
---
title: Digits from scratch
emoji: ✍️
colorFrom: blue
colorTo: yellow
sdk: gradio
sdk_version: {gradio}
app_file: app.py
license: mit
short_description: Draw a digit; a network written by hand in NumPy reads it
---

Draw a digit and see what a convolutional network makes of it, every layer of which is written by hand: NumPy, kernels
compiled by Numba, and handwritten backprop. `python play.py --space DIR` wrote this folder.
"""

APP = """\
import os
import sys

from nn import stopping
from window.web.server import serve

stopping.listen()
serve("weights/digits.npz", host="0.0.0.0", port=int(os.environ.get("GRADIO_SERVER_PORT", 7860)))
sys.exit(stopping.asked())
"""


def write(folder, weights):
    """Write the Space to a new or empty folder. ValueError or OSError if it is neither, or for weights of no use."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder}: is there already, and not an empty folder; choose another")
    reader, one = server.Reader(weights), io.BytesIO()
    page = np.zeros((56, 56), np.uint8)
    page[8:48, 26:30] = 255
    Image.fromarray(page).save(one, "PNG")
    reader.picture(one.getvalue(), explained=True)  # all that an answer needs is loaded now
    reader.strokes({"strokes": server.examples()[0]})
    loaded = {Path(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    sources = [path for path in loaded if path.suffix == ".py" and path.is_relative_to(ROOT)]
    packages = {path.relative_to(ROOT).parts[0] for path in sources} & {"nn", "window"}
    for path in [*sources, server.HERE / "page.html", server.HERE / "page.js"]:
        if path.relative_to(ROOT).parts[0] in packages:
            home = folder / path.relative_to(ROOT)
            home.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, home)
    (folder / "weights").mkdir()
    shutil.copyfile(weights, folder / "weights" / "digits.npz")
    (folder / "README.md").write_text(README.format(gradio=version("gradio")), "utf-8")
    (folder / "requirements.txt").write_text("".join(f"{name}=={version(name)}\n" for name in (*NEEDS, "gradio")))
    (folder / "app.py").write_text(APP)
    print(f"{folder} is a Space; git init and git push are what is left, and README.md tells them.")
