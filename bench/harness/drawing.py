"""Drawing: images per second, and the time from a process's start to its first picture."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import operations
from .plan import OURS, Plan, report
from .programs import Failed, digitgan, program, python, run, run_json, run_whole
from .rounds import Competitor, Series, interleaved
from .training import PYTORCH, against_ours

MODEL = "acgan"  # cGAN's generator is the same; GAN's lacks the class
BATCHES = (1, 256)
ONNX = "ONNX Runtime"
# Pictures to train before drawing: any weights draw as fast, but a picture of digits shows that it works.
TRAINED_STEPS = 300
# First pictures per round: one takes well under a second of ours.
FIRST_PICTURES = 5


def calls_of(plan: Plan, batch: int) -> int:
    """Enough calls that a round takes about as long at every batch."""
    return plan.steps * max(1, 64 // batch)


def our_call(plan: Plan, batch: int, environment: dict[str, str]) -> float:
    """Milliseconds a call."""
    command = [program("generate_time"), MODEL, batch, plan.threads, calls_of(plan, batch)]
    return run_json(command, environment)["median_call_ms"]


def pytorch_call(plan: Plan, mode: str, batch: int) -> float:
    """Milliseconds a call."""
    command = python("pytorch_generate.py", "--mode", mode, "--variant", MODEL, "--batch", batch,
                     "--threads", plan.threads, "--calls", calls_of(plan, batch))
    return run_json(command)["median_call_ms"]


class Weights:
    """A trained generator, as digitgan's file and as ONNX graphs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        run_folder = plan.work / "weights"
        if not run_folder.exists():
            run([digitgan(), "train", MODEL, "--data", "strokes", "--max-steps", TRAINED_STEPS, "--out", run_folder])
        self.file = run_folder / "generator.safetensors"
        self.fastest_graph: dict[int, Path] = {}

    def graph(self, first_layer: str) -> Path:
        path = self.plan.work / f"{first_layer}.onnx"
        if not path.exists():
            run(python("onnx_generate.py", "--weights", self.file, "--build", path, "--first-layer", first_layer))
        return path

    def graph_for(self, batch: int) -> Path:
        """The form of the first layer that draws this batch faster: tried out once."""
        if batch not in self.fastest_graph:
            graphs = [self.graph("gemm"), self.graph("conv")]
            self.fastest_graph[batch] = min(graphs, key=partial(onnx_call, self.plan, batch))
        return self.fastest_graph[batch]


def onnx_call(plan: Plan, batch: int, graph: Path) -> float:
    """Milliseconds a call."""
    command = python("onnx_generate.py", "--model", graph, "--batch", batch, "--threads", plan.threads,
                     "--calls", calls_of(plan, batch))
    return run_json(command)["median_call_ms"]


def generate(plan: Plan) -> list[dict]:
    """A row for each batch and engine."""
    weights = Weights(plan)
    rows = []
    for batch in BATCHES:
        print(f"drawing: batch {batch}", flush=True)
        competitors = [Competitor(name, partial(our_call, plan, batch, environment)) for name, environment in plan.ours()]
        competitors += [Competitor(name, partial(pytorch_call, plan, mode, batch)) for mode, name in PYTORCH.items()]
        competitors.append(Competitor(ONNX, lambda batch=batch: onnx_call(plan, batch, weights.graph_for(batch))))
        found = interleaved(competitors, plan.rounds, report)
        rows += [drawing_row(batch, series, found) for series in found.values()]
    return rows


def drawing_row(batch: int, series: Series, found: dict[str, Series]) -> dict:
    row = {"model": MODEL, "batch": batch, "engine": series.name, "error": series.error}
    if series.error:
        return row
    milliseconds = series.median()
    return row | against_ours(series, found) | {
        "ms_a_call": milliseconds,
        "images_per_second": batch / milliseconds * 1e3,
        "effective_gflops": operations.picture_gflop(MODEL) * batch / milliseconds * 1e3,
        "rounds_ms": series.values,
    }


def first_picture(plan: Plan) -> list[dict]:
    """From the start of a process to its end, a grid of a hundred digits on the disk: milliseconds and peak memory."""
    print("first picture", flush=True)
    weights = Weights(plan)
    numbers = itertools.count()

    def timed(command_for: Callable[[Path], list]) -> tuple[float, float]:
        picture = plan.work / f"first-{next(numbers)}.png"
        process = run_whole(command_for(picture))
        if not picture.exists():
            raise Failed("it wrote no picture")
        picture.unlink()
        return process.seconds * 1e3, process.peak_mib

    commands = {
        OURS: lambda out: [digitgan(), "sample", weights.file, "--threads", plan.threads, "--out", out, "--json"],
        PYTORCH["eager"]: lambda out: python("pytorch_generate.py", "--threads", plan.threads, "--weights", weights.file,
                                             "--first-image", out),
        ONNX: lambda out: python("onnx_generate.py", "--threads", plan.threads, "--model", weights.graph("gemm"),
                                 "--first-image", out),
    }
    memory: dict[str, float] = {}

    def measure(name: str) -> float:
        milliseconds, peak_mib = timed(commands[name])
        memory[name] = max(peak_mib, memory.get(name, 0.0))
        return milliseconds

    found = interleaved([Competitor(name, partial(measure, name)) for name in commands],
                        plan.rounds * FIRST_PICTURES, lambda line: None)
    return [
        {"engine": series.name, "error": series.error, "ms": None if series.error else series.median(),
         "slowest_ms": max(series.values, default=None), "peak_mib": memory.get(series.name)}
        for series in found.values()
    ]
