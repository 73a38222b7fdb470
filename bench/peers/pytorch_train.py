"""A whole process that trains on MNIST with PyTorch: one epoch, for the time and the memory of a process; or many, for
digits to hold beside digitgan's.

    pytorch_train.py --data DIR [--variant acgan] [--batch 64] [--threads 2] [--mode eager] [--steps N]
    pytorch_train.py --data DIR --variant cgan --epochs 20 --seed 1 --save generator.safetensors

It reads the training images and labels (IDX, gzipped or not), shuffles them for each epoch, trains, and prints the means
of the losses. It keeps pixels as bytes and makes a batch of floats at a time. Nothing is drawn; the generator is saved
where `--save` says, as a file that `digitgan evaluate` reads.
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
    """The means of both losses."""
    images, labels = read_idx(args.data, "images"), read_idx(args.data, "labels")
    training = Training.start(args.variant, Settings(args.channels_last, args.linear), args.mode, args.seed)
    steps = min(len(images) // args.batch, args.steps or len(images))
    d_losses, g_losses = [], []
    for _ in range(args.epochs):
        order = torch.randperm(len(images))
        for step in range(steps):
            chosen = order[step * args.batch:(step + 1) * args.batch]
            real = images[chosen].view(-1, 1, SIDE, SIDE).float().div_(127.5).sub_(1)
            z, fake_labels = torch.randn(args.batch, LATENT), torch.randint(CLASSES, (args.batch,))
            losses = train_step(*training.parts(), real, labels[chosen].long(), z, fake_labels)
            d_losses.append(losses["d_loss"])
            g_losses.append(losses["g_loss"])
    if args.save:
        save(training, args, args.epochs * steps)
    return {"engine": f"PyTorch {torch.__version__} {args.mode}", "variant": args.variant, "batch": args.batch,
            "steps": args.epochs * steps, "images": args.epochs * steps * args.batch,
            "d_loss": float(torch.stack(d_losses).mean()), "g_loss": float(torch.stack(g_losses).mean())}


def save(training: Training, args: argparse.Namespace, steps: int) -> None:
    """Writes the generator in digitgan's format (docs/run-directory.md)."""
    from safetensors.torch import save_file  # here: a process that saves nothing is measured without it

    facts = {"format": "digitgan-generator-1", "variant": args.variant, "dataset": "mnist", "step": str(steps),
             "latent": str(LATENT), "classes": str(CLASSES), "class_names": json.dumps([str(digit) for digit in range(CLASSES)]),
             "digitgan": f"PyTorch {torch.__version__}"}  # fmt: skip
    tensors = {name: tensor.contiguous() for name, tensor in training.generator.state_dict().items()}
    save_file(tensors, args.save, facts)


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
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="write the generator to this file at the end")
    args = parser.parse_args()
    if args.save and args.linear:
        parser.error("--save needs the layers as the models have them: leave --linear out")
    torch.set_num_threads(args.threads)
    print(json.dumps(train(args)))


if __name__ == "__main__":
    main()
