"""Draws digits and writes them as a data set, as people do in Python, and prints how long that took, without imports.

    write_digits.py pytorch-loop --weights generator.safetensors --count 100000 --out DIR   # a loop: draw one, write one
    write_digits.py pytorch-idx  --weights generator.safetensors --count 100000 --out DIR   # batches, and a loop that writes
    write_digits.py onnx-idx     --model generator.onnx          --count 100000 --out DIR   # NumPy, a batch at a time
    write_digits.py pytorch-png  --weights generator.safetensors --count 10000  --out DIR   # Pillow, a file per image
    write_digits.py pillow-png   --images train-images-idx3-ubyte.gz --count 10000 --out DIR  # Pillow alone: nothing is drawn

IDX files are gzipped as digitgan's are, at level 1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LATENT, SIDE, CLASSES = 100, 28, 10


def batches(count: int, batch: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Noise and classes, a batch at a time."""
    random = np.random.default_rng(seed)
    for first in range(0, count, batch):
        size = min(batch, count - first)
        yield random.standard_normal((size, LATENT), dtype=np.float32), (np.arange(first, first + size) % CLASSES)


def pytorch(args: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images as bytes, drawn by PyTorch, the norms folded into the layers."""
    import torch

    for folder in (Path(__file__).resolve().parent, Path(__file__).resolve().parents[2] / "reference"):
        sys.path.insert(0, str(folder))
    from pytorch_generate import FoldedGenerator, load_generator
    from pytorch_models import Settings

    torch.set_num_threads(args.threads)
    model = FoldedGenerator(load_generator(args.weights).eval(), Settings(channels_last=False, linear=True)).eval()
    with torch.inference_mode():
        for noise, labels in batches(args.count, args.batch, 1):
            images = model(torch.from_numpy(noise), torch.from_numpy(labels))
            yield ((images + 1) * 127.5).round().to(torch.uint8).numpy().reshape(-1, SIDE, SIDE), labels


def pytorch_loop(args: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same, one image after the other."""
    args.batch = 1
    return pytorch(args)


def onnx(args: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same by ONNX Runtime."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = args.threads, 1
    session = ort.InferenceSession(str(args.model), options, providers=["CPUExecutionProvider"])
    for noise, labels in batches(args.count, args.batch, 1):
        feed = {"input": np.concatenate([noise, np.eye(CLASSES, dtype=np.float32)[labels]], axis=1)}
        images = session.run(None, feed)[0]
        yield np.round((images + 1) * 127.5).astype(np.uint8).reshape(-1, SIDE, SIDE), labels


def drawn_before(args: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    with gzip.open(args.images) as file:
        images = np.frombuffer(file.read(16 + args.count * SIDE * SIDE), np.uint8, offset=16).reshape(-1, SIDE, SIDE)
    for first in range(0, args.count, args.batch):
        some = images[first : first + args.batch]
        yield some, np.arange(first, first + len(some)) % CLASSES


def idx_files(out: Path, count: int):
    """Files with their headers."""
    images = gzip.open(out / "train-images-idx3-ubyte.gz", "wb", compresslevel=1)
    labels = gzip.open(out / "train-labels-idx1-ubyte.gz", "wb", compresslevel=1)
    images.write(struct.pack(">IIII", 0x803, count, SIDE, SIDE))
    labels.write(struct.pack(">II", 0x801, count))
    return images, labels


def write_idx_by_image(digits, out: Path, count: int) -> None:
    images, labels = idx_files(out, count)
    with images, labels:
        for pixels, classes in digits:
            for image, label in zip(pixels, classes):
                images.write(image.tobytes())
                labels.write(bytes([label]))


def write_idx_by_batch(digits, out: Path, count: int) -> None:
    images, labels = idx_files(out, count)
    with images, labels:
        for pixels, classes in digits:
            images.write(pixels.tobytes())
            labels.write(classes.astype(np.uint8).tobytes())


def write_png(digits, out: Path, count: int) -> None:
    from PIL import Image

    for label in range(CLASSES):
        (out / "train" / str(label)).mkdir(parents=True)
    number = 0
    for pixels, classes in digits:
        for image, label in zip(pixels, classes):
            Image.fromarray(image).save(out / "train" / str(label) / f"{number:08}.png")
            number += 1


KINDS = {
    "pytorch-loop": (pytorch_loop, write_idx_by_image),
    "pytorch-idx": (pytorch, write_idx_by_image),
    "onnx-idx": (onnx, write_idx_by_batch),
    "pytorch-png": (pytorch, write_png),
    "pillow-png": (drawn_before, write_png),
}


def warmed(digits):
    """The same, with the first batch drawn already: models are loaded by then."""
    first = next(digits)

    def rest():
        yield first
        yield from digits

    return rest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True)
    source, write = KINDS[args.kind]
    digits = warmed(source(args))
    start, busy = time.perf_counter(), time.process_time()
    write(digits, args.out, args.count)
    print(json.dumps({"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - busy}))


if __name__ == "__main__":
    main()
