"""What is at stake, the order of the list and its bands."""

import dataclasses
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe.scoring.card import ScoredAccount
from coe.scoring.ranking import BANDS, Acting, BandCuts, BandCutsError, ranked, tie_break
from coe.scoring.value import Stake, shrunken_mean, stake_of
from tests.coe.accounts import account, bought, deal


def scored(probability, account_id=None):
    return ScoredAccount(account_id or uuid.uuid4(), probability, 0.0, ())


def stake(amount):
    return Stake(amount, 0, 0, 0, (), "EUR")


def test_the_worked_number_of_shrinkage():
    # domain.md 11: 6 wins of 10 with p0 = .4 and m = 20
    assert shrunken_mean(total=6, count=10, prior=0.4, weight=20) == pytest.approx(0.4667, abs=1e-4)


def test_the_stake_is_the_typical_purchase_and_the_open_deals():
    facts = account(
        segment_typical_minor=1000,
        purchases=bought(5, amount_minor=9000, amount_count=3),
        open_deals=(deal(late=True, amount_minor=50_000), deal(late=False, amount_minor=None)),
    )

    found = stake_of(facts)

    assert (found.typical_minor, found.deals_minor, found.deal_count) == (2000, 50_000, 1)
    assert found.at_stake_minor(0.5) == 26_000


def test_amounts_in_another_currency_are_named_and_not_added():
    facts = account(open_deals=(deal(late=True, amount_minor=700, currency="USD"), deal(late=True, amount_minor=500)))

    found = stake_of(facts)

    assert (found.expected_minor, found.left_out) == (500, ("USD",))


def test_a_slip_of_a_zero_does_not_lead_the_list():
    facts = account(open_deals=(deal(late=True, amount_minor=10**12),))

    assert stake_of(facts, most_minor=80_000).expected_minor == 80_000


def test_the_list_is_ordered_by_value_at_stake():
    likely, rich, poor = scored(0.9), scored(0.3), scored(0.01)

    order = ranked(
        [poor, likely, rich],
        {likely.account_id: stake(1000), rich.account_id: stake(10_000), poor.account_id: stake(10_000)},
        cuts=BandCuts(act_percent=34, week_percent=67),
        seed="acme",
    )

    assert [one.scored for one in order] == [rich, likely, poor]
    assert [one.value_minor for one in order] == [3000, 900, 100]
    assert [(one.rank, one.band) for one in order] == [(1, "act"), (2, "act"), (3, "week")]


def acting(per_hour, hours, capacity):
    ids = np.array([number.to_bytes(16, "big") for number in range(1, len(per_hour) + 1)], dtype="S16")
    values = np.array(per_hour, dtype=float)
    return Acting(ids, values, values, np.array(hours, dtype=float), capacity)


def test_bands_end_where_the_hours_end():
    of = acting([9, 50, 20, 0, 30], hours=[1, 1, 1, 1, 0], capacity=3)

    # 50 takes today's hour; 30 has to wait and takes none; 20 and 9 fill the week; what adds nothing is never urgent.
    assert [BANDS[band] for band in of.bands(np.array([1, 4, 2, 0, 3]))] == ["week", "act", "week", "steady", "week"]


@pytest.mark.parametrize(("per_hour", "capacity"), [([5, 4], 0), ([0, 0], 8)])
def test_without_hours_or_gain_the_list_is_cut_by_shares(per_hour, capacity):
    assert acting(per_hour, hours=[1, 1], capacity=capacity).bands(np.array([0, 1])) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=60), st.integers(1, 40))
def test_bands_never_rise_along_the_list(rows, capacity):
    of = acting([per_hour for per_hour, _ in rows], [hours for _, hours in rows], capacity)
    order = np.argsort(-of.per_hour, kind="stable")

    found = of.bands(order)

    if found is not None:
        assert found[order].tolist() == sorted(found.tolist())
        assert found[order[0]] == 0


@given(st.lists(st.uuids(), min_size=2, max_size=50, unique=True), st.randoms(use_true_random=False))
def test_equals_are_ordered_by_the_seed_and_not_by_where_they_stood(ids, random):
    accounts = [scored(0.2, one) for one in ids]
    stakes = {one: stake(500) for one in ids}
    shuffled = list(accounts)
    random.shuffle(shuffled)

    first = [one.scored.account_id for one in ranked(accounts, stakes, cuts=BandCuts(), seed="acme")]

    assert [one.scored.account_id for one in ranked(shuffled, stakes, cuts=BandCuts(), seed="acme")] == first


def test_another_organisation_breaks_ties_another_way():
    ids = [uuid.UUID(int=number) for number in range(20)]

    assert sorted(ids, key=lambda one: tie_break("acme", one)) != sorted(ids, key=lambda one: tie_break("globex", one))


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 10**9)), min_size=1, max_size=80))
def test_ranks_are_dense_and_values_and_bands_fall(rows):
    accounts = [scored(probability) for probability, _ in rows]
    stakes = {one.account_id: stake(amount) for one, (_, amount) in zip(accounts, rows, strict=True)}

    order = ranked(accounts, stakes, cuts=BandCuts(), seed="acme")

    assert [one.rank for one in order] == list(range(1, len(rows) + 1))
    assert [one.value_minor for one in order] == sorted((one.value_minor for one in order), reverse=True)
    bands = ["act", "week", "steady"]
    assert [bands.index(one.band) for one in order] == sorted(bands.index(one.band) for one in order)
    assert order[0].band == "act"


def test_the_cuts_come_from_the_settings_of_the_organisation():
    assert BandCuts.from_settings({}) == BandCuts()
    assert BandCuts.from_settings({"act_percent": 1}) == dataclasses.replace(BandCuts(), act_percent=1.0)


@pytest.mark.parametrize(
    "bands",
    [{"act_percent": 50, "week_percent": 20}, {"act_percent": -1}, {"week_percent": 101}, {"act_percent": "x"}, [5]],
)
def test_cuts_that_overlap_are_refused(bands):
    with pytest.raises(BandCutsError):
        BandCuts.from_settings(bands)
