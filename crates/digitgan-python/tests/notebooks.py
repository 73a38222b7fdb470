"""Runs the notebooks, and looks at what they answered: every cell without an error, pictures that are no plain ground."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).resolve().parents[3] / "examples/notebooks"
#: Of each notebook: how many pictures it shows, and texts that it prints.
EXPECTED = {
    "draw_and_explore.ipynb": (6, ["(4, 28, 28) uint8 0 25", "strongest of the hundred numbers: [", ", 528, 3)"]),
    "train_and_judge.ipynb": (1, ["finished 240 steps", "read as asked for, epoch by epoch: [", "pupil ", "teacher ", "1000 images"]),
}


def pictures(cells) -> list[np.ndarray]:
    data = [output.data for cell in cells for output in cell.get("outputs", []) if "data" in output]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one["image/png"])))) for one in data if "image/png" in one]


def texts(cells) -> str:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def run(path: Path, keep: Path | None) -> str | None:
    """What is wrong with a notebook, if anything."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    if keep is not None:
        nbformat.write(notebook, keep / path.name)
    shown, said = pictures(notebook.cells), texts(notebook.cells)
    count, expected = EXPECTED[path.name]
    if len(shown) != count:
        return f"{len(shown)} pictures, expected {count}"
    if plain := [number for number, picture in enumerate(shown) if picture.std() < 20]:
        return f"pictures {plain} show nothing"
    missing = [text for text in expected if text not in said]
    return f"it does not say {missing}, but:\n{said}" if missing else None


def main() -> int:
    keep = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    paths = sorted(FOLDER.glob("*.ipynb"))
    if [path.name for path in paths] != sorted(EXPECTED):
        sys.exit(f"error: the notebooks are {[path.name for path in paths]}")
    wrong = 0
    for path in paths:
        complaint = run(path, keep)
        print(f"{path.name}: {complaint or 'ran, with its pictures and texts'}")
        wrong += complaint is not None
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
