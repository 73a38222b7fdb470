"""Prints how long one reading of MNIST takes with the program that people use for a format: read_data.py FORMAT PATH.

Pixels and labels end as NumPy arrays, as a training would take them. The time is without that of the imports.
"""

import gzip
import hashlib
import json
import sys
import time
from pathlib import Path


def idx(folder):
    import numpy as np

    def split(prefix):
        read = lambda path, offset: np.frombuffer(gzip.open(path).read(), np.uint8, offset=offset)
        return (
            read(folder / f"{prefix}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
            read(folder / f"{prefix}-labels-idx1-ubyte.gz", 8),
        )

    yield
    yield [split("train"), split("t10k")]


def npz(path):
    import numpy as np

    yield
    with np.load(path) as file:
        yield [(file[f"x_{part}"], file[f"y_{part}"]) for part in ("train", "test")]


def csv(folder):
    import numpy as np
    import pandas as pd

    def split(name):
        table = pd.read_csv(folder / f"{name}.csv")
        return table.iloc[:, 1:].to_numpy(np.uint8).reshape(-1, 28, 28), table["label"].to_numpy(np.uint8)

    yield
    yield [split("train"), split("test")]


def parquet(folder):
    import datasets
    import numpy as np

    datasets.disable_progress_bars()

    def split(loaded):
        pixels = np.stack([np.asarray(image) for image in loaded["image"]])
        return pixels, np.asarray(loaded["label"], np.uint8)

    yield
    # Its cache is filled by the first reading, which is not counted.
    loaded = datasets.load_dataset(str(folder), cache_dir=str(folder) + ".cache")
    yield [split(loaded["train"]), split(loaded["test"])]


def main():
    kind, path = sys.argv[1], Path(sys.argv[2])
    steps = {"idx": idx, "npz": npz, "csv": csv, "parquet": parquet}[kind](path)
    next(steps)
    start = time.perf_counter()
    splits = next(steps)
    milliseconds = (time.perf_counter() - start) * 1e3
    digest = hashlib.sha256()
    for pixels, labels in splits:
        digest.update(pixels.tobytes())
        digest.update(labels.tobytes())
    count = sum(len(labels) for _, labels in splits)
    print(json.dumps({"read_ms": milliseconds, "images": count, "sha256": digest.hexdigest()}))


main()
