"""A program's output may have nowhere to go: closed, a full disk, a reader that left, a terminal of few letters.

After `begin`, printing never fails: what can't be written is dropped, a letter that can't be shown is escaped. A
program whose product is what it prints asks `lost` how that went.
"""

import io
import os
import select
import sys

_stdout = None


class _Output(io.FileIO):
    """A stream of bytes that drops what can't be written; `error` says why."""

    error = None

    def write(self, data):
        while self.error is None:
            try:
                if (count := super().write(data)) is not None:
                    return count
                select.select([], [self], [])  # somebody made it non-blocking, and it is full for now
            except OSError as error:
                self.error = error
        return len(data)


def begin():
    """Make stdout and stderr of this program such that printing never fails."""
    global _stdout
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # closed: the next file to be opened would take its number, and what is printed
            os.open(os.devnull, os.O_RDWR)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if sys.platform == "win32" and stream is not None and stream.isatty():
            stream.reconfigure(errors="backslashreplace")  # Windows' console has a stream of its own kind
            continue
        raw = _Output(descriptor, "w", closefd=False)
        _stdout = raw if name == "stdout" else _stdout
        encoding = "utf-8" if stream is None else stream.encoding
        setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=True))


def lost():
    """The OSError that keeps stdout from being written, or None."""
    if _stdout is None:
        return None
    sys.stdout.flush()
    return _stdout.error
