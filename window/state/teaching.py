"""The user's own hand: what was kept, and what is being learned from it."""

from nn.files import write_whole
from window.data import hand


class Teaching:
    def __init__(self, samples):
        self.samples = samples  # the user's folder
        self.kept_at = {}  # number of the drawing's state: the file that was kept there, or None if it was taken back
        self.progress = None  # the last event of learning
        self.learned = None  # what learning made, until it is kept or discarded
        self.shelf = []  # what is kept, while the gallery is open
        self.removed = []  # (path, bytes) of what was removed from it
        self.count()

    def count(self):
        """Look again how many drawings the folder holds."""
        self.kept = hand.count(self.samples)

    def look_through(self):
        """Read what is kept into `shelf`, by digit, and each digit's latest first."""
        samples, _ = hand.load(self.samples)
        self.shelf = sorted(reversed(samples), key=lambda sample: sample.label)
        self.count()

    def remove(self, index):
        """Delete one drawing of the shelf. Returns what went wrong, or None."""
        path = self.shelf[index].path
        try:
            self.removed.append((path, path.read_bytes()))
            path.unlink()
        except OSError as error:
            return f"{path.name}: {error.strerror}"
        self.look_through()
        return None

    def put_back(self):
        """Write the drawing that was removed last. Returns what went wrong, or None."""
        if not self.removed:
            return None
        path, data = self.removed[-1]
        try:
            write_whole(path, data)
        except OSError as error:
            return f"{path.name}: {error.strerror}"
        self.removed.pop()
        self.look_through()
        return None

    def just_kept(self, drawing):
        """The file of the drawing whose keeping is the last thing that undo can take back, or None."""
        return None if drawing.marks else self.kept_at.get(drawing.state)
