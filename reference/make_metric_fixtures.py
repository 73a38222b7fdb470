"""Writes fixtures/metrics.safetensors: what torch-fidelity and prdc say of small sets of features.

    pip install torch numpy safetensors scipy scikit-learn torchvision pillow tqdm
    pip install --no-deps torch-fidelity==0.4.0 prdc==0.2
    python reference/make_metric_fixtures.py

Features are made here from a fixed seed and stored as float32. The packages get the same numbers as float64, so that
their rounding is none of the difference. README.md beside this file lists what is stored.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from pathlib import Path

import numpy as np
import torch
from prdc import compute_prdc
from safetensors.numpy import save_file
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric
from torch_fidelity.metric_kid import (
    KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kernel_mmd, kid_features_to_metric,
)  # fmt: skip
from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

SEED = 2020  # of torch-fidelity's choice of subsets: its own default
SUBSETS = 10
NEAREST_PRDC, NEAREST_PRC = 5, 3  # the usual one of each package
CLASSES = 5
SPLITS = (1, 7, 10)  # 7 does not divide the number of rows

Arrays = dict[str, np.ndarray]


def shifted(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Correlated normal numbers; the second set has another mean and other correlations."""
    mix = random.normal(size=(2, 16, 16)) / 4
    first = random.normal(size=(300, 16)) @ (np.eye(16) + mix[0])
    second = random.normal(size=(300, 16)) @ (np.eye(16) + 0.5 * mix[0] + 0.3 * mix[1]) + 0.3 * random.normal(size=16)
    return first, second


def singular(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Dimensions that are constant, that repeat others, or that are sums of others: exact in float32."""

    def widen(free: np.ndarray) -> np.ndarray:
        free = np.round(free * 256) / 256
        constant = np.full((len(free), 2), 1.5)
        return np.concatenate([free, free[:, :3], free[:, :3] + free[:, 1:4], constant], axis=1)

    return widen(random.normal(size=(200, 5))), widen(random.normal(size=(150, 5)) * 1.3 + 0.2)


def few(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Fewer samples than dimensions."""
    return random.normal(size=(20, 32)) + 1.0, 1.2 * random.normal(size=(24, 32)) + 1.1


def relu(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Clusters, one a class, of which only what is positive is left, as of a network's last hidden layer."""
    centres = 2.0 * random.normal(size=(CLASSES, 64)) - 0.5
    mix = random.normal(size=(64, 64)) / 8

    def draw(count: int, wide: float, moved: float) -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(CLASSES, size=count)
        noise = random.normal(size=(count, 64)) @ (np.eye(64) + mix)
        return np.maximum(centres[labels] + wide * noise + moved, 0.0), labels.astype(np.uint8)

    (real, real_labels), (generated, generated_labels) = draw(260, 1.0, 0.0), draw(240, 0.9, 0.1)
    return real, generated, real_labels, generated_labels


def fid(first: np.ndarray, second: np.ndarray) -> float:
    """torch-fidelity's Fréchet distance."""
    statistics = [fid_features_to_statistics(torch.from_numpy(set_)) for set_ in (first, second)]
    return fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID]


def kid(first: np.ndarray, second: np.ndarray) -> Arrays:
    """torch-fidelity's kernel distance, with the subsets that it drew."""
    size = min(len(first), len(second)) // 2
    given = {"kid_subsets": SUBSETS, "kid_subset_size": size, "rng_seed": SEED, "verbose": False}
    found = kid_features_to_metric(torch.from_numpy(first), torch.from_numpy(second), **given)
    # The same generator draws the same subsets again; that they are the same is seen from the mean.
    random = np.random.RandomState(SEED)
    subsets = np.array(
        [[random.choice(len(set_), size, replace=False) for set_ in (first, second)] for _ in range(SUBSETS)]
    )
    again = [kernel_mmd(first[subset[0]], second[subset[1]], verbose=False) for subset in subsets]
    assert np.isclose(np.mean(again), found[KEY_METRIC_KID_MEAN], rtol=1e-12), "the subsets are not the ones drawn"
    return {
        "kid.subsets": subsets.astype(np.uint16),
        "kid.mean": np.array([found[KEY_METRIC_KID_MEAN]]),
        "kid.deviation": np.array([found[KEY_METRIC_KID_STD]]),
    }


def prdc(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """prdc's precision, recall, density and coverage."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real, generated, NEAREST_PRDC)
    return np.array([found[name] for name in ("precision", "recall", "density", "coverage")])


def prc(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """torch-fidelity's precision and recall."""
    given = {"prc_neighborhood": NEAREST_PRC, "verbose": False}
    found = prc_features_to_metric(torch.from_numpy(generated), torch.from_numpy(real), **given)
    return np.array([found[KEY_METRIC_PRECISION], found[KEY_METRIC_RECALL]])


def judged(real: np.ndarray, generated: np.ndarray) -> Arrays:
    """A pair of sets as stored, and what the packages say of it."""
    stored = {"real": real.astype(np.float32), "generated": generated.astype(np.float32)}
    wide = stored["real"].astype(np.float64), stored["generated"].astype(np.float64)
    values = {"fid": np.array([fid(*wide)]), "prdc": prdc(*wide), "prc": prc(*wide)}
    return stored | values | kid(*wide)


def class_fid(sets: Arrays) -> np.ndarray:
    """The Fréchet distance of each class."""

    def of_class(name: str, class_: int) -> np.ndarray:
        return sets[name][sets[f"{name}_labels"] == class_].astype(np.float64)

    return np.array([fid(of_class("real", class_), of_class("generated", class_)) for class_ in range(CLASSES)])


def scores(random: np.random.Generator) -> Arrays:
    """Class probabilities, and their score for some numbers of splits: rows of mean and deviation."""
    logits = 3.0 * random.normal(size=(500, 10))
    probabilities = torch.from_numpy(logits).softmax(dim=1).numpy().astype(np.float32)
    features = torch.from_numpy(probabilities.astype(np.float64)).log()  # softmax is to give the stored ones again
    found = [isc_features_to_metric(features, splits=splits, shuffle=False) for splits in SPLITS]
    values = [[each[KEY_METRIC_ISC_MEAN], each[KEY_METRIC_ISC_STD]] for each in found]
    return {"score.probabilities": probabilities, "score.isc": np.array(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "fixtures" / "metrics.safetensors")
    args = parser.parse_args()
    random = np.random.default_rng(28)
    *sets, real_labels, generated_labels = relu(random)
    clustered = judged(*sets) | {"real_labels": real_labels, "generated_labels": generated_labels}
    clustered["class_fid"] = class_fid(clustered)
    cases = {
        "shifted": judged(*shifted(random)),
        "singular": judged(*singular(random)),
        "few": judged(*few(random)),
        "relu": clustered,
    }
    stored = {f"{case}.{name}": values for case, named in cases.items() for name, values in named.items()}
    stored |= scores(random)
    facts = {"classes": CLASSES, "nearest_prdc": NEAREST_PRDC, "nearest_prc": NEAREST_PRC}
    save_file(stored, args.out, {name: str(fact) for name, fact in facts.items()} | {"splits": str(list(SPLITS))})
    print(f"{args.out.name}: {args.out.stat().st_size:,} bytes, {len(stored)} tensors")
    for name, values in stored.items():
        if values.dtype == np.float64:
            print(name, values.tolist())


if __name__ == "__main__":
    main()
