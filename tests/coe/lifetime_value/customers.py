"""Customers of a known nature, for the tests of what is learnt of them."""

import datetime

import numpy as np

from coe.lifetime_value.histories import Histories, Orders, Patterns, histories

START = np.datetime64("2024-01-01")
AS_OF = datetime.date(2024, 12, 30)
DAYS = 364


def patterns(*rows):
    """Return the patterns of these (x, t_x, T), one customer each."""
    x, recency, age = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Patterns(x, recency, age, np.zeros(len(rows), dtype=np.int64), np.ones(len(rows)), np.arange(len(rows)))


def orders(*rows):
    """Return orders of these (customer, day, amount)."""
    customer, day, amount = zip(*rows, strict=True)
    return Orders(np.array(customer), np.array(day, dtype="datetime64[D]"), np.array(amount, dtype=float))


def simulated(customers, *, seed=5, rate=(0.8, 6.0), leaving=(0.8, 2.4), amount=(6.25, 3.74, 15.4), days=DAYS):
    """Return a year's orders of customers who buy and leave as BG/NBD says; ``leaving=None`` keeps them all."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        weekly = random.gamma(rate[0], 1 / rate[1])
        leave = random.beta(*leaving) if leaving else 0.0
        typical = random.gamma(amount[1], 1 / amount[2])
        day = float(random.integers(0, 90))
        while day < days:
            rows.append((customer, START + np.timedelta64(int(day), "D"), random.gamma(amount[0], 1 / typical)))
            if len(rows) > 1 and rows[-2][0] == customer and random.random() < leave:
                break
            day += random.exponential(7 / weekly)
    return orders(*rows)


def of(bought, **more) -> Histories:
    """Return the histories at the end of the simulated year."""
    return histories(bought, **{"as_of": AS_OF, **more})
