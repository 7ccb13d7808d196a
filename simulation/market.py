"""The market a company sells to: what each account could spend, how often it buys, how well it fits, how it changes.

Everything here is hidden from the product. It shows only in what accounts do: orders, deals, inquiries, conversations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEGMENTS = ("key", "large", "medium", "small")
SHARE_OF_ACCOUNTS = (0.03, 0.07, 0.20, 0.70)
WEEKS_BETWEEN_ORDERS = np.array([2.2, 7.5, 22.0, 58.0])
SHARE_NEVER_BOUGHT = np.array([0.08, 0.15, 0.24, 0.31])
LEAVES_AFTER_ORDER = np.array([0.001, 0.006, 0.03, 0.09])
MEDIAN_SPEND = 33_000.0  # a year, in the company's currency
SPREAD_OF_SPEND = 1.05  # of the logarithm: the top tenth of the accounts holds about 60 % of the revenue

HORIZON_WEEKS = 13
WEEKS_BEYOND = 18  # needs are drawn beyond the horizon, because customers talk before they buy
HALF_LIFE_WEEKS = 9.0


@dataclass(frozen=True)
class Market:
    """Hidden facts, one entry an account, accounts in order of their segment; week -1 is the last one of the past."""

    segment: Ints  # place in SEGMENTS
    region: Ints
    industry: Ints
    yearly_spend: Floats  # if it buys in its own rhythm, in the company's currency
    potential: Floats
    weeks_between_orders: Floats
    leaves_after_order: Floats  # the chance that an order is the last one
    years_a_customer: Floats  # at the end; 0 for those that had not bought when the order history begins
    fit: Floats  # lasting, standard normal
    need: Floats  # accounts × weeks, standard normal, moving slowly
    first_week: int

    @property
    def count(self) -> int:
        """How many accounts there are."""
        return len(self.segment)

    def need_of(self, account: Ints, week: Ints) -> Floats:
        """Return the need of some accounts, each in its own week."""
        column = np.clip(week - self.first_week, 0, self.need.shape[1] - 1)
        chosen: Floats = self.need[account, column]
        return chosen

    def need_in(self, week: int) -> Floats:
        """Return all accounts' need in one week."""
        column: Floats = self.need[:, min(max(week - self.first_week, 0), self.need.shape[1] - 1)]
        return column


def draw_market(*, region: Ints, lateness: Floats, weeks: int, industries: int, rng: np.random.Generator) -> Market:
    """Return a market with an account for each given region, whose needs are known for `weeks` weeks of the past.

    `lateness` says how often each region delivers late: customers who wait leave sooner.
    """
    accounts = len(region)
    spend = MEDIAN_SPEND * np.exp(SPREAD_OF_SPEND * rng.standard_normal(accounts))
    potential = np.sort(spend / rng.beta(4, 4, accounts))[::-1]  # a large potential does not mean a large share of it
    share_of_wallet = np.clip(rng.beta(5, 5, accounts), 0.12, 0.9)
    segment = _segments(accounts)
    fit = rng.standard_normal(accounts)
    gap = WEEKS_BETWEEN_ORDERS[segment] * np.exp(0.3 * rng.standard_normal(accounts) - 0.12 * fit)
    leaving = LEAVES_AFTER_ORDER[segment] * np.exp(-0.25 * fit) * (1 + 2.5 * lateness[region])
    never = rng.random(accounts) < np.clip(SHARE_NEVER_BOUGHT[segment] - 0.06 * fit, 0.02, 0.9)
    years = np.clip(rng.gamma(1.6, 4.5, accounts), 0.3, 26)
    return Market(
        segment=segment,
        region=region,
        industry=np.arange(accounts) % industries,
        yearly_spend=potential * share_of_wallet,
        potential=potential,
        weeks_between_orders=np.clip(gap, 1.2, 120),
        leaves_after_order=leaving,
        years_a_customer=np.where(never, 0.0, years),
        fit=fit,
        need=_needs(accounts, weeks + WEEKS_BEYOND, fit, rng),
        first_week=-weeks,
    )


def _segments(accounts: int) -> Ints:
    """Return the segments by rank of potential: the largest three in a hundred are key accounts."""
    edges = np.round(np.cumsum(SHARE_OF_ACCOUNTS) * accounts)
    return np.searchsorted(edges[:-1], np.arange(accounts), side="right").astype(np.int64)


def _needs(accounts: int, weeks: int, fit: Floats, rng: np.random.Generator) -> Floats:
    """Return a need that swings around the account's fit and forgets half of a swing in nine weeks."""
    keep = 0.5 ** (1 / HALF_LIFE_WEEKS)
    swing = np.empty((accounts, weeks))
    swing[:, 0] = rng.standard_normal(accounts)
    noise = np.sqrt(1 - keep**2) * rng.standard_normal((accounts, weeks))
    for week in range(1, weeks):
        swing[:, week] = keep * swing[:, week - 1] + noise[:, week]
    need: Floats = 0.45 * fit[:, None] + 0.89 * swing
    return need
