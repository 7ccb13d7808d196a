"""Who falls silent: what that means for an account, and the points that speak of it before anything is learnt (4.1).

A customer with a rhythm is silent when it has not bought for longer than nine in ten of its own gaps. The question is
asked of customers who have bought within a year, from three days of purchases on: will that be so when the horizon is
over?
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coe.scoring.features import FeatureBlock, Flags
from coe.scoring.table import Floats

OWN_GAPS = 5  # from so many on the account's own ninth tenth says something
CHANCE_GAPS = 2.302585  # ln 10: where purchases come by chance, nine in ten gaps are shorter than so many mean ones

SHIPPED_POINTS: Mapping[str, float] = {
    "on_rhythm": -0.8,
    "overdue": 0.4,
    "long_overdue": 1.2,
    "very_long_overdue": 2.2,
    "buys_less": 0.4,
    "buys_more": -0.3,
    "promoter": -0.3,
    "detractor": 0.6,
    "deal_open": -0.5,
    "in_touch": -0.3,
    "asked_lately": -0.5,
    "lost_to_competitor": 0.5,
}
"""Log-odds, assumptions until outcomes correct them. What isn't known gives none."""

NPS_DAYS, ASKED_DAYS, LOST_DAYS, IN_TOUCH = 365, 14, 90, 2
LESS, MORE = 0.8, 1.2


def longest_gap(gaps: NDArray[np.int64], mean: Floats, ninth_tenth: Floats) -> Floats:
    """Return the days after which an account counts as silent, from its gaps: how many, their mean and ninth tenth.

    Of a few gaps the ninth tenth is about the longest one, which the next may well exceed.
    """
    return np.asarray(np.where(gaps >= OWN_GAPS, ninth_tenth, np.maximum(CHANCE_GAPS * mean, ninth_tenth)))


def may_fall_silent(block: FeatureBlock) -> Flags:
    """Tell of which accounts the question is asked: those with a rhythm who have bought within a year."""
    return np.isfinite(block.numbers("usual_gap_days")) & (block.numbers("purchases_year") > 0)


def silence_points(block: FeatureBlock, points: Mapping[str, float] = SHIPPED_POINTS) -> Floats:
    """Return the log-odds points of each account's signs of silence."""
    n = block.numbers
    with np.errstate(invalid="ignore"):
        overdue, trend, nps = n("overdue_ratio"), n("trend_half_year"), n("nps")
        answered = n("nps_days") <= NPS_DAYS
        flags = {
            "on_rhythm": overdue <= 1,
            "overdue": (overdue > 1) & (overdue <= 2),
            "long_overdue": (overdue > 2) & (overdue <= 3),
            "very_long_overdue": overdue > 3,
            "buys_less": trend < LESS,
            "buys_more": trend > MORE,
            "promoter": answered & (nps >= 9),
            "detractor": answered & (nps <= 6),
            "deal_open": n("open_deals") > 0,
            "in_touch": n("people_90d") >= IN_TOUCH,
            "asked_lately": n("days_since_inquiry") <= ASKED_DAYS,
            "lost_to_competitor": n("days_since_lost_to_competitor") <= LOST_DAYS,
        }
    sums = np.zeros(len(block))
    for code, flag in flags.items():  # one after the other, in one order: the same sum to the bit, wherever it is made
        sums += points[code] * flag
    return sums
