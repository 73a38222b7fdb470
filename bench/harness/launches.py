"""What a training step launches on a GPU: how many kernels, and how long each takes there.

Ours by CubeCL's log of kernels, PyTorch's by its own profiler. Both slow a step down, so its time is taken from elsewhere; the
time of a kernel is the device's own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .plan import report
from .programs import Failed, run_json

if TYPE_CHECKING:
    from .gpu import GpuPlan

MODEL, BATCH = "acgan", 64
# What is compiled and tried out at the start drops out in the difference of two runs.
FEW_BLOCKS, MORE_BLOCKS, STEPS = 1, 6, 10
SHOWN = 12
CONFIGURATION = '[profiling.logger]\nlevel = "basic"\nappend = false\nfile = "{log}"\n'
LINE = re.compile(r"\| (?P<time>[\d.]+)(?P<unit>ns|µs|ms|s) *\| (?P<name>.*)")
MICROSECONDS = {"ns": 1e-3, "µs": 1.0, "ms": 1e3, "s": 1e6}


@dataclass
class Kernels:
    """What was launched: how often each kernel, and for how many microseconds in all."""

    counts: Counter[str] = field(default_factory=Counter)
    microseconds: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, microseconds: float) -> None:
        self.counts[name] += 1
        self.microseconds[name] += microseconds

    def beyond(self, fewer: Kernels) -> Kernels:
        """What was launched here and not there."""
        counts, microseconds = Counter(self.counts), Counter(self.microseconds)
        counts.subtract(fewer.counts)
        microseconds.subtract(fewer.microseconds)
        return Kernels(counts, microseconds)


def read_log(text: str) -> Kernels:
    """The kernels of CubeCL's log, a line each: `| 12.3µs | name`."""
    kernels = Kernels()
    for line in text.splitlines():
        found = LINE.search(line)
        if found:
            # Arguments of a kernel follow its name.
            name = re.split(r"[\s<({]", found["name"].strip(), maxsplit=1)[0]
            kernels.add(name, float(found["time"]) * MICROSECONDS[found["unit"]])
    return kernels


def profile(plan: GpuPlan) -> list[dict]:
    """A row for each engine."""
    rows = []
    for name, measure in (("digitgan", ours), ("PyTorch eager", pytorch)):
        print(f"launches: {name}, {MODEL}, batch {BATCH}", flush=True)
        told = {"engine": name, "model": MODEL, "batch": BATCH, "error": None}
        try:
            rows.append(told | measure(plan))
        except Failed as failure:
            report(str(failure))
            rows.append(told | {"error": str(failure)})
    return rows


def ours(plan: GpuPlan) -> dict:
    """By CubeCL's log."""
    if plan.device.partition(":")[0] in ("cpu", "flex"):
        raise Failed(f"{plan.device} launches no kernels")
    unwatched = run_json(plan.our_step(MODEL, BATCH, STEPS, MORE_BLOCKS))  # which also leaves compiled kernels behind
    few, few_steps = logged(plan, FEW_BLOCKS)
    more, more_steps = logged(plan, MORE_BLOCKS)
    if more_steps <= few_steps:
        raise Failed("the longer run took no more steps")
    return per_step(more.beyond(few), more_steps - few_steps, unwatched["median_step_ms"])


def logged(plan: GpuPlan, blocks: int) -> tuple[Kernels, int]:
    """What a run launched, and its steps."""
    folder, log = plan.work, plan.work / f"kernels-{blocks}.log"
    (folder / "cubecl.toml").write_text(CONFIGURATION.format(log=log))
    steps = run_json(plan.our_step(MODEL, BATCH, STEPS, blocks), folder=folder)["steps"]
    kernels = read_log(read(log))
    if not kernels.counts:
        raise Failed("CubeCL logged no kernels")
    return kernels, steps


def read(log: Path) -> str:
    try:
        return log.read_text(errors="replace")
    except OSError as error:
        raise Failed(f"CubeCL wrote no log: {error}") from error


def pytorch(plan: GpuPlan) -> dict:
    """By PyTorch's profiler."""
    result = run_json(plan.pytorch_step("eager", MODEL, BATCH, "--profile"))
    kernels = Kernels()
    for kernel in result["kernels"]:
        kernels.counts[kernel["name"]] += kernel["count"]
        kernels.microseconds[kernel["name"]] += kernel["microseconds"]
    return per_step(kernels, result["profiled_steps"], result["median_step_ms"])


def per_step(kernels: Kernels, steps: int, step_ms: float) -> dict:
    """What is told: of a step, and of the kernels that take most of it."""
    count, microseconds = kernels.counts.total(), kernels.microseconds.total()
    if count <= 0:
        raise Failed("no kernel was counted")
    top = [
        {"name": name, "launches_a_step": kernels.counts[name] / steps, "us_a_step": taken / steps}
        for name, taken in kernels.microseconds.most_common(SHOWN)
    ]
    return {
        "launches_a_step": count / steps,
        "kernel_us": microseconds / count,
        "device_ms_a_step": microseconds / steps / 1e3,
        "ms_a_step": step_ms,
        "us_a_launch": step_ms * 1e3 / (count / steps),
        "top": top,
    }
