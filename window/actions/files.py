"""Files that are opened and written."""

import io
import time
from pathlib import Path

import pygame

from nn import ink
from nn.files import write_whole
from window.data import strokes
from window.data.strokes import Picture


def ask(app):
    app.dialogs.open, app.dialogs.path, app.dialogs.typing = "open", "", False


def add(app, path):
    """Take a file to the others and show it."""
    app.dialogs.files.append(str(path))
    show(app, len(app.dialogs.files) - 1)


def following(app):
    show(app, app.dialogs.file + 1)


def previous(app):
    show(app, app.dialogs.file - 1)


def show(app, index):
    """Show one of the files. If it can't be read the drawing stays."""
    files = app.dialogs.files
    if not files:
        app.say("No files yet: drop some on the window.")
        return
    app.dialogs.file = index % len(files)
    path = files[app.dialogs.file]
    try:
        if path.lower().endswith(".json"):
            session = strokes.load(path)
            app.say(f"{Path(path).name}: replayed.")
            app.replay(session)
        else:
            app.pad.show(Picture(ink.read(path), Path(path).name))
            of = f" ({app.dialogs.file + 1} of {len(files)}, PageDown for the next)" if len(files) > 1 else ""
            app.say(f"{Path(path).name}{of}")
    except (ValueError, OSError) as error:
        app.say(str(error).replace(path, Path(path).name), bad=True)  # a long path would hide the reason


def png(surface):
    """The bytes of a PNG file."""
    file = io.BytesIO()
    pygame.image.save(surface, file, "window.png")
    return file.getvalue()


def save(app):
    """Save a picture of the window."""
    surface = pygame.Surface(app.layout.size)
    app.draw(surface)
    path = _new(app, "pictures", "png")
    try:
        write_whole(path, png(surface))
        app.say(f"Saved {path}")
    except (OSError, pygame.error) as error:
        app.say(f"{path}: {error}", bad=True)


def save_session(app):
    drawn = app.pad.drawing.strokes
    if not drawn:
        app.say("There are no strokes to save.")
        return
    path = _new(app, "sessions", "json")
    try:
        strokes.save(path, drawn)
        app.say(f"Saved {path}; play it again with --replay.")
    except OSError as error:
        app.say(f"{path}: {error.strerror}", bad=True)
    except ValueError as error:
        app.say(f"{error}; the session was not saved", bad=True)


def _new(app, folder, ending):
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.{ending}"
    return app.teaching.samples / folder / name
