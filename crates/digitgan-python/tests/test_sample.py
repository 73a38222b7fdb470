"""Drawing: the same numbers as the command line, in every form, and one clear error for what does not fit."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from conftest import command_line

import digitgan


def idx(path) -> np.ndarray:
    """A gzipped IDX file of bytes."""
    data = gzip.decompress(path.read_bytes())
    shape = tuple(int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3]))
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def test_the_picture_is_that_of_the_command_line(acgan, tmp_path):
    for arguments, options in [
        ([], {}),
        (["--digits", "2026", "--count", "3", "--seed", "9"], {"digits": "2026", "count": 3, "seed": 9}),
        (["--digit", "7", "--count", "25"], {"digits": 7, "count": 25}),
    ]:
        done = command_line("sample", "acgan", "--out", "-", *arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout == acgan.png(**options), arguments


def test_digits_are_those_of_generate(acgan, tmp_path):
    done = command_line("generate", "acgan", "--count", "300", "--seed", "5", "--out", str(tmp_path / "set"))
    assert done.returncode == 0, done.stderr
    images = idx(tmp_path / "set" / "train-images-idx3-ubyte.gz")
    labels = idx(tmp_path / "set" / "train-labels-idx1-ubyte.gz")
    np.testing.assert_array_equal(acgan.sample(labels, seed=5), images)
    parts = [acgan.sample(labels[first : first + 100], seed=5, first=first) for first in (0, 100, 200)]
    np.testing.assert_array_equal(np.concatenate(parts), images)


def test_digits_come_in_many_forms(acgan):
    expected = acgan.sample([2, 0, 2, 6], seed=3)
    for digits in [
        (2, 0, 2, 6),
        "2026",
        ["2", "0", "2", "6"],
        np.array([2, 0, 2, 6], np.uint8),
        np.array([2, 9, 0, 9, 2, 9, 6, 9])[::2],
        [np.int64(2), 0, 2, 6],
    ]:
        np.testing.assert_array_equal(acgan.sample(digits, seed=3), expected, err_msg=repr(digits))
    np.testing.assert_array_equal(acgan.sample(np.int32(2), seed=3), expected[:1])
    np.testing.assert_array_equal(acgan.sample(2, seed=np.uint64(3)), expected[:1])
    np.testing.assert_array_equal(acgan.sample(seed=3), acgan.sample(range(10), seed=3))
    assert acgan.sample([]).shape == (0, 28, 28)
    assert acgan.sample(count=0, dtype="float32").shape == (0, 28, 28)


def test_floats_are_the_bytes_before_they_are_rounded(acgan):
    real, byte = acgan.sample(count=5, seed=2, dtype="float32"), acgan.sample(count=5, seed=2)
    assert real.dtype == np.float32 and -1 <= real.min() < -0.99 < 0.9 < real.max() <= 1
    np.testing.assert_array_equal(np.rint((real.astype(np.float64) + 1) * 127.5), byte)


def test_latents_are_those_of_the_seed(acgan):
    latents = acgan.latents(20, seed=4)
    assert latents.shape == (20, 100) and latents.dtype == np.float32
    assert abs(float(latents.mean())) < 0.1 and abs(float(latents.std()) - 1) < 0.05
    digits = list(range(10)) * 2
    for dtype in ("uint8", "float32"):
        expected = acgan.sample(digits, seed=4, dtype=dtype)
        np.testing.assert_array_equal(acgan.sample(digits, latents=latents, dtype=dtype), expected)
    np.testing.assert_array_equal(acgan.latents(5, 4, first=15), latents[15:])
    np.testing.assert_array_equal(acgan.sample(3, latents=latents), acgan.sample([3] * 20, seed=4))
    np.testing.assert_array_equal(acgan.sample(3, latents=latents.astype(np.float64)), acgan.sample([3] * 20, seed=4))


def test_arrays_own_what_was_drawn_and_can_be_written(acgan):
    digits = acgan.sample(count=100)
    assert digits.flags.writeable and digits.flags.c_contiguous
    assert digits.base is not None, "a view of the buffer that Rust filled"
    digits += 1


def test_the_number_of_threads_changes_nothing(acgan):
    expected = acgan.sample(count=30)
    for threads in (1, 3, None):
        digitgan.set_threads(threads)
        assert threads is None or digitgan.threads() == threads
        np.testing.assert_array_equal(acgan.sample(count=30), expected)


def test_a_gan_is_told_how_many(gan):
    assert gan.model == "gan" and gan.sample().shape == (1, 28, 28)
    assert gan.sample(count=7).shape == (7, 28, 28)
    assert gan.sample(latents=gan.latents(4)).shape == (4, 28, 28)
    with pytest.raises(digitgan.InputError, match="^digits: this generator is a GAN"):
        gan.sample(3)
    assert gan._repr_png_().startswith(b"\x89PNG")


def test_what_a_generator_says_of_itself(acgan):
    assert (acgan.model, acgan.data, acgan.classes) == ("acgan", "mnist", tuple("0123456789"))
    assert acgan.steps == 51535 and acgan.source == "acgan (built in)"
    assert acgan.card["name"] == "acgan" and acgan.metrics == acgan.card["evaluation"]
    assert acgan.metrics["agreement"]["mean"] > 0.99
    assert repr(acgan) == (
        "<digitgan.Generator: ACGAN of 10 classes, trained on mnist for 51535 steps, from acgan (built in)>"
    )
    assert acgan._repr_png_() == acgan.png()
    assert acgan.tensors()["deconv3.bias"].shape == (1,)


def test_files(acgan, tmp_path):
    path = tmp_path / "generator.safetensors"
    acgan.save(path)
    assert path.read_bytes() == acgan.to_bytes()
    for again in (digitgan.load(path), digitgan.load(str(path)), digitgan.Generator.from_bytes(path.read_bytes())):
        np.testing.assert_array_equal(again.sample(), acgan.sample())
        assert again.card is None and again.metrics is None
    assert digitgan.load().source == "acgan (built in)"


def bad_calls(acgan, tmp_path):
    two = acgan.latents(2)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"x" * 100)
    value, file = digitgan.InputError, digitgan.FileError
    nan = two.copy()
    nan[1, 3] = np.nan
    return [
        (lambda: acgan.sample(12), value, "digits", "class 12 (number 0, counted from 0) is none of the 10 classes"),
        (lambda: acgan.sample([1, -1]), value, "digits", "class -1 (number 1, "),
        (lambda: acgan.sample([[1]]), value, "digits", "shape (1, 1), expected (n,)"),
        (lambda: acgan.sample("2x"), value, "digits", '"x" is no class of this generator: it knows 0, 1'),
        (lambda: acgan.sample(["seven"]), value, "digits", '"seven" is no class'),
        (lambda: acgan.sample(1.0), TypeError, "digits", "type float"),
        (lambda: acgan.sample(True), TypeError, "digits", "type bool"),
        (lambda: acgan.sample([None]), TypeError, "digits", "type list of object"),
        (lambda: acgan.sample([[1], [1, 2]]), TypeError, "digits", "no array"),
        (lambda: acgan.sample(seed=-1), value, "seed", "-1 is not from 0 to 18446744073709551615"),
        (lambda: acgan.sample(seed=2**64), value, "seed", "18446744073709551616 is not"),
        (lambda: acgan.sample(seed=1.5), TypeError, "seed", "type float is no whole number"),
        (lambda: acgan.sample(seed=True), TypeError, "seed", "type bool is no whole number"),
        (lambda: acgan.sample(count=10**9), value, "count", "10 x 1000000000 are too many"),
        (lambda: acgan.sample(first=2**64 - 1), value, "first", "10 pictures from place"),
        (lambda: acgan.sample(first=2**64 - 1, dtype="float32"), value, "first", "10 pictures from place"),
        (lambda: acgan.sample(dtype="float64"), value, "dtype", '"float64" is neither "uint8" nor "float32"'),
        (lambda: acgan.sample([1, 2, 3], latents=two), value, "latents", "latents, [count, 100]: 200 numbers, expected 300"),
        (lambda: acgan.sample(1, latents=two[:, 1:]), value, "latents", "shape (2, 99), expected (n, 100)"),
        (lambda: acgan.sample(1, latents=two[0]), value, "latents", "shape (100,), expected (n, d)"),
        (lambda: acgan.sample(1, latents=nan), value, "latents", "latent 103 (counted from 0) is NaN"),
        (lambda: acgan.sample(1, latents=[[1] * 100]), TypeError, "latents", "int64 numbers, expected floats"),
        (lambda: acgan.latents(10**7), value, "n", "latents at once: 10000000 are asked for"),
        (lambda: acgan.png(scale=0), value, "scale", "a grid of 10 columns at scale 0"),
        (lambda: acgan.png(count=1001), value, "count", "10010 digits are too many for one picture, which holds 10000"),
        (lambda: digitgan.grid(acgan.sample(), columns=0), value, "images", "a grid of 0 columns"),
        (lambda: digitgan.set_threads(0), value, "count", "must be from 1 to 1024"),
        (lambda: digitgan.load("no/such"), file, "generator", "no/such is not a digitgan run"),
        (lambda: digitgan.load(tmp_path), file, "generator", str(tmp_path)),
        (lambda: digitgan.load(broken), file, "generator", str(broken)),
        (lambda: digitgan.Generator.from_bytes(b"x"), file, "bytes", ""),
        (lambda: acgan.save(tmp_path / "no" / "such" / "folder"), file, "path", "cannot write"),
        (lambda: digitgan.load(3), TypeError, "", ""),
        (lambda: acgan.sample(digit=3), TypeError, "", ""),
    ]


def test_what_does_not_fit_is_told_by_the_argument(acgan, tmp_path):
    for number, (call, kind, argument, text) in enumerate(bad_calls(acgan, tmp_path)):
        with pytest.raises(kind) as caught:
            call()
        said = str(caught.value)
        assert "\n" not in said and text in said, (number, said)
        if kind is not TypeError:
            assert caught.value.argument == argument, (number, said)
            assert said.startswith(f"{argument}: ") or said.startswith(f"{argument}, "), (number, said)
        assert isinstance(caught.value, (ValueError, OSError, TypeError))
