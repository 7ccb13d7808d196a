"""Purchases at a steady rate for ever: for when nobody is seen to leave, and when there is little to learn from."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln, psi

from coe.lifetime_value.fitting import LONGEST, WEAK_PRIOR, maximise
from coe.lifetime_value.histories import Floats, Patterns

SEGMENT_WEIGHT = 10  # customers; the rate of a smaller segment leans on that of all


@dataclass(frozen=True, slots=True)
class Nbd:
    """Rates are gamma (r, alpha) among the customers; ``rates`` shifts their mean by segment."""

    r: float
    alpha: float
    name: str = "NBD"
    rates: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names in the literature."""
        return {"r": self.r, "alpha": self.alpha}

    @property
    def drop_out(self) -> float:
        """Nobody leaves."""
        return 0.0

    def _shape(self, of: Patterns) -> Floats:
        if not len(self.rates):
            return np.full_like(of.frequency, self.r)
        return self.rates[np.minimum(of.segment, len(self.rates) - 1)] * self.alpha

    def log_likelihood(self, of: Patterns) -> Floats:
        """Return the log-likelihood of each pattern."""
        r, x = self._shape(of), of.frequency
        return gammaln(r + x) - gammaln(r) + r * np.log(self.alpha) - (r + x) * np.log(self.alpha + of.age)

    def alive(self, of: Patterns) -> Floats:
        """Return 1 for everybody: the model knows no leaving, so this is nothing to show."""
        return np.ones_like(of.age)

    def expected(self, of: Patterns, time: float) -> Floats:
        """Return the purchases to expect within the time after the last day observed."""
        return (self._shape(of) + of.frequency) / (self.alpha + of.age) * time


def fit_nbd(of: Patterns, *, prior: float = WEAK_PRIOR) -> Nbd:
    """Return the model of these customers.

    :raises UnableToFit: when there is no finite maximum.
    """
    scale = LONGEST / max(of.longest, 1e-9)
    age, x, weight = of.age * scale, of.frequency, of.weight

    def slopes(two: Floats) -> tuple[float, Floats]:
        r, alpha = two.tolist()
        value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + age)
        by_r = psi(r + x) - psi(r) + np.log(alpha) - np.log(alpha + age)
        by_alpha = r / alpha - (r + x) / (alpha + age)
        return float(weight @ value), np.array([weight @ by_r, weight @ by_alpha])

    starts = [(0.5, 1.0), (1.0, LONGEST / 2)]
    r, alpha = maximise(
        slopes, starts=starts, weight=float(weight.sum()), prior=prior, analytic=True
    ).parameters.tolist()
    return Nbd(r, alpha / scale)


def shrunken_rates(of: Patterns) -> Nbd:
    """Return rates drawn towards their segment's, and those of small segments towards that of all. Cannot fail.

    The segment counts as much as one customer observed for the mean time: a newcomer has the segment's rate, after
    twice that time a customer's own past weighs two thirds.
    """
    mean_age = float(np.average(of.age, weights=of.weight)) if of.weight.sum() else 0.0
    alpha = max(mean_age, 1e-9)
    kinds = int(of.segment.max(initial=0)) + 1
    bought = np.bincount(of.segment, weights=of.weight * of.frequency, minlength=kinds)
    watched = np.bincount(of.segment, weights=of.weight * of.age, minlength=kinds)
    overall = bought.sum() / watched.sum() if watched.sum() else 0.0
    lent = SEGMENT_WEIGHT * alpha
    rates = np.maximum((bought + lent * overall) / (watched + lent), 1e-12)
    return Nbd(float(overall * alpha), alpha, "shrunken rate", rates)
