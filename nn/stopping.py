"""Ctrl-C and SIGTERM, heard from a program's first line to its last.

The first signal ends the program at once, or, inside `patiently`, asks it to stop after the step under way. The second
ends it at once. No exception is ever raised out of a signal: a KeyboardInterrupt that arrives within a lock's own code
leaves it locked for ever, one that arrives within a destructor is lost.

Before the program's first line Python itself starts: there a signal ends it as it ends any Python.
"""

import os
import signal
import sys
from contextlib import contextmanager

_asked = 0  # the signal that asked for a stop
_patient = False
_words = "Stopped."
_tidy = []  # functions to call before an end at once


def listen():
    """Hear both signals from now on. To be called before anything that takes time, imports among it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` and `&` have it
            signal.signal(number, _hear)


def say(words):
    """What an end at once tells the user; "" for nothing."""
    global _words
    _words = words


@contextmanager
def patiently():
    """Within it the first signal only asks, and the program must look at `asked` after each step."""
    global _patient
    _patient = True
    try:
        yield
    finally:
        _patient = False


def asked():
    """The exit code of a program that was asked to stop, 130 (Ctrl-C) or 143 (SIGTERM); 0 if it wasn't."""
    return 128 + _asked if _asked else 0


@contextmanager
def tidied(function):
    """Call the function at the end, even if a signal is the end."""
    _tidy.append(function)
    try:
        yield
    finally:
        _tidy.remove(function)
        function()


def _hear(number, frame):
    global _asked
    first, _asked = not _asked, number
    if first and _patient:
        return
    try:
        for function in _tidy:
            function()
        if first and _words:
            line = "\n" * os.isatty(2) + _words + "\n"  # the terminal may be in the middle of a progress bar
            os.write(2, line.encode(getattr(sys.stderr, "encoding", "utf-8"), "backslashreplace"))
    except Exception:  # nothing may keep it from ending
        pass
    finally:
        os._exit(128 + number)
