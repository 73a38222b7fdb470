"""Measuring in turn: machines are noisy, so only what ran in the same round is compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from .programs import Failed


@dataclass
class Competitor:
    """An engine that is measured. `measure` returns the result of one round; less is better."""

    name: str
    measure: Callable[[], float]


@dataclass
class Series:
    """The results of a competitor, one per round; or why there are none."""

    name: str
    values: list[float] = field(default_factory=list)
    error: str | None = None

    def median(self) -> float:
        return statistics.median(self.values)


@dataclass(frozen=True)
class Ratio:
    """How many times as long one takes as the other, over the rounds."""

    median: float
    lowest: float
    highest: float


def interleaved(competitors: list[Competitor], rounds: int, report: Callable[[str], None]) -> dict[str, Series]:
    """Each round runs each competitor once. Who fails is not asked again."""
    found = {competitor.name: Series(competitor.name) for competitor in competitors}
    for number in range(1, rounds + 1):
        for competitor in competitors:
            series = found[competitor.name]
            if series.error:
                continue
            try:
                series.values.append(competitor.measure())
            except Failed as failure:
                series.error = str(failure)
                report(f"{competitor.name}: {failure}")
            else:
                report(f"round {number} of {rounds}, {competitor.name}: {series.values[-1]:.4g}")
    return found


def ratio(theirs: Series, ours: Series) -> Ratio | None:
    """Theirs over ours, round by round."""
    if theirs.error or ours.error or theirs.name == ours.name:
        return None
    ratios = sorted(their / our for their, our in zip(theirs.values, ours.values))
    return Ratio(statistics.median(ratios), ratios[0], ratios[-1]) if ratios else None
