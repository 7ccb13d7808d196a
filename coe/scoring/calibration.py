"""Probabilities that mean what they say: a curve over the log-odds, fitted on rows that the model didn't learn from.

Sigmoid is σ(a + b·z) (Platt 1999), temperature is σ(z/T), its case without an intercept (Guo et al. 2017). Isotonic
regression brought nothing up to 3,000 rows in our simulations, so it isn't here. Platt's targets (n₊+1)/(n₊+2) and
1/(n₋+2) keep a separable handful from becoming certainty.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from coe.scoring.intervals import wilson
from coe.scoring.table import Floats

LEAST, MOST = 0.01, 0.99  # nothing open is ever certain
SLOPE_FROM, SLOPE_TO = 0.8, 1.25  # of the line between what was said and what came: below too sure, above too cautious
FEWEST_FOR_SLOPE = 100  # of the rarer outcome: below, a slope's own error is as wide as what is allowed
BINS = 20
FEWEST_IN_BIN = 30


@dataclass(frozen=True, slots=True)
class Curve:
    """σ(intercept + slope·z)."""

    kind: str = "none"
    intercept: float = 0.0
    slope: float = 1.0

    def log_odds(self, z: Floats) -> Floats:
        """Return the calibrated log-odds."""
        return self.intercept + self.slope * z


def fit_curve(kind: str, z: Floats, y: Floats) -> Curve:
    """Return the curve of this kind ("none", "temperature", "sigmoid") that fits the outcomes best.

    With one outcome only, or without any difference between rows, nothing can be fitted and nothing is changed.
    """
    positives = float(y.sum())
    negatives = len(y) - positives
    if kind == "none" or not positives or not negatives or float(np.ptp(z)) < 1e-9:
        return Curve()
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    free = np.array([1.0 if kind == "sigmoid" else 0.0, 1.0])

    def loss(theta: Floats) -> tuple[float, Floats]:
        line = theta[0] + theta[1] * z
        wrong = expit(line) - target
        value = float((np.logaddexp(0, line) - target * line).sum())
        return value, np.array([wrong.sum(), wrong @ z]) * free

    found = minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.05, 20)]).x
    return Curve(kind, float(found[0]), float(found[1]))


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often it came out well among rows with about the same probability: what an interval rests on."""

    upper: tuple[float, ...] = ()  # the highest probability of each bin
    rows: tuple[int, ...] = ()
    positives: tuple[int, ...] = ()

    def interval(self, probability: float) -> tuple[float, float]:
        """Return the 95 % interval around a probability.

        It is the rate at which such rows came out well (Wilson), widened to hold the probability itself. It says how
        far the number can be trusted for accounts like this one, not how this one account will decide.
        """
        if not self.rows:
            return LEAST, MOST
        place = min(int(np.searchsorted(np.asarray(self.upper), probability)), len(self.rows) - 1)
        low, high = wilson(self.positives[place], self.rows[place])
        return max(LEAST, min(low, probability)), min(MOST, max(high, probability))

    def as_json(self) -> dict[str, Any]:
        """Return what is kept in a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Evidence":
        """Return what ``as_json`` kept."""
        return cls(tuple(stored["upper"]), tuple(stored["rows"]), tuple(stored["positives"]))


def gather_evidence(y: Floats, p: Floats) -> Evidence:
    """Return the evidence of predictions for rows that the model didn't learn from; equal ones stay together."""
    if not len(y):
        return Evidence()
    count = max(1, min(BINS, len(y) // FEWEST_IN_BIN))
    upper = np.unique(np.quantile(p, np.linspace(0, 1, count + 1)[1:]))
    places = np.searchsorted(upper, p)
    rows = np.bincount(places, minlength=len(upper))
    positives = np.bincount(places, weights=y, minlength=len(upper)).astype(int)
    filled = rows > 0
    return Evidence(tuple(upper[filled].tolist()), tuple(rows[filled].tolist()), tuple(positives[filled].tolist()))


def clamped(p: Floats) -> Floats:
    """Return the probabilities between 1 and 99 per cent."""
    return np.clip(p, LEAST, MOST)
