"""Files that are opened and written."""

import io
import time
from pathlib import Path

import numpy as np
import pygame

from nn import ink
from nn.files import write_whole
from window.data import strokes
from window.data.strokes import Picture
from window.state.opening import paths


def ask(app):
    app.dialogs.open = "open"
    app.dialogs.opening.begin()


def cancel(app):
    app.dialogs.open = None


def choose(app, which):
    """Take one of the paths that are listed: a folder to look into, a file to open."""
    opening = app.dialogs.opening
    opening.take(opening.listed[int(which)])
    if not opening.text.endswith(("/", "\\")):
        open_typed(app)


def open_typed(app):
    """Open what was typed. If it can't be opened, the dialog stays, with the path and the reason."""
    opening, wanted = app.dialogs.opening, paths(app.dialogs.opening.text)
    if not wanted:
        opening.error = "Type or paste the path of a picture or a session first."
        return
    first = len(app.dialogs.files)
    app.dialogs.files += wanted
    show(app, first)
    if app.message.bad:
        opening.error = app.message.words
        del app.dialogs.files[first:]
        app.dialogs.file = max(min(app.dialogs.file, first - 1), 0)
    else:
        app.dialogs.open = None
        opening.opened(wanted[0])


def add(app, path):
    """Take a file to the others and show it."""
    app.dialogs.files.append(str(path))
    show(app, len(app.dialogs.files) - 1)


def following(app):
    _walk(app, 1)


def previous(app):
    _walk(app, -1)


def _walk(app, by):
    """Show the next file that can be read; what can't is said, and passed over."""
    files, refused = app.dialogs.files, []
    for _ in range(max(len(files), 1)):
        show(app, app.dialogs.file + by)
        if not files or not app.message.bad:
            break
        refused.append(app.message.words)
    if refused and not app.message.bad:
        app.say(f"{app.message.words} Passed over: {refused[0]}" + (" and others" if len(refused) > 1 else ""))


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
            page = ink.read(path)
            found = ink.read_page(app.reading.network, page) if app.reading.network else None
            picture = Picture((found or page).ink, Path(path).name, doubt=found.doubt if found else "")
            app.pad.show(picture, page.levels.colours.astype(np.uint8), found)
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
