"""What a score says to one person: which of its reasons they may read, which day it speaks of, and how fresh it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

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


@dataclass(frozen=True)
class Confirmed:
    """The run that wrote or confirmed a score last: one that stays as it was is not written again."""

    run_id: UUID
    as_of: datetime
    scored_at: datetime
    data_up_to: datetime | None


def publication() -> Subquery:
    """Return the run that confirmed the scores of each row's organisation last; `confirmed` reads it."""
    found = ScorePublication.objects.filter(organization=OuterRef("organization"))
    return Subquery(found.values(json=JSONObject(**{name: name for name in Confirmed.__annotations__})))


def confirmed(score: Any) -> Confirmed:
    """Return the run that confirmed a score last, of a row with `publication()` as its column `published`."""
    said = score.published
    if said is None:
        return Confirmed(score.run_id, score.as_of, score.scored_at, score.data_up_to)
    moments = {name: said[name] and datetime.fromisoformat(said[name]) for name in ("as_of", "scored_at", "data_up_to")}
    return Confirmed(UUID(said["run_id"]), **moments)


def looked_at(*, organization: Organization, score: Confirmed | AccountScore) -> date:
    """Return the organisation's day that the score looks at."""
    return local_day(organization, score.as_of)


def freshness(*, organization: Organization, score: Confirmed | AccountScore, now: datetime) -> str:
    """Return how fresh the scores are; a night that looked at the past says so."""
    is_past = score.scored_at - score.as_of > timedelta(days=1)
    return rules.freshness_words(
        scored=format_ago(score.scored_at, now=now),
        data_up_to=format_moment(score.data_up_to, now=now) if score.data_up_to else "",
        as_of=format_day(looked_at(organization=organization, score=score), today=now.date()) if is_past else "",
    )
