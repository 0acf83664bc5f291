"""The user's own hand: what was kept, and what is being learned from it."""

from window.data import hand


class Teaching:
    def __init__(self, samples):
        self.samples = samples  # the user's folder
        self.kept_at = {}  # number of the drawing's state: the file that was kept there, or None if it was taken back
        self.progress = None  # the last event of learning
        self.learned = None  # what learning made, until it is kept or discarded
        self.count()

    def count(self):
        """Look again how many drawings the folder holds."""
        self.kept = hand.count(self.samples)

    def just_kept(self, drawing):
        """The file of the drawing whose keeping is the last thing that undo can take back, or None."""
        return None if drawing.marks else self.kept_at.get(drawing.state)
