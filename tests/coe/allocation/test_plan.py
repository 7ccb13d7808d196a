"""A week's plan: what holds for every company, and why an account is in it or not."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coe.allocation.plan import Position, plan_week, priorities
from coe.allocation.week import Actions, Block, Rules, blocks, chances
from tests.coe.allocation.company import accounts, actions, random_company

NO_EXPLORATION = Rules(exploration=0.0, most_of_one=1.0)


def why(plan):
    return [Position(code).name for code in plan.position.tolist()]


def plan(of, much, hours, *, seed="acme", rules=NO_EXPLORATION):
    return plan_week(of, much, hours=np.atleast_1d(np.asarray(hours, dtype=float)), seed=seed, rules=rules)


def test_the_most_value_an_hour_comes_first_and_not_the_most_value():
    of = accounts(3, stake=[10_000, 40_000, 9_000], tau=[4, 40, 4])

    found = plan(of, actions((0, 2), (1, 2), (2, 2)), 4)

    assert why(found) == ["RANKED", "BELOW_CUT", "RANKED"]
    assert found.rank.tolist() == [1, 3, 2]
    assert found.value[0] == pytest.approx(10_000 * (1 - np.exp(-0.5)))
    told = found.why(1)
    assert told["value_per_hour"] == pytest.approx(40_000 * (1 - np.exp(-0.05)) / 2)
    assert told["cut"] == pytest.approx(told["value_per_hour"])
    assert found.why(0) == {
        "code": "RANKED", "hours": 2.0, "value": found.value[0], "actions": [0], "rank": 1,
        "value_per_hour": found.value[0] / 2, "cut": told["cut"],
    }  # fmt: skip


def test_two_actions_that_go_together_share_what_is_left_to_gain():
    found = plan(accounts(1), actions((0, 2), (0, 2)), 10)

    assert (found.first[0], found.second[0], found.hours[0]) == (0, 1, 4.0)
    assert found.value[0] == pytest.approx(10_000 * (1 - np.exp(-1)))


@pytest.mark.parametrize(
    ("columns", "rules"),
    [
        ({"kind": [3, 3]}, NO_EXPLORATION),
        ({"contact": [8, 8]}, NO_EXPLORATION),
        ({"kind": [1, 2]}, dataclasses.replace(NO_EXPLORATION, incompatible=frozenset({(2, 1)}))),
    ],
)
def test_two_that_do_not_go_together_are_not_planned_together(columns, rules):
    found = plan(accounts(1), actions((0, 2), (0, 3), **columns), 10, rules=rules)

    assert (found.first[0], found.second[0], found.hours[0]) == (1, -1, 3.0)


def test_what_was_spent_already_counts():
    found = plan(accounts(2, spent=[0, 2]), actions((0, 2), (1, 2)), 2)

    assert why(found) == ["RANKED", "BELOW_CUT"]
    assert found.per_hour[1] * 2 == pytest.approx(2386.51, abs=0.005)


def test_a_floor_is_served_first_and_an_action_counts_towards_it():
    of = accounts(3, stake=[10_000, 10, 20], floor=[0, 1, 3])

    found = plan(of, actions((0, 4), (1, 0.5)), 5)

    assert why(found) == ["DID_NOT_FIT", "FLOOR", "FLOOR"]
    assert found.hours.tolist() == [0, 1, 3]
    assert (found.first[1], found.first[2]) == (1, -1)
    assert found.teams[0].floors == 4.0


def test_what_comes_on_top_of_a_floor_adds_to_it_and_does_not_count_twice():
    found = plan(accounts(1, floor=[1]), actions((0, 3)), 5)

    assert (found.hours[0], found.first[0]) == (3.0, 0)
    assert found.value[0] == pytest.approx(10_000 * (1 - np.exp(-3 / 4)))
    assert found.teams[0].ranked_value == pytest.approx(10_000 * (np.exp(-1 / 4) - np.exp(-3 / 4)))


def test_of_floors_that_do_not_all_fit_the_most_valuable_are_served():
    found = plan(accounts(3, stake=[10, 10_000, 20], floor=[3, 3, 1]), actions(), 4)

    assert found.hours.tolist() == [0, 3, 1]
    assert found.why(0)["floor_hours_unmet"] == 3.0


def test_a_floor_that_is_more_than_there_is_is_told():
    found = plan(accounts(2, floor=[3, 30]), actions((0, 1), (1, 1)), 5)

    assert found.position[0] == Position.FLOOR
    assert found.why(1)["floor_hours_unmet"] == 30.0


def test_committed_hours_are_taken_from_the_teams():
    found = plan(accounts(3, committed=[0, 0, 3]), actions((0, 2), (1, 2), (2, 1)), 4)

    assert found.teams[0].committed == 3.0
    assert found.hours.tolist() == [0, 0, 1]
    assert why(found) == ["DID_NOT_FIT", "DID_NOT_FIT", "RANKED"]


def test_no_account_takes_more_than_its_share_of_the_hours():
    rules = Rules(exploration=0.0)

    found = plan(
        accounts(3, stake=[1e6, 1, 1], committed=[1, 0, 0]), actions((0, 3), (0, 4), (1, 4), (2, 5)), 10, rules=rules
    )

    assert found.hours.tolist() == [3, 4, 0]
    assert found.why(2)["code"] == "TOO_LONG"


def test_every_account_outside_has_its_reason():
    of = accounts(9, stake=[10_000, 100, 10_000, 10_000, 10_000, 10_000, 0, 10_000, np.nan], team=[0] * 7 + [-1, 0])
    much = actions(
        (0, 2), (1, 2), (2, 2), (3, 2), (4, 2), (6, 2), (7, 2), (8, 2),
        block=[0, 0, Block.CONTACT_COOLDOWN, Block.OPTED_OUT, Block.SKILL_MISSING, 0, 0, 0],
        free_in=[-1, -1, 5, -1, -1, -1, -1, -1],
    )  # fmt: skip

    found = plan(of, much, 2)

    assert why(found) == [
        "RANKED", "BELOW_CUT", "COOLDOWN", "OPTED_OUT", "SKILL_MISSING", "NO_ACTION", "NO_GAIN", "NO_TEAM", "NO_GAIN",
    ]  # fmt: skip
    assert found.why(2) == {"code": "COOLDOWN", "days_left": 5}


def test_a_team_without_hours_says_so():
    found = plan(accounts(2, team=[0, 1]), actions((0, 2), (1, 2)), [0, 2])

    assert why(found) == ["NO_HOURS", "RANKED"]


def test_what_ends_soonest_is_the_reason():
    found = plan(
        accounts(1), actions((0, 1), (0, 1), block=[Block.OPTED_OUT, Block.ACCOUNT_COOLDOWN], free_in=[-1, 3]), 9
    )

    assert found.why(0) == {"code": "COOLDOWN", "days_left": 3}


def test_cooldowns_and_opt_outs_are_found_from_days():
    block, free_in = blocks(
        opted_out=np.array([False, True, False, False, False]),
        skill_missing=np.array([False, False, True, False, False]),
        account_days=np.array([-1, 0, 0, 3, 30]),
        contact_days=np.array([-1, 0, 0, 3, 13]),
    )

    assert block.tolist() == [
        Block.NONE, Block.OPTED_OUT, Block.SKILL_MISSING, Block.CONTACT_COOLDOWN, Block.CONTACT_COOLDOWN,
    ]  # fmt: skip
    assert free_in.tolist() == [-1, -1, -1, 11, 1]


companies = st.tuples(st.integers(2, 40), st.integers(0, 10_000), st.integers(1, 3))


@settings(max_examples=40, deadline=None)
@given(companies, st.floats(0, 60), st.floats(0, 0.5))
def test_no_rule_is_ever_broken(company, hours, exploration):
    count, seed, teams = company
    random = np.random.default_rng(seed)
    of, much = random_company(
        count,
        seed=seed,
        teams=teams,
        spread=random.random(count),
        untouched=random.integers(0, 400, count),
        floor=(random.random(count) < 0.2) * 1.5,
        committed=(random.random(count) < 0.2) * 2.0,
    )
    rules = Rules(exploration=exploration)

    found = plan(of, much, np.full(teams, hours), rules=rules)

    inside = np.isin(found.position, [Position.RANKED, Position.FLOOR, Position.EXPLORED])
    assert (found.hours[inside] > 0).all()
    assert (found.hours[~inside] == 0).all()
    assert (found.value >= 0).all()
    for team, week in enumerate(found.teams):
        mine = of.team == team
        assert found.hours[mine].sum() == week.floors + week.ranked + week.explored + week.filled_up
        assert found.hours[mine].sum() <= max(0.0, hours - of.committed[mine].sum()) + 1e-9
        free = mine & (found.position != Position.FLOOR)
        assert (found.hours[free] + of.committed[free] * (found.hours[free] > 0) <= 0.4 * hours + 1e-9).all()
        assert (
            week.explored <= max(exploration * hours, week.capacity - week.ranked - week.floors - week.committed) + 1e-9
        )
    chosen = np.concatenate([found.first[found.first >= 0], found.second[found.second >= 0]])
    assert len(np.unique(chosen)) == len(chosen)
    assert (much.block[chosen] == Block.NONE).all()
    assert (of.team[much.account[chosen]] >= 0).all()
    assert {found.why(number)["code"] for number in range(count)} <= set(Position.__members__)


@settings(max_examples=30, deadline=None)
@given(companies, st.floats(1, 60), st.floats(0, 20), st.booleans())
def test_more_hours_never_lower_the_value_of_what_is_ranked(company, hours, more, uncertain):
    count, seed, teams = company
    of, much = random_company(count, seed=seed, teams=teams, spread=np.full(count, float(uncertain)))

    before = plan(of, much, np.full(teams, hours), rules=Rules())
    after = plan(of, much, np.full(teams, hours + more), rules=Rules())

    for week, richer in zip(before.teams, after.teams, strict=True):
        assert week.exact
        assert richer.ranked_value >= week.ranked_value * (1 - 1e-12)


@settings(max_examples=30, deadline=None)
@given(companies, st.floats(1, 60), st.data())
def test_taking_an_action_away_never_raises_it(company, hours, data):
    count, seed, _ = company
    of, much = random_company(count, seed=seed, spread=np.linspace(0, 1, count))
    gone = data.draw(st.integers(0, len(much) - 1))
    fewer = Actions(*(np.delete(getattr(much, name), gone) for name in Actions.__slots__))

    before, after = plan(of, much, hours, rules=Rules()), plan(of, fewer, hours, rules=Rules())

    assert after.teams[0].ranked_value <= before.teams[0].ranked_value * (1 + 1e-12)


def test_an_action_for_an_unknown_account_takes_no_hours_from_the_ranked():
    of = accounts(12, spread=[0.0] * 11 + [0.9], stake=[10_000.0] * 11 + [1.0])
    known = [(number, 1) for number in range(11)]

    without, with_it = (plan(of, actions(*rows), 10, rules=Rules()) for rows in (known, [*known, (11, 1)]))

    assert (
        with_it.teams[0].ranked_value
        == without.teams[0].ranked_value
        == pytest.approx(9 * 10_000 * (1 - np.exp(-0.25)))
    )
    assert (without.teams[0].filled_up, with_it.teams[0].filled_up) == (1.0, 0.0)
    assert with_it.position[11] == Position.EXPLORED


def test_it_finds_nearly_all_of_a_planted_truth():
    of, much = random_company(5000, seed=4, spread=np.random.default_rng(1).random(5000))
    found = plan(of, much, 400, rules=Rules())
    everything = plan(of, much, 400, rules=Rules(exploration=0.0))

    assert everything.value.sum() >= 0.999 * everything.teams[0].bound
    assert found.value.sum() >= 0.95 * everything.teams[0].bound  # a tenth of the hours goes to learning
    assert found.teams[0].explored == pytest.approx(40, abs=0.25)


def test_the_same_seed_gives_the_same_to_the_bit_whatever_the_order_of_the_rows():
    of, much = random_company(300, seed=2, stake=np.full(300, 5000.0), spread=np.full(300, 0.8))
    order = list(range(len(much)))
    np.random.default_rng(7).shuffle(order)
    shuffled = Actions(*(getattr(much, name)[order] for name in Actions.__slots__))

    first, again, other = (plan(of, much, 60, seed=seed, rules=Rules()) for seed in ("a", "a", "b"))
    moved = plan(of, shuffled, 60, seed="a", rules=Rules())

    assert first.value.tobytes() == again.value.tobytes() == moved.value.tobytes()
    assert (first.position == moved.position).all()
    assert (first.position != other.position).any()


def test_exploration_takes_a_tenth_for_what_is_little_known_and_none_else():
    known = np.arange(400) < 200
    of, much = random_company(400, seed=3, spread=np.where(known, 0.1, 0.9), stake=np.where(known, 50_000.0, 8_000.0))

    explored = np.zeros(400, dtype=int)
    for seed in range(20):
        found = plan(of, much, 100, seed=str(seed), rules=Rules())
        explored += found.position == Position.EXPLORED
        assert found.teams[0].explored == pytest.approx(10, abs=0.3)

    assert explored[known].sum() == 0
    assert (explored[~known] > 0).sum() > 30  # not always the same few


def test_long_untouched_accounts_are_explored_too():
    of, much = random_company(
        50, seed=3, untouched=np.where(np.arange(50) == 7, 200, 3), stake=np.linspace(9000, 10_000, 50)
    )
    of.responses.stake[7] = 400.0

    found = plan(of, much, 200, rules=Rules(most_of_one=0.05, exploration=0.5))

    assert np.flatnonzero(found.position == Position.EXPLORED).tolist() == [7]
    assert found.teams[0].filled_up > 50  # nobody else is unknown: their hours go to what ranks next


def test_a_chance_belongs_to_the_account_and_is_even():
    of = accounts(4000)

    drawn = chances("seed", of.key, "explore")

    assert chances("seed", of.key[17:18], "explore")[0] == drawn[17]
    assert chances("seed", of.key, "tie")[17] != drawn[17]
    assert np.histogram(drawn, 4, (0, 1))[0] == pytest.approx(1000, rel=0.12)


def test_a_priority_is_the_percentile_of_the_first_hours():
    assert priorities(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [50.0, 12.5, 50.0, 87.5]


def test_memory_depends_on_the_teams_and_not_on_the_organisation(monkeypatch):
    of, much = random_company(900, seed=9, teams=9)
    whole = plan(of, much, np.full(9, 20.0))
    monkeypatch.setattr("coe.allocation.plan.TOGETHER", 150)
    monkeypatch.setattr("coe.allocation.options.CHUNK", 40)

    parts = plan(of, much, np.full(9, 20.0))

    assert parts.value.tobytes() == whole.value.tobytes()
    assert parts.position.tobytes() == whole.position.tobytes()


odd = st.sampled_from([0.0, -1.0, 1e-9, 1.0, 3.0, 1e9, np.nan, np.inf, -np.inf])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_odd_numbers_break_no_rule(data):
    def column(count):
        return np.array(data.draw(st.lists(odd, min_size=count, max_size=count)))

    names = ("stake", "tau", "spent", "floor", "committed", "spread")
    of = accounts(6, team=[0, 0, 0, 1, 1, 2], **{name: column(6) for name in names})
    much = actions(*zip([0, 0, 1, 2, 3, 4, 5], column(7), strict=True), effect=column(7))
    hours = column(3)

    found = plan(of, much, hours, rules=Rules())

    for team in range(3):
        able = hours[team] if 0 < hours[team] < np.inf else 0.0
        assert 0 <= found.hours[of.team == team].sum() <= able
    assert np.isfinite(found.value).all()


def test_nobody_to_plan_for():
    found = plan(accounts(0), actions(), [10, 10])

    assert len(found.teams) == 2
    assert found.teams[0].ranked == 0


def test_of_many_actions_the_best_are_combined():
    found = plan(accounts(1), actions(*[(0, 1.0)] * 10, effect=np.linspace(0.1, 1.0, 10)), 10)

    assert {int(found.first[0]), int(found.second[0])} == {8, 9}
