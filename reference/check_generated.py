"""Reads with the programs that people use what `digitgan generate` writes: see .ci/generated.

    python reference/check_generated.py DIGITGAN                    # every format, by everybody who reads it
    python reference/check_generated.py DIGITGAN --formats idx,npz  # some; these need NumPy alone, webdataset's tar too

Makes small data sets with the built-in generator, of which IDX, read by hand, says what all others must hold: pixels, labels,
names of classes and latents. Requirements: reference/requirements-generated.txt.
"""

import argparse
import gzip
import importlib.util
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

COUNT, TEST, SHARDS, SEED = 5000, 300, 3, 7
LATENT = 100


class Sets:
    """Data sets of one seed, in a folder that goes with them."""

    def __init__(self, digitgan, folder):
        self.digitgan, self.folder = digitgan, folder
        self.splits = {}

    def make(self, name, *words):
        out = self.folder / name
        command = [self.digitgan, "generate", "--count", COUNT, "--test-count", TEST, "--seed", SEED, "--out", out, *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return out

    def expect(self):
        """What every format must hold."""
        out = self.make("expected", "--with-latents")
        self.record = json.loads((out / "dataset.json").read_text())
        for split, prefix in (("train", "train"), ("test", "t10k")):
            read = lambda path, kind, offset: np.frombuffer(gzip.decompress(path.read_bytes()), kind, offset=offset)
            self.splits[split] = (
                read(out / f"{prefix}-images-idx3-ubyte.gz", np.uint8, 16).reshape(-1, 28, 28),
                read(out / f"{prefix}-labels-idx1-ubyte.gz", np.uint8, 8),
                read(out / "latents" / f"{prefix}-latents-idx2-float.gz", ">f4", 12).reshape(-1, LATENT),
            )
        assert [len(self.splits[split][1]) for split in ("train", "test")] == [COUNT, TEST]
        self.out = out

    def same(self, who, split, images, labels, latents=None):
        pixels, classes, noise = self.splits[split]
        images = np.asarray(images)
        assert images.dtype == np.uint8 and np.array_equal(images.reshape(-1, 28, 28), pixels), f"{who}: other pixels in {split}"
        assert np.array_equal(np.asarray(labels), classes), f"{who}: other labels in {split}"
        assert latents is None or np.array_equal(np.asarray(latents, np.float32), noise), f"{who}: other latents in {split}"

    def told(self, who):
        print(f"{who}: {COUNT} + {TEST} images as they should be")


def picture(png):
    from PIL import Image

    image = Image.open(io.BytesIO(png))
    assert image.mode == "L", image.mode
    return np.asarray(image)


def idx(sets):
    """torchvision's MNIST, from the same files, and its reader of IDX of any kind."""
    if importlib.util.find_spec("torchvision") is None:
        return sets.told("numpy, IDX")
    from torchvision.datasets import MNIST
    from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor

    raw = sets.folder / "torchvision/MNIST/raw"
    raw.mkdir(parents=True)
    for path in [*sets.out.glob("*.gz"), *(sets.out / "latents").glob("*.gz")]:
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    for split in ("train", "test"):
        mnist = MNIST(str(sets.folder / "torchvision"), train=split == "train")
        prefix = {"train": "train", "test": "t10k"}[split]
        latents = read_sn3_pascalvincent_tensor(str(raw / f"{prefix}-latents-idx2-float"), strict=False)
        sets.same("torchvision, IDX", split, mnist.data.numpy(), mnist.targets.numpy(), latents.numpy())
    sets.told("torchvision, IDX")


def png(sets):
    out = sets.make("png", "--format", "png", "--with-latents")
    for split in ("train", "test"):
        paths = sorted((out / split).glob("*/*.png"), key=lambda path: path.name)
        images = np.stack([picture(path.read_bytes()) for path in paths])
        latents = np.load(out / "latents" / f"{split}.npy")
        sets.same("Pillow, PNG", split, images, [int(path.parent.name) for path in paths], latents)
    sets.told("Pillow, PNG")


def npz(sets):
    out = sets.make("npz", "--format", "npz", "--with-latents")
    with np.load(out / "digits.npz") as file:
        assert sorted(file) == sorted(f"{what}_{split}" for what in ("x", "y", "latents") for split in ("train", "test"))
        for split in ("train", "test"):
            sets.same("numpy, NPZ", split, file[f"x_{split}"], file[f"y_{split}"], file[f"latents_{split}"])
    sets.told("numpy, NPZ")


def parquet(sets):
    import datasets
    import duckdb
    import pandas as pd
    import polars as pl

    for latents in (False, True):
        out = sets.make(f"parquet-{latents}", "--format", "parquet", "--files", SHARDS, *(["--with-latents"] * latents))
        loaded = datasets.load_dataset(str(out), cache_dir=str(sets.folder / f"cache-{latents}"))
        features = loaded["train"].features
        assert isinstance(features["image"], datasets.Image), features
        assert isinstance(features["label"], datasets.ClassLabel), features
        assert features["label"].names == sets.record["class_names"], features
        for split in ("train", "test"):
            part = loaded[split]
            noise = part["latent"] if latents else None
            sets.same("datasets, Parquet", split, np.stack([np.asarray(image) for image in part["image"]]), part["label"], noise)
            files = str(out / "data" / f"{split}-*.parquet")
            table = pd.concat([pd.read_parquet(path) for path in sorted((out / "data").glob(f"{split}-*"))])
            noise = np.stack(table["latent"]) if latents else None
            sets.same("pandas, Parquet", split, np.stack([picture(image["bytes"]) for image in table["image"]]), table["label"], noise)
            table = pl.read_parquet(files)
            noise = table["latent"].to_list() if latents else None
            images = [picture(image["bytes"]) for image in table["image"]]
            sets.same("polars, Parquet", split, np.stack(images), table["label"].to_numpy(), noise)
            rows = duckdb.sql(f"SELECT * FROM read_parquet('{files}')").fetchall()
            noise = [row[2] for row in rows] if latents else None
            sets.same("duckdb, Parquet", split, np.stack([picture(row[0]["bytes"]) for row in rows]), [row[1] for row in rows], noise)
    # Shards that were made by themselves are found where they lie.
    for shard in range(SHARDS):
        sets.make("parquet-shards", "--format", "parquet", "--shard", f"{shard}/{SHARDS}")
    loaded = datasets.load_dataset(str(sets.folder / "parquet-shards"), cache_dir=str(sets.folder / "cache-shards"))
    part = loaded["train"]
    sets.same("datasets, shards", "train", np.stack([np.asarray(image) for image in part["image"]]), part["label"])
    sets.told("datasets, pandas, polars and DuckDB, Parquet")


def webdataset(sets):
    out = sets.make("webdataset", "--format", "webdataset", "--files", SHARDS, "--with-latents")
    for split in ("train", "test"):
        by_hand(sets, split, sorted(out.glob(f"{split}-*.tar")))
    if importlib.util.find_spec("webdataset") is None:
        return sets.told("tarfile, tar")
    import webdataset as wds

    for split in ("train", "test"):
        urls = str(out / f"{split}-{{000000..{SHARDS - 1:06}}}.tar")
        samples = wds.WebDataset(urls, shardshuffle=False).decode("l8").to_tuple("png", "cls", "latent.npy", "__key__")
        images, labels, latents, keys = zip(*samples)
        assert keys == tuple(f"{number:09}" for number in range(len(keys))), keys[:3]
        sets.same("webdataset, tar", split, np.stack(images), labels, np.stack(latents))
    sets.told("webdataset, tar")


def by_hand(sets, split, paths):
    """Tar files by Python's own reader, which checks their headers."""
    labels, latents = [], []
    for path in paths:
        with tarfile.open(path, "r:") as file:
            for member in file:
                contents = file.extractfile(member).read()
                assert member.isfile() and (member.mtime, member.uid, member.gid) == (0, 0, 0), member
                if member.name.endswith(".cls"):
                    labels.append(int(contents))
                elif member.name.endswith(".npy"):
                    latents.append(np.load(io.BytesIO(contents)))
    _, classes, noise = sets.splits[split]
    assert np.array_equal(labels, classes) and np.array_equal(np.stack(latents), noise), split


FORMATS = {"idx": idx, "png": png, "npz": npz, "parquet": parquet, "webdataset": webdataset}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("digitgan", type=Path)
    parser.add_argument("--formats", default=",".join(FORMATS), help="with commas (default: %(default)s)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="digitgan-generated-"))
    try:
        sets = Sets(args.digitgan.resolve(), folder)
        sets.expect()
        for name in args.formats.split(","):
            FORMATS[name](sets)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
