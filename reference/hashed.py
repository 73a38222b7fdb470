"""Numbers from an exact integer hash, so that fixtures need to store neither inputs nor weights.

A tensor is named; element i of it (row-major, PyTorch's layout) depends on the name and on i alone.
All arithmetic after the hash is one or two float64 operations and a rounding to float32, which
any language repeats to the last bit.
"""

from __future__ import annotations

import math

import numpy as np
from torch import nn

CONVOLUTION_SCALE = 0.05
BIAS_SCALE = 0.1


def tensor_id(name: str) -> int:
    """FNV-1a, 32 bits, over the name's UTF-8 bytes."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def u(name: str, count: int) -> np.ndarray:
    """`count` numbers in [0, 1), multiples of 2^-24, as float64: splitmix64's finaliser of (tensor_id << 32 | i)."""
    x = np.uint64(tensor_id(name) << 32) | np.arange(count, dtype=np.uint64)
    z = x + np.uint64(0x9E3779B97F4A7C15)  # wraps, as do the products
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**24


def uniform(name: str, shape: tuple[int, ...], scale: float = 1.0, centre: float = 0.0) -> np.ndarray:
    """centre + (2u - 1) * scale, rounded to float32."""
    values = centre + (2.0 * u(name, math.prod(shape)) - 1.0) * scale
    return values.astype(np.float32).reshape(shape)


def noise(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Latents of about unit variance: (u - 0.5) * 3.4641, rounded to float32."""
    return ((u(name, math.prod(shape)) - 0.5) * 3.4641).astype(np.float32).reshape(shape)


def labels(name: str, count: int, classes: int) -> np.ndarray:
    """floor(u * classes)."""
    return np.floor(u(name, count) * classes).astype(np.int64)


def signs(name: str, count: int) -> np.ndarray:
    """+1 where u >= 0.5, else -1."""
    return np.where(u(name, count) >= 0.5, 1.0, -1.0)


def unit_vector(name: str, count: int) -> np.ndarray:
    """signs / sqrt(count), rounded to float32: of length one."""
    return (signs(name, count) / math.sqrt(count)).astype(np.float32)


def parameter(
    module: nn.Module, kind: str, name: str, shape: tuple[int, ...], bias_scale: float = BIAS_SCALE
) -> np.ndarray:
    """A parameter (`kind` is "weight" or "bias") of a layer; `name` is its full name, as in "generator.bn1.weight"."""
    if kind == "bias":
        return uniform(name, shape, bias_scale)
    match module:
        case nn.BatchNorm2d():
            return uniform(name, shape, 0.1, centre=1.0)
        case nn.Linear():
            return uniform(name, shape, 1.0 / math.sqrt(module.in_features))
        case nn.Embedding():
            return uniform(name, shape, 1.0)
        case nn.Conv2d() | nn.ConvTranspose2d():
            return uniform(name, shape, CONVOLUTION_SCALE)
    raise TypeError(f"no rule for {name} of {type(module).__name__}")
