"""nn/runs.py and nn/limits.py: what was asked for becomes a run; test_train.py sees runs to their end."""

from dataclasses import replace

import pytest

import train
from nn import runs
from nn.limits import RANGES
from nn.recipes import RECIPES


def test_options_change_the_recipe_and_nothing_else():
    args = train.parse_arguments(
        ["--recipe", "quick", "--epochs", "3", "--batch-size", "64", "--lr", "0.01", "--no-augment"]
    )
    run, recipe, state = runs.fresh(args)
    assert recipe == replace(RECIPES["quick"], epochs=3, batch_size=64, lr=0.01, augment=None)
    assert (run["recipe"], run["seed"], run["data"], state) == ("quick", 0, None, None)


def test_without_options_it_is_the_standard_recipe():
    run, recipe, _ = runs.fresh(train.parse_arguments([]))
    assert recipe == RECIPES["standard"] and run["threads"] == runs.default_threads() >= 1


def test_by_default_a_thread_has_16_images_of_a_batch_or_more(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 12)
    def threads(*arguments):
        return runs.fresh(train.parse_arguments(arguments))[0]["threads"]

    assert [threads("--batch-size", size) for size in ("2", "31", "64", "500")] == [1, 1, 4, 8]
    assert threads("--threads", "9") == 9


def test_another_folder_finds_the_data_that_a_run_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, _, _ = runs.fresh(train.parse_arguments(["--data", "mine"]))
    assert run["data"] == str(tmp_path / "mine") and "--data mine" in run["command"]


@pytest.mark.parametrize("name", RANGES)
def test_an_option_takes_its_range_and_nothing_beyond(name, capsys):
    option, (least, most) = f"--{name.replace('_', '-')}", RANGES[name]
    for value in (least, most):
        assert getattr(train.parse_arguments([option, str(value)]), name) == value
    for value in (least / 10 if name == "lr" else least - 1, most + 1):
        with pytest.raises(SystemExit):
            train.parse_arguments([option, str(value)])
        assert option in capsys.readouterr().err
