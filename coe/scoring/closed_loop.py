"""Did following the list pay? Rates by what was done, and an estimate that compares like with like.

Accounts that somebody acted on differ from those that nobody did: they looked better. So they are compared within
strata of the score at that time, weighted as Mantel and Haenszel (1959) do. What people knew beside the score is not in
it: the estimate is no experiment, and the page says so. Accounts picked to learn come closest to one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from coe.scoring.intervals import NORMAL, wilson

FEWEST_CASES, FEWEST_OUTCOMES = 20, 5

Counts = Mapping[int, tuple[int, int]]
"""Stratum → cases and, of them, good outcomes."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval (Wilson 1927)."""

    cases: int
    came: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share; None without cases."""
        return self.came / self.cases if self.cases else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference of shares between two groups with its 95 % interval, or why there is none."""

    value: float | None
    low: float = 0.0
    high: float = 0.0
    why: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.value is not None and not self.low <= 0 <= self.high


def rate(counts: Counts) -> Rate:
    """Return the share of good outcomes in all strata together."""
    cases, came = (sum(one[place] for one in counts.values()) for place in (0, 1))
    return Rate(cases, came, *wilson(came, cases))


def difference(done: Counts, not_done: Counts) -> Estimate:
    """Return how much more often it came where something was done, among accounts with about the same score."""
    both = [stratum for stratum in done if done[stratum][0] and not_done.get(stratum, (0, 0))[0]]
    cases = [sum(counts[stratum][0] for stratum in both) for counts in (done, not_done)]
    came = sum(counts[stratum][1] for counts in (done, not_done) for stratum in both)
    if min(cases) < FEWEST_CASES or came < FEWEST_OUTCOMES:
        return Estimate(None, why=f"{min(cases)} comparable accounts, {came} purchases; shown from 20 and 5 on")
    total = found = variance = 0.0
    for stratum in both:
        (cases_1, came_1), (cases_0, came_0) = done[stratum], not_done[stratum]
        weight = cases_1 * cases_0 / (cases_1 + cases_0)
        total += weight
        found += weight * (came_1 / cases_1 - came_0 / cases_0)
        # Half a case each way, so that a stratum without outcomes is not taken for certain.
        p_1, p_0 = (came_1 + 0.5) / (cases_1 + 1), (came_0 + 0.5) / (cases_0 + 1)
        variance += weight * weight * (p_1 * (1 - p_1) / cases_1 + p_0 * (1 - p_0) / cases_0)
    value, error = found / total, math.sqrt(variance) / total
    return Estimate(value, value - NORMAL * error, value + NORMAL * error)
