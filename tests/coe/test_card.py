"""The rule card as a model: calibrated in the mean, explained by construction."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe.scoring import base_rate
from coe.scoring.card import SHIPPED_POINTS, RuleCard, RuleCardError, RuleCardScorer, checked_points
from tests.coe.accounts import account, bought, deal, happened

SOME_FACTS = st.fixed_dictionaries(
    {},
    optional={
        "intent": st.integers(0, 30).map(lambda days: happened(days, "inquiry")),
        "open_deals": st.lists(st.booleans(), max_size=3).map(lambda stages: tuple(deal(late=late) for late in stages)),
        "purchases": st.integers(0, 300).map(bought),
        "icp_fit": st.sampled_from(["a", "b", "c", ""]),
        "nps_score": st.integers(0, 10),
        "nps": st.integers(0, 500).map(happened),
        "portal": st.integers(0, 60).map(happened),
    },
)
ACCOUNTS = st.lists(SOME_FACTS.map(lambda known: account(**known)), min_size=1, max_size=60)
POINTS = st.dictionaries(
    st.sampled_from(sorted(SHIPPED_POINTS)), st.floats(-3, 3).map(lambda points: round(points, 2)), max_size=22
)


@given(accounts=ACCOUNTS, points=POINTS, rate=st.floats(0.02, 0.9))
def test_reasons_add_up_from_the_intercept_to_the_log_odds(accounts, points, rate):
    scorer = RuleCardScorer(RuleCard(points), rate=rate)

    for scored in scorer.score(accounts):
        total = math.fsum(reason.points for reason in scored.reasons)
        assert base_rate.log_odds(scored.probability) - scorer.intercept == pytest.approx(total, abs=1e-9)


@given(accounts=ACCOUNTS, rate=st.floats(0.02, 0.9))
def test_the_mean_of_all_probabilities_is_the_base_rate(accounts, rate):
    scored = RuleCardScorer(RuleCard(), rate=rate).score(accounts)

    assert sum(one.probability for one in scored) / len(scored) == pytest.approx(rate, abs=1e-9)
    assert all(1 <= one.score <= 99 for one in scored)


@given(accounts=ACCOUNTS)
def test_scoring_twice_gives_the_same_and_keeps_the_order(accounts):
    first = RuleCardScorer(RuleCard(), rate=0.08).score(accounts)

    assert RuleCardScorer(RuleCard(), rate=0.08).score(iter(accounts)) == first
    assert [one.account_id for one in first] == [one.account_id for one in accounts]


def test_reasons_come_strongest_first_whichever_way_they_point():
    facts = account(intent=happened(1, "inquiry"), purchases=bought(200), icp_fit="a", portal=happened(2))

    codes = [reason.code for reason in RuleCardScorer(RuleCard(), rate=0.1).reasons(facts)]
    assert codes == ["inquiry_recent", "order_long_overdue", "fit_a", "portal_active"]


def test_an_organisations_own_points_replace_those_shipped():
    facts = [account(icp_fit="a"), account()]

    scorer = RuleCardScorer(RuleCard({"fit_a": -1.5}, version=3), rate=0.1)

    assert [reason.points for reason in scorer.score(facts)[0].reasons] == [-1.5]
    assert scorer.model_version == "rule-card-3"
    assert RuleCardScorer(RuleCard(), rate=0.1).model_version == "rule-card-shipped"


def test_no_accounts_give_no_scores():
    assert list(RuleCardScorer(RuleCard(), rate=0.1).score([])) == []


@pytest.mark.parametrize(
    "points", [{"charm": 1.0}, {"fit_a": 5.1}, {"fit_a": "much"}, {"fit_a": True}, {"fit_a": float("nan")}]
)
def test_points_nobody_can_mean_are_refused(points):
    with pytest.raises(RuleCardError):
        checked_points(points)


def test_points_are_kept_as_numbers():
    assert checked_points({"fit_a": 1, "fit_c": -0.25}) == {"fit_a": 1.0, "fit_c": -0.25}
