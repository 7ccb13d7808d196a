"""How a year's target falls on its months: as past years fell, as far as they agree."""

from collections.abc import Sequence

import numpy as np

from coe.forecasting.stages import Floats

FLAT_WEIGHT = 1.0  # years' worth of the belief that all months are equal
MOST = 3.0  # no month is taken for more than three even ones


def phases(years: Sequence[Sequence[float]], *, parts: int = 12) -> Floats:
    """Return the share of each month (or other part) of the year; they add up to 1.

    Each past year counts with its own shares, so that growth isn't taken for a season; an even year is added to them.

    :raises ValueError: if a year has not as many parts.
    """
    even = np.full(parts, 1 / parts)
    total, weight = even * FLAT_WEIGHT, FLAT_WEIGHT
    for year in years:
        values = np.maximum(np.asarray(year, dtype=np.float64), 0.0)
        if len(values) != parts:
            raise ValueError(f"A year has {parts} parts here, not {len(values)}.")
        if values.sum() > 0:
            total = total + np.minimum(values / values.sum(), MOST / parts)
            weight += 1
    shares = total / weight
    return shares / shares.sum()


def phased(target: int, shares: Floats) -> list[int]:
    """Return the target in whole minor units by part; what rounding leaves goes to the parts that lost most by it."""
    exact = target * shares
    whole = np.floor(exact).astype(np.int64)
    missing = int(target - whole.sum())
    for place in np.argsort(-(exact - whole), kind="stable")[:missing]:
        whole[place] += 1
    return [int(value) for value in whole]
