"""Writes MNIST in the formats that people have it in, each by the program that they use for it: write_data.py MNIST OUT.

    OUT/mnist.npz                  numpy.savez_compressed, as Keras has it
    OUT/csv/{train,test}.csv       pandas, as Kaggle has it
    OUT/parquet/{train,test}-...   datasets, with Pillow's PNG files, as the Hugging Face Hub has it
"""

import gzip
import sys
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from PIL import Image


def split(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    def read(path: Path, offset: int) -> np.ndarray:
        path = path if path.exists() else path.with_suffix("")
        content = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
        return np.frombuffer(content, np.uint8, offset=offset)

    images = read(folder / f"{prefix}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    return images, read(folder / f"{prefix}-labels-idx1-ubyte.gz", 8)


def main() -> None:
    mnist, out = Path(sys.argv[1]), Path(sys.argv[2])
    splits = {"train": split(mnist, "train"), "test": split(mnist, "t10k")}
    arrays = {f"{name}_{part}": array for part, both in splits.items() for name, array in zip("xy", both)}
    np.savez_compressed(out / "mnist.npz", **arrays)
    datasets.disable_progress_bars()
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=[str(digit) for digit in range(10)])}
    )
    (out / "csv").mkdir()
    (out / "parquet").mkdir()
    for part, (images, labels) in splits.items():
        pixels = {f"pixel{index}": column for index, column in enumerate(images.reshape(-1, 784).T)}
        pd.DataFrame({"label": labels} | pixels).to_csv(out / "csv" / f"{part}.csv", index=False)
        table = {"image": [Image.fromarray(image) for image in images], "label": labels.tolist()}
        rows = datasets.Dataset.from_dict(table, features=features)
        rows.to_parquet(out / "parquet" / f"{part}-00000-of-00001.parquet")


main()
