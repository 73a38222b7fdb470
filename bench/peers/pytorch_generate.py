"""How fast PyTorch draws digits on the CPU, at its best honest self; and how soon its first picture is there.

    pytorch_generate.py --variant acgan --batch 256 --threads 2 --calls 50 [--mode compile]
    pytorch_generate.py --first-image grid.png --weights generator.safetensors

Evaluation mode under `inference_mode`, BatchNorm folded into the layers before it (which leaves three layers).
Memory format and the form of the first layer are tried out before the measurement, and the fastest are measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from grid_png import write_png  # noqa: E402
from models import LATENT, SIDE, VARIANTS, Generator  # noqa: E402
from pytorch_models import CLASSES, Settings  # noqa: E402

WARM_UP, WARM_UP_SECONDS = 10, 1.0
TRIAL_CALLS = 20
GRID_SIDE = 10
GRID_SCALE = 2  # picture pixels per side of a digit's pixel, as `digitgan sample` has it


def folded_scale(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What the norm multiplies a channel by and adds to it, by its running statistics."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


class FoldedGenerator(nn.Module):
    """The generator of reference/models.py for drawing only."""

    def __init__(self, generator: Generator, settings: Settings) -> None:
        super().__init__()
        self.sees_class, self.classes = generator.sees_class, generator.classes
        self.channels_last, self.linear = settings.channels_last, settings.linear
        memory_format = torch.channels_last if self.channels_last else torch.contiguous_format
        scale1, shift1 = folded_scale(generator.bn1)
        scale2, shift2 = folded_scale(generator.bn2)
        first = generator.deconv1.weight * scale1[:, None, None]  # [in, out, y, x]
        self.first_shape = first.shape[1:]
        self.register_buffer("shift1", shift1)
        if self.linear:
            self.register_buffer("first", self.flattened(first))
            self.register_buffer("first_shift", self.flattened(shift1[:, None, None].expand(first.shape[1:])[None])[0])
        else:
            self.register_buffer("first", first.contiguous(memory_format=memory_format))
        second = generator.deconv2.weight * scale2[:, None, None]
        self.register_buffer("second", second.contiguous(memory_format=memory_format))
        self.register_buffer("shift2", shift2)
        self.register_buffer("third", generator.deconv3.weight.contiguous(memory_format=memory_format))
        self.register_buffer("shift3", generator.deconv3.bias)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """[batch, latent], [batch] -> [batch, 1, 28, 28]."""
        if self.sees_class:
            z = torch.cat([z, nn.functional.one_hot(labels, self.classes).to(z.dtype)], dim=1)
        x = nn.functional.relu(self.project(z))
        x = nn.functional.relu(nn.functional.conv_transpose2d(x, self.second, self.shift2, stride=2, padding=1))
        return torch.tanh(nn.functional.conv_transpose2d(x, self.third, self.shift3, stride=2, padding=1))

    def flattened(self, maps: Tensor) -> Tensor:
        """[n, channels, y, x] -> [n, features], in the order that the maps lie in memory."""
        ordered = maps.permute(0, 2, 3, 1) if self.channels_last else maps
        return ordered.reshape(len(maps), -1).contiguous()

    def project(self, z: Tensor) -> Tensor:
        """The 1x1 -> 7x7 layer."""
        if not self.linear:
            return nn.functional.conv_transpose2d(z[:, :, None, None], self.first, self.shift1)
        x = torch.addmm(self.first_shift, z, self.first)
        channels, height, width = self.first_shape
        if self.channels_last:
            return x.view(-1, height, width, channels).permute(0, 3, 1, 2)
        return x.view(-1, channels, height, width)


def load_generator(path: Path) -> Generator:
    """The generator in a digitgan file."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        facts = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}
    inputs = state["deconv1.weight"].shape[0]
    variant = facts.get("variant", "gan" if inputs == LATENT else "acgan")
    generator = Generator(variant, int(facts.get("classes", CLASSES)))
    generator.load_state_dict(state, strict=False)  # PyTorch's own num_batches_tracked may be missing
    return generator


def time_calls(model: nn.Module, z: Tensor, labels: Tensor, calls: int) -> list[float]:
    """Milliseconds of each call after the warm-up."""
    times = []
    begin, call = time.perf_counter(), 0
    while len(times) < calls:
        start = time.perf_counter()
        model(z, labels)
        if call >= WARM_UP and start - begin >= WARM_UP_SECONDS:
            times.append((time.perf_counter() - start) * 1e3)
        call += 1
    return times


def fastest(generator: Generator, z: Tensor, labels: Tensor, mode: str) -> tuple[FoldedGenerator, Settings]:
    """The memory format and form of the first layer that draw this batch fastest."""
    trials = []
    for settings in Settings.all():
        model = FoldedGenerator(generator, settings).eval()
        if mode == "compile":
            model.compile()
        trials.append((min(time_calls(model, z, labels, TRIAL_CALLS)), model, settings))
    _, model, settings = min(trials, key=lambda trial: trial[0])
    return model, settings


def measure(args: argparse.Namespace) -> None:
    """Prints images per second as JSON."""
    torch.manual_seed(0)
    generator = Generator(args.variant, CLASSES).eval()
    z = torch.randn(args.batch, LATENT)
    labels = torch.randint(CLASSES, (args.batch,))
    model, settings = fastest(generator, z, labels, args.mode)
    difference = float((model(z, labels) - generator(z, labels)).abs().max())
    times = time_calls(model, z, labels, args.calls)
    median_ms = statistics.median(times)
    print(json.dumps({
        "engine": f"PyTorch {torch.__version__} {args.mode}",
        "variant": args.variant,
        "batch": args.batch,
        "threads": args.threads,
        **dataclasses.asdict(settings),
        "median_call_ms": median_ms,
        "fastest_call_ms": min(times),
        "images_per_second": args.batch / median_ms * 1e3,
        "difference_to_reference": difference,
    }))


def first_image(args: argparse.Namespace) -> None:
    """Draws a grid of a hundred digits, one column per digit, and writes it."""
    torch.manual_seed(1)
    generator = load_generator(args.weights).eval()
    labels = torch.arange(GRID_SIDE * GRID_SIDE) % generator.classes
    images = generator(torch.randn(len(labels), LATENT), labels)
    pixels = ((images + 1) * 127.5).round().to(torch.uint8).view(GRID_SIDE, GRID_SIDE, SIDE, SIDE)
    grid = pixels.permute(0, 2, 1, 3).reshape(GRID_SIDE * SIDE, GRID_SIDE * SIDE)
    grid = grid.repeat_interleave(GRID_SCALE, 0).repeat_interleave(GRID_SCALE, 1).contiguous()
    write_png(args.first_image, grid.numpy().tobytes(), grid.shape[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=list(VARIANTS), default="acgan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--calls", type=int, default=100, help="calls measured")
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--first-image", type=Path, help="draw one grid into this PNG file, and nothing else")
    parser.add_argument("--weights", type=Path, help="digitgan's generator.safetensors, for --first-image")
    args = parser.parse_args()
    if args.first_image and not args.weights:
        parser.error("--first-image needs --weights")
    torch.set_num_threads(args.threads)
    with torch.inference_mode():
        (first_image if args.first_image else measure)(args)


if __name__ == "__main__":
    main()
