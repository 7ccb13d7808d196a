"""What would change a score of the rule card."""

import datetime

from coe.scoring.card import SHIPPED_POINTS
from coe.scoring.outlook import fading, levers

TODAY = datetime.date(2026, 11, 23)


def test_the_strongest_lever_comes_first_and_each_raises_the_score() -> None:
    found = levers(log_odds=0.0, reasons={"critical_case_open": -0.3}, card=SHIPPED_POINTS)

    assert [lever.code for lever in found] == [
        *("contacts_engaged", "decision_maker_contact", "open_deal_early", "critical_case_open"),
    ]
    assert [lever.gain for lever in found] == [12, 10, 10, 7]


def test_what_is_there_already_is_no_lever() -> None:
    reasons = {"decision_maker_contact": 0.4, "contacts_engaged": 0.5, "open_deal_early": 0.4}

    assert [(one.code, one.gain) for one in levers(log_odds=0.0, reasons=reasons, card=SHIPPED_POINTS)] == [
        ("open_deal_late", 12)
    ]


def test_a_card_that_punishes_a_meeting_does_not_ask_for_one() -> None:
    card = {"decision_maker_contact": -1.0, "contacts_engaged": 0.0, "open_deal_early": 0.0}

    assert levers(log_odds=0.0, reasons={}, card=card) == []


def test_reasons_fade_one_after_the_other_within_a_month() -> None:
    reasons = [
        {"code": "portal_active", "points": 0.3, "fact": {"date": "2026-11-20"}},
        {"code": "inquiry_recent", "points": 1.0, "fact": {"date": "2026-11-20"}},
        {"code": "nps_promoter", "points": 0.2, "fact": {"date": "2026-11-20"}},
        {"code": "fit_a", "points": 0.5, "fact": {}},
    ]

    found = fading(log_odds=0.0, reasons=reasons, today=TODAY)

    assert [(one.code, one.day.isoformat(), one.score) for one in found] == [
        ("inquiry_recent", "2026-12-05", 27),
        ("portal_active", "2026-12-21", 21),
    ]
