"""How long calls take in Python, as JSON: `python_calls.py WHAT BATCH CALLS`. See bench/python, which runs it.

WHAT: `sample` draws digits by the package digitgan; `torch` draws them as people do in PyTorch, by `Generator.to_torch()`: noise, the
network in inference mode, bytes.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np

WARM_UP, WARM_UP_SECONDS = 10, 1.0


def median(call, calls: int) -> float:
    """Seconds of a call, after some that warm up."""
    begin, done, times = time.perf_counter(), 0, []
    while len(times) < calls:
        start = time.perf_counter()
        call()
        if done >= WARM_UP and start - begin >= WARM_UP_SECONDS:
            times.append(time.perf_counter() - start)
        done += 1
    return statistics.median(times)


def sample(batch: int):
    import digitgan

    generator, digits = digitgan.load("acgan"), np.resize(np.arange(10), batch)
    return lambda: generator.sample(digits, seed=1)


def by_torch(batch: int):
    import digitgan
    import torch

    network, digits = digitgan.load("acgan").to_torch(), torch.arange(10).repeat(batch // 10 + 1)[:batch]

    def draw():
        with torch.inference_mode():
            images = network(torch.randn(batch, 100), digits)
            return ((images + 1) * 127.5).round().to(torch.uint8).numpy()

    return draw


def main() -> None:
    what, batch, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seconds = median({"sample": sample, "torch": by_torch}[what](batch), calls)
    print(json.dumps({"what": what, "batch": batch, "median_call_ms": 1e3 * seconds, "images_per_second": batch / seconds}))


if __name__ == "__main__":
    main()
