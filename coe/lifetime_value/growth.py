"""What accounts could take on top: products that they have not, with the chance within a year and the money."""

from dataclasses import dataclass

import numpy as np

from coe.lifetime_value.histories import Floats, Integers
from coe.lifetime_value.whitespace import Adoption, Owned, learn_adoption

LEARN_FROM = 50_000  # accounts, evenly spread over all
CHUNK = 20_000  # accounts at a time: memory depends on this, not on how many there are
SHOWN = 6  # products of an account
LEAST_CHANCE = 0.05  # a product that fewer of those like it have is not worth a word
PACE_WEIGHT = 20  # adoptions; a pace seen on fewer leans on USUAL_PACE
YEARLY_WEIGHT = 10  # buyers; what a product brings to a smaller segment leans on what it brings to all
USUAL_PACE = 0.3  # share of the chances that comes true within a year


@dataclass(frozen=True, slots=True)
class Baskets:
    """Which account has which product: one row a pair, in any order."""

    account: Integers
    product: Integers
    first_day: Integers  # days since 1970 of the first purchase
    year_amount: Floats  # of the last twelve months


@dataclass(frozen=True, slots=True)
class Growth:
    """What each account could take, one row an account, the most valuable product first; -1 for none."""

    product: Integers  # account × SHOWN
    share: Floats  # of the accounts like it that have the product
    yearly: Floats  # what a year of it brings where it is bought
    growth: Floats  # by account: of all products within the horizon; 0 for who has nothing yet
    pace: float  # share of these chances that came true within the last year


def growth(
    baskets: Baskets, *, accounts: int, products: int, segment: Integers, today: int, horizon_days: int
) -> Growth:
    """Return what each account could take on top.

    The share of accounts like it is no chance within a time: it is multiplied by the pace at which such shares came
    true during the last year. Of who has nothing yet the first purchase is a gain, not growth.
    """
    shown = min(SHOWN, max(products, 1))
    shape = (accounts, shown)
    found = Growth(np.full(shape, -1), np.zeros(shape), np.zeros(shape), np.zeros(accounts), 0.0)
    if not accounts or not products:
        return found
    grid = _Grid(baskets, accounts, products)
    sample = np.arange(0, accounts, -(-accounts // LEARN_FROM))
    then = today - 365
    pace = _pace(grid, segment, sample, then)
    adoption = learn_adoption(grid.owned(sample), segment[sample])
    by_segment = _yearly(baskets, products, segment)
    for begin in range(0, accounts, CHUNK):
        rows = np.arange(begin, min(begin + CHUNK, accounts))
        owned = grid.owned(rows)
        chance = np.nan_to_num(adoption.chances(owned, segment[rows]), nan=0.0)
        yearly = by_segment[segment[rows]]
        money = chance * yearly
        best = np.argsort(-money, axis=1, kind="stable")[:, :shown]
        share = np.take_along_axis(chance, best, 1)
        worth_a_word = (share >= LEAST_CHANCE) & (np.take_along_axis(money, best, 1) > 0)
        found.product[rows] = np.where(worth_a_word, best, -1)
        found.share[rows] = np.where(worth_a_word, share, 0.0)
        found.yearly[rows] = np.where(worth_a_word, np.take_along_axis(yearly, best, 1), 0.0)
        found.growth[rows] = np.where(owned.any(axis=1), pace * money.sum(axis=1) * horizon_days / 365, 0.0)
    return Growth(found.product, found.share, found.yearly, found.growth, pace)


class _Grid:
    """Pairs of account and product, as tables of any accounts."""

    def __init__(self, baskets: Baskets, accounts: int, products: int) -> None:
        order = np.argsort(baskets.account, kind="stable")
        self.product, self.first_day = baskets.product[order], baskets.first_day[order]
        self.account = baskets.account[order]
        self.begin = np.searchsorted(self.account, np.arange(accounts + 1))
        self.products = products

    def owned(self, rows: Integers, *, until: int | None = None) -> Owned:
        """Return what these accounts have, or had by the end of a day."""
        table = np.zeros((len(rows), self.products), dtype=np.bool_)
        count = self.begin[rows + 1] - self.begin[rows]
        at = np.repeat(np.arange(len(rows)), count)
        pairs = np.repeat(self.begin[rows], count) + np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
        if until is not None:
            known = self.first_day[pairs] <= until
            at, pairs = at[known], pairs[known]
        table[at, self.product[pairs]] = True
        return table


def _pace(grid: _Grid, segment: Integers, sample: Integers, then: int) -> float:
    """Return the share of a year's chances that came true, from what was known a year ago."""
    before = grid.owned(sample, until=then)
    customers = before.any(axis=1)
    if not customers.any():
        return USUAL_PACE
    before, after, segments = before[customers], grid.owned(sample[customers]), segment[sample[customers]]
    adoption: Adoption = learn_adoption(before, segments)
    expected = float(np.nansum(adoption.chances(before, segments)))
    adopted = float((after & ~before).sum())
    return min(1.0, (adopted + PACE_WEIGHT * USUAL_PACE) / (expected + PACE_WEIGHT))


def _yearly(baskets: Baskets, products: int, segment: Integers) -> Floats:
    """Return what a year of each product brings, segment × product, over those who bought it within the last one.

    Small firms buy small amounts: what few of a segment have bought leans on what the product brings to all, at the
    level of the segment.
    """
    bought = np.isfinite(baskets.year_amount) & (baskets.year_amount > 0)
    product, amount = baskets.product[bought], baskets.year_amount[bought]
    of = segment[baskets.account[bought]]
    segments = int(segment.max(initial=0)) + 1
    overall = _mean(product, amount, products)
    usual = float(amount.mean()) if len(amount) else 0.0
    level = (np.bincount(of, weights=amount, minlength=segments) + YEARLY_WEIGHT * usual) / (
        np.bincount(of, minlength=segments) + YEARLY_WEIGHT
    )
    expected = overall * (level / usual)[:, None] if usual else np.zeros((segments, products))
    cell, cells = of * products + product, segments * products
    total = np.bincount(cell, weights=amount, minlength=cells).reshape(segments, products)
    buyers = np.bincount(cell, minlength=cells).reshape(segments, products)
    return (total + YEARLY_WEIGHT * expected) / (buyers + YEARLY_WEIGHT)


def _mean(product: Integers, amount: Floats, products: int) -> Floats:
    total = np.bincount(product, weights=amount, minlength=products)
    buyers = np.bincount(product, minlength=products)
    return np.divide(total, buyers, out=np.zeros(products), where=buyers > 0)
