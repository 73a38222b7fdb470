"""A whole process that trains one epoch of MNIST: its time and its peak memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

from .plan import OURS, Plan, report
from .programs import Failed, Process, digitgan, python, run_whole
from .rounds import Competitor, interleaved
from .training import PYTORCH

MODEL, BATCH = "acgan", 64
STEPS = 60_000 // BATCH
QUICK_STEPS = 60
MOST_ROUNDS = 3


def epoch(plan: Plan) -> dict:
    """Rows of ours and PyTorch, and how many steps they took."""
    steps = QUICK_STEPS if plan.quick else STEPS
    print(f"an epoch of {MODEL}: {steps} steps", flush=True)
    peaks: dict[str, float] = {}
    numbers = itertools.count()

    def ours() -> Process:
        out = plan.work / f"epoch-{next(numbers)}"
        return run_whole([digitgan(), "train", MODEL, "--recipe", "paper", "--data", "mnist", "--data-dir", plan.data, "--epochs", 1,
                          "--max-steps", steps, "--threads", plan.threads, "--out", out, "--json"])

    def pytorch() -> Process:
        options = plan.pytorch_options("eager", MODEL, BATCH, plan.threads)
        return run_whole(python("pytorch_train.py", "--data", plan.data / "mnist", "--variant", MODEL, "--batch", BATCH,
                                "--threads", plan.threads, "--steps", steps, *options))

    def measure(name: str, whole: Callable[[], Process]) -> float:
        if plan.data is None:
            raise Failed("no MNIST: give --data DIR with its four files in DIR/mnist (or set DIGITGAN_DATA_DIR)")
        process = whole()
        peaks[name] = max(process.peak_mib, peaks.get(name, 0.0))
        return process.seconds

    contest = {OURS: ours, PYTORCH["eager"]: pytorch}
    found = interleaved([Competitor(name, partial(measure, name, whole)) for name, whole in contest.items()],
                        min(plan.rounds, MOST_ROUNDS), report)
    rows = [
        {"engine": series.name, "error": series.error, "seconds": None if series.error else series.median(),
         "peak_mib": peaks.get(series.name)}
        for series in found.values()
    ]
    return {"model": MODEL, "batch": BATCH, "steps": steps, "whole": steps == STEPS, "rows": rows}
