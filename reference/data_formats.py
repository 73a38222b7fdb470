"""Makes the small data sets in crates/digitgan/tests/fixtures/data_formats, each with the program that people use for it.

    python reference/data_formats.py            # writes them
    python reference/data_formats.py --check FOLDER NAME
                                                # reads what `digitgan data convert` wrote: see .ci/data-formats
    python reference/data_formats.py --random SEED --out DIR
                                                # random sets and what must be read of them: see random_sets.py

The pixels follow a formula, so no data of others is in them. Requirements: reference/requirements-data.txt.
"""

import argparse
import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent.parent / "crates/digitgan/tests/fixtures/data_formats"
NAMES = ["zero", "one", "two"]
TRAIN, TEST = 9, 3


def pixel(image, row, column, side):
    """A patch of ink in the middle; ground elsewhere."""
    low, high = 3 * side // 8, 5 * side // 8
    inside = (low <= row) & (row < high) & (low <= column) & (column < high)
    return np.where(inside, (image * 37 + row * 11 + column * 5) % 255 + 1, 0).astype(np.uint8)


def images(first, count, side=28):
    image, row, column = np.ogrid[first : first + count, :side, :side]
    return pixel(image, row, column, side)


def labels(first, count):
    return np.arange(first, first + count) % len(NAMES)


TRAIN_SPLIT = (images(0, TRAIN), labels(0, TRAIN))
TEST_SPLIT = (images(TRAIN, TEST), labels(TRAIN, TEST))
SPLITS = {"train": TRAIN_SPLIT, "test": TEST_SPLIT}


def folder(name):
    path = FIXTURES / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def picture(array, form="PNG", **options):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(array).save(out, form, **options)
    return out.getvalue()


def idx(path, magic, array, dtype):
    data = struct.pack(">BBBB", 0, 0, magic, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    data += array.astype(dtype).tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def idx_files():
    raw = folder("idx_torchvision/MNIST/raw")
    qmnist = folder("idx_qmnist")
    for name, (x, y) in SPLITS.items():
        prefix = {"train": "train", "test": "t10k"}[name]
        idx(raw / f"{prefix}-images-idx3-ubyte", 8, x, ">u1")
        idx(raw / f"{prefix}-labels-idx1-ubyte", 8, y, ">u1")
        idx(qmnist / f"qmnist-{name}-images-idx3-ubyte.gz", 8, x, ">u1")
        # The class, then seven columns about who wrote it.
        columns = np.stack([y] + [y * 0 + 1000 + column for column in range(7)], axis=1)
        idx(qmnist / f"qmnist-{name}-labels-idx2-int.gz", 12, columns, ">i4")


def numpy_files():
    (x, y), (x_test, y_test) = TRAIN_SPLIT, TEST_SPLIT
    np.savez_compressed(
        folder("npz_keras") / "mnist.npz", x_train=x, y_train=y.astype(np.uint8), x_test=x_test, y_test=y_test.astype(np.uint8)
    )
    # Column by column, and the bytes of a number from the highest.
    np.savez_compressed(
        folder("npz_orders") / "set.npz",
        x_train=np.asfortranarray(x),
        y_train=y.astype(">i4"),
        x_test=np.asfortranarray(x_test.astype(">u2")).astype(np.uint8, order="F"),
        y_test=y_test.astype(">i8"),
    )
    np.savez_compressed(
        folder("npz_floats") / "set.npz",
        x_train=(x / 255).astype(np.float32),
        y_train=y,
        x_test=(x_test / 255).astype(np.float32),
        y_test=y_test,
    )
    medmnist = folder("npz_medmnist") / "digitmnist.npz"
    empty = (x[:0], y[:0, None])
    np.savez_compressed(
        medmnist,
        train_images=x,
        train_labels=y[:, None].astype(np.uint8),
        val_images=empty[0],
        val_labels=empty[1].astype(np.uint8),
        test_images=x_test,
        test_labels=y_test[:, None].astype(np.uint8),
    )
    kannada = folder("npz_kannada")
    for name, (pixels, classes) in SPLITS.items():
        np.savez_compressed(kannada / f"X_kannada_MNIST_{name}.npz", pixels)
        np.savez_compressed(kannada / f"y_kannada_MNIST_{name}.npz", classes.astype(np.uint8))
    npy = folder("npy")
    for name, (pixels, classes) in SPLITS.items():
        np.save(npy / f"x_{name}.npy", np.asfortranarray(pixels))
        np.save(npy / f"y_{name}.npy", classes.astype(">i2"))
    # As scikit-learn's digits: 8×8, real numbers from 0 to 16.
    small = {"train": images(0, TRAIN, 8), "test": images(TRAIN, TEST, 8)}
    np.savez_compressed(
        folder("npz_small") / "digits.npz",
        **{f"x_{name}": (pixels % 17).astype(np.float64) for name, pixels in small.items()},
        **{f"y_{name}": SPLITS[name][1] for name in small},
    )


def csv_files():
    import pandas as pd

    for name, (x, y) in SPLITS.items():
        pixels = pd.DataFrame(x.reshape(len(x), -1), columns=[f"pixel{index}" for index in range(784)])
        kaggle = pd.concat([pd.Series(y, name="label"), pixels], axis=1)
        packed = dict(compression={"method": "gzip", "mtime": 0})
        kaggle.to_csv(folder("csv_kaggle") / f"{name}.csv", index=False)
        last = pd.concat([pixels, pd.Series(y, name="label")], axis=1)
        last.to_csv(folder("csv_bare") / f"{name}.csv.gz", index=False, header=False, **packed)
        # What pandas writes if nothing is said: row numbers, and here real numbers and semicolons.
        kaggle.astype(float).to_csv(folder("csv_index") / f"{name}.csv.gz", sep=";", **packed)
        # Arrays without names, labels by name.
        named = pd.concat([pd.Series([NAMES[label] for label in y]), pd.DataFrame(x.reshape(len(x), -1))], axis=1)
        named.to_csv(folder("csv_names") / f"{name}.csv.gz", index=False, header=False, **packed)


def parquet_files():
    import duckdb
    import pandas as pd
    import polars as pl
    from datasets import ClassLabel, Dataset, Features, Image

    features = Features({"image": Image(), "label": ClassLabel(names=NAMES)})
    data = folder("parquet_datasets/data")
    for name, (x, y) in SPLITS.items():
        rows = [{"bytes": picture(array), "path": f"{index}.png"} for index, array in enumerate(x)]
        whole = Dataset.from_dict({"image": rows, "label": y.tolist()}, features=features)
        shards = 2 if name == "train" else 1
        for shard in range(shards):
            part = whole.shard(shards, shard, contiguous=True)
            part.to_parquet(data / f"{name}-{shard:05}-of-{shards:05}.parquet", batch_size=2)
        files = str(data / f"{name}-*.parquet")
        pl.read_parquet(files).write_parquet(folder("parquet_polars") / f"{name}.parquet")
        flat = pl.read_parquet(files).select(pl.col("image").struct.field("bytes").alias("image"), "label")
        flat.write_parquet(folder("parquet_binary") / f"{name}.parquet", compression="lz4")
        out = folder("parquet_duckdb") / f"{name}.parquet"
        duckdb.sql(f"COPY (SELECT * FROM read_parquet('{files}')) TO '{out}' (FORMAT parquet, COMPRESSION gzip)")
        lists = pd.DataFrame({"image": [array.tolist() for array in x], "label": [NAMES[label] for label in y]})
        lists["image"] = [[row.astype(np.uint8) for row in array] for array in x]
        lists.to_parquet(folder("parquet_lists") / f"{name}.parquet", index=False)
        # Of such arrays datasets makes TIFF files.
        for place, arrays in {"parquet_16_bits": x.astype(np.uint16) * 257, "parquet_reals": np.float32(x / 255)}.items():
            table = Dataset.from_dict({"image": list(arrays), "label": y.tolist()}, features=features)
            table.to_parquet(folder(place) / f"{name}.parquet")


def picture_files():
    from PIL import Image

    def save(place, kind, make, form="png", **options):
        for name, (x, y) in SPLITS.items():
            for index, (array, label) in enumerate(zip(x, y)):
                path = folder(f"{place}/{name}/{NAMES[label]}") / f"{index}.{kind}"
                make(array).save(path, **options)

    def palette(array):
        image = Image.fromarray(array, "L").convert("P")
        image.putpalette([value for grey in range(256) for value in (grey, grey, grey)])
        return image

    save("pictures_palette", "png", palette)
    save("pictures_16_bits", "png", lambda array: Image.fromarray(array.astype(np.uint16) * 257))
    save("pictures_1_bit", "png", lambda array: Image.fromarray(array > 127).convert("1"))
    save("pictures_tiff", "tif", lambda array: Image.fromarray(np.float32(array / 255)), compression="tiff_lzw")
    save("pictures_jpeg", "jpg", lambda array: Image.fromarray(array), quality=95)


def write():
    idx_files()
    numpy_files()
    csv_files()
    parquet_files()
    picture_files()
    total = sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file())
    print(f"{total} bytes in {FIXTURES}")


def read_converted(out, layout):
    """Images and labels of both splits, and names of classes, by the program that people use for a format."""
    if layout == "npz":
        with np.load(out) as file:
            names = list(file["class_names"]) if "class_names" in file else None
            return {name: (file[f"x_{name}"], file[f"y_{name}"]) for name in SPLITS}, names
    if layout == "csv":
        import pandas as pd

        tables = {name: pd.read_csv(out / f"{name}.csv") for name in SPLITS}
        split = lambda table: (table.filter(like="pixel").to_numpy(np.uint8).reshape(-1, 28, 28), table["label"].to_numpy())
        return {name: split(table) for name, table in tables.items()}, None
    if layout == "parquet":
        import datasets

        loaded = datasets.load_dataset(str(out), cache_dir=str(out) + ".cache")
        split = lambda part: (np.stack([np.asarray(image) for image in part["image"]]), np.array(part["label"]))
        return {name: split(loaded[name]) for name in SPLITS}, loaded["train"].features["label"].names
    if layout == "idx":
        prefixes = {"train": "train", "test": "t10k"}
        read = lambda path, offset: np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)
        split = lambda prefix: (
            read(out / f"{prefix}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
            read(out / f"{prefix}-labels-idx1-ubyte.gz", 8),
        )
        names = json.loads((out / "dataset.json").read_text())["class_names"]
        return {name: split(prefix) for name, prefix in prefixes.items()}, names
    raise SystemExit(f"{layout}: give idx, npz, csv or parquet")


def check(out, layout):
    """Compares what was converted from one of the fixtures with the formula."""
    splits, names = read_converted(out, layout)
    for name, (x, y) in SPLITS.items():
        pixels, classes = splits[name]
        if layout == "csv" and classes.dtype.kind in "OUT":
            classes = np.array([NAMES.index(label) for label in classes])
        assert pixels.dtype == np.uint8 and np.array_equal(pixels, x), f"{layout}: other pixels in {name}"
        assert np.array_equal(classes, y), f"{layout}: other labels in {name}"
    assert names is None or list(names) == NAMES, f"{layout}: other names: {names}"
    print(f"{layout}: {TRAIN} + {TEST} images as they should be")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", nargs=2, metavar=("OUT", "LAYOUT"))
    parser.add_argument("--random", type=int, metavar="SEED")
    parser.add_argument("--count", type=int, default=1, help="how many seeds, from SEED on")
    parser.add_argument("--out", type=Path, metavar="DIR")
    return parser.parse_args()


if __name__ == "__main__":
    asked = arguments()
    if asked.check:
        check(Path(asked.check[0]), asked.check[1])
    elif asked.random is not None:
        import random_sets

        for seed in range(asked.random, asked.random + asked.count):
            random_sets.write(seed, asked.out)
    else:
        write()
