"""The deals of an organisation with all that is kept of their past, to be looked at as they were known at any moment.

Times are days since 1970 with their fraction, money is minor units of one currency. ``NaN`` stands for what is not
known, infinity for what has not happened.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coe.forecasting.stages import Floats, Integers

Flags = NDArray[np.bool_]
NO_STAGE = -1


@dataclass(frozen=True, slots=True)
class Changes:
    """The values that one field of the deals has had, a row for each change, in order of deals and of time."""

    deal: Integers
    at: Floats
    known: Floats  # when we came to know of it
    old: Floats
    new: Floats

    def as_of(self, moment: float, otherwise: Floats) -> Floats:
        """Return the value of each deal: the last known by then, else the one before the first later change, else this.

        What became known later does not count, even if it is dated earlier.
        """
        values = otherwise.copy()
        seen = (self.at <= moment) & (self.known <= moment)
        # Where a deal is named more than once the last assignment stays: of later changes the first, of known the last.
        later = np.flatnonzero(~seen)[::-1]
        values[self.deal[later]] = self.old[later]
        rows = np.flatnonzero(seen)
        values[self.deal[rows]] = self.new[rows]
        return values


@dataclass(frozen=True, slots=True)
class Entries:
    """The first time that each deal came into each open stage."""

    deal: Integers
    stage: Integers
    at: Floats
    known: Floats
    left: Floats  # when it went on to another stage; infinity where it did not


@dataclass(frozen=True, slots=True)
class Look:
    """The deals that were open at a moment, as they were known then, one row each."""

    at: float
    deal: Integers  # rows of the book
    stage: Integers  # NO_STAGE where it is not known
    age: Floats  # days since it first came into that stage
    amount: Floats  # NaN where none was set, or one that can't be counted
    due: Floats  # the close date as planned then; NaN without one

    def __len__(self) -> int:
        """Return how many deals were open."""
        return len(self.deal)


@dataclass(frozen=True, slots=True)
class DealBook:
    """Every deal, one row each, with the changes of its stage, amount and close date."""

    opened: Floats
    known: Floats
    closed: Floats  # infinity while it is open
    closed_known: Floats  # when we came to know of its end
    won: Flags
    stage_now: Floats  # NO_STAGE once it is closed
    amount_now: Floats
    due_now: Floats
    own_chance: Floats  # that somebody gave the deal in place of its stage's; NaN where nobody did
    product: Integers
    countable: Flags  # whether its currency has a rate
    booked: Floats  # what the rate of its closing day makes of one unit of money by today's
    stages: Changes
    amounts: Changes
    dues: Changes
    entries: Entries = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", _entries(self.stages, len(self.opened)))

    def __len__(self) -> int:
        """Return how many deals there are."""
        return len(self.opened)

    def begun(self, moment: float) -> Flags:
        """Return which deals had been opened, and known, by a moment."""
        return (self.opened <= moment) & (self.known <= moment)

    def ended(self, moment: float) -> Flags:
        """Return which deals had ended, as it was known at a moment."""
        return (self.closed <= moment) & (self.closed_known <= moment)

    def worth(self, moment: float) -> Floats:
        """Return the amount of each deal as it was known at a moment; NaN where it can't be counted."""
        # What a deal was closed with is not what it was worth before: without a history that is not known.
        before = np.where(self.ended(moment) | np.isinf(self.closed), self.amount_now, np.nan)
        return np.where(self.countable, self.amounts.as_of(moment, before), np.nan)

    def won_between(self, start: float, end: float, *, known_by: float) -> Flags:
        """Return which deals were won from ``start`` on and before ``end``, as it was known at a moment."""
        return self.won & (self.closed >= start) & (self.closed < end) & self.ended(known_by)

    def look(self, moment: float) -> Look:
        """Return the deals that were open at a moment."""
        open_ = self.begun(moment) & ~self.ended(moment)
        rows = np.flatnonzero(open_)
        found = self.stages.as_of(moment, self.stage_now)[rows]
        stage = np.where(np.isfinite(found), found, NO_STAGE).astype(np.int64)
        due = self.dues.as_of(moment, np.where(np.isinf(self.closed), self.due_now, np.nan))[rows]
        return Look(
            at=moment,
            deal=rows,
            stage=stage,
            age=np.maximum(moment - self._entered(rows, stage, moment), 0.0),
            amount=self.worth(moment)[rows],
            due=due,
        )

    def _entered(self, rows: Integers, stage: Integers, moment: float) -> Floats:
        """Return when these deals came into these stages, by what was known; else when they were opened."""
        seen = np.flatnonzero((self.entries.at <= moment) & (self.entries.known <= moment))
        keys = self.entries.deal[seen] * _STRIDE + self.entries.stage[seen]  # sorted, and each once
        wanted = rows * _STRIDE + stage
        if not len(keys):
            return self.opened[rows]
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, self.entries.at[seen][place], self.opened[rows])


_STRIDE = 4096  # more stages than anybody has


def _entries(stages: Changes, deals: int) -> Entries:
    """Return the first entry of each deal into each stage, in order of deals and stages."""
    rows = np.flatnonzero(stages.new >= 0)
    keys = stages.deal[rows] * _STRIDE + stages.new[rows].astype(np.int64)
    # Rows of a deal are in order of time, so the first of a key is the first entry.
    _, first = np.unique(keys, return_index=True)
    at = rows[first]
    goes_on = np.append(stages.deal[1:] == stages.deal[:-1], False)
    left = np.where(goes_on, np.append(stages.at[1:], np.inf), np.inf)
    return Entries(stages.deal[at], stages.new[at].astype(np.int64), stages.at[at], stages.known[at], left[at])
