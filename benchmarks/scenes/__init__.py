"""What situations.py makes pictures of: a function for each kind."""

from benchmarks.scenes import on_paper, other

KINDS = {name.replace("_", "-"): kind for room in (on_paper, other) for name, kind in vars(room).items()
         if callable(kind) and kind.__module__ == room.__name__ and not name.startswith("_")}  # fmt: skip
