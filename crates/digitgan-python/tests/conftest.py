"""What the tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import digitgan


@pytest.fixture(scope="session")
def acgan() -> digitgan.Generator:
    return digitgan.load("acgan")


@pytest.fixture(scope="session")
def gan() -> digitgan.Generator:
    """A GAN of two steps."""
    images, labels = digitgan.load("acgan").sample(count=10), np.arange(100) % 10
    return digitgan.train((images, labels), model="gan", batch_size=20, max_steps=2, progress=False).generator


@pytest.fixture(scope="session")
def mnist() -> Path:
    """A folder of data sets that holds MNIST."""
    place = os.environ.get("DIGITGAN_TEST_MNIST")
    if not place:
        pytest.skip("DIGITGAN_TEST_MNIST names no MNIST")
    return Path(place)


def command_line(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The command line, as a module of this Python."""
    call = [sys.executable, "-m", "digitgan", *arguments]
    return subprocess.run(call, capture_output=True, timeout=120, **options)
