"""What lies over the window for a while, and the files that were asked for."""

from window.state.opening import Opening


class Dialogs:
    def __init__(self):
        self.open = None  # the name of the dialog that is open: see panels/dialogs
        self.page = 0  # of the help
        self.opening = Opening()
        self.files, self.file = [], 0  # paths, and which of them is shown
