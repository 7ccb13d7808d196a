"""How often a deal that reaches a stage is won: the organisation's own rate, shrunken to a prior while it has few."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PRIOR_WEIGHT = 20.0  # of the prior, in deals
WON, LOST, OPEN = 1, 0, -1
LATE = 0.9  # an open deal that is older than nine in ten that were closed counts as not won
SURE = 1.959964  # standard errors of a 95 % interval


@dataclass(frozen=True, slots=True)
class StageEntries:
    """Deals that entered a stage within the window, one row for each deal and stage."""

    stage: Integers  # the stage's number, the caller's own
    outcome: Integers  # WON, LOST or OPEN
    days: Floats  # from the entry to the end; of an open deal to today
    amount: Floats  # what it was worth then, in any one currency; NaN where nobody said


@dataclass(frozen=True, slots=True)
class StageChance:
    """How often a deal that reaches the stage is won."""

    probability: float  # by count, shrunken to the prior
    by_value: float  # each deal weighs what it was worth
    low: float  # of the probability, 95 %
    high: float
    entries: int  # that count: resolved, or open for longer than nine in ten closed ones were
    wins: int
    left_out: int  # open, and young enough to be won still
    prior: float


def stage_chances(
    entries: StageEntries, *, priors: Mapping[int, float], weight: float = PRIOR_WEIGHT
) -> dict[int, StageChance]:
    """Return the chance of each stage that has a prior: p = (wins + m·p0) / (n + m).

    Open deals are left out until they are older than nine in ten of the stage's closed ones, and count as not won from
    then on. Counting only what is closed would make slow stages look good where losses linger and bad where wins do.
    """
    chances = {}
    for stage, prior in priors.items():
        of = entries.stage == stage
        outcome, days, amount = entries.outcome[of], entries.days[of], entries.amount[of]
        closed = outcome != OPEN
        limit = np.quantile(days[closed], LATE) if closed.any() else math.inf
        counted = closed | (days > limit)
        won = (outcome == WON)[counted]
        worth = np.where(np.isfinite(amount[counted]) & (amount[counted] > 0), amount[counted], 0.0)
        number, wins = int(counted.sum()), int(won.sum())
        # The prior weighs as many typical deals by value as it weighs by count.
        usual = float(worth.mean()) if number and worth.any() else 1.0
        low, high = rate_interval(wins + weight * prior, number + weight)
        chances[stage] = StageChance(
            probability=(wins + weight * prior) / (number + weight),
            by_value=(float(worth[won].sum()) + weight * prior * usual) / (float(worth.sum()) + weight * usual),
            low=low,
            high=high,
            entries=number,
            wins=wins,
            left_out=int(len(outcome) - number),
            prior=prior,
        )
    return chances


def rate_interval(wins: float, number: float) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson 1927) of some deals or periods, one at least."""
    rate, spread = wins / number, SURE**2 / number
    middle = (rate + spread / 2) / (1 + spread)
    half = SURE / (1 + spread) * math.sqrt(rate * (1 - rate) / number + spread / (4 * number))
    return max(0.0, middle - half), min(1.0, middle + half)
