"""A week planned from estimates against the best one that somebody who knew the truth could have planned."""

import numpy as np
import pytest

from coe.allocation.candidates import Situation, candidates
from coe.allocation.plan import plan_week
from coe.allocation.response import Responses
from coe.allocation.week import Accounts, Rules

COUNT, TEAMS, HOURS = 600, 6, 16.0


def accounts(stake: np.ndarray, tau: np.ndarray) -> Accounts:
    nothing = np.zeros(COUNT)
    return Accounts(
        key=np.arange(COUNT).astype(np.uint64), team=np.arange(COUNT) % TEAMS, responses=Responses(stake, tau, nothing),
        floor=nothing, committed=nothing, spread=nothing, untouched=np.zeros(COUNT, dtype=np.int64),
    )  # fmt: skip


def situations(random: np.random.Generator) -> Situation:
    """Accounts of which different things are known."""
    some = {
        name: np.where(random.random(COUNT) < share, np.arange(COUNT), -1)
        for name, share in (("contact", 0.9), ("decider", 0.5), ("deal", 0.3), ("inquiry", 0.1), ("product", 0.6))
    }
    never, no = np.full(COUNT, -1), np.zeros(COUNT, dtype=np.bool_)
    return Situation(
        **some, contact_days=never, contact_opted_out=no, decider_days=never, decider_opted_out=no,
        account_days=np.where(random.random(COUNT) < 0.2, 3, -1), is_detractor=random.random(COUNT) < 0.1,
        is_overdue=random.random(COUNT) < 0.2, is_set_aside=no,
    )  # fmt: skip


@pytest.mark.parametrize(("error", "least"), [(0.0, 0.999), (0.2, 0.95)])
def test_ranking_by_value_per_hour_recovers_nearly_all_of_what_could_be_had(error: float, least: float) -> None:
    random = np.random.default_rng(11)
    truth = random.lognormal(8, 1.2, COUNT)
    tau = random.choice([4.0, 12.0, 24.0, 40.0], COUNT)
    offered = candidates(situations(random)).actions
    guessed = truth * random.lognormal(-(error**2) / 2, error, COUNT)
    without = Rules(exploration=0.0)
    hours = np.full(TEAMS, HOURS)

    plan = plan_week(accounts(guessed, tau), offered, hours=hours, seed="w", rules=without)
    best = plan_week(accounts(truth, tau), offered, hours=hours, seed="w", rules=without)
    counted = np.append(offered.hours * offered.effect, 0.0)
    reached = Responses(truth, tau, np.zeros(COUNT)).gain(np.arange(COUNT), counted[plan.first] + counted[plan.second])

    assert reached.sum() >= least * sum(week.bound for week in best.teams)
    assert all(week.ranked + week.filled_up <= HOURS for week in plan.teams)
