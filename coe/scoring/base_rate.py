"""From points to probabilities: the base rate, the intercept that meets it, and the score a person reads."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PRIOR_RATE = 0.05  # what a sales organisation may expect before it has outcomes of its own
PRIOR_WEIGHT = 40  # counts as this many accounts


def base_rate(*, positives: int, accounts: int) -> float:
    """Return the share of accounts that buy within the horizon, shrunken towards the prior while there are few."""
    if not 0 <= positives <= accounts:
        raise ValueError(f"{positives} of {accounts} accounts bought: that can't be")
    return (positives + PRIOR_RATE * PRIOR_WEIGHT) / (accounts + PRIOR_WEIGHT)


def logistic(log_odds: float) -> float:
    """Return the probability of these log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1 + grown)


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability strictly between 0 and 1."""
    return math.log(probability) - math.log1p(-probability)


def _mean_probability(intercept: float, points: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(1 / (1 + np.exp(-np.clip(intercept + points, -700, 700))), weights=weights))


def intercept_for(points: Sequence[float] | NDArray[np.float64], *, rate: float) -> float:
    """Return the number to add to every account's points so that their mean probability is the base rate.

    Found by bisection: the mean rises with the intercept, so there is exactly one. Equal sums of points are counted
    once, which leaves a few hundred numbers of a million accounts.
    """
    if not 0 < rate < 1:
        raise ValueError(f"a base rate lies between 0 and 1, not {rate}")
    if not len(points):
        return log_odds(rate)
    distinct, counts = np.unique(np.asarray(points, dtype=np.float64), return_counts=True)
    weights = counts.astype(np.float64)
    low, high = log_odds(rate) - float(distinct[-1]), log_odds(rate) - float(distinct[0])
    while high - low > 1e-13 * max(1.0, abs(low), abs(high)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _mean_probability(middle, distinct, weights) < rate:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def score_of(probability: float) -> int:
    """Return the probability in per cent, half rounded up, never quite 0 or 100: nothing is certain."""
    return min(99, max(1, math.floor(100 * probability + 0.5)))
