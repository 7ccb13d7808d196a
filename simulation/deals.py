"""Deals: when needs become projects, how long they take, how often they are pushed, who wins them."""

from dataclasses import dataclass

import numpy as np

from simulation.market import HORIZON_WEEKS, Bools, Floats, Ints, Market

DEALS_PER_ACCOUNT_AND_MONTH = 2500 / 2000 / 18
OPENINGS_BY_SEGMENT = np.array([14.0, 5.0, 1.7, 0.42])
MEDIAN_VALUE = 28_000.0
SPREAD_OF_VALUE = 1.1
MEDIAN_CYCLE_DAYS = 75.0
SPREAD_OF_CYCLE = 0.7
WIN_RATE = 0.26
SHARE_PUSHED = 0.35
LOST_IN_STAGE = (0.24, 0.30, 0.20, 0.16, 0.10)  # where lost deals end
STAGE_DAYS = np.array([21.0, 30.0, 35.0, 30.0, 30.0])
LOST_REASONS = ("No decision", "Price", "Lost to a competitor", "Put off for a year", "Product does not fit")
LOST_REASON_SHARES = (0.40, 0.22, 0.18, 0.12, 0.08)


@dataclass(frozen=True)
class Deals:
    """Deals as they will have gone, one entry a deal, in order of opening; days are relative to the cut."""

    account: Ints
    opened: Floats
    cycle: Floats  # days from opening to the end
    value: Floats  # in the company's currency, before negotiation
    chance: Floats  # what only the simulation knows
    won: Bools
    pushes: Ints
    last_stage: Ints  # the open stage it was in before its end
    began_with_inquiry: Bools

    @property
    def count(self) -> int:
        """How many deals there are."""
        return len(self.account)

    @property
    def closed(self) -> Floats:
        """The day each one ends on, which may be in the future."""
        return self.opened + self.cycle


def draw_deals(market: Market, *, months: int, seller_of: Ints, rng: np.random.Generator) -> Deals:
    """Return all deals opened in the last `months` months, and those of the horizon after the cut."""
    weeks = round(months * 30.44 / 7)
    account, opened = _openings(market, weeks, months, rng)
    count = len(account)
    week = np.floor(opened / 7).astype(np.int64)
    size = np.argsort(np.argsort(market.potential[account] * np.exp(0.01 * rng.standard_normal(count))))
    typical = _normal_scores(size, count)
    value_score = 0.6 * typical + 0.8 * rng.standard_normal(count)
    value = MEDIAN_VALUE * np.exp(SPREAD_OF_VALUE * value_score)
    cycle = MEDIAN_CYCLE_DAYS * np.exp(SPREAD_OF_CYCLE * (0.3 * value_score + 0.954 * rng.standard_normal(count)))
    cycle = np.clip(cycle, 4, 520)
    need = market.need_of(account, week + np.minimum(cycle / 14, 12).astype(np.int64))
    pushed = rng.random(count) < _shifted(-0.5 * need, SHARE_PUSHED)
    skill = 0.3 * rng.standard_normal(int(seller_of.max()) + 1)
    known = market.years_a_customer[account] > 0
    logits = 0.75 * need + 0.5 * known - 1.35 * pushed + skill[seller_of[account]] - 0.12 * value_score
    chance = _shifted(logits, WIN_RATE)
    won = rng.random(count) < chance
    cycle = np.where(won, cycle, cycle * rng.uniform(0.55, 1.35, count))
    return Deals(
        account=account,
        opened=opened,
        cycle=cycle,
        value=value,
        chance=chance,
        won=won,
        pushes=np.where(pushed, 1 + rng.geometric(0.6, count) - 1, 0).astype(np.int64),
        last_stage=np.where(won, 4, rng.choice(5, count, p=LOST_IN_STAGE)).astype(np.int64),
        began_with_inquiry=rng.random(count) < 0.5,
    )


def _openings(market: Market, weeks: int, months: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw weekly openings: more where accounts are large, and more when the need is high."""
    columns = np.arange(-weeks, HORIZON_WEEKS)
    rate = OPENINGS_BY_SEGMENT[market.segment][:, None] * np.exp(
        np.stack([0.7 * market.need_in(int(week)) for week in columns], axis=1)
    )
    rate *= market.count * DEALS_PER_ACCOUNT_AND_MONTH * months / rate[:, :weeks].sum()
    opened = rng.poisson(rate)
    account, column = np.nonzero(opened)
    times = opened[account, column]
    account, week = np.repeat(account, times), np.repeat(columns[column], times)
    day = week * 7 + rng.integers(0, 5, len(week)) + rng.random(len(week))
    order = np.argsort(day, kind="stable")
    return account[order].astype(np.int64), day[order]


def _normal_scores(rank: Ints, count: int) -> Floats:
    """Return standard normal numbers in the order of the ranks (a rational approximation is near enough)."""
    p = (rank + 0.5) / count
    tail = np.sqrt(-2 * np.log(np.minimum(p, 1 - p)))
    z = tail - (2.515517 + 0.802853 * tail + 0.010328 * tail**2) / (
        1 + 1.432788 * tail + 0.189269 * tail**2 + 0.001308 * tail**3
    )
    scores: Floats = np.where(p < 0.5, -z, z)
    return scores


def _shifted(logits: Floats, mean: float) -> Floats:
    """Return probabilities of these log-odds, moved together so that their mean is `mean`."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        if np.mean(1 / (1 + np.exp(-(logits + middle)))) < mean:
            low = middle
        else:
            high = middle
    probabilities: Floats = 1 / (1 + np.exp(-(logits + low)))
    return probabilities
