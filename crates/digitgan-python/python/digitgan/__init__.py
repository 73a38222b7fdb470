"""Handwritten digits: drawn by GANs that come along or that you train, written as lines, and judged.

>>> import digitgan
>>> digits = digitgan.load("acgan").sample("2026", seed=7)
>>> digits.shape, digits.dtype
((4, 28, 28), dtype('uint8'))

`load` takes up a generator, `Generator.sample` draws; `write` writes lines; `train` trains; `evaluate` and `Evaluation` say how
good digits are, by metrics that `digitgan.metrics` has for features of any origin. `digitgan.torch` is for PyTorch, and is
imported by whoever asks for it. Images are arrays [n, 28, 28] of bytes from 0 (black) to 255 (white ink).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import metrics
from ._digitgan import (
    ComputeError,
    Evaluation,
    FileError,
    Generator,
    InputError,
    __version__,
    grid,
    load,
    set_threads,
    threads,
    write,
)
from ._evaluate import evaluate
from ._train import Interrupted, Run, train

if TYPE_CHECKING:
    # Not among `__all__`: `from digitgan import *` must not need PyTorch.
    from . import torch as torch

__all__ = [
    "ComputeError",
    "Evaluation",
    "FileError",
    "Generator",
    "InputError",
    "Interrupted",
    "Run",
    "__version__",
    "evaluate",
    "grid",
    "load",
    "metrics",
    "set_threads",
    "threads",
    "train",
    "write",
]


def __getattr__(name: str) -> Any:
    if name == "torch":
        from importlib import import_module

        return import_module(".torch", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
