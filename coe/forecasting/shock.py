"""How much the deals of one period move together: a good or a bad quarter is good or bad for all of them.

Deals that are taken for independent give an interval that is far too narrow: with a true shock of .3 and a hundred
deals, one that says 80 % holds the outcome in 68 % of the periods. So one shock is drawn for the whole period, on the
log-odds of each deal, as large as past periods show.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from coe.forecasting.stages import Floats

USUAL_SHOCK = 0.35
USUAL_WEIGHT = 6.0  # of the usual shock, in periods
LARGEST_SHOCK = 2.0
BINS = 200
KEEPS_MEAN = 0.346  # (16·√3 / 15π)²: the logistic against the normal (Zeger, Liang & Albert 1988)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """What was said of a period's open deals at some point of it, and what they brought."""

    chance: Floats  # of each deal to be won within the period
    amount: Floats  # that a win is expected to bring
    won: float  # the sum of what was won of them
    square: Floats | None = None  # the expected square of the amount, where that is not sure

    def __post_init__(self) -> None:
        if len(self.chance) != len(self.amount):
            raise ValueError(f"{len(self.chance)} chances for {len(self.amount)} amounts.")


def shifted(log_odds: Floats, shock: Floats, deviation: float) -> Floats:
    """Return the chances of deals (columns) under shocks (rows); their mean over the shocks is the chance itself."""
    return expit(log_odds[None, :] * math.sqrt(1 + KEEPS_MEAN * deviation**2) + shock[:, None])


def grouped(log_odds: Floats, *values: Floats) -> tuple[Floats, ...]:
    """Return log-odds and sums of values of deals that have nearly the same chance: many deals in a few columns."""
    edges = np.quantile(log_odds, np.linspace(0, 1, BINS + 1))
    of = np.clip(np.searchsorted(edges, log_odds, side="right") - 1, 0, BINS - 1)
    count = np.bincount(of, minlength=BINS)
    used = count > 0
    middle = np.bincount(of, weights=log_odds, minlength=BINS)[used] / count[used]
    sums = [np.bincount(of, weights=one, minlength=BINS)[used].astype(np.float64) for one in values]
    return middle, *sums


def moments(chance: Floats, amount: Floats, deviation: float, square: Floats | None = None) -> tuple[float, float]:
    """Return mean and variance of what the deals bring, under one common shock."""
    log_odds, squares = _log_odds(chance), amount**2
    columns: tuple[Floats, ...] = (log_odds, amount, squares if square is None else square, squares)
    if len(chance) > 2 * BINS:
        columns = grouped(*columns)
    under = shifted(columns[0], NODES * deviation, deviation)
    means = under @ columns[1]
    inside = under @ columns[2] - under**2 @ columns[3]
    mean = float(WEIGHTS @ means)
    return mean, float(WEIGHTS @ inside + WEIGHTS @ (means - mean) ** 2)


def shock_of(periods: Sequence[PastPeriod], *, usual: float = USUAL_SHOCK, weight: float = USUAL_WEIGHT) -> float:
    """Return the standard deviation of the shock: that under which past residuals have variance 1, shrunken.

    σ = (n·σ̂ + 6·.35) / (n + 6). To take .35 where there is no shock costs width; to take none where there is one
    makes promises that are broken.
    """
    told = [period for period in periods if len(period.chance) and bool((period.amount > 0).any())]
    if not told:
        return usual
    fitted = _solve(lambda deviation: _variance(told, deviation) - 1.0)
    return (len(told) * fitted + weight * usual) / (len(told) + weight)


def _variance(periods: Sequence[PastPeriod], deviation: float) -> float:
    """Return the mean square of the residuals, each in its own standard deviations."""
    found = []
    for period in periods:
        mean, variance = moments(period.chance, period.amount, deviation, period.square)
        found.append((period.won - mean) ** 2 / max(variance, 1e-12))
    return float(np.mean(found))


def _solve(excess: Callable[[float], float]) -> float:
    """Return where the excess is nothing; it falls as the shock grows. The ends where it is so nowhere."""
    low, high = 0.0, LARGEST_SHOCK
    if excess(low) <= 0:
        return low
    if excess(high) >= 0:
        return high
    for _ in range(20):  # to a millionth of the range
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _log_odds(chance: Floats) -> Floats:
    return logit(np.clip(chance, 1e-6, 1 - 1e-6))
