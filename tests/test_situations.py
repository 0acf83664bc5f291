"""benchmarks/situations.py and pictures.py: a seed makes the same pictures again; they are scored, and mostly read."""

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import pictures, situations
from benchmarks.scenes import KINDS

WEIGHTS = Path(__file__).parents[1] / "weights" / "digits.npz"
SLOW = {"far", "dark-desk", "amount", "photographed", "app-window", "sticky-note", "highlighted", "scribble", "dry",
        "punch-holes", "chalkboard", "plot", "two-lines", "hard-shadow"}  # fmt: skip
SEED = 77  # not the one whose results are published


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return situations.write(tmp_path_factory.mktemp("pictures"), SEED, 1, [kind for kind in KINDS if kind not in SLOW])


def test_every_picture_says_what_it_shows(paths):
    assert len(paths) == len(KINDS) - len(SLOW) >= 30
    for path in paths:
        assert re.fullmatch(r"0-is-(\d+|none)\.(png|jpg|gif|tif)", path.name) and path.parent.name in KINDS
        with Image.open(path) as image:
            assert min(image.size) >= 200


def test_the_same_seed_makes_the_same_pictures(tmp_path):
    kinds = ["plain", "ruled-photo", "late-frame"]
    made = [[path.read_bytes() for path in situations.write(tmp_path / str(k), seed, 1, kinds)]
            for k, seed in enumerate((1, 1, 2))]  # fmt: skip
    assert made[0] == made[1] and not set(made[0]) & set(made[2])


def test_most_numbers_are_read_and_hardly_any_wrongly(paths):
    if not WEIGHTS.exists():
        pytest.skip("weights/digits.npz is not made yet")
    wrong = [result for path in paths if (result := pictures.score(path, str(WEIGHTS)))["outcome"] != "right"]
    told = [f"{result['kind']}: {result['truth']} read as {result['read']}, {result['outcome']}" for result in wrong]
    assert len(wrong) <= 4, told
    assert sum(result["outcome"] == "sure" for result in wrong) <= 2, told


def test_right_is_the_whole_number_or_nothing_where_there_is_none(tmp_path):
    if not WEIGHTS.exists():
        pytest.skip("weights/digits.npz is not made yet")
    (path,) = situations.write(tmp_path, 1, 1, ["plain"])
    truth = path.stem.removeprefix("0-is-")
    outcomes = []
    for said in (truth, truth + "0", truth[:-1], truth[1:], "none"):
        outcomes.append(pictures.score(path.rename(path.with_name(f"0-is-{said}.png")), str(WEIGHTS))["outcome"])
        path = path.with_name(f"0-is-{said}.png")
    assert outcomes == ["right", "sure", "sure", "sure", "sure"]
    (blank,) = situations.write(tmp_path, 1, 1, ["blank"])
    assert pictures.score(blank, str(WEIGHTS))["outcome"] == "right"
    assert pictures.score(blank.rename(blank.with_name("0-is-7.jpg")), str(WEIGHTS))["outcome"] == "refused"
