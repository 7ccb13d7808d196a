"""Each signal of the shipped card, on both sides of its border."""

import pytest

from coe.scoring import card, signals
from coe.scoring.card import RuleCard, RuleCardScorer
from tests.coe.accounts import account, ago, bought, deal, happened, ref

SCORER = RuleCardScorer(RuleCard(), rate=0.1)


def found(facts):
    return {reason.code: reason.points for reason in SCORER.reasons(facts)}


def test_nothing_known_weighs_nothing():
    assert found(account()) == {}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (account(intent=happened(14, "inquiry")), {"inquiry_recent": 1.0}),
        (account(intent=happened(15, "inquiry")), {}),
        (account(open_deals=(deal(late=True), deal(late=False))), {"open_deal_late": 0.9}),
        (account(open_deals=(deal(late=False),)), {"open_deal_early": 0.4}),
        (account(contract_end_date=ago(-30)), {"contract_ending": 0.6}),
        (account(contract_end_date=ago(-120)), {"contract_ending": 0.6}),
        (account(contract_end_date=ago(-29)), {}),
        (account(contract_end_date=ago(-121)), {}),
        (account(engaged_contacts=(happened(1), happened(30), happened(30))), {"contacts_engaged": 0.5}),
        (account(engaged_contacts=(happened(1), happened(30), happened(31))), {}),
        (account(decision_maker=happened(60)), {"decision_maker_contact": 0.4}),
        (account(decision_maker=happened(61)), {}),
        (account(nps_score=9, nps=happened(365)), {"nps_promoter": 0.2}),
        (account(nps_score=8, nps=happened(1)), {}),
        (account(nps_score=7, nps=happened(1)), {}),
        (account(nps_score=6, nps=happened(1)), {"nps_detractor": -0.4}),
        (account(nps_score=0, nps=happened(366)), {}),
        (account(open_critical_cases=(ref("case"),)), {"critical_case_open": -0.3}),
        (account(portal=happened(30)), {"portal_active": 0.3}),
        (account(portal=happened(31)), {}),
        (account(purchases=bought(0)), {"order_on_rhythm": 0.3}),
        (account(purchases=bought(34)), {"order_on_rhythm": 0.3}),
        (account(purchases=bought(35)), {"order_due": 0.5}),
        (account(purchases=bought(68)), {"order_due": 0.5}),
        (account(purchases=bought(69)), {}),
        (account(purchases=bought(102)), {}),
        (account(purchases=bought(103)), {"order_long_overdue": -0.7}),
        (account(purchases=bought(900, gap=None)), {}),
        (account(known_since=ago(180)), {"never_bought_silent": -0.8}),
        (account(known_since=ago(179)), {}),
        (account(known_since=ago(400), open_deals=(deal(late=False),)), {"open_deal_early": 0.4}),
        (account(known_since=ago(400), last_reaction_date=ago(179)), {}),
        (account(known_since=ago(400), last_reaction_date=ago(180)), {"never_bought_silent": -0.8}),
        (account(known_since=ago(400), purchases=bought(390, gap=None)), {}),
        (
            account(purchases=bought(100, recent_half_minor=121, earlier_half_minor=100, year_count=3)),
            {"margin_up": 0.3},
        ),
        (account(purchases=bought(100, recent_half_minor=120, earlier_half_minor=100, year_count=3)), {}),
        (account(purchases=bought(100, recent_half_minor=80, earlier_half_minor=100, year_count=3)), {}),
        (
            account(purchases=bought(100, recent_half_minor=79, earlier_half_minor=100, year_count=3)),
            {"margin_down": -0.2},
        ),
        (account(purchases=bought(100, recent_half_minor=500, earlier_half_minor=100, year_count=2)), {}),
        (account(purchases=bought(100, recent_half_minor=500, earlier_half_minor=0, year_count=9)), {}),
        (account(icp_fit="a"), {"fit_a": 0.5}),
        (account(icp_fit="b"), {}),
        (account(icp_fit="c"), {"fit_c": -0.5}),
        (account(unowned_relevant_products=(ref("product"), ref("product"))), {"whitespace": 0.3}),
        (account(unowned_relevant_products=(ref("product"),)), {}),
        (account(lost_to_competitor=happened(90)), {"lost_to_competitor": -0.6}),
        (account(lost_to_competitor=happened(91)), {}),
        (account(focus_cell="E-bikes, retrofit"), {"focus_cell": 0.2}),
    ],
)
def test_a_signal_is_found_up_to_its_border(facts, expected):
    assert found(facts) == expected


def test_the_shipped_card_weighs_every_signal_there_is():
    assert set(card.SHIPPED_POINTS) == signals.SIGNAL_CODES


def test_a_reason_carries_its_fact_its_date_and_its_records():
    facts = account(purchases=bought(71))

    (reason,) = RuleCardScorer(RuleCard({"order_due": 0.5}), rate=0.1).reasons(account(purchases=bought(40)))
    assert dict(reason.fact) == {
        "date": ago(40).isoformat(),
        "days": 40,
        "gap_days": 34,
        "count": 12,
        "source": "orders",
    }
    assert [record.label for record in reason.records] == ["SO-1"]
    assert SCORER.reasons(facts) == ()  # between two and three gaps the card is silent


def test_a_deal_past_discovery_silences_the_earlier_one():
    facts = account(open_deals=(deal(late=False, days=300), deal(late=True, days=5)))

    (reason,) = SCORER.reasons(facts)
    assert (reason.code, reason.fact["days"], len(reason.records)) == ("open_deal_late", 5, 1)
