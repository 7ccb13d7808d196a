"""How long the engines take for large organisations: processor time on one core, no database. JSON like the others."""

import datetime
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logit

from benchmarks.forecast_worlds import a_world
from benchmarks.forecast_worlds import held as held_quarters
from benchmarks.gates import Gates, gate
from coe.allocation.plan import plan_week
from coe.allocation.response import Responses
from coe.allocation.week import Accounts, Actions, Rules
from coe.forecasting.shock import PastPeriod, shifted, shock_of
from coe.forecasting.simulation import simulate
from coe.lifetime_value.engine import fit
from coe.lifetime_value.histories import Orders, histories

CUSTOMERS, ACCOUNTS, TEAMS, ACTIONS = 1_000_000, 100_000, 500, 4
WORLDS, QUARTERS, DEALS, SHOCK = 12, 40, 200, 0.35
PIPELINES = 8
START, AS_OF, DAYS = np.datetime64("2024-01-01"), datetime.date(2025, 12, 30), 730


def main() -> None:
    """Measure processor time: what else the machine does is not meant."""
    print(json.dumps(lifetime_value() | allocation() | forecasting() | memory()))


def lifetime_value() -> Gates:
    """Learn from a million customers of two years, and score them all."""
    orders = two_years()
    of, history_seconds = timed(lambda: histories(orders, as_of=AS_OF))
    values, fit_seconds = timed(lambda: fit(orders, of))
    _, score_seconds = timed(lambda: values.scores(of))
    told = f"{CUSTOMERS:,} customers"
    print(f"   {len(orders.day):,} orders; {values.notes[-1].words}", file=sys.stderr)
    return {
        f"lifetime value: histories of {told}": gate(history_seconds, 4, "s CPU"),
        f"lifetime value: learn from {told}": gate(fit_seconds, 15, "s CPU"),
        f"lifetime value: score {told}": gate(score_seconds, 2, "s CPU"),
    }


def two_years() -> Orders:
    """Return the orders of customers who buy and leave as BG/NBD says."""
    random = np.random.default_rng(1)
    weekly, leaving = random.gamma(0.8, 1 / 6, CUSTOMERS), random.beta(0.8, 2.4, CUSTOMERS)
    day = random.integers(0, DAYS - 30, CUSTOMERS).astype(np.float64)
    customers, days = [], []
    active = np.arange(CUSTOMERS)
    while len(active):
        customers.append(active)
        days.append(day[active].astype(np.int64))
        stay = random.random(len(active)) > leaving[active] if len(customers) > 1 else np.ones(CUSTOMERS, dtype=bool)
        active = active[stay]
        day[active] += random.exponential(7 / weekly[active])
        active = active[day[active] < DAYS]
    customer = np.concatenate(customers)
    bought = START + np.concatenate(days).astype("timedelta64[D]")
    return Orders(customer, bought, random.gamma(6.0, 10.0, len(customer)))


def allocation() -> Gates:
    """Plan the week of an organisation with many teams."""
    random = np.random.default_rng(2)
    accounts = Accounts(
        key=random.integers(0, 2**63, ACCOUNTS).astype(np.uint64),
        team=np.arange(ACCOUNTS) % TEAMS,
        responses=Responses(
            random.lognormal(8, 1.2, ACCOUNTS), random.choice([4.0, 12.0, 40.0], ACCOUNTS), np.zeros(ACCOUNTS)
        ),
        floor=np.where(random.random(ACCOUNTS) < 0.01, 1.0, 0.0),
        committed=np.zeros(ACCOUNTS),
        spread=random.random(ACCOUNTS),
        untouched=random.integers(0, 400, ACCOUNTS),
    )
    count = ACCOUNTS * ACTIONS
    actions = Actions(
        account=np.repeat(np.arange(ACCOUNTS), ACTIONS),
        kind=np.tile(np.arange(ACTIONS), ACCOUNTS),
        contact=np.full(count, -1),
        hours=random.choice([0.5, 1.0, 1.5, 2.0, 4.0, 8.0], count),
        effect=random.uniform(0.6, 1.6, count),
        block=np.zeros(count, dtype=np.int64),
        free_in=np.full(count, -1),
    )
    plan, seconds = timed(lambda: plan_week(accounts, actions, hours=np.full(TEAMS, 30.0), seed="bench"))
    lost = max(1 - week.ranked_value / week.bound for week in plan.teams if week.bound)
    inexact = sum(not week.exact for week in plan.teams)
    truth = accounts.responses
    guessed = replace(truth, stake=truth.stake * random.lognormal(-0.02, 0.2, ACCOUNTS))
    plain = Rules(exploration=0.0)
    best, estimated = (
        plan_week(replace(accounts, responses=one), actions, hours=np.full(TEAMS, 30.0), seed="bench", rules=plain)
        for one in (truth, guessed)
    )
    counted = np.append(actions.hours * actions.effect, 0.0)
    served = np.maximum(estimated.hours - np.append(actions.hours, 0.0)[estimated.first], 0.0) * (estimated.first < 0)
    reached = truth.gain(np.arange(ACCOUNTS), counted[estimated.first] + counted[estimated.second] + served)
    missed = 1 - reached.sum() / (best.value.sum() + sum(week.bound - week.ranked_value for week in best.teams))
    print(f"   {inexact} teams not solved exactly; {lost:.2%} at most to the bound of a team", file=sys.stderr)
    return {
        f"allocation: plan {ACCOUNTS:,} accounts of {TEAMS} teams": gate(seconds, 5, "s CPU"),
        "allocation: missed of the best possible value, estimates off by a fifth": gate(
            round(100 * float(missed), 2), 5, "%"
        ),
    }


def forecasting() -> Gates:
    """Forecast 10,000 deals; and twelve worlds of 40 quarters with a shock, each after eight quarters to learn from."""
    random = np.random.default_rng(3)
    chance, amount = random.beta(1.2, 2.5, 10_000), random.lognormal(10, 0.9, 10_000)
    _, seconds = timed(lambda: simulate(chance=chance, amount=amount))
    held = {"with the shock": 0, "as if independent": 0}
    for _ in range(WORLDS):
        past: list[PastPeriod] = []
        for quarter in range(8 + QUARTERS):
            chance, amount = random.beta(1.2, 2.5, DEALS), random.lognormal(10, 0.9, DEALS)
            under = shifted(logit(chance), random.normal(0, SHOCK, 1), SHOCK)[0]
            won = float(amount[random.random(DEALS) < under].sum())
            for name in held if quarter >= 8 else ():
                shock = shock_of(past[-12:]) if name == "with the shock" else 0.0
                found = simulate(chance=chance, amount=amount, shock=shock, draws=1_000)
                held[name] += found.p10 <= won <= found.p90
            past.append(PastPeriod(chance, amount, won))
    shares = {name: count / (WORLDS * QUARTERS) for name, count in held.items()}
    ours, theirs = shares.values()
    return learnt_forecasts() | {
        "forecast of 10,000 deals": gate(seconds, 2, "s CPU"),
        "forecast: periods outside of an 80 % interval, off from 20 %": gate(round(abs(ours - 0.8), 3), 0.06, "share"),
        "forecast: periods in the interval of independent deals": gate(round(theirs, 3), 0.74, "share, of 80 % said"),
    }


def learnt_forecasts() -> Gates:
    """Forecast 40 quarters of each of eight simulated pipelines as a night does: everything is learnt from the past."""
    told = [
        held_quarters(a_world(quarters=12 + QUARTERS, deals=300, shock=SHOCK, seed=seed), first=12, point=1 / 3)
        for seed in range(PIPELINES)
    ]
    quarters = sum(one.quarters for one in told)
    ours, theirs = (sum(getattr(one, name) for one in told) / quarters for name in ("inside", "independent"))
    error = sum(abs(one.said - one.came).sum() for one in told) / sum(one.came.sum() for one in told)
    words = f"{ours:.1%} of {quarters} quarters in an 80 % interval, {theirs:.1%} in that of independent deals"
    print(f"   learnt from simulated pipelines: {words}; error {error:.1%}", file=sys.stderr)
    return {
        "forecast learnt from the past: outside of an 80 % interval, off from 20 %": gate(
            round(abs(ours - 0.8), 3), 0.06, "share"
        ),
        "forecast learnt from the past: in the interval of independent deals": gate(
            round(theirs, 3), 0.74, "share, of 80 % said"
        ),
        "forecast learnt from the past: error at a third of the quarter": gate(round(float(error), 3), 0.2, "WAPE"),
    }


def memory() -> Gates:
    """Tell the most memory that this process ever had."""
    return {"engines: memory": gate(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), 1024, "MB")}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work gives and the processor time that it takes."""
    start = time.process_time()
    result = work()
    return result, round(time.process_time() - start, 2)


if __name__ == "__main__":
    main()
