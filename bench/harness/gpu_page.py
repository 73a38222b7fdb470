"""The results on a GPU as a Markdown page."""

from __future__ import annotations

from .markdown import RATIOS, bars, one_cell, ratio, table

NOT_JUDGED = "## Bars\n\nNot judged: that takes a GPU for both, and a run that is no quick one."


def page(results: dict) -> str:
    """Everything that was measured."""
    judged = bars(results["bars"]) if results["bars"] else NOT_JUDGED
    parts = [heading(results), judged, training(results["train"]), whole(results["whole"])]
    if results.get("profile"):
        parts.append(launches(results["profile"]))
    return "\n\n".join(parts) + "\n"


def heading(results: dict) -> str:
    machine, settings = results["machine"], results["settings"]
    devices = sorted({row["device"] for row in results["train"] if not row["error"]})
    versions = ", ".join(f"{name} {machine['versions'][name]}" for name in ("digitgan", "rustc", "python", "torch"))
    tf32 = "may round to TF32" if settings["tf32"] else "multiplies in full float32"
    quick = "\n\n**A quick run, for trying the benchmark out. Its numbers are no results.**" if settings["quick"] else ""
    return (
        f"# Benchmark on a device\n\n{machine['date']}. {machine['cpu']['model']}, {machine['cpu']['processors']} processors; "
        f"{machine['system']}.\n\n{versions}.\n\n" + "".join(f"- {device}\n" for device in devices) +
        f"\nPyTorch {tf32}; so may Burn on a card that has it. Rounds: {settings['rounds']}, in each a process for every engine, "
        f"the median of {settings['blocks']} blocks of {settings['steps']} steps. docs/gpu.md says how.{quick}"
    )


def training(rows: list[dict]) -> str:
    header = ["model", "batch", "engine", "ms/step", "s/epoch", "images/s", "times digitgan's"]
    lines = []
    for row in rows:
        cells = [row["model"], str(row["batch"]), row["engine"]]
        if row["error"]:
            lines.append(cells + [f"failed: {one_cell(row['error'])}"] + [""] * (len(header) - 4))
            continue
        lines.append(cells + [f"{row['ms_a_step']:.3f}", f"{row['seconds_an_epoch']:.2f}", f"{row['images_per_second']:,.0f}",
                              ratio(row["times_of_ours"])])
    return f"## Training steps\n\n{RATIOS}\n\n{table(header, lines)}"


def whole(told: dict) -> str:
    what = f"{told['epochs']} epochs" if told["whole"] else "The beginning"
    outcome = f"failed: {told['error']}" if told["error"] else f"{told['seconds']:.1f} s, {told['peak_mib']:.0f} MiB of the host's memory"
    return (
        f"## A whole process\n\n{what} of {told['model']} on MNIST, batch {told['batch']}, {told['steps']} steps, from the start of "
        f"the process to its end, with everything that a training writes: {outcome}."
    )


def launches(rows: list[dict]) -> str:
    parts = ["## Launches\n\nOf a training step. *Kernel* is the mean time of a kernel on the device; *a launch* is the time of a "
             "step, measured without the profiler, over its launches: where it is far above *kernel*, launching is what takes the time."]
    header = ["engine", "model", "batch", "launches", "kernel, µs", "all kernels, ms", "step, ms", "a launch, µs"]
    lines = []
    for row in rows:
        cells = [row["engine"], row["model"], str(row["batch"])]
        if row["error"]:
            lines.append(cells + [f"failed: {one_cell(row['error'])}"] + [""] * (len(header) - 4))
            continue
        lines.append(cells + [f"{row['launches_a_step']:.0f}", f"{row['kernel_us']:.2f}", f"{row['device_ms_a_step']:.3f}",
                              f"{row['ms_a_step']:.3f}", f"{row['us_a_launch']:.2f}"])
    parts.append(table(header, lines))
    for row in rows:
        if not row["error"]:
            top = [[one_cell(kernel["name"]), f"{kernel['launches_a_step']:.1f}", f"{kernel['us_a_step']:.1f}"] for kernel in row["top"]]
            parts.append(f"{row['engine']}, the kernels that take most:\n\n" + table(["kernel", "a step", "µs a step"], top))
    return "\n\n".join(parts)
