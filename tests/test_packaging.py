"""pyproject.toml: a wheel that holds every module, MNIST and the shipped weights, and works where it is unpacked."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("nn", "window", "weights", "train.py", "play.py", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The unpacked wheel, built from a copy."""
    pytest.importorskip("setuptools", minversion="70.1")
    source, built, unpacked = (tmp_path_factory.mktemp(name) for name in ("source", "built", "unpacked"))
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, source)
    code = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    build = [sys.executable, "-c", code]
    done = subprocess.run([*build, built], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = built.glob("*.whl")
    zipfile.ZipFile(path).extractall(unpacked)
    return unpacked


def test_every_module_mnist_and_the_weights_are_in_it(wheel):
    wanted = {path.relative_to(ROOT) for folder in ("nn", "window") for path in (ROOT / folder).rglob("*.py")}
    wanted |= {path.relative_to(ROOT) for path in (ROOT / "nn/mnist").glob("*.gz")}
    wanted |= {Path(name) for name in ("train.py", "play.py", "weights/digits.npz", "window/example.json")}
    assert not wanted - {path.relative_to(wheel) for path in wheel.rglob("*")}
    commands = next(wheel.glob("*.dist-info")) / "entry_points.txt"
    assert commands.read_text().split() == ["[console_scripts]", "digits-play", "=", "play:main", "digits-train", "=",
                                            "train:main"]  # fmt: skip


def test_it_works_in_an_empty_folder_and_keeps_weights_there(wheel, tmp_path):
    code = ("import sys, nn, train; from pathlib import Path; assert Path(nn.__file__).is_relative_to(sys.argv[1]); "
            "print(train.HOME / 'weights'); sys.exit(train.main(['--evaluate', str(train.SHIPPED)]))")
    done = subprocess.run([sys.executable, "-c", code, wheel], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(wheel)})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("weights\n") and "test accuracy 99.6" in done.stdout


def test_in_a_clone_the_weights_go_into_the_clone():
    import train

    assert train.HOME == ROOT


def test_nn_imports_one_way_and_readme_names_every_file():
    text = (ROOT / "nn/__init__.py").read_text(encoding="utf-8")
    order = re.findall(r"\w+", text.split("before it:")[1].split(".")[0])
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## Read\n")[1].split("\n## ")[0]
    found = set()
    for path in (ROOT / "nn").rglob("*.py"):
        name = path.relative_to(ROOT / "nn").parts[0].removesuffix(".py")
        if name == "__init__":
            continue
        found.add(name)
        assert f"](nn/{name}" in readme, name
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        nodes = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        taken = {node.module.split(".")[1] for node in nodes if node.module.startswith("nn.")}
        taken |= {alias.name for node in nodes if node.module == "nn" for alias in node.names}
        assert taken - {name} <= set(order[: order.index(name)]), name
    assert found == set(order)


@pytest.mark.parametrize("page", ["README.md", "benchmarks/README.md", "benchmarks/LOG.md"])
def test_every_link_and_picture_is_there(page):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()]
    assert links and not missing
