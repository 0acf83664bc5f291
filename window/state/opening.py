"""A path being typed, pasted or completed where a file is asked for."""

import os
from pathlib import Path
from urllib.parse import unquote, urlparse

SHOWN = 6  # matches, or recent files, that are listed
LONGEST = 10_000  # letters: more is no path


class Opening:
    def __init__(self):
        self.recent = []  # paths that were opened, the latest first
        self.begin()

    def begin(self):
        self.text, self.caret = "", 0
        self.typing = False  # whether a key went down since then: the O that asked for it comes as text, too
        self.error = ""  # what was wrong with the path that was tried

    def insert(self, text):
        """Put text where the caret is. Several lines, as a file manager copies them, stay lines."""
        text = "\n".join(line for line in text.splitlines() if line.strip())[: LONGEST - len(self.text)]
        text = "".join(letter for letter in text if letter.isprintable() or letter == "\n")
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)
        self.error = ""

    def erase(self, after=False):
        start = self.caret if after else max(self.caret - 1, 0)
        end = min(start + 1, len(self.text)) if after or self.caret else start
        self.text, self.caret, self.error = self.text[:start] + self.text[end:], start, ""

    def move(self, by):
        self.caret = min(max(self.caret + by, 0), len(self.text))

    def take(self, path):
        self.text, self.caret, self.error = path, len(path), ""

    def complete(self):
        """Add what all matches have in common."""
        if found := self._found():
            self.take(os.path.commonprefix(found))  # noqa: RUF071 (letter by letter is what is wanted)

    @property
    def listed(self):
        """The paths to choose from: what begins like the text, or the files of before."""
        return (self._found() if self.text else self.recent)[:SHOWN]

    def _found(self):
        if len(lines := paths(self.text)) != 1 or len(lines[0]) > 4000:
            return []
        folder, begin = os.path.split(lines[0])
        try:
            with os.scandir(folder or ".") as entries:
                found = [entry for entry in entries if entry.name.startswith(begin)]
            if not begin:
                found = [entry for entry in found if not entry.name.startswith(".")]
            names = [entry.name + os.sep * entry.is_dir() for entry in found]
        except (OSError, ValueError):
            return []
        return [os.path.join(folder, name) for name in sorted(names)]

    def opened(self, path):
        self.recent = [path, *(other for other in self.recent if other != path)][:SHOWN]


def paths(text):
    """The paths that somebody meant: one a line, perhaps in quotes, as file:// addresses, or with ~ for home."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":
            line = line[1:-1]
        if line.lower().startswith("file:"):
            path = unquote(urlparse(line).path)
            line = path[1:] if os.name == "nt" else path  # /C:/… on Windows
        elif "%20" in line and not Path(line).exists():
            line = unquote(line)
        if line:
            found.append(os.path.expanduser(line))
    return found
