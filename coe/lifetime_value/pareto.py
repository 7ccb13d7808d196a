"""Pareto/NBD: purchases at a steady rate until the customer leaves, which can happen at any moment.

Schmittlein, Morrison and Colombo (1987), Management Science 33(1); in the form of Fader and Hardie (2005), "A Note on
Deriving the Pareto/NBD Model and Related Expressions".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import exprel, gammaln, hyp2f1

from coe.lifetime_value.fitting import LONGEST, WEAK_PRIOR, maximise
from coe.lifetime_value.histories import Floats, Patterns

NEAR_ONE = 0.9995
PRECISION = 18.5  # half the logarithm of the smallest part that a number can tell


@dataclass(frozen=True, slots=True)
class ParetoNbd:
    """Rates of buying are gamma (r, alpha), rates of leaving are gamma (s, beta) among the customers."""

    r: float
    alpha: float
    s: float
    beta: float
    name = "Pareto/NBD"

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names in the literature."""
        return {"r": self.r, "alpha": self.alpha, "s": self.s, "beta": self.beta}

    @property
    def drop_out(self) -> float:
        """The mean chance to have left by the time between two purchases of a middling customer."""
        between = self.alpha / self.r
        return -float(np.expm1(-self.s * np.log1p(between / self.beta)))

    def log_likelihood(self, of: Patterns) -> Floats:
        """Return the log-likelihood of each pattern."""
        r, alpha, x = self.r, self.alpha, of.frequency
        with np.errstate(all="ignore"):
            start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + self.s * np.log(self.beta)
            return start + np.logaddexp(self._stayed(of), self._left(of))

    def alive(self, of: Patterns) -> Floats:
        """Return the chance that a customer has not left."""
        with np.errstate(all="ignore"):
            return 1 / (1 + np.exp(self._left(of) - self._stayed(of)))

    def expected(self, of: Patterns, time: float) -> Floats:
        """Return the purchases to expect within the time after the last day observed."""
        # (1 - ratio^(s-1)) / (s-1) without the singularity at s = 1.
        longer = np.log1p(time / (self.beta + of.age))
        spell = (self.beta + of.age) * longer * exprel(-(self.s - 1) * longer)
        return (self.r + of.frequency) / (self.alpha + of.age) * spell * self.alive(of)

    def _stayed(self, of: Patterns) -> Floats:
        return -(self.r + of.frequency) * np.log(self.alpha + of.age) - self.s * np.log(self.beta + of.age)

    def _left(self, of: Patterns) -> Floats:
        """Return the logarithm of the integral over all moments of leaving since the last purchase."""
        since, until = self._integral(of, of.recency), self._integral(of, of.age)
        ratio = np.minimum(until - since, 0.0)
        left = since + np.log(-np.expm1(ratio)) + np.log(self.s) - np.log(self.r + self.s + of.frequency)
        return np.where(of.recency < of.age, left, -np.inf)

    def _integral(self, of: Patterns, time: Floats) -> Floats:
        r, s, x = self.r, self.s, of.frequency
        total = r + s + x
        larger, gap = max(self.alpha, self.beta), abs(self.alpha - self.beta)
        z = gap / (larger + time)
        # Euler's transformation of the published 2F1(r+s+x, ·; r+s+x+1; z): its power is taken as a logarithm.
        if self.alpha >= self.beta:
            power, inner = np.full_like(x, -s), r + x
        else:
            power, inner = 1 - (r + x), np.full_like(x, s + 1)
        return power * np.log1p(-z) + np.log(_one_by(inner, total, z)) - total * np.log(larger + time)


def _one_by(inner: Floats, total: Floats, z: Floats) -> Floats:
    """Return 2F1(1, inner; total + 1; z) for 0 ≤ z < 1 by Gauss' continued fraction (DLMF 15.7.5).

    A hundred times as quick as the series where customers are alike and buy often, which is where a fit spends its
    time; all parts are positive, so nothing is cancelled. Near 1 it would take too many steps.
    """
    near = float(z.max(initial=0.0))
    if near > NEAR_ONE:
        found = hyp2f1(1.0, inner, total + 1, z)
        far = z <= NEAR_ONE
        if far.any():
            found[far] = _one_by(inner[far], total[far], z[far])
        return np.asarray(found)
    root = np.sqrt(1 - near)
    tail = np.ones_like(z)
    # Each step adds this factor's square to what is right already.
    for n in range(2 + int(PRECISION / max(np.log((1 + root) / max(1 - root, 1e-9)), 1e-9)), 0, -1):
        beyond = total + 2 * n
        odd = (total + n) * (inner + n) / (beyond * (beyond + 1))
        even = (total - inner + n) * n / ((beyond - 1) * beyond)
        tail = 1 - even * z / (1 - odd * z / tail)
    return 1 / (1 - inner / (total + 1) * z / tail)


def fit_pareto(of: Patterns, *, prior: float = WEAK_PRIOR) -> ParetoNbd:
    """Return the model of these customers; ``prior=0`` gives the plain maximum of the literature.

    :raises UnableToFit: when there is no finite maximum.
    """
    scale = LONGEST / max(of.longest, 1e-9)
    scaled = Patterns(of.frequency, of.recency * scale, of.age * scale, of.segment, of.weight, of.place)
    found = maximise(
        lambda four: float(scaled.weight @ ParetoNbd(*four.tolist()).log_likelihood(scaled)),
        starts=[(0.5, 1.0, 0.5, 1.0), (1.0, LONGEST / 4, 0.5, LONGEST)],
        weight=float(of.weight.sum()),
        prior=prior,
        analytic=False,
    )
    r, alpha, s, beta = found.parameters.tolist()
    return ParetoNbd(r, alpha / scale, s, beta / scale)
