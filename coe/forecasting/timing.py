"""How soon deals that are won are won: the chance that one of this stage and age closes within the days that remain."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coe.forecasting.stages import Floats, Integers

STAGE_WEIGHT = 15.0  # of all stages together, in won deals


@dataclass(frozen=True, slots=True)
class Timing:
    """Days from the entry of a stage to the win, sorted, of each stage and of all together."""

    by_stage: Mapping[int, Floats]
    everywhere: Floats

    def share(self, stage: Integers, age: Floats, remaining: Floats | float) -> Floats:
        """Return F(τ) for deals: of those won that were open at this age in the stage, the share closed τ days on.

        F_s = (c_s + 15·F) / (n_s + 15): the stage's own count, shrunken to all stages. Where no won deal was ever so
        old, the chance is what an exponential with the mean of all gives: the tail is not known, so it is not denied.

        :raises ValueError: if nothing was ever won: there is no timing to tell.
        """
        if not len(self.everywhere):
            raise ValueError("No deal was won yet, so nothing is known of how long it takes.")
        age = np.maximum(np.asarray(age, dtype=np.float64), 0.0)
        remaining = np.maximum(np.broadcast_to(np.asarray(remaining, dtype=np.float64), age.shape), 0.0)
        within, open_ = _counts(self.everywhere, age, remaining)
        unknown = -np.expm1(-remaining / max(float(self.everywhere.mean()), 1.0))
        pooled = (within + STAGE_WEIGHT * unknown) / (open_ + STAGE_WEIGHT)
        shares = pooled.copy()
        for code, days in self.by_stage.items():
            rows = np.nonzero(np.asarray(stage) == code)[0]
            own, seen = _counts(days, age[rows], remaining[rows])
            shares[rows] = (own + STAGE_WEIGHT * pooled[rows]) / (seen + STAGE_WEIGHT)
        return shares


def timing(*, stage: Integers, days: Floats) -> Timing:
    """Return the timing learnt from won deals: one row for each deal and stage, days from its entry to the win."""
    days = np.maximum(np.asarray(days, dtype=np.float64), 0.0)
    codes = np.unique(stage)
    return Timing({int(code): np.sort(days[stage == code]) for code in codes}, np.sort(days))


def _counts(days: Floats, age: Floats, remaining: Floats) -> tuple[Floats, Floats]:
    """Return how many took longer than the age, and how many of those at most so many days more."""
    # A deal that was won on its first day was open at the age of none.
    before = np.searchsorted(days, age, side="left")
    until = np.searchsorted(days, age + remaining, side="right")
    return np.maximum(until - before, 0).astype(np.float64), (len(days) - before).astype(np.float64)
