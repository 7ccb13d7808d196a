"""How soon deals that are won are won: the chance that one of this stage and age closes within the days that remain."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coe.forecasting.stages import Floats, Integers

STAGE_WEIGHT = 15.0  # of all stages together, in won deals
BANDS = 32  # of age; with fewer stays each has its own


@dataclass(frozen=True, slots=True)
class Wins:
    """Deals that were won: how many days each stayed in a stage, and how many it took from entering it to the win."""

    stay: Floats
    total: Floats

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.stay)

    def counts(self, age: Floats, remaining: Floats) -> tuple[Floats, Floats]:
        """Return how many were in the stage at these ages and won so many days on, and how many were in it at all."""
        within, open_ = np.zeros(len(age)), np.zeros(len(age))
        if not len(self) or not len(age):
            return within, open_
        edges = np.unique(self.stay)
        if len(edges) > BANDS:
            edges = np.unique(np.quantile(self.stay, np.linspace(0, 1, BANDS)))
        # A deal that was won on its first day was open at the age of none.
        band = np.searchsorted(edges, age, side="left")
        for number in np.unique(band[band < len(edges)]).tolist():
            rows = np.flatnonzero(band == number)
            totals = np.sort(self.total[self.stay >= edges[number]])
            before = np.searchsorted(totals, age[rows], side="left")
            until = np.searchsorted(totals, age[rows] + remaining[rows], side="right")
            within[rows], open_[rows] = np.maximum(until - before, 0), len(totals) - before
        return within, open_


@dataclass(frozen=True, slots=True)
class Timing:
    """The wins of each stage that a deal was in, and of all stages together."""

    by_stage: Mapping[int, Wins]
    everywhere: Wins

    def share(self, stage: Integers, age: Floats, remaining: Floats | float) -> Floats:
        """Return F(τ) for deals: of those won that were in the stage at this age, the share closed τ days on.

        F_s = (c_s + 15·F) / (n_s + 15): the stage's own count, shrunken to all stages. Where no won deal was ever so
        old, the chance is what an exponential with the mean of all gives: the tail is not known, so it is not denied.

        :raises ValueError: if nothing was ever won: there is no timing to tell.
        """
        if not len(self.everywhere):
            raise ValueError("No deal was won yet, so nothing is known of how long it takes.")
        age = np.maximum(np.asarray(age, dtype=np.float64), 0.0)
        remaining = np.maximum(np.broadcast_to(np.asarray(remaining, dtype=np.float64), age.shape), 0.0)
        within, open_ = self.everywhere.counts(age, remaining)
        unknown = -np.expm1(-remaining / max(float(self.everywhere.total.mean()), 1.0))
        pooled = (within + STAGE_WEIGHT * unknown) / (open_ + STAGE_WEIGHT)
        shares = pooled.copy()
        for code, wins in self.by_stage.items():
            rows = np.nonzero(np.asarray(stage) == code)[0]
            own, seen = wins.counts(age[rows], remaining[rows])
            shares[rows] = (own + STAGE_WEIGHT * pooled[rows]) / (seen + STAGE_WEIGHT)
        return shares


def timing(*, stage: Integers, days: Floats, stay: Floats | None = None) -> Timing:
    """Return the timing learnt from won deals: one row for each deal and stage, days from its entry to the win.

    ``stay`` are the days until it went on to the next stage, where that is known: a deal that is in the stage at some
    age is like those that were still in it then, and not like those that were further on.
    """
    days = np.maximum(np.asarray(days, dtype=np.float64), 0.0)
    stay = days if stay is None else np.clip(np.asarray(stay, dtype=np.float64), 0.0, days)
    codes = np.unique(stage)
    return Timing({int(code): Wins(stay[stage == code], days[stage == code]) for code in codes}, Wins(stay, days))
