"""Training steps: every engine on every model, and how it scales."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from . import operations
from .machine import has_bf16
from .plan import OURS, OURS_AVX2, OURS_BF16, Plan, report
from .programs import KEEP_MEMORY, program, python, run_json
from .rounds import Competitor, Series, interleaved, ratio

SCALING_MODEL, SCALING_BATCH = "acgan", 64
SCALING_BATCHES = (8, 16, 32, 64, 128, 256, 512)
PYTORCH = {"eager": "PyTorch eager", "compile": "PyTorch compile"}
RUST_PEERS = {"burn_step": "Burn flex", "candle_step": "candle"}


def our_step(
    model: str, batch: int, threads: int, steps: int, environment: dict[str, str], precision: str = "f32"
) -> float:
    """Milliseconds a step."""
    return run_json([program("step_time"), model, batch, threads, steps, precision], environment)["median_step_ms"]


def pytorch_step(plan: Plan, mode: str, model: str, batch: int, threads: int, steps: int) -> float:
    """Milliseconds a step."""
    options = plan.pytorch_options(mode, model, batch, threads)
    command = python("pytorch_step.py", "--mode", mode, "--variant", model, "--batch", batch, "--threads", threads,
                     "--steps", steps, *options)
    return run_json(command, KEEP_MEMORY)["median_step_ms"]


def rust_step(plan: Plan, program: str, model: str, batch: int) -> float:
    """Milliseconds a step."""
    return run_json([plan.rust_peer(program), model, batch, plan.threads, plan.steps])["median_step_ms"]


def train(plan: Plan) -> list[dict]:
    """A row for each model, batch and engine."""
    rows = []
    for batch in plan.batches:
        for model in plan.models:
            print(f"training: {model}, batch {batch}", flush=True)
            competitors = [
                Competitor(name, partial(our_step, model, batch, plan.threads, plan.steps, environment))
                for name, environment in plan.ours()
            ]
            if has_bf16():
                step = partial(our_step, model, batch, plan.threads, plan.steps, {}, "bf16")
                competitors.append(Competitor(OURS_BF16, step))
            competitors += [
                Competitor(name, partial(pytorch_step, plan, mode, model, batch, plan.threads, plan.steps))
                for mode, name in PYTORCH.items()
            ]
            competitors += [
                Competitor(name, partial(rust_step, plan, program, model, batch)) for program, name in RUST_PEERS.items()
            ]
            found = interleaved(competitors, plan.rounds, report)
            rows += [training_row(model, batch, series, found) for series in found.values()]
    return rows


def training_row(model: str, batch: int, series: Series, found: dict[str, Series]) -> dict:
    """What is told of an engine, and how much longer it takes than ours in the same round."""
    row = {"model": model, "batch": batch, "engine": series.name, "error": series.error}
    if series.error:
        return row
    milliseconds = series.median()
    row |= {
        "ms_a_step": milliseconds,
        "images_per_second": batch / milliseconds * 1e3,
        "effective_gflops": operations.step_gflop(model, batch) / milliseconds * 1e3,
        "rounds_ms": series.values,
    }
    return row | against_ours(series, found)


def against_ours(series: Series, found: dict[str, Series]) -> dict[str, dict | None]:
    """How many times as long it takes as ours, and as ours without AVX-512."""
    ratios = {}
    for name, key in ((OURS, "times_of_ours"), (OURS_AVX2, "times_of_ours_avx2")):
        against = ratio(series, found[name]) if name in found else None
        ratios[key] = asdict(against) if against else None
    return ratios


def scaling(plan: Plan) -> dict[str, list[dict]]:
    """ACGAN over threads at batch 64, and over batch sizes."""
    by_threads = [scaling_rows(plan, SCALING_BATCH, threads) for threads in thread_counts(plan.processors)]
    by_batch = [scaling_rows(plan, batch, plan.threads) for batch in SCALING_BATCHES]
    return {"threads": sum(by_threads, []), "batches": sum(by_batch, [])}


def thread_counts(processors: int) -> list[int]:
    """All up to eight; then doubling, and all processors."""
    few = list(range(1, min(processors, 8) + 1))
    doubled = [1 << power for power in range(4, processors.bit_length()) if 1 << power < processors]
    return few + doubled + ([processors] if processors > 8 else [])


def scaling_rows(plan: Plan, batch: int, threads: int) -> list[dict]:
    """Ours and PyTorch at one point."""
    print(f"scaling: {SCALING_MODEL}, batch {batch}, threads {threads}", flush=True)
    steps = max(8, plan.steps * SCALING_BATCH // max(batch, SCALING_BATCH))
    found = interleaved([
        Competitor(OURS, partial(our_step, SCALING_MODEL, batch, threads, steps, {})),
        Competitor(PYTORCH["eager"], partial(pytorch_step, plan, "eager", SCALING_MODEL, batch, threads, steps)),
    ], plan.rounds, report)
    return [
        {"batch": batch, "threads": threads, "engine": series.name, "error": series.error,
         "images_per_second": None if series.error else batch / series.median() * 1e3}
        for series in found.values()
    ]
