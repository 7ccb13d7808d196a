"""What would change a score of the rule card: what somebody can do, and what fades by itself."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coe.scoring import signals
from coe.scoring.base_rate import logistic, score_of

BRINGS = ("decision_maker_contact", "contacts_engaged")
"""Signals that somebody can bring about, whatever the account is like."""
ENDS = ("critical_case_open", "nps_detractor", "never_bought_silent", "order_long_overdue")
"""Signals that somebody can take away."""
FADES: Mapping[str, int] = {
    "inquiry_recent": signals.INTENT_DAYS,
    "decision_maker_contact": signals.DECISION_MAKER_DAYS,
    "contacts_engaged": signals.ENGAGED_DAYS,
    "portal_active": signals.PORTAL_DAYS,
    "nps_promoter": signals.NPS_DAYS,
    "nps_detractor": signals.NPS_DAYS,
    "lost_to_competitor": signals.LOST_TO_COMPETITOR_DAYS,
}
"""Signal → for how many days it counts."""
LOOK_AHEAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Lever:
    """Something to do, and how many points of score it is worth by the card. No promise: see docs/scoring.md."""

    code: str
    gain: int


def levers(*, log_odds: float, reasons: Mapping[str, float], card: Mapping[str, float]) -> list[Lever]:
    """Return what would raise a score, the most first.

    ``reasons`` are the points that the account has now by signal, ``card`` what each signal is worth.
    """
    steps = {code: card.get(code, 0.0) for code in BRINGS if code not in reasons}
    steps |= {code: -reasons[code] for code in ENDS if code in reasons}
    if "open_deal_late" not in reasons:
        late, early = card.get("open_deal_late", 0.0), card.get("open_deal_early", 0.0)
        if "open_deal_early" in reasons:
            steps["open_deal_late"] = late - reasons["open_deal_early"]
        else:
            steps["open_deal_early"] = early
    now = score_of(logistic(log_odds))
    found = [Lever(code, score_of(logistic(log_odds + step)) - now) for code, step in steps.items()]
    return sorted((lever for lever in found if lever.gain > 0), key=lambda lever: -lever.gain)


@dataclass(frozen=True, slots=True)
class Fading:
    """A reason that stops counting on a day unless something happens, and what the score is from then on."""

    code: str
    day: datetime.date
    score: int


def fading(*, log_odds: float, reasons: Sequence[Mapping[str, Any]], today: datetime.date) -> list[Fading]:
    """Return the reasons that fade within a month, the first one first, each on top of those before it."""
    days = []
    for reason in reasons:
        counts_for, since = FADES.get(reason["code"]), reason["fact"].get("date")
        if counts_for is None or not since:
            continue
        day = datetime.date.fromisoformat(since) + datetime.timedelta(days=counts_for + 1)
        if 0 < (day - today).days <= LOOK_AHEAD_DAYS:
            days.append((day, reason["code"], float(reason["points"])))
    found = []
    for day, code, points in sorted(days):
        log_odds -= points
        found.append(Fading(code, day, score_of(logistic(log_odds))))
    return found
