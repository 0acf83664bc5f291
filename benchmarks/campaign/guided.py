"""Mutants that are led by the code they reach: libFuzzer by way of atheris (`pip install -e ".[fuzz]"`).

    python -m benchmarks.campaign.guided weights -max_total_time=600

The first word is a kind of file, as in targets.py; the others are libFuzzer's. It stops at the first find.
"""

import inspect
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

from benchmarks.campaign.targets import TARGETS, attempt, good_files
from nn import checkpoint, files, mnist, stored
from window.data import hand, strokes

# What reads files by Python. Compiled loops can't be instrumented, so the imports as a whole can't be.
for module in (files, stored, checkpoint, mnist, strokes, hand, zipfile, json.decoder):
    for _, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__:
            atheris.instrument_func(function)


def main():
    kind, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as corpus:
        path, *others = good_files(kind, folder)
        for number, good in enumerate([path, *others]):
            Path(corpus, str(number)).write_bytes(good.read_bytes())

        def one_input(data):
            path.write_bytes(data)
            outcome, words = attempt(TARGETS[kind], path)
            if outcome == "raised":
                raise AssertionError(words)

        atheris.Setup([sys.argv[0], *options, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
