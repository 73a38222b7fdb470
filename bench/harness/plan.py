"""What a run of the benchmark was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import programs
from .machine import has_avx512

SECTIONS = ("peak", "train", "generate", "epoch", "scaling")
TRAINING_BATCHES = (64, 256)
OURS, OURS_AVX2, OURS_BF16 = "digitgan", "digitgan, AVX2", "digitgan, bfloat16"
AVX2 = {"DIGITGAN_SIMD": "avx2"}
# PyTorch's settings where nothing is tried out: those that win on most machines.
USUAL_OPTIONS = ["--channels-last", "--linear"]


@dataclass
class Plan:
    """Settings, and what had to be found out for them."""

    sections: list[str]
    models: list[str]
    batches: list[int]  # of training steps
    rounds: int
    steps: int
    threads: int
    processors: int
    quick: bool
    data: Path | None
    work: Path  # a folder for files that come and go
    unbuilt: dict[str, str] = field(default_factory=dict)
    tuned: dict[tuple[str, str, int, int], list[str]] = field(default_factory=dict)

    def ours(self) -> list[tuple[str, dict[str, str]]]:
        """Our rows: name and environment. AVX2 is a row of its own where the machine has more."""
        rows: list[tuple[str, dict[str, str]]] = [(OURS, {})]
        return rows + [(OURS_AVX2, AVX2)] if has_avx512() else rows

    def pytorch_options(self, mode: str, model: str, batch: int, threads: int) -> list[str]:
        """The settings under which PyTorch trains this fastest: tried out once, before the rounds."""
        if self.quick:
            return USUAL_OPTIONS
        key = (mode, model, batch, threads)
        if key not in self.tuned:
            print(f"  trying out PyTorch's settings: {mode}, {model}, batch {batch}, {threads} threads", flush=True)
            command = programs.python("pytorch_step.py", "--tune", "--mode", mode, "--variant", model,
                                      "--batch", batch, "--threads", threads, "--steps", 15)
            self.tuned[key] = programs.run_json(command, programs.KEEP_MEMORY)["options"]
        return self.tuned[key]

    def rust_peer(self, name: str) -> Path:
        """A built peer."""
        if name in self.unbuilt:
            raise programs.Failed(self.unbuilt[name])
        return programs.rust_peer(name)


def report(line: str) -> None:
    """Says how far it is."""
    print(f"  {line}", flush=True)
