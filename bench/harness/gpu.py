"""A GPU: steps and epochs of ours and of PyTorch, a whole training of ours, and what a step launches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from . import bars, launches
from .plan import report
from .programs import Failed, build_with, digitgan, program, python, run_json, run_whole
from .rounds import Competitor, Series, interleaved, ratio

IMAGES = 60_000
# The bars, and where they are judged.
WHOLE_MODEL, WHOLE_BATCH, WHOLE_EPOCHS, WHOLE_SECONDS = "acgan", 256, 20, 20.0
EPOCH_MODEL, EPOCH_BATCH = "acgan", 64
QUICK_STEPS = 4
OURS = "digitgan"
PYTORCH = {"eager": "PyTorch eager", "graphs": "PyTorch, CUDA graphs"}
# Devices that no feature of their own builds in.
FEATURES = {"cpu": None, "flex": "gpu"}


@dataclass(frozen=True)
class GpuPlan:
    """Settings."""

    device: str  # digitgan's
    torch_device: str
    models: list[str]
    batches: list[int]
    rounds: int
    blocks: int
    steps: int  # of a block
    tf32: bool
    quick: bool
    data: Path | None
    work: Path  # a folder for files that come and go

    def counts(self) -> bool:
        """Whether the bars are judged: on GPUs, by a run that is no try."""
        return not self.quick and self.device.partition(":")[0] not in ("cpu", "flex") and self.torch_device.startswith("cuda")

    def our_step(self, model: str, batch: int, steps: int, blocks: int) -> list[object]:
        """The command that times our steps."""
        return [program("device_step"), self.device, model, batch, steps, blocks]

    def pytorch_step(self, mode: str, model: str, batch: int, *more: object) -> list[str]:
        """The command that times PyTorch's."""
        precision = [] if self.tf32 else ["--no-tf32"]
        return python("pytorch_device_step.py", "--device", self.torch_device, "--mode", mode, "--variant", model, "--batch", batch,
                      "--steps", self.steps, "--blocks", self.blocks, *precision, *more)


def measure(plan: GpuPlan, profile: bool) -> dict:
    """Everything that was asked for."""
    kind = plan.device.partition(":")[0]
    build_with(FEATURES.get(kind, kind))
    results = {
        "settings": {name: getattr(plan, name) for name in ("device", "torch_device", "rounds", "blocks", "steps", "tf32", "quick")},
        "devices": {},
        "train": train(plan),
        "whole": whole(plan),
    }
    if profile:
        results["profile"] = launches.profile(plan)
    results["bars"] = judge(results) if plan.counts() else []
    return results


def train(plan: GpuPlan) -> list[dict]:
    """A row for each model, batch and engine."""
    rows = []
    for batch in plan.batches:
        for model in plan.models:
            print(f"training: {model}, batch {batch}", flush=True)
            engines: dict[str, str] = {}
            contest = {OURS: plan.our_step(model, batch, plan.steps, plan.blocks)}
            contest |= {name: plan.pytorch_step(mode, model, batch) for mode, name in PYTORCH.items()}
            competitors = [Competitor(name, partial(step_ms, name, command, engines)) for name, command in contest.items()]
            found = interleaved(competitors, plan.rounds, report)
            rows += [row(model, batch, series, found, engines) for series in found.values()]
    return rows


def step_ms(name: str, command: list[object], engines: dict[str, str]) -> float:
    """Milliseconds a step; notes what the engine calls itself and its device."""
    result = run_json(command)
    engines[name] = result["engine"]
    return result["median_step_ms"]


def row(model: str, batch: int, series: Series, found: dict[str, Series], engines: dict[str, str]) -> dict:
    """What is told of an engine."""
    told = {"model": model, "batch": batch, "engine": series.name, "error": series.error}
    if series.error:
        return told
    against = ratio(series, found[OURS])
    milliseconds = series.median()
    return told | {
        "device": engines[series.name],
        "ms_a_step": milliseconds,
        "seconds_an_epoch": milliseconds * (IMAGES // batch) / 1e3,
        "images_per_second": batch / milliseconds * 1e3,
        "rounds_ms": series.values,
        "times_of_ours": asdict(against) if against else None,
    }


def whole(plan: GpuPlan) -> dict:
    """A whole training of ours, as a process: from its start to the last file."""
    told: dict = {"model": WHOLE_MODEL, "batch": WHOLE_BATCH, "epochs": WHOLE_EPOCHS, "whole": not plan.quick, "error": None}
    steps = QUICK_STEPS if plan.quick else WHOLE_EPOCHS * (IMAGES // WHOLE_BATCH)
    print(f"a whole training: {WHOLE_MODEL}, batch {WHOLE_BATCH}, {steps} steps", flush=True)
    command = [digitgan(), "train", WHOLE_MODEL, "--recipe", "paper", "--device", plan.device, "--epochs", WHOLE_EPOCHS,
               "--batch-size", WHOLE_BATCH, "--max-steps", steps, "--out", plan.work / "whole", "--json"]
    try:
        if plan.data is None:
            raise Failed("no MNIST: give --data DIR with its four files in DIR/mnist (or set DIGITGAN_DATA_DIR)")
        process = run_whole([*command, "--data", "mnist", "--data-dir", plan.data])
    except Failed as failure:
        report(str(failure))
        return told | {"steps": steps, "error": str(failure)}
    report(f"{process.seconds:.1f} s")
    return told | {"steps": steps, "seconds": process.seconds, "peak_mib": process.peak_mib}


def judge(results: dict) -> list[dict]:
    """A row for each bar that this run could judge."""
    rows = []
    for told in results["train"]:
        if (told["engine"], told["model"], told["batch"]) == (PYTORCH["eager"], EPOCH_MODEL, EPOCH_BATCH) and not told["error"]:
            what = f"an epoch of {EPOCH_MODEL}, batch {EPOCH_BATCH}: times {told['engine']}"
            rows.append(bars.at_least(what, 1.0, told["times_of_ours"]))
    training = results["whole"]
    if training["whole"] and not training["error"]:
        what = f"{WHOLE_EPOCHS} epochs of {WHOLE_MODEL}, batch {WHOLE_BATCH}, as a process, s"
        rows.append(bars.below(what, WHOLE_SECONDS, training["seconds"]))
    return [told for told in rows if told]
