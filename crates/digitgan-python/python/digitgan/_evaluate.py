"""Evaluating images in one call."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from ._digitgan import Evaluation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def evaluate(
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    against: str | PathLike[str] | ArrayLike | tuple[ArrayLike, ArrayLike] = "mnist",
    data_dir: str | PathLike[str] | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Says how good images of digits are: `Evaluation`, in one call.

    Args:
        images: uint8 [n, 28, 28], at least six.
        labels: the digit that each is meant to be, [n]; None: nobody knows.
        against: what to compare with: "mnist" (its test images), another data set, or an array, by itself or with labels.
        data_dir: the folder of data sets; None: the environment's DIGITGAN_DATA_DIR, or the user's cache.
        seed: which subsets the kernel distance takes.

    Returns:
        The dictionary of `Evaluation.compute`.

    Raises:
        InputError: too few images, an array of another shape, or labels that do not fit.
        FileError: a data set that cannot be had.

    >>> import digitgan
    >>> digits = digitgan.load("cgan").sample(count=20)
    >>> found = digitgan.evaluate(digits, list(range(10)) * 20, against=digitgan.load("acgan").sample(count=20))
    >>> sorted(found)[:4]
    ['against', 'agreement', 'coverage', 'density']
    """
    evaluation = Evaluation(against, data_dir=data_dir, seed=seed)
    evaluation.update(images, labels)
    return evaluation.compute()
