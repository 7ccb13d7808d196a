"""Wallets, shares of them, and what an account does not have yet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe.lifetime_value.potential import potential
from coe.lifetime_value.whitespace import learn_adoption


def firms(count, *, seed=1):
    """Return (features, true 80th percentile, spend) of firms whose spend follows their size, with much noise."""
    random = np.random.default_rng(seed)
    size, sector = random.lognormal(3, 1, count), random.integers(0, 3, count).astype(float)
    level = np.log(50 * size ** (0.6 + 0.1 * sector))
    spend = np.exp(level + 0.7 * random.standard_normal(count))
    return np.stack([size, sector, random.random(count)], axis=1), np.exp(level + 0.7 * 0.8416), spend


def test_boosting_finds_the_planted_percentile():
    features, truth, spend = firms(1500)

    found = potential(spend, group=np.zeros(1500, dtype=int), features=features)

    assert found.notes == ()
    assert (spend >= found.wallet - 1e-9).mean() == pytest.approx(0.2, abs=0.02)
    free = found.wallet > spend * (1 + 1e-9)
    assert np.abs(np.log(found.wallet / truth))[free].mean() < 0.25
    assert np.corrcoef(np.log(found.wallet), np.log(truth))[0, 1] > 0.85


def test_a_wallet_is_not_told_by_the_customers_own_spend():
    random = np.random.default_rng(3)
    noise, spend = random.random((700, 6)), random.lognormal(6, 1, 700)

    wallet = potential(spend, group=np.zeros(700, dtype=int), features=noise).wallet

    free = wallet > spend * (1 + 1e-9)
    assert np.corrcoef(np.log(wallet[free]), np.log(spend[free]))[0, 1] < 0.3  # .42 if it were


def test_few_customers_have_the_percentile_of_their_group_drawn_towards_that_of_all():
    spend = np.array([10.0] * 20 + [100.0] * 20)
    group = np.array([1] * 20 + [2] * 20)

    found = potential(spend, group=group, features=np.ones((40, 2)))

    assert found.wallet[0] == pytest.approx((20 * 10 + 20 * 100) / 40)
    assert found.wallet[-1] == 100
    assert found.share[0] == pytest.approx(10 / 55)
    assert found.headroom[0] == pytest.approx(45)
    assert "40 customers with known spend (it takes 500" in found.notes[0].words


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e6)), min_size=1, max_size=40))
def test_a_groups_percentile_is_numpys(rows):
    group, spend = (np.array(column) for column in zip(*rows, strict=True))
    overall = np.quantile(spend, 0.8)

    found = potential(spend, group=group)

    for name in np.unique(group):
        own, count = np.quantile(spend[group == name], 0.8), (group == name).sum()
        wallet = (count * own + 20 * overall) / (count + 20)
        assert found.wallet[group == name] == pytest.approx(np.maximum(wallet, spend[group == name]), rel=1e-9)


def test_a_wallet_is_never_less_than_what_is_spent_nor_more_than_the_most():
    features, _, spend = firms(600)
    spend[0] = 1e9

    found = potential(spend, group=np.zeros(600, dtype=int), features=features, most=500.0)

    assert (found.wallet >= spend).all()
    assert (found.wallet[spend <= 500] <= 500).all()
    assert found.wallet[0] == 1e9
    assert ((found.share > 0) & (found.share <= 1)).all()
    assert found.headroom == pytest.approx(found.wallet - spend)


def test_what_the_account_team_knows_counts():
    corrected = np.array([np.nan, 900.0, 5.0])

    found = potential(np.array([10.0, 20.0, 30.0]), group=np.zeros(3, dtype=int), corrected=corrected)

    assert found.wallet[1:].tolist() == [900.0, 30.0]


def test_returns_and_gaps_in_the_spend_count_as_nothing():
    found = potential(np.array([-50.0, np.nan, np.inf, 0.0]), group=np.zeros(4, dtype=int))

    assert found.wallet.tolist() == [0, 0, 0, 0]
    assert np.isnan(found.share).all()
    assert [note.code for note in found.notes] == ["SPEND_UNKNOWN", "WALLET_BY_GROUP"]


def test_features_that_say_nothing_or_are_not_there_stop_nothing():
    _, _, spend = firms(600)
    nothing = np.full((600, 3), np.nan)
    nothing[:, 0] = 7.0
    nothing[3, 1] = np.inf

    found = potential(spend, group=np.zeros(600, dtype=int), features=nothing)

    assert (spend >= found.wallet - 1e-9).mean() == pytest.approx(0.2, abs=0.02)


def test_a_learner_that_breaks_is_replaced_by_groups_with_words(monkeypatch):
    def broken(*_, **__):
        raise ValueError("no")

    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingRegressor.fit", broken)
    features, _, spend = firms(600)

    found = potential(spend, group=np.zeros(600, dtype=int), features=features)

    assert [note.code for note in found.notes] == ["WALLET_FIT_FAILED"]
    assert found.wallet.min() == pytest.approx(np.quantile(spend, 0.8))


def test_the_worked_number_of_whitespace_in_a_segment():
    owned = np.zeros((40, 2), dtype=bool)
    owned[:8, 0] = True  # 8 of the 20 in segment 1, none of the 20 in segment 2
    segment = np.repeat([1, 2], 20)

    found = learn_adoption(owned, segment).chances(owned, segment)

    # An empty basket says nothing, so the segment's rate stands: (8 + 10 · .2) / (20 + 10), and (0 + 10 · .2) / 30
    assert found[19, 0] == pytest.approx(1 / 3)
    assert found[39, 0] == pytest.approx(2 / 30)
    assert np.isnan(found[0, 0])


def test_who_has_what_goes_together_is_offered_the_rest():
    random = np.random.default_rng(2)
    laboratory = random.random(400) < 0.5
    likely = np.where(laboratory[:, None], [0.8, 0.8, 0.05, 0.05], [0.05, 0.05, 0.8, 0.8])
    owned = random.random((400, 4)) < likely
    learnt = learn_adoption(owned, np.zeros(400, dtype=int))

    found = learnt.chances(np.array([[True, False, False, False], [False, False, True, False]]), np.zeros(2, dtype=int))

    assert found[0, 1] > 0.6 > 0.3 > found[0, 2]
    assert found[1, 3] > 0.6 > 0.3 > found[1, 0]


def test_an_account_does_not_vouch_for_itself():
    alone = np.array([[True, False], [False, True]])
    learnt = learn_adoption(alone, np.zeros(2, dtype=int))

    assert learnt.chances(alone, np.zeros(2, dtype=int))[0, 1] == pytest.approx(learnt.rate[0, 1])


def test_a_segment_that_was_never_seen_has_the_rate_of_all():
    owned = np.array([[True, False], [True, True]])

    found = learn_adoption(owned, np.array([1, 1])).chances(np.zeros((1, 2), dtype=bool), np.array([9]))

    assert found[0].tolist() == [1.0, 0.5]


@given(st.integers(0, 30), st.integers(1, 5), st.integers(0, 1000))
def test_a_share_is_a_share(count, products, seed):
    random = np.random.default_rng(seed)
    owned = random.random((count, products)) < 0.4
    segment = random.integers(0, 3, count)

    found = learn_adoption(owned, segment).chances(owned, segment)

    assert np.isnan(found[owned]).all()
    assert ((found[~owned] >= 0) & (found[~owned] <= 1)).all()
