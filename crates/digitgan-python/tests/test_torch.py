"""PyTorch: the generator as a module, and endless digits for workers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import digitgan

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def test_the_module_draws_the_same(acgan, gan):
    for generator in (acgan, digitgan.load("cgan"), gan):
        network = generator.to_torch()
        assert not network.training and isinstance(network, digitgan.torch.Network)
        latents, digits = generator.latents(60, seed=3), list(range(10)) * 6
        with torch.no_grad():
            told = (torch.tensor(digits),) if network.classes else ()
            theirs = network(torch.from_numpy(latents), *told).numpy()
        assert theirs.shape == (60, 1, 28, 28)
        ours = generator.sample(digits if told else None, latents=latents, count=1 if told else 60, dtype="float32")
        assert np.abs(theirs[:, 0] - ours).max() < 1e-5, generator
    with pytest.raises(ValueError, match="^digits: "):
        acgan.to_torch()(torch.zeros(1, 100))


def test_endless_digits_are_those_of_the_seed(acgan):
    digits = digitgan.torch.Digits(acgan, seed=4)
    drawn = list(itertools.islice(digits, 600))
    assert drawn[0][0].shape == (1, 28, 28) and drawn[0][0].dtype == torch.float32
    assert [int(label) for _, label in drawn] == [place % 10 for place in range(600)]
    expected = acgan.sample(np.arange(600) % 10, seed=4, dtype="float32")
    np.testing.assert_array_equal(torch.stack([image for image, _ in drawn])[:, 0].numpy(), expected)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_share_the_pictures_and_none_comes_twice(acgan, method):
    acgan.sample()
    count = 1100
    digits = digitgan.torch.Digits(acgan, seed=4, digits=[3, 8], count=count, batch=100)
    loader = torch.utils.data.DataLoader(digits, batch_size=None, num_workers=2, multiprocessing_context=method)
    batches = list(loader)
    assert sum(len(labels) for _, labels in batches) == count
    assert batches[0][0].shape == (100, 1, 28, 28) and batches[0][1].dtype == torch.int64
    found = sorted(image.numpy().tobytes() for images, _ in batches for image in images)
    expected = acgan.sample(np.resize([3, 8], count), seed=4, dtype="float32")
    assert len(set(found)) == count
    assert found == sorted(image.tobytes() for image in expected)


def test_single_pictures_make_batches(acgan):
    digits = digitgan.torch.Digits(acgan, count=70)
    images, labels = next(iter(torch.utils.data.DataLoader(digits, batch_size=64)))
    assert images.shape == (64, 1, 28, 28) and labels.tolist() == [place % 10 for place in range(64)]
    assert len(list(digits)) == 70


def test_what_does_not_fit_is_told(acgan, gan):
    for call, text in [
        (lambda: digitgan.torch.Digits(gan), "generator: a GAN"),
        (lambda: digitgan.torch.Digits(acgan, digits=[]), "digits: "),
        (lambda: digitgan.torch.Digits(acgan, count=-1), "count: -1"),
        (lambda: digitgan.torch.Digits(acgan, batch=300), "batch: 300 is not from 1 to 256"),
        (lambda: list(digitgan.torch.Digits(acgan, digits=[12], count=1)), "digits: class 12"),
    ]:
        with pytest.raises(ValueError, match=f"^{text}"):
            call()


def test_tensors_are_taken_as_arrays(acgan):
    digits = torch.from_numpy(acgan.sample(count=2))
    found = digitgan.evaluate(digits, torch.arange(10).repeat(2), against=digits)
    assert found["agreement"] > 0.9
    assert acgan.sample(torch.tensor([3])).shape == (1, 28, 28)
