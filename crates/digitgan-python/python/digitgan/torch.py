"""For PyTorch: generators as modules, and endless digits as a data set.

>>> import digitgan, torch
>>> digits = digitgan.torch.Digits(digitgan.load("acgan"), seed=3, batch=32)
>>> loader = torch.utils.data.DataLoader(digits, batch_size=None)
>>> images, labels = next(iter(loader))
>>> images.shape, labels.shape
(torch.Size([32, 1, 28, 28]), torch.Size([32]))
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import IterableDataset, get_worker_info

from ._digitgan import Generator, set_threads

__all__ = ["Digits", "Network", "to_module"]

#: Pictures that are drawn at once: one worker's, then the next one's.
BLOCK = 256


class Network(nn.Module):
    """The generator network in PyTorch, with digitgan's names: three transposed convolutions, 1x1 -> 7x7 -> 14x14 -> 28x28."""

    def __init__(self, classes: int) -> None:
        """`classes`: 0 for a GAN, which is told none."""
        super().__init__()
        self.classes = classes
        self.deconv1 = nn.ConvTranspose2d(100 + classes, 64, 7, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.deconv2 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.deconv3 = nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1)

    def forward(self, latents: Tensor, digits: Tensor | None = None) -> Tensor:
        """Images from -1 to 1, [n, 1, 28, 28], of latents [n, 100] and classes, whole numbers [n] (of a GAN, None)."""
        if self.classes:
            if digits is None:
                raise ValueError("digits: this network is told the class of each picture, [n]")
            classes = functional.one_hot(digits, self.classes).to(latents.dtype)
            latents = torch.cat([latents, classes], dim=1)
        maps = functional.relu(self.bn1(self.deconv1(latents[:, :, None, None])))
        maps = functional.relu(self.bn2(self.deconv2(maps)))
        return torch.tanh(self.deconv3(maps))


def to_module(generator: Generator) -> Network:
    """The generator as a module, in evaluation mode: `Generator.to_torch`.

    >>> import digitgan, torch
    >>> generator = digitgan.load("acgan")
    >>> network = generator.to_torch()
    >>> latents = generator.latents(3, seed=1)
    >>> with torch.no_grad():
    ...     images = network(torch.from_numpy(latents), torch.tensor([2, 0, 2]))
    >>> ours = torch.from_numpy(generator.sample([2, 0, 2], seed=1, dtype="float32"))
    >>> bool((images[:, 0] - ours).abs().max() < 1e-5)
    True
    """
    state = {name: torch.from_numpy(tensor) for name, tensor in generator.tensors().items()}
    for layer in ("bn1", "bn2"):
        state[f"{layer}.num_batches_tracked"] = torch.tensor(generator.steps)
    network = Network(state["deconv1.weight"].shape[0] - 100)
    network.load_state_dict(state)
    return network.eval()


class Digits(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless digits with their labels, another one each time.

    Picture number i shows class `digits[i % len(digits)]`, drawn as `Generator.sample` draws the picture of place i; so no picture comes
    twice, and the pictures of a seed are always the same. Workers share them in blocks of 256: worker w of W draws the blocks w, w + W, and
    so on, in their order, each on one thread.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        seed: int = 1,
        digits: Sequence[int] | None = None,
        count: int | None = None,
        batch: int | None = None,
    ) -> None:
        """Digits by a generator that is told classes.

        Args:
            generator: who draws.
            seed: which digits: every seed has others.
            digits: the classes, in turn; None: all of them.
            count: so many in all; None: there is no end.
            batch: gives whole batches, up to 256 pictures each, instead of single pictures: much faster, with
                `DataLoader(..., batch_size=None)`.

        Yields:
            (image, label): float32 [1, 28, 28] from -1 (black) to 1 (white), int64 []; with `batch`, [n, 1, 28, 28] and [n].
        """
        super().__init__()
        if generator.model == "gan":
            raise ValueError("generator: a GAN does not know what it draws, so there are no labels: take a cGAN or an ACGAN")
        self.generator = generator
        self.seed = seed
        self.digits = list(range(len(generator.classes)) if digits is None else digits)
        self.count = count
        self.batch = batch
        if not self.digits:
            raise ValueError("digits: there is none to draw")
        if count is not None and count < 0:
            raise ValueError(f"count: {count} is less than 0")
        if batch is not None and not 1 <= batch <= BLOCK:
            raise ValueError(f"batch: {batch} is not from 1 to {BLOCK}")

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        if worker is not None:
            # As many processes as workers draw at once.
            set_threads(1)
        for block in itertools.count(first, step):
            images, labels = self._block(block)
            if not len(labels):
                return
            if self.batch is None:
                yield from zip(images, labels)
            else:
                yield from zip(images.split(self.batch), labels.split(self.batch))

    def _block(self, block: int) -> tuple[Tensor, Tensor]:
        """The pictures of a block; none behind the last one."""
        start = block * BLOCK
        end = start + BLOCK if self.count is None else min(start + BLOCK, self.count)
        classes = [self.digits[place % len(self.digits)] for place in range(start, end)]
        images = self.generator.sample(classes, seed=self.seed, first=start, dtype="float32")
        return torch.from_numpy(images)[:, None], torch.tensor(classes, dtype=torch.int64)
