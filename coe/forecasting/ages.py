"""What the age of a deal in its stage says of its chance: won deals leave a stage at other ages than lost ones do.

A deal that entered a stage is won with the chance p of that stage. Of those that are still in it at some age there are
p·W(age) that will be won and (1 − p)·N(age) that will not: W and N are the shares of won and of not-won deals that took
longer than that. So the chance at that age is p·W / (p·W + (1 − p)·N), by Bayes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coe.forecasting.stages import LATE, LOST, OPEN, WON, Floats, Integers, StageEntries

AGE_WEIGHT = 15.0  # of all stages together, in deals
FEWEST = 5  # stays that say when one is late
LEAST_CHANCE, MOST_CHANCE = 0.01, 0.99  # of a deal that is open


@dataclass(frozen=True, slots=True)
class Stays:
    """Days in a stage of deals that came to one kind of end, sorted; ``never`` are those that stay beyond any age."""

    by_stage: Mapping[int, Floats]
    never: Mapping[int, int]

    def longer(self, stage: Integers, age: Floats) -> Floats:
        """Return the share of such deals that stay longer than these ages, shrunken to that of all stages."""
        everywhere = np.sort(np.concatenate(list(self.by_stage.values()))) if self.by_stage else np.empty(0)
        never = sum(self.never.values())
        mean = max(float(everywhere.mean()), 1.0) if len(everywhere) else math.inf
        pooled = _share(everywhere, never, age, np.exp(-age / mean))
        found = pooled.copy()
        for code in set(self.by_stage) | set(self.never):
            rows = np.flatnonzero(stage == code)
            own = self.by_stage.get(code, np.empty(0))
            found[rows] = _share(own, self.never.get(code, 0), age[rows], pooled[rows])
        return found

    def late(self, stage: Integers) -> Floats:
        """Return the age in their stage that nine in ten such deals did not reach; infinite where there are too few."""
        known = {code: float(np.quantile(days, LATE)) for code, days in self.by_stage.items() if len(days) >= FEWEST}
        return np.array([known.get(code, math.inf) for code in stage.tolist()])


def _share(days: Floats, never: int, age: Floats, prior: Floats) -> Floats:
    longer = len(days) - np.searchsorted(days, age, side="right") + never
    return (longer + AGE_WEIGHT * prior) / (len(days) + never + AGE_WEIGHT)


def stays_of(entries: StageEntries, stay: Floats) -> tuple[Stays, Stays]:
    """Return how long deals stayed in a stage that were won, and how long those that were not.

    ``stay`` are the days until the deal left the stage, infinite while it is still in it. An open deal that is older in
    its stage than nine in ten of the stage's closed ones is one that is never won: it counts as such in the chance of
    the stage too. Younger open ones say nothing yet.
    """
    won: dict[int, Floats] = {}
    lost: dict[int, Floats] = {}
    never: dict[int, int] = {}
    for code in np.unique(entries.stage).tolist():
        of = entries.stage == code
        outcome, days, stayed = entries.outcome[of], entries.days[of], np.minimum(stay[of], entries.days[of])
        closed = outcome != OPEN
        won[code], lost[code] = np.sort(stayed[outcome == WON]), np.sort(stayed[outcome == LOST])
        limit = np.quantile(days[closed], LATE) if closed.any() else math.inf
        never[code] = int((~closed & (days > limit) & np.isinf(stay[of])).sum())
    return Stays(won, {}), Stays(lost, never)


def aged(chance: Floats, *, stage: Integers, age: Floats, won: Stays, not_won: Stays) -> Floats:
    """Return the chance of deals that have been in their stage for so long, from the chance of who enters it.

    Beyond the age that nine in ten won deals did not reach, standing longer never raises it: too few ever did.
    """

    def at(days: Floats) -> Floats:
        for_ = chance * won.longer(stage, days)
        against = (1 - chance) * not_won.longer(stage, days)
        return for_ / np.maximum(for_ + against, 1e-12)

    seen = at(np.minimum(age, won.late(stage)))
    return np.clip(np.minimum(at(age), np.where(age > won.late(stage), seen, 1.0)), LEAST_CHANCE, MOST_CHANCE)
