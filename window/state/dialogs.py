"""What lies over the window for a while, and the files that were asked for."""


class Dialogs:
    def __init__(self):
        self.open = None  # the name of the dialog that is open: see panels/__init__.py
        self.path = ""  # what has been typed where a file is asked for
        self.typing = False  # whether a key went down since then: the O that asked for it comes as text, too
        self.files, self.file = [], 0  # paths, and which of them is shown

    def type(self, text):
        """Add typed or pasted text to the path, without what no path can have: line ends, nulls, half letters."""
        self.path += "".join(letter for letter in text if letter >= " " and not "\ud800" <= letter <= "\udfff")
