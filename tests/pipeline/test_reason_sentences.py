"""Reasons in plain words, with the fact and its date."""

import datetime

import pytest

from coe.scoring.card import RuleCard, RuleCardScorer
from coe.scoring.signals import SIGNAL_CODES
from pipeline import rules
from tests.coe.accounts import TODAY, account, ago, bought, deal, happened, ref


def sentence(**known):
    (reason,) = RuleCardScorer(RuleCard(), rate=0.1).reasons(account(**known))
    return rules.reason_sentence(reason.as_json(), TODAY)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"intent": happened(4, "inquiry")}, "Inquiry 4 days ago (19 Nov)"),
        ({"intent": happened(0, "quote_request")}, "Quote request today (23 Nov)"),
        ({"open_deals": (deal(late=True, days=20),)}, "Open deal in Proposal, opened 3 Nov"),
        (
            {"open_deals": (deal(late=False, days=20), deal(late=False, days=300))},
            "2 open deals, still early; the oldest in Qualify, opened 27 Jan",
        ),
        ({"contract_end_date": ago(-41)}, "Contract ends on 3 Jan 2027, in 41 days"),
        (
            {"engaged_contacts": (happened(1), happened(5), happened(9))},
            "3 people talked with us in 30 days, last on 22 Nov",
        ),
        ({"decision_maker": happened(12, "meeting")}, "Meeting with activity, who decides, 12 days ago (11 Nov)"),
        ({"nps_score": 9, "nps": happened(3)}, "Would recommend us: 9 of 10 on 20 Nov"),
        ({"nps_score": 4, "nps": happened(340)}, "Wouldn't recommend us: 4 of 10 on 18 Dec 2025"),
        ({"portal": happened(1)}, "In the portal 1 day ago (22 Nov)"),
        ({"purchases": bought(12)}, "Last order 12 days ago (11 Nov); usual gap 34 days"),
        ({"purchases": bought(61)}, "No order for 61 days (last 23 Sep); usual gap 34 days"),
        ({"known_since": ago(212)}, "Never bought, never reacted, known for 212 days (since 25 Apr)"),
        (
            {"purchases": bought(100, recent_half_minor=134, earlier_half_minor=100, year_count=5)},
            "Revenue up 34% in 6 months against the 6 before",
        ),
        ({"icp_fit": "a"}, "Like the customers we serve best (fit A)"),
        (
            {"unowned_relevant_products": (ref("product"), ref("product"))},
            "2 products that similar customers buy and this one doesn't",
        ),
        ({"lost_to_competitor": happened(40)}, "Lost a deal to a competitor 40 days ago (14 Oct)"),
        ({"open_critical_cases": (ref("case"),)}, "1 critical case still open"),
        ({"focus_cell": "E-bikes"}, "In a focus cell of the growth plan: E-bikes"),
    ],
)
def test_a_reason_says_its_fact_and_its_date(known, expected):
    assert sentence(**known) == expected


def test_every_signal_has_a_sentence_and_every_weighing_one_a_hint():
    assert set(rules.SENTENCES) == SIGNAL_CODES
    assert SIGNAL_CODES - {"fit_b"} == set(rules.HINTS)


def test_deals_stand_in_for_orders_where_none_are_kept():
    reason = {"code": "order_due", "fact": {"date": "2026-11-11", "gap_days": 5, "source": "deals"}, "records": []}

    assert rules.reason_sentence(reason, TODAY) == "No deal won for 12 days (last 11 Nov); usual gap 5 days"


def test_a_reason_that_nobody_wrote_words_for_still_says_something():
    assert rules.reason_sentence({"code": "market_grows", "fact": {}}, TODAY) == "Market grows"


@pytest.mark.parametrize(
    ("score", "previous", "words"), [(80, 71, "up 9"), (71, 80, "down 9"), (71, 71, ""), (71, None, "new")]
)
def test_what_changed_since_the_last_run(score, previous, words):
    assert rules.change_words(score, previous) == words


@pytest.mark.parametrize(
    ("rank", "previous", "words"), [(2, 5, "3 places up"), (5, 4, "1 place down"), (4, 4, ""), (4, None, "")]
)
def test_how_far_an_account_moved(rank, previous, words):
    assert rules.rank_words(rank, previous) == words


def test_levers_leave_out_what_is_there_already():
    assert rules.what_would_raise({"open_deal_late", "contacts_engaged"}) == ["talk with somebody who decides"]


@pytest.mark.parametrize(
    ("answers", "expected"), [((14, 6, 4), 41.667), ((9, 1, 0), 90.0), ((60, 30, 10), 50.0), ((0, 0, 0), None)]
)
def test_the_worked_numbers_of_nps(answers, expected):
    promoters, passives, detractors = answers

    found = rules.nps(promoters=promoters, passives=passives, detractors=detractors)

    assert found == (expected if expected is None else pytest.approx(expected, abs=1e-3))


def test_a_date_of_another_year_says_its_year():
    assert rules.day_words(datetime.date(2025, 3, 9), TODAY) == "9 Mar 2025"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("rule-card-shipped", "Rule card as shipped"),
        ("rule-card-3", "Rule card, version 3"),
        ("model-4-rules_corrected", "Rule card corrected by outcomes, version 4"),
        ("model-5-no_reliable_signal", "No reliable signal, everybody gets the base rate, version 5"),
        ("rules-1", "rules-1"),
    ],
)
def test_a_score_says_what_it_rests_on(version, words):
    assert rules.method_words(version) == words
