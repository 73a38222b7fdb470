"""The results as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable

from .machine import BUSY_LOAD

EFFECTIVE = (
    "GFLOP/s are *effective*: the operations of direct convolutions (bench/harness/operations.py) over the time. An engine "
    "that needs fewer operations for the same result shows more than it executes."
)
RATIOS = (
    "Ratios are how many times as long an engine takes as digitgan in the same round: the median over the rounds, and "
    "the lowest to the highest."
)


def page(results: dict) -> str:
    """Everything that was measured."""
    parts = [heading(results)]
    if results.get("bars"):
        parts.append(bars(results["bars"]))
    if results.get("train"):
        parts.append(training(results))
    if results.get("generate"):
        parts.append(drawing(results["generate"], results["first_picture"]))
    if results.get("epoch"):
        parts.append(epoch(results["epoch"]))
    if results.get("scaling"):
        parts.append(scaling(results["scaling"]))
    if results.get("peak"):
        parts.append(peak(results["peak"]))
    return "\n\n".join(parts) + "\n"


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heading(results: dict) -> str:
    machine, settings = results["machine"], results["settings"]
    cpu = machine["cpu"]
    kind = f" ({cpu['family']})" if cpu["family"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    load = machine["load_at_start"]
    busy = f" **The machine was busy when it began (load {load:.1f}).**" if load > BUSY_LOAD else ""
    quick = "\n\n**A quick run: few rounds and steps, for trying the benchmark out. Its numbers are no results.**"
    return (
        f"# Benchmark results\n\n{machine['date']}. {cpu['model']}{kind}, {cpu['processors']} processors, "
        f"{', '.join(cpu['instruction_sets'])}; {machine['system']}.\n\n{versions}.\n\n"
        f"{settings['threads']} threads, rounds: {settings['rounds']}, of {settings['steps']} steps each; every engine once in "
        f"each round.{busy} What is measured and how: [docs/performance.md](../../docs/performance.md)."
        f"{quick if settings['quick'] else ''}\n\n![Images per second of each engine](results.png)"
    )


def bars(rows: list[dict]) -> str:
    lines = [[row["what"], row["bar"], f"{row['measured']:.2f}", "yes" if row["cleared"] else "**no**"] for row in rows]
    return "## Bars\n\n" + table(["what", "bar", "measured", "cleared"], lines)


def training(results: dict) -> str:
    peak_gflops = best_peak(results)
    header = ["model", "batch", "engine", "ms/step", "images/s", "effective GFLOP/s", "of the peak",
              "times digitgan's", "times digitgan's, AVX2"]
    lines = []
    for row in results["train"]:
        cells = [row["model"], str(row["batch"]), row["engine"]]
        if row["error"]:
            lines.append(cells + [f"failed: {one_cell(row['error'])}"] + [""] * (len(header) - 4))
            continue
        share = f"{row['effective_gflops'] / peak_gflops:.0%}" if peak_gflops else ""
        lines.append(cells + [f"{row['ms_a_step']:.1f}", f"{row['images_per_second']:,.0f}", f"{row['effective_gflops']:.0f}",
                              share, ratio(row["times_of_ours"]), ratio(row["times_of_ours_avx2"])])
    return f"## Training\n\n{RATIOS}\n\n{table(header, lines)}\n\n{EFFECTIVE}"


def drawing(rows: list[dict], first: list[dict]) -> str:
    header = ["batch", "engine", "ms/call", "images/s", "effective GFLOP/s", "times digitgan's", "times digitgan's, AVX2"]
    lines = []
    for row in rows:
        cells = [str(row["batch"]), row["engine"]]
        if row["error"]:
            lines.append(cells + [f"failed: {one_cell(row['error'])}"] + [""] * (len(header) - 3))
            continue
        lines.append(cells + [f"{row['ms_a_call']:.3f}", f"{row['images_per_second']:,.0f}", f"{row['effective_gflops']:.0f}",
                              ratio(row["times_of_ours"]), ratio(row["times_of_ours_avx2"])])
    first_lines = [
        [row["engine"], f"failed: {one_cell(row['error'])}", "", ""] if row["error"] else
        [row["engine"], f"{row['ms']:.0f}", f"{row['slowest_ms']:.0f}", f"{row['peak_mib']:.0f}"] for row in first
    ]
    return (
        f"## Drawing\n\nThe generator of ACGAN.\n\n{table(header, lines)}\n\n"
        "From the start of a process to its end, with a grid of a hundred digits written:\n\n"
        + table(["engine", "ms, median", "slowest", "peak memory, MiB"], first_lines)
    )


def epoch(result: dict) -> str:
    lines = [
        [row["engine"], f"failed: {one_cell(row['error'])}", ""] if row["error"] else
        [row["engine"], f"{row['seconds']:.1f}", f"{row['peak_mib']:.0f}"] for row in result["rows"]
    ]
    what = "One epoch" if result["whole"] else "The beginning of an epoch"
    return (
        f"## A whole process\n\n{what} of MNIST, {result['model']}, batch {result['batch']}, {result['steps']} steps: reading the "
        "data, training and (digitgan only) drawing grids and saving checkpoints.\n\n"
        + table(["engine", "seconds", "peak memory, MiB"], lines)
    )


def scaling(result: dict) -> str:
    return (
        f"## Scaling\n\nImages/s of ACGAN. Over threads, batch 64:\n\n{scaling_table(result['threads'], 'threads')}\n\n"
        f"Over batch sizes:\n\n{scaling_table(result['batches'], 'batch')}"
    )


def scaling_table(rows: list[dict], axis: str) -> str:
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    points = list(dict.fromkeys(row[axis] for row in rows))
    speed = {(row[axis], row["engine"]): row["images_per_second"] for row in rows}

    def cell(point: int, engine: str) -> str:
        found = speed.get((point, engine))
        return "failed" if found is None else f"{found:,.0f}"

    return table([axis, *engines], ([str(point), *(cell(point, engine) for engine in engines)] for point in points))


def peak(result: dict) -> str:
    lines = [[row["simd"], str(row["threads"]), f"{row['gflops']:.0f}"] for row in result["peaks"]]
    return ("## The machine's peak\n\nFused multiply-adds on registers, nothing loaded or stored "
            "(`machine_peak`), the best of several bursts.\n\n" + table(["instructions", "threads", "GFLOP/s"], lines))


def best_peak(results: dict) -> float | None:
    """The peak of as many threads as trained."""
    threads = results["settings"]["threads"]
    found = [row["gflops"] for row in results.get("peak", {}).get("peaks", []) if row["threads"] == threads]
    return max(found, default=None)


def ratio(found: dict | None) -> str:
    return "" if found is None else f"{found['median']:.2f} ({found['lowest']:.2f} to {found['highest']:.2f})"


def one_cell(text: str) -> str:
    """A text that breaks no table."""
    return text.replace("|", "/")[:160]
