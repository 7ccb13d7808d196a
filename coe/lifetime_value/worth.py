"""How much of an account's value acting may change: what is at stake, by where it comes from.

    gain     chance to buy within the horizon × what it would spend beside its open deals
    deals    Σ amount × chance to be won
    grow     Σ chance to take a product that it has not × what a year of it brings × horizon / 365
    protect  chance that it falls silent × a year's spend × share of such that can be kept
    movable  Σ λ · part, λ: the share of it that acting may change

Money is in one currency and in one kind: margin where it is known, else revenue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.lifetime_value.histories import Floats

Flags = NDArray[np.bool_]

RUNNING, PROSPECT, OPEN_DEAL, DETRACTOR = 0.3, 0.5, 0.6, 0.7
"""λ, assumptions until outcomes say better."""
SAVEABLE = 0.3
UNHAPPY_LEAVES = 0.25  # a detractor's least chance to leave within a year, where nothing was learnt of silence


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of each account, one row each; money in minor units of revenue."""

    chance: Floats  # to buy within the horizon
    typical: Floats  # what it would spend then
    deals: Floats  # Σ amount of its open deals
    deals_weighed: Floats  # Σ amount × chance to be won
    growth: Floats  # of products that it has not, within the horizon
    spend: Floats  # of the last twelve months
    active: Floats  # chance that it still buys; NaN where that means nothing
    silence: Floats  # chance to fall silent that was learnt from outcomes; NaN where none was
    is_prospect: Flags
    is_detractor: Flags


@dataclass(frozen=True, slots=True)
class Worth:
    """The parts of the value at stake, one row an account."""

    gain: Floats
    deals: Floats
    grow: Floats
    protect: Floats
    movable: Floats

    @property
    def at_stake(self) -> Floats:
        """All four parts together."""
        return self.gain + self.deals + self.grow + self.protect


def worth(known: Known, *, margin: float = 1.0) -> Worth:
    """Return what is at stake with each account; what is no number counts as nothing."""
    typical, deals = _sound(known.typical), _sound(known.deals)
    leaving = np.where(np.isfinite(known.active), 1 - known.active, 0.0)
    leaving = np.where(known.is_detractor, np.maximum(leaving, UNHAPPY_LEAVES), leaving)
    # What was learnt has looked at the rhythm and the answers, too.
    leaving = np.where(np.isfinite(known.silence), known.silence, leaving)
    gain = margin * _sound(known.chance) * np.maximum(typical - deals, 0.0)
    weighed = margin * _sound(known.deals_weighed)
    grow = margin * _sound(known.growth)
    protect = margin * SAVEABLE * np.clip(leaving, 0.0, 1.0) * _sound(known.spend)
    usual = np.where(known.is_prospect, PROSPECT, RUNNING)
    kept = np.where(known.is_detractor, DETRACTOR, RUNNING)
    movable = usual * (gain + grow) + OPEN_DEAL * weighed + kept * protect
    return Worth(gain, weighed, grow, protect, movable)


def _sound(amounts: Floats) -> Floats:
    return np.where(np.isfinite(amounts) & (amounts > 0), amounts, 0.0)
