"""nn/first_steps.py and README's "Learn": short, and they do what is said."""

import contextlib
import io
import re

import numpy as np
from threadpoolctl import threadpool_limits

import train
from nn import first_steps


def test_sixty_lines_read_97_percent(capsys):
    assert len((train.ROOT / "nn/first_steps.py").read_text(encoding="utf-8").splitlines()) < 60
    with threadpool_limits(1, user_api="blas"):
        first_steps.main()
    printed = capsys.readouterr().out
    assert "60,000 images, 74,650 weights" in printed
    assert float(re.search(r"reads ([\d.]+)% of the 10,000", printed)[1]) >= 97


def test_readme_s_experiments_give_what_they_promise(monkeypatch):
    text = (train.ROOT / "README.md").read_text(encoding="utf-8").split("## Learn")[1]
    names = {}
    exec(text.split("```python\n")[1].split("```")[0], names)

    def losses(experiment):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), threadpool_limits(1, user_api="blas"):
            exec(experiment, names)
        return [float(number) for number in out.getvalue().split()[1:6]]

    by_heart, too_high, normal, normed = (losses(experiment) for experiment in (
        "learn(small(), x[:32], labels[:32])", "learn(small(), lr=1.0)", "learn(small(), lr=0.02)",
        "layers = small(); layers.insert(6, BatchNorm(32)); layers.insert(3, BatchNorm(8)); learn(layers, lr=0.3)",
    ))  # fmt: skip
    assert np.allclose(by_heart, [0.985, 0.006, 0.001, 0, 0], atol=0.02)
    assert np.allclose(normal, [1.638, 0.847, 0.493, 0.383, 0.414], atol=0.02)
    assert np.allclose(normed, [1.062, 0.806, 0.511, 0.422, 0.398], atol=0.1)
    assert min(too_high) > 2.2
