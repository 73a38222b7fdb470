"""The writers of random sets, one for each format: each draws a set, writes it into a folder as one of its program's options
allows, and returns it. See random_sets.py."""

import csv
import gzip
import io
import struct

import numpy as np
from random_sets import draw, random_names

WHOLE = ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8", ">i8"]
REAL = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]


def idx_file(path, code, array, padded):
    types = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    data = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.astype(types[code]).tobytes()
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0) + bytes(padded)
    path.write_bytes(data)


def idx(chance, folder):
    codes = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
    code = chance.one(list(codes))
    drawn = draw(chance, codes[code])
    drawn.named_by_numbers(chance.one([0, 1, 10]))
    pattern = chance.one(["{}-images-idx3-ubyte", "{}-images.idx3-ubyte", "my-set-{}-images-idx3-ubyte", "{}_images"])
    ending = chance.one(["", ".gz"])
    split_words = {"train": "train", "test": chance.one(["t10k", "test"]), "validation": "val", None: "all"}
    for name, part in drawn.parts.items():
        images = pattern.format(split_words[name])
        padded = chance.one([0, 0, 100, 70_000])
        idx_file(folder / (images + ending), code, part.values, padded)
        labels = images.replace("images", "labels").replace("idx3", "idx1")
        numbers = drawn.numbers()[name]
        if chance.maybe(0.2):
            # As QMNIST's: the class, then what it knows of who wrote it.
            numbers = np.stack([numbers] + [numbers * 0 + 1000 + column for column in range(7)], axis=1)
            idx_file(folder / (labels + ending), chance.one([0x0B, 0x0C]), numbers, padded)
        else:
            idx_file(folder / (labels + ending), chance.one(list(codes)), numbers, padded)
    return drawn


def numpy_set(chance):
    """A set for arrays, and a function that makes a split's two arrays."""
    dtype = chance.one(WHOLE + REAL + ["?"])
    flat = chance.maybe(0.2)
    colours = not flat and dtype in WHOLE and chance.maybe(0.15)
    drawn = draw(chance, dtype, "square" if flat else "any", colours=colours)
    kind = chance.one(["numbers"] * 3 + ["texts", "one-hot", "columns"])
    if kind == "texts":
        random_names(chance, drawn, quoted=True)
        drawn.sort_names()
    else:
        drawn.named_by_numbers(0 if kind == "one-hot" else chance.one([0, 1, 10]))
    shape = chance.one(["plain", "last", "first"])
    label_type = chance.one(WHOLE + REAL)
    text_type = chance.one([str, bytes])
    fortran = chance.maybe(0.3)

    def images(part):
        if colours:
            array = part.colours if shape != "first" else np.moveaxis(part.colours, -1, 1)
        elif flat:
            array = part.values.reshape(len(part.values), -1)
        else:
            array = {"plain": part.values, "last": part.values[..., None], "first": part.values[:, None]}[shape]
        array = array.astype(dtype)
        return np.asfortranarray(array) if fortran else np.ascontiguousarray(array)

    def labels(name):
        numbers = drawn.numbers()[name]
        if kind == "texts":
            return np.array([text_type(text) if text_type is str else text.encode() for text in drawn.texts()[name]])
        if kind == "one-hot":
            return np.eye(len(drawn.names))[numbers].astype(label_type)
        if kind == "columns":
            return np.stack([numbers, numbers + 20], axis=1).astype("i4", order="F" if fortran else "C")
        numbers = numbers.astype(label_type)
        return numbers[:, None] if chance.maybe(0.2) else numbers

    return drawn, {name: (images(part), labels(name)) for name, part in drawn.parts.items()}


def npz(chance, folder):
    drawn, arrays = numpy_set(chance)
    save = chance.one([np.savez, np.savez_compressed])
    x, y = chance.one([("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X{}", "y{}"), ("{}_x", "{}_y")])
    word = {"train": "train", "test": "test", "validation": "val", None: "all"}
    if list(arrays) == [None]:
        x, y = "x", "y"
    if chance.maybe(0.3):
        # An archive for each array.
        for name, pair in arrays.items():
            for pattern, array in zip(("X_set_{}.npz", "y_set_{}.npz"), pair):
                save(folder / pattern.format(word[name]), array)
    else:
        named = [(pattern.format(word[name]), array) for name, pair in arrays.items() for pattern, array in zip((x, y), pair)]
        order = chance.generator.permutation(len(named))
        save(folder / chance.one(["set.npz", "mnist.npz"]), **dict(named[at] for at in order))
    return drawn


def npy(chance, folder):
    drawn, arrays = numpy_set(chance)
    x, y = chance.one([("x_{}.npy", "y_{}.npy"), ("{}_images.npy", "{}_labels.npy"), ("X{}.npy", "y{}.npy")])
    word = {"train": "train", "test": "test", "validation": "valid", None: ""}
    for name, pair in arrays.items():
        for pattern, array in zip((x, y), pair):
            with open(folder / pattern.format(word[name]), "wb") as file:
                version = chance.one([None, (1, 0), (2, 0), (3, 0)])
                np.lib.format.write_array(file, array, version=version)
    return drawn


def csv_set(chance, folder):
    import pandas as pd

    dtype = chance.one(["u1", "u1", "u2", "i4", "f4", "f8"])
    headed = chance.maybe()
    pixel_names = chance.one(["pixel{}", "{}", "px_{}", "{row}x{column}"]) if headed else None
    by_place = pixel_names == "{row}x{column}"
    drawn = draw(chance, dtype, "any" if by_place else "square")
    named = chance.maybe(0.4)
    if named:
        random_names(chance, drawn, quoted=True)
        drawn.sort_names()
    else:
        drawn.named_by_numbers(chance.one([0, 1, 10]))
    last = chance.maybe(0.3)
    _, rows, columns = next(iter(drawn.parts.values())).values.shape
    names = None
    shuffled = np.arange(rows * columns)
    if headed:
        start = chance.one([0, 1])
        name = lambda at: pixel_names.format(at + start, row=at // columns + start, column=at % columns + start)
        names = [name(at) for at in range(rows * columns)]
        if pixel_names != "{}" and chance.maybe(0.2):
            chance.generator.shuffle(shuffled)
    label_name = chance.one(["label", "class", "target", "digit", "Y"])
    options = dict(
        sep=chance.one([",", ",", ";", "\t", " "]),
        header=headed,
        index=headed and chance.maybe(0.3),
        lineterminator=chance.one(["\n", "\r\n"]),
        encoding=chance.one(["utf-8", "utf-8", "utf-8-sig"]),
        quoting=chance.one([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL]),
    )
    if options["sep"] == " ":
        # Row numbers have no name, and spaces before the first name are none.
        options["index"] = False
    ending = chance.one(["", ".gz"])
    pattern = chance.one(["{}.csv", "mnist_{}.csv"])
    for name, part in drawn.parts.items():
        pixels = pd.DataFrame(part.values.reshape(len(part.values), -1), columns=names)
        pixels = pixels.iloc[:, shuffled]
        labels = pd.Series(drawn.texts()[name] if named else drawn.numbers()[name], name=label_name)
        table = pd.concat([pixels, labels] if last else [labels, pixels], axis=1)
        table.to_csv(folder / (pattern.format(name or "all") + ending), **options)
    return drawn


PICTURES = {
    # The values that are stored, as numbers, and the white ones among those.
    "grey": ("u1", None),
    "grey in colours": ("u1", 255),
    "colours": ("u1", 255),
    "grey and opacity": ("u1", 255),
    "light on nothing": ("u1", 255),
    "palette": ("u1", 255),
    "1 bit": ("u1", 255),
    "16 bits": ("u2", None),
    "tiff u1": ("u1", None),
    "tiff u2": ("u2", None),
    "tiff >u2": ("u2", None),
    "tiff i4": ("i4", None),
    "tiff f4": ("f4", None),
    "jpeg": ("u1", 255),
}


def pictures(chance, kinds):
    """A set for files of pictures, and a function that makes one, with its ending."""
    from PIL import Image

    kind = chance.one(kinds)
    dtype, white = PICTURES[kind]
    drawn = draw(chance, dtype, white=white, dark=kind == "light on nothing", colours=kind == "colours")
    if kind == "colours":
        # Luminance is rounded, or cut.
        drawn.bound += 1
    if kind == "1 bit":
        levels = 2
    elif kind == "palette":
        levels = chance.one([2, 4, 16, 256])
    else:
        levels = 256
    steps = 255 // (levels - 1)
    if levels < 256:
        for part in drawn.parts.values():
            part.values = part.values // steps * steps
    if kind == "light on nothing":
        # Light ink: what is transparent becomes black, whatever grey it has.
        for part in drawn.parts.values():
            part.values = np.where(part.values > 0, part.values // 4 + 192, 0).astype(np.uint8)
    palette = chance.generator.permutation(levels)
    tiff = dict(
        compression=chance.one([None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate"]),
        # Rows of a strip.
        tiffinfo={278: chance.number(1, 40)},
    )
    if tiff["compression"] not in (None, "packbits") and chance.maybe():
        # A predictor: each number less the one before it.
        tiff["tiffinfo"][317] = 2
    # Pixels as they are shown, and how the file says that they are turned: 1 is not at all.
    turned = chance.number(1, 8) if kind in ("grey", "jpeg") and chance.maybe(0.3) else 1
    quality, mode, progressive = chance.number(60, 100), chance.one(["L", "RGB"]), chance.maybe()

    def image(values, colours):
        if kind == "grey in colours":
            return Image.fromarray(values).convert(chance.one(["RGB", "RGBA"]))
        if kind == "colours":
            return Image.fromarray(colours)
        if kind == "grey and opacity":
            return Image.merge("LA", [Image.fromarray(values), Image.new("L", values.shape[::-1], 255)])
        if kind == "light on nothing":
            grey = np.where(values > 0, values, chance.number(0, 255)).astype(np.uint8)
            opacity = np.where(values > 0, 255, 0).astype(np.uint8)
            return Image.merge("LA", [Image.fromarray(grey), Image.fromarray(opacity)]).convert(chance.one(["LA", "RGBA"]))
        if kind == "1 bit":
            return Image.fromarray(values).convert("1", dither=Image.Dither.NONE)
        if kind == "palette":
            indexed = Image.fromarray(np.argsort(palette)[values // steps].astype(np.uint8), "P")
            indexed.putpalette([int(grey) * steps for grey in palette for _ in range(3)])
            return indexed
        if kind == "tiff >u2":
            return Image.frombytes("I;16B", values.shape[::-1], values.astype(">u2").tobytes())
        return Image.fromarray(values)

    def encode(values, colours):
        out = io.BytesIO()
        picture = image(values, colours)
        if kind == "jpeg":
            exif = Image.Exif()
            exif[274] = turned
            picture.convert(mode).save(out, "JPEG", quality=quality, progressive=progressive, exif=exif)
        elif kind.startswith("tiff"):
            picture.save(out, "TIFF", **tiff)
        else:
            options = dict(compress_level=chance.number(0, 9), optimize=chance.maybe(0.2))
            if turned != 1:
                options["exif"] = Image.Exif()
                options["exif"][274] = turned
            picture.save(out, "PNG", **options)
        return out.getvalue()

    ending = {"jpeg": chance.one([".jpg", ".jpeg"]), "tiff": chance.one([".tif", ".tiff"])}.get(kind.split()[0], ".png")
    files = {}
    for name, part in drawn.parts.items():
        colours = part.colours if part.colours is not None else [None] * len(part.values)
        files[name] = [encode(values, of_image) for values, of_image in zip(part.values, colours)]
        if kind == "jpeg" or turned != 1:
            part.values = np.stack([shown(data) for data in files[name]])
    if kind == "jpeg":
        # Decoders round differently.
        drawn.bound += 1
    return drawn, files, ending


def shown(data):
    """A picture's grey values as Pillow shows them."""
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L"))


def folders(chance, folder):
    drawn, files, ending = pictures(chance, list(PICTURES))
    drawn.by_class = True
    if chance.maybe(0.6):
        random_names(chance, drawn)
        drawn.sort_names()
    else:
        drawn.named_by_numbers(chance.one([0, 1, 8]))
    for name, images in files.items():
        above = {None: ""}.get(name, name)
        if list(files) == ["train"]:
            above = chance.one(["", "train"])
        for index, (data, text) in enumerate(zip(images, drawn.texts()[name])):
            path = folder / above / text / f"{index:04}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return drawn


def save_parquet(chance, tables, folder):
    """Writes tables of Arrow by one program or another, each in one file or in shards."""
    program = chance.one(["pyarrow", "pandas", "polars", "duckdb"])
    for name, table in tables.items():
        shards = min(chance.one([1, 1, 2, 5]), len(table))
        edges = np.linspace(0, len(table), shards + 1).astype(int)
        for shard, (start, end) in enumerate(zip(edges, edges[1:])):
            word = name or "all"
            file = f"{word}.parquet" if shards == 1 else f"{word}-{shard:05}-of-{shards:05}.parquet"
            save_table(chance, table.slice(start, end - start), str(folder / file), program)


def save_table(chance, table, path, program):
    import duckdb
    import polars as pl
    import pyarrow.parquet as pq

    rows = chance.number(1, 30)
    if program == "pyarrow":
        options = dict(
            compression=chance.one(["none", "snappy", "gzip", "zstd", "lz4"]),
            version=chance.one(["1.0", "2.4", "2.6"]),
            data_page_version=chance.one(["1.0", "2.0"]),
            use_dictionary=chance.maybe(),
            write_page_checksum=chance.maybe(),
            data_page_size=chance.one([None, 1000]),
            store_schema=chance.maybe(0.7),
        )
        pq.write_table(table, path, row_group_size=rows, **options)
    elif program == "pandas":
        compression = chance.one([None, "snappy", "gzip", "zstd", "lz4"])
        table.to_pandas().to_parquet(path, index=chance.one([None, True, False]), compression=compression)
    elif program == "polars":
        compression = chance.one(["uncompressed", "snappy", "gzip", "zstd", "lz4"])
        pl.from_arrow(table).write_parquet(
            path, compression=compression, row_group_size=rows, statistics=chance.maybe(), data_page_size=chance.one([None, 1000])
        )
    else:
        compression = chance.one(["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"])
        version = chance.one(["V1", "V2"])
        images = table
        duckdb.sql(f"COPY (FROM images) TO '{path}' (FORMAT parquet, COMPRESSION {compression}, PARQUET_VERSION {version})")


def label_columns(chance, drawn):
    """The labels of each split as an Arrow array of one type or another."""
    import pyarrow as pa

    if chance.maybe(0.4):
        random_names(chance, drawn, quoted=True)
        drawn.sort_names()
        kind = chance.one([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
        return {name: pa.array(texts, pa.string()).cast(kind) for name, texts in drawn.texts().items()}
    drawn.named_by_numbers(chance.one([0, 1, 10]))
    kinds = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()]
    kind = chance.one(kinds)
    return {name: pa.array(numbers, kind) for name, numbers in drawn.numbers().items()}


def parquet_files(chance, folder):
    """Files of pictures in a column of bytes, or of bytes and path."""
    import pyarrow as pa

    drawn, files, ending = pictures(chance, list(PICTURES))
    labels = label_columns(chance, drawn)
    bare = chance.maybe(0.4)
    kind = chance.one([pa.binary(), pa.large_binary()])
    tables = {}
    for name, images in files.items():
        column = pa.array(images, kind)
        if not bare:
            paths = pa.array([chance.one([None, f"{index}{ending}"]) for index in range(len(images))], pa.string())
            column = pa.StructArray.from_arrays([column, paths], ["bytes", "path"])
        tables[name] = pa.table({"image": column, "label": labels[name]})
    save_parquet(chance, tables, folder)
    return drawn


def parquet_lists(chance, folder):
    """Pixels in lists, or in lists of rows, of one length or of any."""
    import pyarrow as pa

    dtype = chance.one(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
    flat = chance.maybe()
    drawn = draw(chance, dtype, "square" if flat else "any")
    labels = label_columns(chance, drawn)
    fixed = chance.maybe(0.3)
    tables = {}
    for name, part in drawn.parts.items():
        count, rows, columns = part.values.shape
        lists = pa.array(part.values.reshape(-1))
        for length, number in [(rows * columns, count)] if flat else [(columns, count * rows), (rows, count)]:
            if fixed:
                lists = pa.FixedSizeListArray.from_arrays(lists, length)
            else:
                lists = pa.ListArray.from_arrays(np.arange(number + 1, dtype=np.int32) * length, lists)
        columns = {"image": lists, "label": labels[name]}
        if chance.maybe(0.2):
            columns = {"index": pa.array(np.arange(count)), **columns}
        tables[name] = pa.table(columns)
    save_parquet(chance, tables, folder)
    return drawn


def parquet_datasets(chance, folder):
    """What datasets makes of arrays: PNG files, or TIFF files of those with 16 bits or real numbers, or lists."""
    import datasets
    from datasets import Array2D, ClassLabel, Dataset, Features, Image, List, Value

    datasets.disable_progress_bars()

    kind = chance.one(["image", "image", "array", "list"])
    dtype = chance.one(["uint8", "uint16", "float32"] if kind == "image" else ["uint8", "int32", "int64", "float32", "float64"])
    drawn = draw(chance, dtype)
    random_names(chance, drawn, quoted=True)
    rows, columns = next(iter(drawn.parts.values())).values.shape[1:]
    pixels = {"image": Image(), "array": Array2D((rows, columns), dtype), "list": List(List(Value(dtype)))}[kind]
    features = Features({"image": pixels, "label": ClassLabel(names=[str(name) for name in drawn.names])})
    for name, part in drawn.parts.items():
        rows = {"image": list(part.values), "label": part.classes.tolist()}
        whole = Dataset.from_dict(rows, features=features)
        shards = min(chance.one([1, 1, 3]), len(whole))
        for shard in range(shards):
            file = folder / "data" / f"{name or 'all'}-{shard:05}-of-{shards:05}.parquet"
            batch = chance.one([None, 1, 7])
            whole.shard(shards, shard, contiguous=True).to_parquet(file, batch_size=batch)
    return drawn


WRITERS = {
    "idx": idx,
    "npz": npz,
    "npy": npy,
    "csv": csv_set,
    "pictures": folders,
    "parquet_files": parquet_files,
    "parquet_lists": parquet_lists,
    "parquet_datasets": parquet_datasets,
}
