"""The files that a training writes, and what can be known of them before it begins."""

import os
import shutil
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nn import stopping
from nn.network import load_digit_net


def absolute(path):
    """The whole path, which stays right from another folder, or if this one vanishes. ValueError if it has already."""
    try:
        return Path(os.path.abspath(path))
    except FileNotFoundError:
        raise ValueError(f"{path}: the current folder is gone; go to another, or give a full path") from None


class Outputs:
    """The weights' file, and beside it the checkpoint, the card and the report.

    ValueError without a current folder, or if the weights' name is a folder's.
    """

    def __init__(self, weights):
        if weights.is_dir():
            raise ValueError(f"{weights} is a folder; give --out the name of a file, as {weights / 'mine.npz'}")
        if weights.suffix != ".npz":
            weights = weights.with_name(weights.name + ".npz")
        self.weights = absolute(weights)
        self.checkpoint = self.weights.with_suffix(".checkpoint.npz")
        self.card = self.weights.with_suffix(".json")
        self.report = self.weights.with_suffix(".report.png")

    @contextmanager
    def claimed(self, network):
        """Within it no other training writes these files. ValueError now for what would fail at the end.

        network: one like that to be saved; it is saved, loaded and thrown away.
        """
        folder = self.weights.parent
        with ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(_locked(
                    folder / f".{self.weights.name}.lock",
                    f"{self.weights}: another training is writing it; choose another --out",
                ))  # fmt: skip
                self._rehearse(folder, network)
            except OSError as error:
                if folder.exists() and not folder.is_dir():
                    raise ValueError(f"{folder} is a file, no folder; choose another --out") from None
                raise ValueError(f"{self.weights} can't be written ({error.strerror}); choose another --out") from None
            yield

    def _rehearse(self, folder, network):
        for path in (self.weights, self.checkpoint, self.card, self.report):
            if path.is_dir():
                raise ValueError(f"{path} is a folder; choose another --out")
            for other in folder.iterdir():  # what a killed write left
                stem, _, process = other.name.rpartition(".")
                if stem == f".{path.name}" and process.isdigit():
                    other.unlink()
        rehearsal = folder / f".{self.weights.name}.rehearsal"
        shutil.rmtree(rehearsal, ignore_errors=True)
        try:
            rehearsal.mkdir()
            network.folded().save(rehearsal / self.checkpoint.name)  # the longest of the names
            load_digit_net(rehearsal / self.checkpoint.name)
        except ValueError as error:
            raise ValueError(f"this network can't be saved and loaded again: {error}") from None
        finally:
            shutil.rmtree(rehearsal, ignore_errors=True)


@contextmanager
def _locked(path, refusal):
    """Hold a lock that ends with the process, however that ends. ValueError(refusal) if another process has it."""
    if sys.platform == "win32":
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_TEMPORARY)  # deleted when it is closed
        except FileExistsError:
            raise ValueError(refusal) from None
        try:
            yield
        finally:
            os.close(file)
        return
    import fcntl

    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise ValueError(refusal) from None
        except OSError:
            pass  # a file system without locks
        if path.exists() and os.path.samestat(os.stat(path), os.fstat(file)):
            break
        os.close(file)  # its owner deleted it between our opening and our locking
    try:
        with stopping.tidied(lambda: path.unlink(missing_ok=True)):
            yield
    finally:
        os.close(file)
