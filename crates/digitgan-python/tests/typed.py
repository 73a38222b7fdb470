"""Calls as users write them, for the type checker: `mypy --strict` must find nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import digitgan


def draw() -> NDArray[np.float32]:
    generator: digitgan.Generator = digitgan.load("acgan")
    digits = generator.sample("2026", seed=7)
    generator.sample([1, 2], count=3, first=1)
    generator.sample(np.arange(10), latents=generator.latents(10), dtype="float32")
    assert digits.shape[0] == 4
    name: str = generator.classes[0]
    digitgan.load(Path("runs") / name).save("g.safetensors")
    return generator.tensors()["deconv1.weight"]


def judge(images: NDArray[np.uint8]) -> float:
    found = digitgan.evaluate(images, [1, 2, 3], against=(images, np.zeros(3, np.uint8)))
    evaluation = digitgan.Evaluation("mnist", data_dir=Path("data"))
    evaluation.update(images)
    agreement: float = evaluation.compute()["agreement"]
    mean, deviation = digitgan.metrics.kernel(images, images, size=10)
    return agreement + mean + deviation + digitgan.metrics.frechet(images, images) + len(found)


def write() -> NDArray[np.uint8]:
    return digitgan.write(["12,50", "7"], ink="navy", paper=None, jitter={"slant": 0.0})


def train(images: NDArray[np.uint8], labels: list[int]) -> digitgan.Run:
    try:
        return digitgan.train((images, labels), model="cgan", epochs=1, on_event=lambda event: event["event"], lr=0.001)
    except digitgan.Interrupted as stopped:
        return stopped.run
    except digitgan.InputError as error:
        raise SystemExit(error.argument) from error
