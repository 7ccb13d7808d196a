"""What a score says to one person: which of its reasons they may read, which day it speaks of, and how fresh it is."""

from datetime import date, datetime, timedelta
from typing import Any

from pipeline import rules
from pipeline.models import AccountScore, ScorePublication
from tenancy.access import hidden_fields
from tenancy.models import Member, Organization
from tenancy.working_time import local_day
from ui.formats import format_ago, format_day, format_moment

HIDDEN = "hidden"
"""The code of a reason that rests on something the reader may not see; its points stay, so that the sum holds."""

HIDDEN_WORDS = "Something that your role is not shown"


def shown_reasons(*, member: Member, reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reasons as far as the member may read them; a fact names the field that it ``needs``."""
    return [
        {"code": HIDDEN, "points": reason["points"], "fact": {"text": HIDDEN_WORDS}, "records": []}
        if _needed(reason) and _is_hidden(member, _needed(reason))
        else reason
        for reason in reasons
    ]


def _needed(reason: dict[str, Any]) -> str:
    fact = reason.get("fact", {})
    return str(fact.get("needs") or ("orderline.cost_minor" if fact.get("basis") == "margin" else ""))


def _is_hidden(member: Member, field: str) -> bool:
    record, _, name = field.partition(".")
    return name in hidden_fields(member, record)


def looked_at(*, organization: Organization, score: ScorePublication | AccountScore) -> date:
    """Return the organisation's day that the score looks at."""
    return local_day(organization, score.as_of)


def freshness(*, organization: Organization, score: ScorePublication | AccountScore, now: datetime) -> str:
    """Return how fresh the scores are; a night that looked at the past says so."""
    is_past = score.scored_at - score.as_of > timedelta(days=1)
    return rules.freshness_words(
        scored=format_ago(score.scored_at, now=now),
        data_up_to=format_moment(score.data_up_to, now=now) if score.data_up_to else "",
        as_of=format_day(looked_at(organization=organization, score=score), today=now.date()) if is_past else "",
    )
