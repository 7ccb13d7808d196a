"""Orders in, value of each customer out: models chosen and fitted, everybody scored, with notes on what was used."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coe.lifetime_value.choice import Choice, CountModel, choose
from coe.lifetime_value.histories import MONTH, WEEK, Floats, Histories, Integers, Orders, histories
from coe.lifetime_value.nbd import Nbd
from coe.lifetime_value.notes import Note
from coe.lifetime_value.spend import Spend, fit_spend

MONTHS = 12
YEARLY_DISCOUNT = 0.10
COHORT_WEIGHT = 10  # customers; the repeat rate of a small cohort leans on that of all
COHORT_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Scores:
    """What to expect of each customer, in the order of the histories."""

    customer: Integers
    purchases: Floats  # within the months asked for
    purchase_value: Floats  # of one purchase
    lifetime_value: Floats  # margin of those purchases, discounted
    alive: Floats  # NaN where it would mean nothing: one-time buyers, and models without drop-out
    repeat_rate: Floats  # share of the customers won in the same quarter who bought again; NaN for those who did


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """The fitted models of one organisation."""

    choice: Choice
    spend: Spend
    notes: tuple[Note, ...]

    @property
    def counts(self) -> CountModel:
        """The model of how often customers buy."""
        return self.choice.model

    def purchases(self, of: Histories, weeks: float) -> Floats:
        """Return the purchases to expect within so many weeks."""
        patterns = of.patterns(by_segment=self.choice.by_segment)
        return self.counts.expected(patterns, weeks)[patterns.place]

    def scores(
        self, of: Histories, *, months: int = MONTHS, margin: float = 1.0, yearly_discount: float = YEARLY_DISCOUNT
    ) -> Scores:
        """Return what to expect of each customer within the months.

        ``margin`` is the share of an amount that is earned; with 1 the value is discounted revenue, not profit.
        """
        patterns = of.patterns(by_segment=self.choice.by_segment)
        monthly = (1 + yearly_discount) ** (1 / 12)
        so_far = np.zeros_like(patterns.age)
        discounted = np.zeros_like(patterns.age)
        for month in range(1, months + 1):
            until = self.counts.expected(patterns, month * MONTH)
            discounted += (until - so_far) / monthly**month
            so_far = until
        value = self.spend.expected(of)
        leaves = not isinstance(self.counts, Nbd)
        alive = self.counts.alive(patterns)[patterns.place] if leaves else np.full(len(of), np.nan)
        return Scores(
            customer=of.customer,
            purchases=so_far[patterns.place],
            purchase_value=value,
            lifetime_value=margin * discounted[patterns.place] * value,
            alive=np.where(of.frequency > 0, alive, np.nan),
            repeat_rate=_repeat_rates(of),
        )


def _repeat_rates(of: Histories) -> Floats:
    """Return for one-time buyers how many of the customers won in the same quarter of a year have bought again."""
    cohort = (of.age / (WEEK * MONTH * COHORT_MONTHS)).astype(np.int64)
    again = of.frequency > 0
    overall = float(again.mean()) if len(of) else 0.0
    repeated = np.bincount(cohort, weights=again.astype(np.float64))
    rate = (repeated + COHORT_WEIGHT * overall) / (np.bincount(cohort) + COHORT_WEIGHT)
    return np.where(again, np.nan, rate[cohort])


def fit(orders: Orders, of: Histories, *, merged: Mapping[int, int] | None = None) -> LifetimeValue:
    """Return the models for these histories, made of these orders. Never fails; the notes say what was used."""
    choice = choose(orders, of, merged=merged)
    spend = fit_spend(of)
    return LifetimeValue(choice, spend, of.notes + choice.notes + spend.notes)


def learn(
    orders: Orders,
    *,
    as_of: datetime.date,
    merged: Mapping[int, int] | None = None,
    segments: Mapping[int, int] | None = None,
) -> tuple[Histories, LifetimeValue]:
    """Return the histories of these orders and the models fitted to them."""
    of = histories(orders, as_of=as_of, merged=merged, segments=segments)
    return of, fit(orders, of, merged=merged)
