"""From orders to purchase histories: how often somebody bought again, when last, for how much, watched how long."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coe.lifetime_value.notes import Note

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
WEEK = 7  # days; the models' unit of time
MONTH = 365.25 / 12 / WEEK  # weeks
EXACT_UP_TO = 50_000  # customers; of more, times are rounded to weeks so that many share a history


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders as columns, in any order. Customers are numbers of the caller's own choice."""

    customer: Integers
    day: NDArray[np.datetime64]
    amount: Floats


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct histories, how many customers share each, and where each customer's is: what fits and scores run on."""

    frequency: Floats
    recency: Floats
    age: Floats
    segment: Integers
    weight: Floats
    place: Integers

    @property
    def longest(self) -> float:
        """The longest time that anybody was observed."""
        return float(self.age.max(initial=0.0))


@dataclass(frozen=True, slots=True)
class Histories:
    """One row a customer, ordered by number. Times in days; amounts in the currency of the orders."""

    customer: Integers
    frequency: Integers  # purchases after the first one
    recency: Integers  # from the first purchase to the last
    age: Integers  # from the first purchase to the day that counts
    mean_repeat: Floats  # of the purchases after the first one; 0 without
    mean_all: Floats
    segment: Integers
    as_of: datetime.date
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def repeaters(self) -> int:
        """How many customers bought on more than one day."""
        return int((self.frequency > 0).sum())

    def take(self, rows: Integers) -> "Histories":
        """Return the histories of some customers, by their rows in ascending order."""
        columns = ("customer", "frequency", "recency", "age", "mean_repeat", "mean_all", "segment")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def patterns(self, *, by_segment: bool = False, days: int = 0) -> Patterns:
        """Return the distinct histories, with times rounded to so many days; 0 leaves that to the number of customers.

        Purchases are counted before that: two in one week remain two. (To count weeks or months with a purchase in
        their place looks tempting, but forecasts come out half too high: at most one a month is so regular that a model
        of chance purchases takes it for customers who never leave.)
        """
        days = days or (1 if len(self) <= EXACT_UP_TO else WEEK)
        segment = self.segment if by_segment else np.zeros_like(self.segment)
        in_recency, in_age = ((time + days // 2) // days for time in (self.recency, self.age))
        width = int(in_age.max(initial=0)) + 1
        kinds = int(segment.max(initial=0)) + 1
        key = ((self.frequency * width + in_recency) * width + in_age) * kinds + segment
        distinct, place, weight = np.unique(key, return_inverse=True, return_counts=True)
        rest, segments = np.divmod(distinct, kinds)
        rest, age = np.divmod(rest, width)
        frequency, recency = np.divmod(rest, width)
        unit = days / WEEK
        return Patterns(
            frequency.astype(np.float64), recency * unit, age * unit, segments, weight.astype(np.float64), place
        )


def histories(
    orders: Orders,
    *,
    as_of: datetime.date,
    merged: Mapping[int, int] | None = None,
    segments: Mapping[int, int] | None = None,
) -> Histories:
    """Return the purchase histories as of the end of a day.

    Orders of one customer on the same day are added up and count as one purchase. An order of 0 counts
    (somebody placed it), a negative one is a return and does not, nor is it taken off what was bought before: that the
    customer would send it back was not known then. Later orders are not read. ``merged`` says which customer has become
    which other, over any number of steps; their orders are one history. ``segments`` are small numbers, 0 if not given.
    """
    day = orders.day.astype("datetime64[D]")
    readable = np.isfinite(orders.amount) & ~np.isnat(day)
    known = readable & (day <= np.datetime64(as_of))
    bought = known & (orders.amount >= 0)
    customer = _merged(orders.customer, merged or {})[bought]
    names, code = np.unique(customer, return_inverse=True)
    tick = day[bought].astype(np.int64)
    now = int(np.datetime64(as_of, "D").astype(np.int64))
    notes = _left_out(returns=int((known & ~bought).sum()), unreadable=int((~readable).sum()))
    if not len(names):
        nothing, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Histories(nothing, nothing, nothing, nothing, none, none, nothing, as_of, notes)
    # One sort finds both the purchases and where each customer's begin.
    begin = int(tick.min())
    purchase, of_purchase = np.unique(code * (now - begin + 1) + (tick - begin), return_inverse=True)
    amount = np.bincount(of_purchase, weights=orders.amount[bought], minlength=len(purchase))
    owner, at = np.divmod(purchase, now - begin + 1)
    first = np.searchsorted(owner, np.arange(len(names)))
    count = np.bincount(owner, minlength=len(names))
    total = np.add.reduceat(amount, first)
    repeats = count - 1
    segment = segments or {}
    return Histories(
        customer=names,
        frequency=repeats,
        recency=at[first + repeats] - at[first],
        age=now - begin - at[first],
        mean_repeat=np.where(repeats > 0, (total - amount[first]) / np.maximum(repeats, 1), 0.0),
        mean_all=total / count,
        segment=np.array(
            [segment.get(name, 0) for name in names.tolist()] if segment else np.zeros(len(names)), dtype=np.int64
        ),
        as_of=as_of,
        notes=notes,
    )


def _left_out(*, returns: int, unreadable: int) -> tuple[Note, ...]:
    counted = (("RETURNS_LEFT_OUT", returns), ("UNREADABLE_LEFT_OUT", unreadable))
    return tuple(Note(code, {"count": count}) for code, count in counted if count)


def _merged(customer: Integers, merged: Mapping[int, int]) -> Integers:
    """Return the customers under the numbers that they have now."""
    if not merged:
        return customer
    names, place = np.unique(customer, return_inverse=True)
    return np.array([_survivor(name, merged) for name in names.tolist()], dtype=np.int64)[place]


def _survivor(name: int, merged: Mapping[int, int]) -> int:
    """Follow the merges to their end; of a circle, which only damaged data has, the smallest number stays."""
    seen = [name]
    while (into := merged.get(seen[-1], seen[-1])) != seen[-1]:
        if into in seen:
            return min(seen[seen.index(into) :])
        seen.append(into)
    return seen[-1]
