"""Times one training step of the same models in PyTorch on the CPU, at its best honest self.

The step is `train_step` of reference/models.py: no gradient is computed for D's weights in G's half,
gradients are dropped rather than zeroed, Adam is PyTorch's fused one, and no loss is read back
before the end. Images and noise are made beforehand and only sliced inside the measured time.

Memory format and the form of the 1x1 <-> 7x7 layers change nothing that is computed. `--tune` tries each combination and
prints the fastest, which `--channels-last` and `--linear` then choose.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from models import LATENT, SIDE, VARIANTS, train_step  # noqa: E402
from pytorch_models import CLASSES, Settings, Training  # noqa: E402

POOL = 32  # batches prepared beforehand and reused in turn


class Inputs:
    """Random batches, in turn."""

    def __init__(self, batch: int) -> None:
        self.images = torch.rand(POOL, batch, 1, SIDE, SIDE) * 2 - 1
        self.noise = torch.randn(POOL, batch, LATENT)
        self.labels = torch.randint(CLASSES, (2, POOL, batch))

    def step(self, step: int) -> tuple[torch.Tensor, ...]:
        """Real images, their classes, noise, classes of the fakes."""
        i = step % POOL
        return self.images[i], self.labels[0, i], self.noise[i], self.labels[1, i]


# A processor that was idle takes a while to reach its clock: every peer warms up for this long at least.
WARM_UP_SECONDS = 1.0


def time_steps(training: Training, inputs: Inputs, warmup: int, steps: int) -> tuple[list[float], float]:
    """Milliseconds of each step after the warm-up, and the last loss of D."""
    step_ms: list[float] = []
    d_loss = torch.zeros(())
    begin, step = time.perf_counter(), 0
    while len(step_ms) < steps:
        start = time.perf_counter()
        losses = train_step(*training.parts(), *inputs.step(step))
        if step >= warmup and start - begin >= WARM_UP_SECONDS:
            step_ms.append((time.perf_counter() - start) * 1e3)
        d_loss = losses["d_loss"]
        step += 1
    return step_ms, float(d_loss)


def tune(args: argparse.Namespace, inputs: Inputs) -> Settings:
    """The settings with the fastest step: of few steps, the one that least was in the way of."""
    def fastest_ms(settings: Settings) -> float:
        training = Training.start(args.variant, settings, args.mode)
        return min(time_steps(training, inputs, warmup=5, steps=args.steps)[0])

    return min(Settings.all(), key=fastest_ms)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=list(VARIANTS), default="acgan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60, help="steps measured")
    parser.add_argument("--warmup", type=int, default=10, help="steps before, at least, not measured")
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--channels-last", action="store_true", help="keep images and weights channels last")
    parser.add_argument("--linear", action="store_true", help="1x1 -> 7x7 and 7x7 -> 1x1 as matrix products")
    parser.add_argument("--tune", action="store_true", help="print the fastest settings as options, measure nothing else")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    inputs = Inputs(args.batch)
    if args.tune:
        best = tune(args, inputs)
        options = ["--channels-last"] * best.channels_last + ["--linear"] * best.linear
        print(json.dumps({"options": options}))
        return
    settings = Settings(args.channels_last, args.linear)
    step_ms, last_d_loss = time_steps(Training.start(args.variant, settings, args.mode), inputs, args.warmup, args.steps)
    median_ms = statistics.median(step_ms)
    print(json.dumps({
        "engine": f"PyTorch {torch.__version__} {args.mode}",
        "variant": args.variant,
        "batch": args.batch,
        "threads": args.threads,
        "channels_last": args.channels_last,
        "linear": args.linear,
        "median_step_ms": median_ms,
        "fastest_step_ms": min(step_ms),
        "images_per_second": args.batch / median_ms * 1e3,
        "last_d_loss": last_d_loss,
    }))


if __name__ == "__main__":
    main()
