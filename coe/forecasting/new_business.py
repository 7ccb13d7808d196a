"""What is not created yet and will still be won: without it, a forecast of short deals begins the quarter too low."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from coe.forecasting.shock import NODES, WEIGHTS, shifted
from coe.forecasting.stages import Floats

FEWEST_PERIODS = 3
DISPERSION_WEIGHT = 4.0  # periods' worth of the belief that counts scatter like Poisson's


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """A number of deals (negative binomial), each with an amount drawn from those that were seen."""

    mean: float = 0.0  # deals
    dispersion: float = math.inf  # k of var = m + m²/k; infinite is Poisson
    amounts: tuple[float, ...] = ()
    periods: int = 0
    chance: float | None = None  # of such a deal to be won: then the shock of the period meets them too

    @property
    def is_known(self) -> bool:
        """Whether enough periods were seen to count on any of it."""
        return self.periods >= FEWEST_PERIODS

    @property
    def expected(self) -> float:
        """What it brings on the average."""
        return self.mean * float(np.mean(self.amounts)) if self.amounts else 0.0

    def draw(self, random: np.random.Generator, shocks: Floats, deviation: float) -> Floats:
        """Return what it may bring under each of these shocks of a period."""
        if not self.amounts or self.mean <= 0:
            return np.zeros(len(shocks))
        rate: Floats = np.full(len(shocks), self.mean)
        if math.isfinite(self.dispersion):
            rate = random.gamma(self.dispersion, self.mean / self.dispersion, len(shocks))
        if self.chance is not None:
            rate = rate * response(self.chance, shocks, deviation)
        counts = random.poisson(rate)
        pool = np.asarray(self.amounts)
        picked = pool[random.integers(0, len(pool), int(counts.sum()))]
        ends = np.cumsum(counts)
        sums = np.concatenate(([0.0], np.cumsum(picked)))
        return sums[ends] - sums[ends - counts]


def response(chance: float, shocks: Floats, deviation: float) -> Floats:
    """Return by which factor more, or fewer, deals of this chance are won under each shock; 1 on the average."""
    return shifted(logit(np.array([chance])), shocks, deviation)[:, 0] / chance


def new_business(periods: Sequence[Floats], *, chance: float | None = None, deviation: float = 0.0) -> NewBusiness:
    """Return what is to be expected, from past periods at the same point: amounts created and won after it, of each.

    With the ``chance`` of such a deal to be won the shock of the period, with this standard deviation, explains some
    of how the numbers scatter. Fewer than three periods tell nothing; the forecast then has to say that it leaves new
    business out.
    """
    if len(periods) < FEWEST_PERIODS:
        return NewBusiness(periods=len(periods))
    counts = np.array([len(period) for period in periods], dtype=np.float64)
    mean = float(counts.mean())
    if not mean:
        return NewBusiness(periods=len(periods))
    # Moments, shrunken to Poisson: a handful of periods says little of its scatter.
    excess = float(counts.var(ddof=1)) - mean
    if chance is not None:
        factor = response(chance, NODES * deviation, deviation)
        excess -= mean**2 * float(WEIGHTS @ (factor - WEIGHTS @ factor) ** 2)
    excess = max(0.0, excess)
    excess *= len(periods) / (len(periods) + DISPERSION_WEIGHT)
    amounts = np.concatenate([np.asarray(period, dtype=np.float64) for period in periods])
    return NewBusiness(
        mean=mean,
        dispersion=mean**2 / excess if excess > 0 else math.inf,
        amounts=tuple(float(amount) for amount in amounts),
        periods=len(periods),
        chance=chance,
    )
