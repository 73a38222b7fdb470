"""The bars that this engine must clear, and how far it is over or under each."""

from __future__ import annotations

from .plan import OURS

TRAINING, TRAINING_AVX2, TRAINING_BATCH = 3.0, 2.0, 64
DRAWING = {1: 5.0, 256: 2.0}
FIRST_PICTURE_MS = 50.0
PEAK_MIB = 250.0


def bars(results: dict) -> list[dict]:
    """A row for each bar that this run could judge: what, the bar, what was measured, whether it is cleared."""
    rows = []
    for row in better_pytorch([row for row in results.get("train", []) if row["batch"] == TRAINING_BATCH]):
        what = f"training {row['model']}, batch {row['batch']}: times {row['engine']}"
        rows.append(at_least(what, TRAINING, row["times_of_ours"]))
        rows.append(at_least(f"{what}, ours with AVX2", TRAINING_AVX2, row["times_of_ours_avx2"]))
    for row in better_pytorch(results.get("generate", [])):
        what = f"drawing, batch {row['batch']}: times {row['engine']}"
        rows.append(at_least(what, DRAWING[row["batch"]], row["times_of_ours"]))
    for row in results.get("first_picture", []):
        if row["engine"] == OURS:
            rows.append(below("first picture, ms", FIRST_PICTURE_MS, row["ms"]))
    whole_epoch = results.get("epoch", {})
    for row in whole_epoch.get("rows", []):
        if row["engine"] == OURS and whole_epoch["whole"]:
            rows.append(below("peak memory of an epoch, MiB", PEAK_MIB, row["peak_mib"]))
    return [row for row in rows if row]


def better_pytorch(rows: list[dict]) -> list[dict]:
    """For each model and batch, the row of the faster PyTorch."""
    best: dict[tuple, dict] = {}
    for row in rows:
        if row["error"] or not row["engine"].startswith("PyTorch"):
            continue
        key = (row["model"], row["batch"])
        if key not in best or row["images_per_second"] > best[key]["images_per_second"]:
            best[key] = row
    return list(best.values())


def at_least(what: str, bar: float, ratio: dict | None) -> dict | None:
    if ratio is None:
        return None
    return {"what": what, "bar": f"≥ {bar:g}", "measured": ratio["median"], "cleared": ratio["median"] >= bar}


def below(what: str, bar: float, measured: float | None) -> dict | None:
    if measured is None:
        return None
    return {"what": what, "bar": f"< {bar:g}", "measured": measured, "cleared": measured < bar}
