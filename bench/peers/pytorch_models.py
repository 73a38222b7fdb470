"""The models of reference/models.py as PyTorch trains them fastest: which memory format, which form of layers."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from models import Discriminator, Generator, adam  # noqa: E402

CLASSES = 10


@dataclass(frozen=True)
class Settings:
    """What may be chosen without changing what is computed."""

    channels_last: bool
    linear: bool

    @staticmethod
    def all() -> list["Settings"]:
        """Every combination."""
        return [Settings(channels_last, linear) for channels_last in (True, False) for linear in (True, False)]


class LinearDeconv(nn.Module):
    """A 1x1 -> 7x7 transposed convolution as one matrix product, written in the wanted memory format."""

    def __init__(self, layer: nn.ConvTranspose2d, channels_last: bool) -> None:
        super().__init__()
        self.channels_last = channels_last
        weight = layer.weight.detach()  # [in, out, y, x]
        self.out, self.side = weight.shape[1], weight.shape[2]
        if channels_last:
            weight = weight.permute(0, 2, 3, 1)
        self.weight = nn.Parameter(weight.reshape(weight.shape[0], -1).clone(memory_format=torch.contiguous_format))

    def forward(self, x: Tensor) -> Tensor:
        y = x.flatten(1) @ self.weight
        if self.channels_last:
            return y.view(-1, self.side, self.side, self.out).permute(0, 3, 1, 2)
        return y.view(-1, self.out, self.side, self.side)


class LinearSource(nn.Module):
    """A 7x7 -> 1x1 convolution as a dot product over the features, in the memory format they come in."""

    def __init__(self, layer: nn.Conv2d, channels_last: bool) -> None:
        super().__init__()
        self.channels_last = channels_last
        weight = layer.weight.detach()  # [1, in, y, x]
        if channels_last:
            weight = weight.permute(0, 2, 3, 1)
        self.weight = nn.Parameter(weight.reshape(1, -1).clone(memory_format=torch.contiguous_format))
        self.bias = nn.Parameter(layer.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        if self.channels_last:
            x = x.permute(0, 2, 3, 1)
        return nn.functional.linear(x.flatten(1), self.weight, self.bias)


@dataclass
class Training:
    """Both networks with their optimisers: the first four arguments of `train_step`."""

    generator: nn.Module
    discriminator: nn.Module
    opt_g: torch.optim.Optimizer
    opt_d: torch.optim.Optimizer

    @staticmethod
    def start(variant: str, settings: Settings, mode: str, seed: int = 0, device: str = "cpu") -> "Training":
        """New networks with PyTorch's fused Adam; `mode` is `eager`, `compile`, or `graphs`: fit to be captured."""
        torch.manual_seed(seed)
        generator, discriminator = Generator(variant, CLASSES), Discriminator(variant, CLASSES)
        if settings.linear:
            generator.deconv1 = LinearDeconv(generator.deconv1, settings.channels_last)
            discriminator.source = LinearSource(discriminator.source, settings.channels_last)
        if settings.channels_last:
            generator = generator.to(memory_format=torch.channels_last)
            discriminator = discriminator.to(memory_format=torch.channels_last)
        generator, discriminator = generator.to(device), discriminator.to(device)
        opt_g, opt_d = (adam(network, fused=True, capturable=mode == "graphs") for network in (generator, discriminator))
        if mode == "compile":
            generator.compile()
            discriminator.compile()
        return Training(generator, discriminator, opt_g, opt_d)

    def parts(self) -> tuple[nn.Module, nn.Module, torch.optim.Optimizer, torch.optim.Optimizer]:
        """As `train_step` takes them."""
        return self.generator, self.discriminator, self.opt_g, self.opt_d
