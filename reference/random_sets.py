"""Writes random small data sets, each with the program that people use for its format, and beside each what must be read.

    python reference/data_formats.py --random SEED --out DIR        # --count N for the seeds from SEED on

    DIR/SEED/FORMAT/set            the data set
    DIR/SEED/FORMAT/about.json     the names of its classes, and by how much a pixel may differ
    DIR/SEED/FORMAT/train.pixels   [count, 28, 28] bytes, light ink on black; test.pixels likewise
    DIR/SEED/FORMAT/train.labels   a byte for each image; test.labels likewise

What must be read follows from the values that were stored, by the rules in docs/data.md: nothing is taken from digitgan.
"""

import json
from dataclasses import dataclass, field

import numpy as np

SIDE = 28
# Of these, one in seven of each class is set aside where there are no test images.
TEST_SHARE = 7
# Names that a folder can have; those of the second list are quoted in CSV files.
PLAIN_NAMES = "zero one two A b Z Four_5 six-7 8th-grade v1.2 Ankle-boot two-words X2 T".split() + ["two words"]
QUOTED_NAMES = ["comma, and", "semi;colon", 'a "quoted" name', "T-shirt/top", "it's"]
# The values that are white in whole numbers, of bytes and of more, and in real numbers; -1: from -1 to 1.
BYTES, WORDS, REALS = [1, 15, 16, 255], [1023, 4095, 16383, 65535], [1, 16, 255, -1]


class Chance:
    """Random choices."""

    def __init__(self, seed, name):
        self.generator = np.random.default_rng([seed, *name.encode()])

    def one(self, choices):
        return choices[self.number(0, len(choices) - 1)]

    def maybe(self, share=0.5):
        return bool(self.generator.random() < share)

    def number(self, low, high):
        return int(self.generator.integers(low, high + 1))


@dataclass
class Part:
    """Images of a split as they are stored, and their classes."""

    values: np.ndarray
    classes: np.ndarray
    # The same in colours, where they are.
    colours: np.ndarray = None


@dataclass
class Set:
    """A data set as it is stored, and how it is meant."""

    # By the name of the split: `train`, and `test` or `validation` or neither; `None` alone if there are no splits.
    parts: dict
    names: list
    black: float
    white: float
    light: bool
    # By how much a pixel may differ.
    bound: int = 0
    # What the first class is called, where classes are numbers.
    first: int = 0
    by_class: bool = False
    extra: dict = field(default_factory=dict)

    def numbers(self):
        """The classes as numbers, by split."""
        return {name: part.classes + self.first for name, part in self.parts.items()}

    def texts(self):
        return {name: [self.names[label] for label in part.classes] for name, part in self.parts.items()}

    def named_by_numbers(self, first):
        self.first, self.names = first, [str(first + index) for index in range(len(self.names))]

    def sort_names(self):
        """Gives the classes their names in the order in which texts are put."""
        self.names.sort()


def whites(dtype):
    """The values that may be white in arrays of a type."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return REALS + ([] if dtype.itemsize == 2 else [65535])
    if dtype.kind == "b":
        return [1]
    return [white for white in BYTES + WORDS if white <= np.iinfo(dtype).max]


def inks(chance, dtype, black, white, shape, top):
    """Numbers from black to `top`, in a patch in the middle: where they are real, far from where rounding changes."""
    _, rows, columns = shape
    if np.dtype(dtype).kind == "f":
        levels = chance.generator.integers(0, 256, shape) + chance.generator.uniform(-0.3, 0.3, shape)
        ink = np.clip(levels / 255, 0, 1) * (white - black) + black
    else:
        ink = chance.generator.integers(0, top + 1, shape)
    row, column = np.ogrid[:rows, :columns]
    inside = (rows // 4 <= row) & (row < rows - rows // 4) & (columns // 4 <= column) & (column < columns - columns // 4)
    return np.where(inside, ink, black)


def draw(chance, dtype, sizes="any", white=None, dark=False, colours=False):
    """A random set of numbers of a type; sizes: `any`, `square` or `28`."""
    white = white or chance.one(whites(dtype))
    black, white = (-1, 1) if white == -1 else (0, white)
    rows, columns = size(chance, sizes)
    light = not dark and chance.maybe(0.3)
    # The whitest pixel comes in the last image, so that the first ones look as if another value were white.
    late = not light and np.dtype(dtype).kind in "ui" and white >= 255 and chance.maybe(0.3)
    split_names = chance.one([["train", "test"], ["train", "test"], ["train", "validation"], ["train"], [None]])
    number = chance.number(2, 12)
    parts = {}
    for name in split_names:
        count = number + chance.number(0, 40) if name in ("train", None) else chance.number(3, 20)
        classes = (np.arange(count) + chance.number(0, number - 1)) % number
        chance.generator.shuffle(classes)
        shape = (count, rows, columns)
        top = chance.one([9, white // 4]) if late else white
        planes = [inks(chance, dtype, black, white, shape, top) for _ in range(3 if colours else 1)]
        last = name == split_names[-1]
        for plane in planes:
            if last or not late:
                plane[-1, rows // 2, columns // 2] = white
            if light:
                plane[:] = black + white - plane
        planes = [plane.astype(dtype) for plane in planes]
        values = luminance(*planes) if colours else planes[0]
        parts[name] = Part(values, classes, np.stack(planes, axis=-1) if colours else None)
    bound = 0 if (rows, columns) == (SIDE, SIDE) else 1
    return Set(parts, [str(index) for index in range(number)], black, white, light, bound)


def size(chance, sizes):
    if sizes == "28" or chance.maybe(0.6):
        return SIDE, SIDE
    rows = chance.number(8, 40)
    return rows, rows if sizes == "square" else chance.number(8, 40)


def luminance(red, green, blue):
    """By ITU-R BT.709, in whole numbers."""
    return np.floor(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.5).astype(np.int64)


def random_names(chance, drawn, quoted=False):
    """Gives the classes names."""
    pool = PLAIN_NAMES + (QUOTED_NAMES if quoted else [])
    drawn.names = list(chance.generator.permutation(pool)[: len(drawn.names)])


def as_bytes(drawn, values):
    """What stored values become: [count, 28, 28], light ink on black."""
    share = (values.astype(np.float64) - drawn.black) / (drawn.white - drawn.black)
    pixels = np.floor(np.clip(share * 255, 0, 255) + 0.5).astype(np.uint8)
    if drawn.light:
        pixels = 255 - pixels
    return np.stack([to_square(image) for image in pixels])


def to_square(image):
    """Scaled by Pillow until the longer side fits, and put into the middle of black."""
    from PIL import Image

    if image.shape == (SIDE, SIDE):
        return image
    longer = max(image.shape)
    rows, columns = (max((side * SIDE + longer // 2) // longer, 1) for side in image.shape)
    small = Image.fromarray(image.astype(np.float32)).resize((columns, rows), Image.Resampling.BILINEAR)
    square = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - rows) // 2, (SIDE - columns) // 2
    square[top : top + rows, left : left + columns] = np.floor(np.asarray(small) + 0.5)
    return square


def set_aside(pixels, classes):
    """Every seventh image of each class is to test on, where there are no others."""
    number = np.array([np.sum(classes[:index] == label) for index, label in enumerate(classes)])
    testing = number % TEST_SHARE == TEST_SHARE - 1
    return {"train": (pixels[~testing], classes[~testing]), "test": (pixels[testing], classes[testing])}


def expected(drawn):
    """Pixels and classes of both splits as they must be read."""
    splits = {}
    for name, part in drawn.parts.items():
        order = np.argsort(part.classes, kind="stable") if drawn.by_class else np.arange(len(part.classes))
        splits[name] = (as_bytes(drawn, part.values)[order], part.classes[order])
    if len(splits) == 1:
        return set_aside(*next(iter(splits.values())))
    (train, test) = splits.values()
    return {"train": train, "test": test}


def write_expected(drawn, folder):
    for name, (pixels, classes) in expected(drawn).items():
        (folder / f"{name}.pixels").write_bytes(pixels.tobytes())
        (folder / f"{name}.labels").write_bytes(classes.astype(np.uint8).tobytes())
    (folder / "about.json").write_text(json.dumps({"names": [str(name) for name in drawn.names], "bound": drawn.bound}))


def write(seed, out):
    """One set of each format."""
    from random_writers import WRITERS

    for name, writer in WRITERS.items():
        folder = out / str(seed) / name
        (folder / "set").mkdir(parents=True)
        write_expected(writer(Chance(seed, name), folder / "set"), folder)
