"""What the tests share: MNIST, read once, a network and a window of it, and hypothesis without chance or clock, so that
a run can be repeated.
"""

import signal
import sys

import hypothesis
import numpy as np
import pytest

from nn import ink, mnist

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def digits():
    """((train images, train labels), (test images, test labels)) of MNIST."""
    return mnist.load()


@pytest.fixture(scope="session")
def data(digits):
    """The first 100 training images of MNIST and their labels."""
    (images, labels), _ = digits
    return images[:100], labels[:100]


@pytest.fixture(scope="session")
def some(digits):
    """200 test images of MNIST."""
    return digits[1][0][::33][:200]


@pytest.fixture
def page():
    """A crossed 7 on a page of 160 pixels."""
    from test_ink import SEVEN

    return ink.draw(SEVEN, 13, 160)


@pytest.fixture(scope="session")
def one_or_seven(digits):
    """A network taught to tell 1 from 7 and from nothing else, in a second, by this project's own training."""
    from nn.network import digit_net
    from nn.recipes import Recipe
    from nn.training import Epoch, fit

    (images, labels), _ = digits
    few = np.flatnonzero((labels == 1) | (labels == 7))[:2000]
    recipe = Recipe(epochs=2, average=0.9)
    events = fit(digit_net(np.random.default_rng(0)), images[few], labels[few], recipe, threads=1)
    *_, network = (event.network for event in events if isinstance(event, Epoch))
    return network


@pytest.fixture
def app(one_or_seven, tmp_path):
    """A window, without a screen."""
    pygame = pytest.importorskip("pygame")
    from window.app import App

    pygame.font.init()
    app = App(one_or_seven, samples=tmp_path)
    yield app
    for run in app.learning.runs:  # a training goes on until it is stopped
        run.controls.stop()


@pytest.fixture(scope="session")
def idx_data(digits, tmp_path_factory):
    """A folder with 360 images to train on, of which a twelfth is held out, and 300 to test on."""
    from test_mnist import idx, write

    folder = tmp_path_factory.mktemp("data")
    for part, (images, labels), n in zip(("train", "t10k"), digits, (360, 300), strict=True):
        write(folder, "{}-{}-idx{}-ubyte".format(part, "images", 3), idx(images[:n]))
        write(folder, "{}-{}-idx{}-ubyte".format(part, "labels", 1), idx(labels[:n]))
    return folder


@pytest.fixture
def interruptible():
    """Programs started in the background ignore Ctrl-C, and so would what a test in the background starts."""
    if sys.platform == "win32":
        pytest.skip("Windows can't send Ctrl-C to one process alone")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
