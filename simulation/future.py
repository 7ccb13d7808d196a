"""What happens after the end: who buys in the 90 days that the product has to guess."""

from datetime import date

import numpy as np

from simulation.deals import Deals
from simulation.market import HORIZON_WEEKS, Floats, Market
from simulation.orders import OrderRecords, Purchases, weekly_chance
from simulation.rows import AccountTruth
from simulation.workdays import Workdays

HORIZON_DAYS = 90


def draw_truth(
    *, market: Market, deals: Deals, purchases: Purchases, orders: OrderRecords, workdays: Workdays
) -> list[AccountTruth]:
    """Return each account's future: the chance that it buys, and whether, when and for how much it does."""
    chance = _chances(market, deals, purchases)
    value = [0] * market.count
    first: list[date | None] = [None] * market.count
    for account, day, amount in orders.future:
        if day < HORIZON_DAYS:
            value[account] += amount
            first[account] = first[account] or workdays.date(day)
    return [
        AccountTruth(i, round(float(chance[i]), 4), first[i] is not None, value[i], first[i])
        for i in range(market.count)
    ]


def _chances(market: Market, deals: Deals, purchases: Purchases) -> Floats:
    """Return 1 minus the chance that neither an order nor a deal comes."""
    nothing = np.ones(market.count)
    for week in range(HORIZON_WEEKS):
        nothing *= 1 - weekly_chance(market, week, purchases.last_day, purchases.alive)
    in_time = (deals.closed >= 0) & (deals.closed < HORIZON_DAYS)
    for account, chance in zip(deals.account[in_time], deals.chance[in_time], strict=True):
        nothing[account] *= 1 - chance
    chances: Floats = 1 - nothing
    return chances
