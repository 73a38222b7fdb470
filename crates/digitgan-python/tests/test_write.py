"""Written lines: the command line's pictures, in every look."""

from __future__ import annotations

import io

import numpy as np
import pytest
from conftest import command_line

import digitgan


def pixels(png: bytes) -> np.ndarray:
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(png))
    return np.asarray(image)


def test_the_picture_is_that_of_the_command_line():
    for text, arguments, options in [
        ("2026-11-27", [], {}),
        ("12,50", ["--seed", "4", "--style", "mixed"], {"seed": 4, "style": "mixed"}),
        (["1", "(030) 12-34"], ["--ink", "navy", "--scale", "3"], {"ink": "navy", "scale": 3}),
        ("10:45", ["--paper", "transparent", "--jitter", "slant:2"], {"paper": None, "jitter": {"slant": 2}}),
        ("7", ["--distort", "grain,blur:0.5", "--height", "30"], {"distort": "grain,blur:0.5", "height": 30}),
        ("7", ["--model", "cgan", "--spacing", "2", "--jitter", "0"], {"generator": "cgan", "spacing": 2, "jitter": 0}),
    ]:
        texts = [text] if isinstance(text, str) else text
        done = command_line("write", *arguments, "--out", "-", "--", *texts)
        assert done.returncode == 0, done.stderr
        if "generator" in options:
            options = {**options, "generator": digitgan.load(options["generator"])}
        ours, theirs = digitgan.write(text, **options), pixels(done.stdout)
        if ours.shape[-1] == 4:
            # Where there is no ink, its colour means nothing.
            np.testing.assert_array_equal(ours[..., 3], theirs[..., -1])
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=str(arguments))


def test_looks_have_their_channels():
    assert digitgan.write("1").ndim == 2
    assert digitgan.write("1", paper="cream").shape[2] == 3
    assert digitgan.write("1", paper=None).shape[2] == 4
    np.testing.assert_array_equal(digitgan.write("1", seed=5), digitgan.write(["1"], seed=5))
    assert not np.array_equal(digitgan.write("1", seed=5), digitgan.write("1", seed=6))


def test_what_cannot_be_written_is_told(gan):
    value = digitgan.InputError
    for call, kind, argument in [
        (lambda: digitgan.write("abc"), value, "text"),
        (lambda: digitgan.write(""), value, "text"),
        (lambda: digitgan.write([]), value, "text"),
        (lambda: digitgan.write(2026), TypeError, "text"),
        (lambda: digitgan.write("1", style="old"), value, "style"),
        (lambda: digitgan.write("1", height=1), value, "height"),
        (lambda: digitgan.write("1", height=float("nan")), value, "height"),
        (lambda: digitgan.write("1", scale=17), value, "scale"),
        (lambda: digitgan.write("1", scale=2**40), value, "scale"),
        (lambda: digitgan.write("1", spacing=-1), value, "spacing"),
        (lambda: digitgan.write("1", jitter=5), value, "jitter"),
        (lambda: digitgan.write("1", jitter={"tilt": 1}), value, "jitter"),
        (lambda: digitgan.write("1", jitter="much"), TypeError, "jitter"),
        (lambda: digitgan.write("1", ink="x"), value, "ink"),
        (lambda: digitgan.write("1", paper="x"), value, "paper"),
        (lambda: digitgan.write("1", distort="x"), value, "distort"),
        (lambda: digitgan.write("1", distort="jpeg"), value, "distort"),
        (lambda: digitgan.write("1", paper=None, distort="blur"), value, "distort"),
        (lambda: digitgan.write("1", generator="acgan"), TypeError, None),
        (lambda: digitgan.write("1", generator=gan), value, "text"),
    ]:
        with pytest.raises(kind) as caught:
            call()
        said = str(caught.value)
        assert "\n" not in said
        if argument is not None:
            assert said.startswith(f"{argument}: "), said
        if kind is value:
            assert caught.value.argument == argument
