"""How long metrics of two sets of features take, beside torch-fidelity and prdc: `python_metrics.py COUNT ROUNDS`, as JSON.

The features are the judge's, of digits by the two built-in generators. The kernel distance is timed over 100 subsets of 1,000, as is
usual, and compared over all features at once, since each package draws subsets of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import time

import numpy as np
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

import digitgan
from digitgan import metrics

FOUR = ("precision", "recall", "density", "coverage")
# Rows of the sets over which kernel distances are compared.
COMPARED = 2000


def fid(first: torch.Tensor, second: torch.Tensor) -> float:
    statistics_of = [fid_features_to_statistics(features) for features in (first, second)]
    return float(fid_statistics_to_metric(*statistics_of, verbose=False)[KEY_METRIC_FID])


def kid(first: torch.Tensor, second: torch.Tensor, subsets: int, size: int) -> float:
    given = {"kid_subsets": subsets, "kid_subset_size": size, "verbose": False}
    return float(kid_features_to_metric(first, second, **given)[KEY_METRIC_KID_MEAN])


def prdc(real: np.ndarray, generated: np.ndarray) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real, generated, 5)
    return [float(found[name]) for name in FOUR]


def seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    digits = np.resize(np.arange(10), count)
    real, generated = (metrics.features(digitgan.load(name).sample(digits, seed=3)) for name in ("acgan", "cgan"))
    # The peers get the same numbers as float64, so that their rounding is none of the difference.
    wide = [features.astype(np.float64) for features in (real, generated)]
    tensors = [torch.from_numpy(features) for features in wide]
    some, few = min(COMPARED, count), [tensor[:COMPARED] for tensor in tensors]
    size = min(1000, count)
    rows = [
        ("Fréchet distance", "torch-fidelity", lambda: metrics.frechet(real, generated), lambda: fid(*tensors),
         lambda: abs(metrics.frechet(real, generated) - fid(*tensors))),
        ("kernel distance", "torch-fidelity", lambda: metrics.kernel(real, generated, size=size), lambda: kid(*tensors, 100, size),
         lambda: abs(metrics.kernel(real[:some], generated[:some], subsets=1, size=some)[0] - kid(*few, 1, some))),
        ("precision, recall, density, coverage", "prdc", lambda: metrics.manifold(real, generated), lambda: prdc(*wide),
         lambda: max(abs(metrics.manifold(real, generated)[name] - other) for name, other in zip(FOUR, prdc(*wide)))),
    ]
    result = []
    for metric, peer, ours, theirs, difference in rows:
        ours()
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
        result.append({
            "metric": metric, "peer": peer, "difference": difference(),
            "ours": statistics.median(pair[0] for pair in pairs), "theirs": statistics.median(pair[1] for pair in pairs),
            "ratio": statistics.median(theirs / ours for ours, theirs in pairs),
        })
    print(json.dumps({"count": count, "rows": result}))


if __name__ == "__main__":
    main()
