"""Who was right: the forecasts that were made at one point of many periods, against what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from coe.forecasting.stages import Floats, rate_interval

FEWEST_PERIODS = 4


class Reading(StrEnum):
    """What an error at a third of the period is worth."""

    EXCELLENT = "excellent"
    GOOD = "good"
    USABLE = "usable"
    WEAK = "weak"
    POOR = "poor"


LIMITS = ((0.06, Reading.EXCELLENT), (0.12, Reading.GOOD), (0.20, Reading.USABLE), (0.30, Reading.WEAK))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How one kind of forecast did. Shares, not per cent; None where there was nothing to measure."""

    periods: int
    bias: float | None  # Σ(F − A) / ΣA: above 0 it promised too much
    error: float | None  # WAPE: Σ|F − A| / ΣA

    @property
    def reading(self) -> Reading | None:
        """The error in one word."""
        if self.error is None or self.periods < FEWEST_PERIODS:
            return None
        return next((word for limit, word in LIMITS if self.error < limit), Reading.POOR)


def accuracy(forecast: Sequence[float], actual: Sequence[float]) -> Accuracy:
    """Return bias and weighted error over periods or units; pairs with a forecast that nobody made are left out.

    :raises ValueError: if there are not as many forecasts as outcomes.
    """
    said, came = _pairs(forecast, actual)
    total = float(came.sum())
    if not len(said) or total <= 0:
        return Accuracy(periods=len(said), bias=None, error=None)
    return Accuracy(
        periods=len(said),
        bias=float((said - came).sum()) / total,
        error=float(np.abs(said - came).sum()) / total,
    )


@dataclass(frozen=True, slots=True)
class Inside:
    """How often the outcome lay inside of the interval that was given for it."""

    periods: int
    inside: int
    share: float | None
    low: float | None  # of the share, 95 % (Wilson 1927)
    high: float | None

    def holds(self, nominal: float) -> bool | None:
        """Whether the interval keeps its promise as far as can be told; None where too few periods tell."""
        if self.periods < FEWEST_PERIODS or self.low is None or self.high is None:
            return None
        return self.low <= nominal <= self.high


def inside(low: Sequence[float], high: Sequence[float], actual: Sequence[float]) -> Inside:
    """Return how many outcomes lay between the two ends."""
    bottom, came = _pairs(low, actual)
    top, _ = _pairs(high, actual)
    number, hits = len(came), int(((came >= bottom) & (came <= top)).sum())
    if not number:
        return Inside(0, 0, None, None, None)
    return Inside(number, hits, hits / number, *rate_interval(hits, number))


def pinball(quantiles: Mapping[float, Sequence[float]], actual: Sequence[float]) -> float:
    """Return the mean pinball loss of P10, P50, P90 or others (Koenker & Bassett 1978), in money; lower is better."""
    losses = []
    for share, values in quantiles.items():
        said, came = _pairs(values, actual)
        off = came - said
        losses.append(float(np.mean(np.maximum(share * off, (share - 1) * off))))
    return float(np.mean(losses))


def most_accurate(found: Mapping[str, Accuracy]) -> str | None:
    """Return which kind of forecast had the smallest error; None while one of them has fewer than four periods."""
    told = {name: one.error for name, one in found.items() if one.error is not None}
    if not told or any(one.periods < FEWEST_PERIODS for one in found.values()):
        return None
    return min(told, key=lambda name: (told[name], name))


def _pairs(forecast: Sequence[float], actual: Sequence[float]) -> tuple[Floats, Floats]:
    if len(forecast) != len(actual):
        raise ValueError(f"{len(forecast)} forecasts for {len(actual)} outcomes.")
    said, came = np.asarray(forecast, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    made = np.isfinite(said) & np.isfinite(came)
    return said[made], came[made]
