#!/usr/bin/env python3
"""Reads generated digits with a classifier that digitgan never saw: PyTorch, another network, another training.

    digitgan generate acgan --count 10000 --seed 11 --out ten-thousand
    reference/other_reader.py MNIST ten-thousand

MNIST is a folder with MNIST's four IDX files. The classifier (three convolutions with batch normalisation, 128 features) is trained
on the training images, varied by shifts and turns, for some minutes; --keep FILE keeps it. Says how many digits are read as
labelled, and the Fréchet distance of their features to those of the test images beside that of as many training images.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SEED = 2026
BATCH = 128


def read_idx(folder: Path, stem: str) -> np.ndarray:
    """An IDX file of bytes, gzipped or not."""
    plain = folder / stem
    data = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{stem}.gz").read_bytes())
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def read_set(folder: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images in 0..1, [count, 1, 28, 28], and classes."""
    images, labels = read_idx(folder, f"{part}-images-idx3-ubyte"), read_idx(folder, f"{part}-labels-idx1-ubyte")
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None], torch.from_numpy(labels.astype(np.int64))


class Reader(nn.Module):
    """Three convolutions, 128 features, ten classes."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 32), (32, 64), (64, 96)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(96 * 9, 128), nn.SiLU())
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(128, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(images))


def varied(images: torch.Tensor) -> torch.Tensor:
    """Each image turned, scaled and shifted a little."""
    count = len(images)
    angle = (torch.rand(count) - 0.5) * 2 * math.radians(12)
    scale = 1 + (torch.rand(count) - 0.5) * 0.2
    shift = (torch.rand(count, 2) - 0.5) * 2 * (2.5 / 14)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    maps = torch.stack([torch.stack([cosine, -sine, shift[:, 0]], 1), torch.stack([sine, cosine, shift[:, 1]], 1)], 1)
    return F.grid_sample(images, F.affine_grid(maps, list(images.shape), align_corners=False), align_corners=False)


def train(images: torch.Tensor, labels: torch.Tensor, epochs: int) -> Reader:
    """A reader from training images alone."""
    torch.manual_seed(SEED)
    reader = Reader()
    steps = epochs * (len(images) // BATCH)
    optimiser = torch.optim.AdamW(reader.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for epoch in range(epochs):
        reader.train()
        for batch in torch.randperm(len(images))[: len(images) // BATCH * BATCH].split(BATCH):
            loss = F.cross_entropy(reader(varied(images[batch])), labels[batch], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}", flush=True)
    return reader


@torch.no_grad()
def read(reader: Reader, images: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features and classes."""
    reader.eval()
    features = torch.cat([reader.body(part) for part in images.split(1000)])
    return features.double().numpy(), reader.head(features).argmax(1).numpy()


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The distance between two sets of features, each taken as normal."""
    (ma, ca), (mb, cb) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum()
    return float(((ma - mb) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * cross)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist", type=Path)
    parser.add_argument("sets", type=Path, nargs="+", help="folders of IDX files that digitgan generated")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--keep", type=Path, help="the trained classifier's file: read if it is there, else written")
    args = parser.parse_args()
    train_images, train_labels = read_set(args.mnist, "train")
    test_images, test_labels = read_set(args.mnist, "t10k")
    if args.keep and args.keep.exists():
        reader = Reader()
        reader.load_state_dict(torch.load(args.keep, weights_only=True))
    else:
        reader = train(train_images, train_labels, args.epochs)
        if args.keep:
            torch.save(reader.state_dict(), args.keep)
    test, read_as = read(reader, test_images)
    result = {"torch": torch.__version__, "reads_test_images": float((read_as == test_labels.numpy()).mean()), "sets": {}}
    some = np.random.default_rng(SEED).permutation(len(train_images))[:20_000]
    halves = [read(reader, train_images[half])[0] for half in (some[:10_000], some[10_000:])]
    result["real_against_test"] = [frechet(half, test) for half in halves]
    result["real_halves"] = frechet(*halves)
    for folder in args.sets:
        images, labels = read_set(folder, "train")
        features, classes = read(reader, images[:10_000])
        distance = frechet(features, test)
        real = sum(result["real_against_test"]) / 2
        to_training = sum(frechet(features, half) for half in halves) / 2
        result["sets"][str(folder)] = {
            "read_as_labelled": float((classes == labels[:10_000].numpy()).mean()),
            "frechet_to_test": distance, "times_real_to_test": distance / real,
            "frechet_to_training": to_training, "times_real_halves": to_training / result["real_halves"],
        }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
