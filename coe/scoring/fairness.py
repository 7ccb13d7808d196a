"""Whether territories and segments are treated alike: whose accounts get the hours, whom a model is wrong about (4.13).

A share of the week is held against a share of the potential. A territory about which a model was wrong when it was
tried gets an intercept of its own, drawn to none: that puts the level right, without quotas on scores.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LEAST, MOST = 0.5, 2.0  # of the share of slots ÷ the share of potential
FEWEST_SLOTS = 5  # seen or expected
WEIGHT = 10  # outcomes with which a territory's level is drawn to that of all
WRONG = ("too_sure", "too_cautious")


class Treated(StrEnum):
    """How a territory or segment is treated, by its potential."""

    FAIR = "fair"
    LITTLE = "too_little"
    MUCH = "too_much"
    THIN = "thin_data"


@dataclass(frozen=True, slots=True)
class Share:
    """The accounts of one name in the week's plan, against what they could spend."""

    name: str
    accounts: int
    slots: int  # accounts that the week has hours for
    slot_share: float
    potential_share: float
    ratio: float | None  # None where there is no potential
    low: float | None
    high: float | None
    treated: Treated


def shares(counted: Iterable[tuple[str, int, int, float]]) -> list[Share]:
    """Return each name with its share of the slots and of the potential, from (name, accounts, slots, potential).

    The largest potential comes first. A ratio beyond a half or two is told when chance does not explain it.
    """
    from coe.scoring.measures import observed_over_expected  # SciPy comes with it: pages only show what a night found

    given = sorted(counted, key=lambda one: (-one[3], one[0]))
    slots, potential = sum(one[2] for one in given), sum(one[3] for one in given)
    found = []
    for name, accounts, own, worth in given:
        share = worth / potential if potential > 0 else 0.0
        expected = slots * share
        ratio = observed_over_expected(own, expected)
        treated = Treated.FAIR
        if max(own, expected) < FEWEST_SLOTS or ratio.value is None:
            treated = Treated.THIN
        elif ratio.value < LEAST and (ratio.high or 0.0) < 1:
            treated = Treated.LITTLE
        elif ratio.value > MOST and (ratio.low or 0.0) > 1:
            treated = Treated.MUCH
        own_share = own / slots if slots else 0.0
        found.append(Share(name, accounts, own, own_share, share, ratio.value, ratio.low, ratio.high, treated))
    return found


def corrections(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return what is added to the log-odds of each territory that a model was wrong about when it was tried.

    ln((O + 10) ÷ (E + 10)), from outcomes seen and expected on rows that it had not learnt from.
    """
    found = {}
    for one in metrics.get("by", {}).get("territory", []):
        if one.get("held") in WRONG and one["name"] != "–":
            found[str(one["name"])] = math.log((one["positives"] + WEIGHT) / (one["expected"] + WEIGHT))
    return found
