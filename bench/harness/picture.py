"""The results as a picture: a panel for each thing measured, a bar for each engine; and how training scales."""

from __future__ import annotations

from pathlib import Path

from .plan import OURS, OURS_AVX2, OURS_BF16

COLOURS = {OURS: "#0b6e4f", OURS_AVX2: "#5fb894", OURS_BF16: "#084c38", "PyTorch eager": "#d1495b",
           "PyTorch compile": "#e58a94", "ONNX Runtime": "#7b5ea7", "Burn flex": "#e09f3e", "candle": "#8d99ae"}
MODEL_NAMES = {"gan": "GAN", "cgan": "cGAN", "acgan": "ACGAN"}
GREY = "#444444"
FULL_PANEL = 7  # engines


def draw(results: dict, path: Path) -> None:
    """Writes the picture of whatever was measured."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#999999",
                         "text.color": GREY, "axes.labelcolor": GREY, "xtick.color": GREY, "ytick.color": GREY})
    panels = training_panels(results) + drawing_panels(results) + process_panels(results) + scaling_panels(results)
    if not panels:
        return
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(13, 2.9 * rows + 0.9), squeeze=False, layout="constrained")
    for axis, panel in zip(axes.flat, panels):
        panel(axis)
    for axis in axes.flat[len(panels):]:
        axis.axis("off")
    machine, settings = results["machine"], results["settings"]
    quick = ", a quick run: no results" if settings["quick"] else ""
    figure.suptitle(f"Images per second, where nothing else is said: longer is faster   ({machine['cpu']['model']}, "
                    f"{settings['threads']} threads, medians, rounds: {settings['rounds']}{quick})\n", fontsize=12)
    figure.savefig(path, dpi=140)
    plt.close(figure)


def training_panels(results: dict) -> list:
    """A panel for each batch and model."""
    rows = results.get("train", [])
    cells = list(dict.fromkeys((row["batch"], row["model"]) for row in rows))
    return [
        lambda axis, batch=batch, model=model: bars(
            axis, f"Training {MODEL_NAMES[model]}, batch {batch}",
            [row for row in rows if (row["batch"], row["model"]) == (batch, model)], "images_per_second")
        for batch, model in cells
    ]


def drawing_panels(results: dict) -> list:
    """A panel for each batch."""
    rows = results.get("generate", [])
    batches = list(dict.fromkeys(row["batch"] for row in rows))
    return [
        lambda axis, batch=batch: bars(axis, f"Drawing, batch {batch}", [row for row in rows if row["batch"] == batch],
                                       "images_per_second")
        for batch in batches
    ]


def process_panels(results: dict) -> list:
    """What a whole process takes: here less is better."""
    panels = []
    if first := results.get("first_picture"):
        panels.append(lambda axis: bars(axis, "First picture: ms (less is better)", first, "ms"))
    if epoch := results.get("epoch"):
        panels.append(lambda axis: bars(axis, "Training's peak MiB (less is better)", epoch["rows"], "peak_mib"))
    return panels


def bars(axis, title: str, rows: list[dict], what: str) -> None:
    """A horizontal bar for each engine, its number beside it."""
    figures = [0 if row["error"] else row[what] for row in rows]
    names = [row["engine"] for row in rows]
    axis.barh(names, figures, color=[COLOURS.get(name, "#bbbbbb") for name in names], height=0.72)
    longest = max(figures, default=0) or 1
    for position, (row, figure) in enumerate(zip(rows, figures)):
        axis.text(figure + longest * 0.015, position, "failed" if row["error"] else f"{figure:,.0f}", va="center", fontsize=9,
                  fontweight="bold" if row["engine"] == OURS else "normal")
    axis.set_ylim(max(len(rows), FULL_PANEL) - 0.5, -0.6)  # downwards, and bars as thick in every panel
    axis.set_xlim(0, longest * 1.17)
    axis.set_title(title, loc="left", fontweight="bold")
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def scaling_panels(results: dict) -> list:
    """A line an engine, over threads and over batch sizes."""
    found = results.get("scaling")
    if not found:
        return []
    return [
        lambda axis: lines(axis, "ACGAN over threads, batch 64", found["threads"], "threads", logarithmic=False),
        lambda axis: lines(axis, "ACGAN over batch sizes", found["batches"], "batch", logarithmic=True),
    ]


def lines(axis, title: str, rows: list[dict], x: str, logarithmic: bool) -> None:
    """A line an engine."""
    points = list(dict.fromkeys(row[x] for row in rows))
    for engine in dict.fromkeys(row["engine"] for row in rows):
        own = [(row[x], row["images_per_second"]) for row in rows if row["engine"] == engine and not row["error"]]
        if own:
            axis.plot(*zip(*own), marker="o", color=COLOURS[engine], label=engine, linewidth=2)
    if logarithmic:
        axis.set_xscale("log", base=2)
        axis.minorticks_off()
    axis.set_xticks(points, [str(point) for point in points])
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.grid(axis="y", color="#dddddd", linewidth=0.7)
    axis.set_title(title, loc="left", fontweight="bold")
    axis.set_xlabel(x)
    axis.legend(frameon=False, loc="best")
