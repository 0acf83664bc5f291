"""What the tests share: MNIST, read once, and hypothesis without chance or clock, so that a run can be repeated."""

import hypothesis
import pytest

from nn import mnist

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def digits():
    """((train images, train labels), (test images, test labels)) of MNIST."""
    return mnist.load()
