"""A whole process that trains one epoch of MNIST with PyTorch: for the time and the memory of a process.

    pytorch_epoch.py --data DIR [--variant acgan] [--batch 64] [--threads 2] [--mode eager] [--steps N]

It reads the training images and labels (IDX, gzipped or not), shuffles them once, trains, and prints the means of the
losses. It keeps pixels as bytes and makes a batch of floats at a time. Nothing is drawn or saved.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))
from models import LATENT, SIDE, VARIANTS, train_step  # noqa: E402
from pytorch_models import CLASSES, Settings, Training  # noqa: E402

FILES = {"images": "train-images-idx3-ubyte", "labels": "train-labels-idx1-ubyte"}


def read_idx(folder: Path, what: str) -> torch.Tensor:
    """The bytes of an IDX file, in the shape that its header states."""
    path = folder / FILES[what]
    raw = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{FILES[what]}.gz").read_bytes())
    axes = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * axis:8 + 4 * axis], "big") for axis in range(axes)]
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8)[4 + 4 * axes:].view(shape)


def train(args: argparse.Namespace) -> dict[str, object]:
    """One epoch; the means of both losses."""
    images, labels = read_idx(args.data, "images"), read_idx(args.data, "labels")
    training = Training.start(args.variant, Settings(args.channels_last, args.linear), args.mode, seed=1)
    order = torch.randperm(len(images))
    steps = min(len(images) // args.batch, args.steps or len(images))
    d_losses, g_losses = [], []
    for step in range(steps):
        chosen = order[step * args.batch:(step + 1) * args.batch]
        real = images[chosen].view(-1, 1, SIDE, SIDE).float().div_(127.5).sub_(1)
        z, fake_labels = torch.randn(args.batch, LATENT), torch.randint(CLASSES, (args.batch,))
        losses = train_step(*training.parts(), real, labels[chosen].long(), z, fake_labels)
        d_losses.append(losses["d_loss"])
        g_losses.append(losses["g_loss"])
    return {"engine": f"PyTorch {torch.__version__} {args.mode}", "variant": args.variant, "batch": args.batch,
            "steps": steps, "images": steps * args.batch,
            "d_loss": float(torch.stack(d_losses).mean()), "g_loss": float(torch.stack(g_losses).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's files")
    parser.add_argument("--variant", choices=list(VARIANTS), default="acgan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--linear", action="store_true")
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(json.dumps(train(args)))


if __name__ == "__main__":
    main()
