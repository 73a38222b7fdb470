"""How good digits are: the metrics of the library, in one call and piece by piece."""

from __future__ import annotations

import numpy as np
import pytest

import digitgan
from digitgan import metrics


@pytest.fixture(scope="module")
def real(acgan) -> np.ndarray:
    return acgan.sample(count=30, seed=8)


def test_in_one_call_and_piece_by_piece(acgan, real):
    images, labels = digitgan.load("cgan").sample(count=20), np.tile(np.arange(10), 20)
    whole = digitgan.evaluate(images, labels, against=real)
    assert whole["images"] == 200 and whole["real_images"] == 300 and whole["against"] == "images"
    assert whole["agreement"] > 0.95 and 0 < whole["frechet_distance"] < 100 and 1 < whole["digit_score"] <= 10
    assert all(0 <= whole[name] <= 1 for name in ("precision", "recall", "coverage")) and whole["density"] > 0
    evaluation = digitgan.Evaluation(against=(real, np.tile(np.arange(10), 30)))
    for first in range(0, 200, 50):
        evaluation.update(images[first : first + 50], labels[first : first + 50])
    assert evaluation.compute() == whole
    assert evaluation.compute() == whole
    assert repr(evaluation) == "<digitgan.Evaluation: 200 images against 300 of images>"
    evaluation.reset()
    evaluation.update(images)
    unlabelled = evaluation.compute()
    assert unlabelled == {**whole, "agreement": None}


def test_equal_sets_are_as_near_as_can_be(real):
    found = digitgan.evaluate(real, against=real)
    assert found["frechet_distance"] < 1e-6 and found["precision"] == found["recall"] == found["coverage"] == 1


def test_mnist_is_found(acgan, mnist, tmp_path):
    folder = mnist if (mnist / "mnist").is_dir() else mnist.parent
    if not (folder / "mnist").is_dir():
        (tmp_path / "mnist").symlink_to(mnist)
        folder = tmp_path
    found = digitgan.evaluate(acgan.sample(count=50), list(range(10)) * 50, against="mnist", data_dir=folder)
    assert found["real_images"] == 10_000 and found["against"] == "mnist"
    assert found["frechet_distance"] < 30 and found["agreement"] > 0.97


def test_the_metrics_of_an_evaluation_are_those_of_its_features(acgan, real):
    images = acgan.sample(count=30, seed=9)
    found = digitgan.evaluate(images, against=real)
    ours, theirs = metrics.features(images), metrics.features(real)
    assert ours.shape == (300, 64) and ours.dtype == np.float32
    assert metrics.frechet(ours, theirs) == pytest.approx(found["frechet_distance"], rel=1e-12)
    assert metrics.kernel(theirs, ours)[0] == pytest.approx(found["kernel_distance"], rel=1e-12)
    four = metrics.manifold(theirs, ours)
    assert four == {name: found[name] for name in ("precision", "recall", "density", "coverage")}


def test_the_frechet_distance_is_that_of_the_formula():
    first, second = (np.random.default_rng(seed).normal(size=(500, 6)) @ np.diag(range(1, 7)) for seed in (1, 2))
    first, second = first.astype(np.float32).astype(np.float64), second.astype(np.float32).astype(np.float64)
    one, two = np.cov(first.T), np.cov(second.T)
    values = np.linalg.eigvals(one @ two)
    expected = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(one + two) - 2 * np.sqrt(values.real).sum()
    assert metrics.frechet(first, second) == pytest.approx(expected, rel=1e-9)


def test_what_cannot_be_compared_is_told(acgan, real):
    features = metrics.features(real)
    bad = features.copy()
    bad[1, 1] = np.inf
    some = digitgan.Evaluation(against=real)
    some.update(real, np.tile(np.arange(10), 30))
    value = digitgan.InputError
    for call, kind, text in [
        (lambda: digitgan.evaluate(real[:5], against=real), value, "images: "),
        (lambda: digitgan.evaluate(real[:0], against=real), value, "images: "),
        (lambda: digitgan.evaluate(real.reshape(-1, 784), against=real), value, "images: shape (300, 784), expected (n, 28, 28)"),
        (lambda: digitgan.evaluate(real / 255, against=real), TypeError, "images: float64 numbers, expected uint8"),
        (lambda: digitgan.evaluate(real, [1, 2], against=real), value, "labels: 2 labels for 300 images"),
        (lambda: digitgan.evaluate(real, [11] * 300, against=real), value, "labels: class 11 "),
        (lambda: some.update(real), value, "labels: some images have labels and others have none"),
        (lambda: digitgan.Evaluation(against=3), TypeError, "against: int64 numbers, expected uint8"),
        (lambda: digitgan.Evaluation(against="/no/such/place"), digitgan.FileError, "against: /no/such/place"),
        (lambda: metrics.frechet(features, features[:, 1:]), value, "second: "),
        (lambda: metrics.frechet(features[:1], features), value, "second: "),
        (lambda: metrics.frechet(bad, features), value, "first: "),
        (lambda: metrics.frechet(features, bad), value, "second: "),
        (lambda: metrics.kernel(features, features, size=301), value, "second: "),
        (lambda: metrics.manifold(features, features, nearest=0), value, "generated: "),
        (lambda: metrics.frechet(features[0], features), value, "first: shape (64,), expected (n, d)"),
        (lambda: metrics.features("x"), TypeError, "images: "),
    ]:
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value).startswith(text), str(caught.value)
        assert "\n" not in str(caught.value)
