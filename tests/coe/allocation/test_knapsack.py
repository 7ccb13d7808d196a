"""The best packages within the hours, against a solver that tries everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from coe.allocation import knapsack
from coe.allocation.knapsack import fill, hull
from coe.allocation.options import Options


def offered(*accounts):
    """Return options of these accounts, each a list of (units, value); dominated ones left out as the engine does."""
    rows = []
    for number, packages in enumerate(accounts):
        best = 0.0
        for units, value in sorted(packages, key=lambda one: (one[0], -one[1])):
            if value > best:
                best = value
                rows.append((number, units, value))
    account, units, value = (
        (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0, int),) * 3
    )
    none = np.full(len(rows), -1)
    return Options(account.astype(np.int64), units.astype(np.int64), value.astype(np.float64), none, none)


def exactly(options, capacity):
    """Return the value of the best plan by HiGHS."""
    count = len(options.units)
    accounts = np.unique(options.account)
    one_each = (options.account[None, :] == accounts[:, None]).astype(float)
    limits = [LinearConstraint(one_each, 0, 1), LinearConstraint(options.units[None, :].astype(float), 0, capacity)]
    exact = {"mip_rel_gap": 0.0}
    found = milp(-options.value, constraints=limits, integrality=np.ones(count), bounds=Bounds(0, 1), options=exact)
    return -found.fun


def filled(options, capacity, seed=0):
    """Return the plan with ties in some order."""
    tie = np.random.default_rng(seed).random(int(options.account.max(initial=0)) + 1)
    return fill(options, capacity=capacity, tie=tie[options.account])


packages = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 60).map(float)), min_size=1, max_size=6)
companies = st.lists(packages, min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(companies, st.integers(1, 120))
def test_the_plan_is_the_best_there_is(company, capacity):
    options = offered(*company)

    found = filled(options, capacity)

    assert found.exact
    assert found.value == pytest.approx(exactly(options, capacity), rel=1e-9)
    assert found.units == options.units[found.chosen].sum() <= capacity
    assert len(np.unique(options.account[found.chosen])) == len(found.chosen)
    assert found.value <= found.bound * (1 + 1e-12)


def company_of(count, seed):
    random = np.random.default_rng(seed)
    return [
        list(
            zip(random.integers(1, 40, 6), random.lognormal(4, 1, 6) * np.sqrt(random.integers(1, 40, 6)), strict=True)
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(("count", "capacity"), [(10, 120), (40, 240), (120, 640)])
@pytest.mark.parametrize("seed", range(3))
def test_without_its_exact_part_the_greedy_is_within_five_per_cent_and_with_it_best(count, capacity, seed, monkeypatch):
    options = offered(*company_of(count, seed))
    best = exactly(options, capacity)

    assert filled(options, capacity).value == pytest.approx(best, rel=1e-9)
    monkeypatch.setattr(knapsack, "MOST_WORK", 0)
    greedy = filled(options, capacity)
    assert not greedy.exact
    assert 0.95 * best <= greedy.value <= best * (1 + 1e-12)
    assert best <= greedy.bound * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(companies, st.integers(0, 100), st.integers(0, 30))
def test_more_hours_never_bring_less(company, capacity, more):
    options = offered(*company)

    assert filled(options, capacity + more).value >= filled(options, capacity).value * (1 - 1e-12)


@settings(max_examples=60, deadline=None)
@given(companies, st.integers(1, 100), st.data())
def test_taking_a_package_away_never_brings_more(company, capacity, data):
    whose = data.draw(st.integers(0, len(company) - 1))
    which = data.draw(st.integers(0, len(company[whose]) - 1))
    fewer = [list(packages) for packages in company]
    del fewer[whose][which]

    before = filled(offered(*company), capacity).value

    assert filled(offered(*fewer), capacity).value <= before * (1 + 1e-12)


@given(packages)
def test_the_hull_is_concave_and_above_every_package(some):
    options = offered(some)
    on_hull = hull(options)
    hours = np.concatenate([[0], options.units[on_hull]])
    value = np.concatenate([[0.0], options.value[on_hull]])

    steep = np.diff(value) / np.diff(hours)

    assert (np.diff(steep) < 0).all()
    inside = options.units <= hours[-1]
    assert (options.value[inside] <= np.interp(options.units[inside], hours, value) + 1e-9).all()
    assert options.value.max() == value[-1]


def test_equals_are_chosen_by_the_seed_and_not_by_where_they_stand():
    options = offered(*[[(4, 10.0)]] * 40)

    chosen = [set(filled(options, 40, seed).chosen.tolist()) for seed in range(20)]

    assert all(len(one) == 10 for one in chosen)
    assert chosen[0] == set(filled(options, 40, 0).chosen.tolist())
    assert len(set.union(*chosen)) > 35


@pytest.mark.parametrize("capacity", [0, 3])
def test_nothing_fits_into_too_little(capacity):
    found = filled(offered([(4, 10.0)]), capacity)

    assert (found.value, len(found.chosen), found.exact) == (0.0, 0, True)


def test_no_options_make_an_empty_plan():
    assert filled(offered(), 10).value == 0.0


def test_a_part_that_is_too_large_to_solve_is_told_and_stays_within_its_bound(monkeypatch):
    options = offered(*company_of(200, 5))
    exact = filled(options, 500)
    monkeypatch.setattr(knapsack, "MOST_WORK", 3_000)

    found = filled(options, 500)

    assert not found.exact
    assert 0.99 * exact.value <= found.value <= exact.value <= found.bound
