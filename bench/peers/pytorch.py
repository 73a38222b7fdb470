"""Times one training step of the same models in PyTorch on the CPU, at its best honest self.

The step is `train_step` of reference/models.py: no gradient is computed for D's weights in G's half,
gradients are dropped rather than zeroed, Adam is PyTorch's fused one, and no loss is read back
before the end. Images and noise are made beforehand and only sliced inside the measured time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from models import LATENT, SIDE, VARIANTS, Discriminator, Generator, adam, train_step  # noqa: E402

CLASSES = 10


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


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=list(VARIANTS), default="acgan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60, help="steps measured")
    parser.add_argument("--warmup", type=int, default=10, help="steps before, not measured")
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--adam", choices=["fused", "foreach", "plain"], default="fused")
    parser.add_argument("--channels-last", action="store_true", help="keep images and weights channels last")
    parser.add_argument("--linear", action="store_true", help="1x1 -> 7x7 and 7x7 -> 1x1 as matrix products")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    generator = Generator(args.variant, CLASSES)
    discriminator = Discriminator(args.variant, CLASSES)
    if args.linear:
        generator.deconv1 = LinearDeconv(generator.deconv1, args.channels_last)
        discriminator.source = LinearSource(discriminator.source, args.channels_last)
    if args.channels_last:
        generator = generator.to(memory_format=torch.channels_last)
        discriminator = discriminator.to(memory_format=torch.channels_last)
    choice = {"fused": {"fused": True}, "foreach": {"foreach": True}, "plain": {"foreach": False}}[args.adam]
    opt_g, opt_d = adam(generator, **choice), adam(discriminator, **choice)
    if args.mode == "compile":
        generator.compile()
        discriminator.compile()

    pool = 32  # batches prepared beforehand and reused in turn
    images = torch.rand(pool, args.batch, 1, SIDE, SIDE) * 2 - 1
    noise = torch.randn(pool, args.batch, LATENT)
    labels = torch.randint(CLASSES, (2, pool, args.batch))

    step_ms: list[float] = []
    d_loss = torch.zeros(())
    for step in range(args.warmup + args.steps):
        i = step % pool
        start = time.perf_counter()
        losses = train_step(generator, discriminator, opt_g, opt_d, images[i], labels[0, i], noise[i], labels[1, i])
        if step >= args.warmup:
            step_ms.append((time.perf_counter() - start) * 1e3)
        d_loss = losses["d_loss"]

    median_ms = statistics.median(step_ms)
    result = {
        "peer": "pytorch",
        "version": torch.__version__,
        "variant": args.variant,
        "batch": args.batch,
        "threads": args.threads,
        "mode": args.mode,
        "adam": args.adam,
        "channels_last": args.channels_last,
        "linear": args.linear,
        "steps": args.steps,
        "median_step_ms": round(median_ms, 3),
        "fastest_step_ms": round(min(step_ms), 3),
        "images_per_second": round(args.batch / median_ms * 1e3, 1),
        "last_d_loss": round(float(d_loss), 4),
    }
    if args.json:
        print(json.dumps(result))
    else:
        print(
            f"PyTorch {result['version']}, {args.variant}, batch {args.batch}, {args.threads} threads, {args.mode}: "
            f"{result['median_step_ms']} ms/step (median), {result['images_per_second']} images/s"
        )


if __name__ == "__main__":
    main()
