"""Simulated pipelines with known truth: deals that come, move and end, under a shock that all of a quarter share.

Nothing of the truth is in the book but what a CRM would hold: the forecast has to learn chances, timing, drift, new
business and the shock from what was recorded.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from coe.forecasting.deal_book import Changes, DealBook
from coe.forecasting.new_business import NewBusiness
from coe.forecasting.outlook import Forecaster
from coe.forecasting.periods import Period, say
from coe.forecasting.simulation import simulate
from coe.forecasting.stages import Floats

QUARTER = 91.0
PRIORS = {0: 0.1, 1: 0.3, 2: 0.6}
ENTERS = np.array([0.22, 0.42, 0.68])  # the chance of who reaches a stage; a third of the deals falls out at each
STAYS = np.array([22.0, 26.0, 20.0])  # days, the mean of a gamma of shape 2


@dataclass(frozen=True)
class World:
    """A book of so many quarters, and what each of them brought."""

    book: DealBook
    quarters: list[Period]
    brought: list[float]


def a_world(*, quarters: int, deals: int, shock: float, seed: int) -> World:
    """Return a world in which so many deals are opened each quarter."""
    random = np.random.default_rng(seed)
    count = deals * (quarters + 3)
    opened = np.sort(random.uniform(-3 * QUARTER, quarters * QUARTER, count))
    # Every deal has a leaning of its own; nobody sees it.
    leaning = random.normal(0, 0.5, count)
    shocks = random.normal(0, shock, quarters + 40)
    stays = random.gamma(2.0, STAYS / 2, (count, 3))
    entered = opened[:, None] + np.concatenate([np.zeros((count, 1)), np.cumsum(stays, axis=1)[:, :2]], axis=1)
    ends = opened + stays.sum(axis=1)
    pass_on = np.array([ENTERS[0] / ENTERS[1], ENTERS[1] / ENTERS[2], ENTERS[2]])
    last, won = np.full(count, 2), np.zeros(count, dtype=bool)
    closed = ends.copy()
    alive = np.ones(count, dtype=bool)
    for stage in range(3):
        leaves = entered[:, stage] + stays[:, stage]
        quarter = np.clip((leaves // QUARTER).astype(int) + 3, 0, len(shocks) - 1)
        goes_on = random.random(count) < expit(logit(pass_on[stage]) + leaning + shocks[quarter])
        falls = alive & ~goes_on
        last[falls], closed[falls] = stage, leaves[falls] + random.exponential(15.0, int(falls.sum()))
        alive &= goes_on
    won = alive
    amount = random.lognormal(10.0, 0.9, count)
    final = amount * np.exp(random.normal(-0.04, 0.15, count))
    now = quarters * QUARTER
    is_closed = closed < now
    in_stage = np.arange(3)[None, :] <= last[:, None]
    rows = np.flatnonzero((in_stage & (entered <= now)).ravel())
    deal, of_stage = rows // 3, rows % 3
    at = entered.ravel()[rows]
    ended = np.flatnonzero(is_closed)
    stage_deal = np.concatenate([deal, ended])
    stage_at = np.concatenate([at, closed[ended]])
    stage_new = np.concatenate([of_stage, np.full(len(ended), -1)]).astype(float)
    order = np.lexsort((stage_at, stage_deal))
    stage_new = stage_new[order]
    old = np.where(np.r_[True, np.diff(stage_deal[order]) != 0], -1.0, np.r_[-1.0, stage_new[:-1]])
    moves = Changes(stage_deal[order], stage_at[order], stage_at[order], old, stage_new)
    amount_deal = np.concatenate([np.arange(count), ended])
    amount_at = np.concatenate([opened, closed[ended]])
    amounts_new = np.concatenate([amount, final[ended]])
    amounts_old = np.concatenate([np.full(count, np.nan), amount[ended]])
    order = np.lexsort((amount_at, amount_deal))
    amounts = Changes(amount_deal[order], amount_at[order], amount_at[order], amounts_old[order], amounts_new[order])
    due = opened + 68 * np.exp(random.normal(0, 0.3, count))
    book = DealBook(
        opened=opened,
        known=opened,
        closed=np.where(is_closed, closed, np.inf),
        closed_known=np.where(is_closed, closed, np.inf),
        won=won & is_closed,
        stage_now=np.where(is_closed, -1.0, np.minimum(last, (entered <= now).sum(axis=1) - 1)),
        amount_now=np.where(is_closed, final, amount),
        due_now=due,
        own_chance=np.full(count, np.nan),
        product=np.zeros(count, dtype=np.int64),
        countable=np.ones(count, dtype=bool),
        booked=np.ones(count),
        stages=moves,
        amounts=amounts,
        dues=Changes(np.arange(count), opened, opened, np.full(count, np.nan), due),
    )
    periods = [Period(number * QUARTER, (number + 1) * QUARTER) for number in range(quarters)]
    brought = [float(final[book.won_between(one.start, one.end, known_by=now)].sum()) for one in periods]
    return World(book, periods, brought)


@dataclass(frozen=True)
class Held:
    """How forecasts of quarters did: with the shock, and the same deals taken for independent."""

    quarters: int
    inside: int
    independent: int
    said: Floats  # P50
    came: Floats


def held(world: World, *, first: int, point: float, draws: int = 2_000) -> Held:
    """Forecast each quarter from ``first`` on at a point of it, as it was known then, and count what held."""
    forecaster = Forecaster(world.book, PRIORS)
    inside = independent = 0
    said, came = [], []
    for number in range(first, len(world.quarters)):
        quarter, brought = world.quarters[number], world.brought[number]
        moment = quarter.at(point)
        (outlook,), _ = forecaster.outlooks(moment, quarter, world.quarters[:number], draws=draws)
        forecast = outlook.forecast
        assert forecast is not None
        inside += forecast.p10 <= brought <= forecast.p90
        alone = independent_forecast(forecaster, world, number, moment, draws)
        independent += alone[0] <= brought <= alone[1]
        said.append(forecast.p50)
        came.append(brought)
    return Held(len(said), inside, independent, np.array(said), np.array(came))


def independent_forecast(
    forecaster: Forecaster, world: World, number: int, moment: float, draws: int
) -> tuple[float, float]:
    """Return P10 and P90 of the same deals and the same new business, each deal for itself."""
    quarter = world.quarters[number]
    learnt = forecaster.learnt(moment)
    said, _ = say(world.book, learnt, moment, quarter)
    known = forecaster.experience(moment, quarter, world.quarters[:number])
    new = known.new_business()
    worth = world.book.worth(moment)
    closed = float(worth[world.book.won_between(quarter.start, quarter.end, known_by=moment)].sum())
    found = simulate(
        chance=said.chance,
        amount=said.amount,
        closed=closed,
        shock=0.0,
        drift=known.drift,
        new=NewBusiness(mean=new.mean, amounts=new.amounts, periods=new.periods),
        draws=draws,
    )
    return found.p10, found.p90
