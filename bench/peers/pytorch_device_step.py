"""Times one training step of the same models in PyTorch on a GPU, at its best honest self.

    pytorch_device_step.py --device cuda --mode graphs --variant acgan --batch 64 --steps 200 --blocks 7

The step is `train_step` of reference/models.py: no gradient is computed for D's weights in G's half, gradients are dropped
rather than zeroed, Adam is PyTorch's fused one. Images and classes lie on the device, as bytes; a step gathers its rows there,
and draws its noise there. Losses are never read. A block of steps is timed; the device is waited for at its ends alone.

`--mode graphs` captures the whole step once, after a warm-up, as a CUDA graph with a capturable Adam, and replays it.
Memory format and the form of the 1x1 <-> 7x7 layers change nothing that is computed: each combination is tried for one block,
and the fastest is measured. `--profile` counts the kernels of eager steps by torch.profiler.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from models import LATENT, SIDE, VARIANTS, train_step  # noqa: E402
from pytorch_models import CLASSES, Settings, Training  # noqa: E402

IMAGES = 60_000  # as many as MNIST has; what is in them changes no time
WARM_UP_STEPS, WARM_UP_SECONDS = 11, 1.0
PROFILED_STEPS = 20


class Data:
    """Images and classes on a device, and the rows of each step."""

    def __init__(self, batch: int, device: str) -> None:
        self.batch, self.device = batch, device
        self.images = torch.randint(256, (IMAGES, 1, SIDE, SIDE), dtype=torch.uint8, device=device)
        self.labels = torch.randint(CLASSES, (IMAGES,), device=device)
        self.order = torch.randperm(IMAGES, device=device)
        self.taken = 0

    def rows(self) -> Tensor:
        """Those of the next step."""
        start = self.taken % (IMAGES // self.batch) * self.batch
        self.taken += 1
        return self.order[start:start + self.batch]

    def step(self, training: Training, rows: Tensor) -> Tensor:
        """A step on these rows; D's loss."""
        real = self.images[rows].float().div_(127.5).sub_(1)
        z = torch.randn(self.batch, LATENT, device=self.device)
        fake_labels = torch.randint(CLASSES, (self.batch,), device=self.device)
        return train_step(*training.parts(), real, self.labels[rows], z, fake_labels)["d_loss"]


def eager(training: Training, data: Data) -> Callable[[], Tensor]:
    """A step, operation by operation."""
    return lambda: data.step(training, data.rows())


def graphs(training: Training, data: Data) -> Callable[[], Tensor]:
    """A step, as one graph that is replayed."""
    rows = data.rows().clone()
    apart = torch.cuda.Stream()
    apart.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(apart):
        for _ in range(WARM_UP_STEPS):
            data.step(training, rows)
    torch.cuda.current_stream().wait_stream(apart)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        d_loss = data.step(training, rows)

    def replay() -> Tensor:
        rows.copy_(data.rows())
        graph.replay()
        return d_loss

    return replay


MODES = {"eager": eager, "graphs": graphs}


def wait(device: str) -> None:
    """Until the device has done everything."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def block_ms(step: Callable[[], Tensor], steps: int, device: str) -> tuple[float, Tensor]:
    """Milliseconds per step of a block, and the last loss."""
    wait(device)
    start = time.perf_counter()
    for _ in range(steps):
        d_loss = step()
    wait(device)
    return (time.perf_counter() - start) * 1e3 / steps, d_loss


def start(args: argparse.Namespace, settings: Settings) -> Callable[[], Tensor]:
    """A step that has warmed up."""
    training = Training.start(args.variant, settings, args.mode, device=args.device)
    step = MODES[args.mode](training, Data(args.batch, args.device))
    begin, done = time.perf_counter(), 0
    while done < WARM_UP_STEPS or time.perf_counter() - begin < WARM_UP_SECONDS:
        block_ms(step, 1, args.device)
        done += 1
    return step


def fastest(args: argparse.Namespace) -> Settings:
    """The settings with the fastest block."""
    return min(Settings.all(), key=lambda settings: block_ms(start(args, settings), args.steps, args.device)[0])


def kernels(step: Callable[[], Tensor]) -> list[dict[str, object]]:
    """The kernels of some steps: how often each, and for how many microseconds on the device in all."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        block_ms(step, PROFILED_STEPS, "cuda")
    found: dict[str, list[float]] = {}
    for event in profiler.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            found.setdefault(event.name, []).append(event.time_range.elapsed_us())
    return [{"name": name, "count": len(times), "microseconds": sum(times)} for name, times in found.items()]


def device_name(device: str) -> str:
    """What it calls itself."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--variant", choices=list(VARIANTS), default="acgan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200, help="steps of a block")
    parser.add_argument("--blocks", type=int, default=7, help="blocks measured")
    parser.add_argument("--mode", choices=list(MODES), default="eager")
    parser.add_argument("--no-tf32", action="store_true", help="multiply in full float32")
    parser.add_argument("--profile", action="store_true", help="count the kernels of a step too")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    on_gpu = args.device.startswith("cuda")
    if on_gpu and not torch.cuda.is_available():
        sys.exit(f"PyTorch finds no GPU for --device {args.device}")
    if not on_gpu and (args.mode == "graphs" or args.profile):
        sys.exit(f"{'CUDA graphs' if args.mode == 'graphs' else 'kernels'} need a GPU, and PyTorch's device is {args.device}")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not args.no_tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    settings = fastest(args)
    step = start(args, settings)
    times, d_loss = zip(*(block_ms(step, args.steps, args.device) for _ in range(args.blocks)))
    median_ms = statistics.median(times)
    result = {
        "engine": f"PyTorch {torch.__version__} {args.mode}, {device_name(args.device)}",
        "variant": args.variant,
        "batch": args.batch,
        **dataclasses.asdict(settings),
        "tf32": not args.no_tf32,
        "median_step_ms": median_ms,
        "fastest_step_ms": min(times),
        "images_per_second": args.batch / median_ms * 1e3,
        "last_d_loss": float(d_loss[-1]),
    }
    if args.profile:
        result |= {"kernels": kernels(step), "profiled_steps": PROFILED_STEPS}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
