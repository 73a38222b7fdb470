"""Morpho-MNIST's measures in Python, with scikit-image: `measure.py MNIST COUNT` prints seconds and measures as JSON.

Written from the paper (Castro et al. 2019, section 2): fourfold upscaling, what is at least half as bright as the brightest is ink, its medial axis
and distances, moments, and the parallelogram that leaves out a hundredth of the grey on each side.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import skimage
from skimage.morphology import medial_axis
from skimage.transform import pyramid_expand

SCALE = 4
OUTSIDE = 0.02


def extent(grey: np.ndarray, places: np.ndarray) -> float:
    """The distance between the places that have a hundredth of the grey before and behind them, in pixels of the digit."""
    edges = np.arange(grey.shape[1])
    found = np.array([grey[places < edge].sum() for edge in edges]) / grey.sum()
    low, high = np.interp([OUTSIDE / 2, 1 - OUTSIDE / 2], found, edges)
    return float(high - low) / SCALE


def measure(image: np.ndarray) -> dict[str, float]:
    """The measures of one digit, bytes."""
    large = (255 * pyramid_expand(image / 255, upscale=SCALE, order=3)).astype(np.uint8)
    ink = large >= large.min() + (int(large.max()) - int(large.min())) * 0.5
    axis, distances = medial_axis(ink, return_distance=True)
    grey = large.astype(float)
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    mass = grey.sum()
    middle_row, middle_column = (grey * rows).sum() / mass, (grey * columns).sum() / mass
    shear = (grey * (rows - middle_row) * (columns - middle_column)).sum() / (grey * (rows - middle_row) ** 2).sum()
    return {
        "thickness": 2 * float(distances[axis].mean()) / SCALE,
        "slant": float(np.degrees(np.arctan(-shear))),
        "width": extent(grey, columns + 0.5 - shear * (rows - middle_row)),
        "height": extent(grey, rows.astype(float)),
    }


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    path = folder / "train-images-idx3-ubyte"
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    images = np.frombuffer(data, np.uint8, count * 784, 16).reshape(count, 28, 28)
    measure(images[0])
    start = time.perf_counter()
    found = [measure(image) for image in images]
    print(json.dumps({"seconds": time.perf_counter() - start, "measures": found, "version": skimage.__version__}))


if __name__ == "__main__":
    main()
