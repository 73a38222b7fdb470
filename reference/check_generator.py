"""Does PyTorch draw the same images from a digitgan generator?

Loads a digitgan `generator.safetensors` strictly into the plain PyTorch model and draws in evaluation mode.
With `--images`, compares with its tensor "images" and fails past `--tolerance`;
with `--write`, stores PyTorch's images there.

The latents file holds "latents" [count, latent] and, for conditional models, "labels" [count] (any integer type);
images are [count, 1, 28, 28] (or the same numbers in another shape) in [-1, 1].
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from models import SIDE, VARIANTS, Generator


def load_generator(path: Path) -> Generator:
    """Reads variant, classes and latent from the file's metadata and its tensors into a generator, names exact."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    missing = {"variant", "classes", "latent"} - metadata.keys()
    if missing:
        sys.exit(f"{path}: metadata lacks {', '.join(sorted(missing))}")
    if metadata["variant"] not in VARIANTS:
        sys.exit(f"{path}: variant {metadata['variant']!r}, expected one of {', '.join(VARIANTS)}")
    generator = Generator(metadata["variant"], int(metadata["classes"]), int(metadata["latent"]))
    generator.load_state_dict(load_file(path), strict=True)
    return generator.eval()


def draw(generator: Generator, latents: Path) -> Tensor:
    """Images for a file of latents and labels."""
    given = load_file(latents)
    z = given["latents"].float()
    labels = given.get("labels")
    if labels is None:
        if generator.sees_class:
            sys.exit(f'{latents}: no tensor "labels", which a conditional generator needs')
        labels = torch.zeros(len(z))
    with torch.inference_mode():
        return generator(z, labels.long())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generator", type=Path)
    parser.add_argument("--latents", type=Path, required=True)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--images", type=Path, help="compare with these")
    target.add_argument("--write", type=Path, help="write PyTorch's images here")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference allowed (%(default)s)")
    args = parser.parse_args()

    images = draw(load_generator(args.generator), args.latents)
    if args.write:
        save_file({"images": images.contiguous()}, args.write)
        print(f"wrote {len(images)} images")
        return
    others = load_file(args.images)["images"].float()
    if others.numel() != images.numel():
        sys.exit(f"{args.images}: shape {list(others.shape)}, expected {[len(images), 1, SIDE, SIDE]}")
    difference = (others.reshape(images.shape) - images).abs().max().item()
    print(f"{len(images)} images, largest difference {difference:.3e}")
    if not difference <= args.tolerance:  # NaN fails too
        sys.exit(f"larger than {args.tolerance:g}")


if __name__ == "__main__":
    main()
