"""What happened with an account, newest first: activities, orders, stages and scores in one list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import CharField, DateTimeField, F, QuerySet, Value
from django.db.models.functions import Cast, JSONObject

from pipeline.models import Account, Activity, Opportunity, OpportunityHistory, Order
from tenancy.models import DomainEvent, Organization
from tenancy.working_time import local_day

NOTABLE_POINTS = 3  # a score that moves by less is the usual noise of time passing


class TimelineKind(StrEnum):
    """What a timeline can be narrowed to."""

    PEOPLE = "people"
    ORDERS = "orders"
    SYSTEM = "system"


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened. `what` is activity, order, stage, undone or score; `data` holds its own facts."""

    what: str
    at: datetime
    day: date | None = None  # where only the day is known
    data: dict[str, Any] = field(default_factory=dict)


def account_timeline(
    *,
    organization: Organization,
    account: Account,
    as_of: datetime,
    score_history: Sequence[tuple[datetime, int]],
    shown: frozenset[TimelineKind] = frozenset(TimelineKind),
    hidden: frozenset[str] = frozenset(),
    most: int,
) -> list[TimelineEntry]:
    """Return the newest entries up to `as_of`, read in one query; scores come from the history given.

    The `hidden` fields of activities are empty.
    """
    sources: list[Callable[[Organization, Account, datetime], QuerySet[Any, Any]]] = []
    if TimelineKind.PEOPLE in shown:
        sources.append(_activities)
    if TimelineKind.ORDERS in shown:
        sources.append(_orders)
    if TimelineKind.SYSTEM in shown:
        sources += [_stages, _undone, _undone_of_deals]
    # Each part brings its newest rows from its own index; the union sorts what is left.
    parts = [source(organization, account, as_of).order_by("-at")[:most] for source in sources]
    rows = parts[0].union(*parts[1:], all=True).order_by("-at")[:most] if len(parts) > 1 else parts[0]
    entries = [_entry(organization, row, hidden) for row in rows]
    if TimelineKind.SYSTEM in shown:
        entries += _scores(score_history, as_of)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:most]


def _activities(organization: Organization, account: Account, as_of: datetime) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = Activity.objects.for_organization(organization)
    return rows.filter(account=account, deleted_at=None, occurred_at__lte=as_of).values(
        what=Value("activity", output_field=CharField()),
        at=F("occurred_at"),
        data=JSONObject(
            kind="kind",
            who="member__name",
            who_id="member_id",
            contact="contact__name",
            deal="opportunity__name",
            deal_id="opportunity_id",
            subject="subject",
            body="body",
            direction="direction",
        ),
    )


def _orders(organization: Organization, account: Account, as_of: datetime) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = Order.objects.for_organization(organization)
    return rows.filter(account=account, deleted_at=None, order_date__lte=local_day(organization, as_of)).values(
        what=Value("order", output_field=CharField()),
        at=Cast("order_date", DateTimeField()),
        data=JSONObject(
            id="id",
            number="number",
            status="status",
            amount_minor="amount_minor",
            currency="currency",
            day="order_date",
        ),
    )


def _stages(organization: Organization, account: Account, as_of: datetime) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = OpportunityHistory.objects.for_organization(organization)
    return rows.filter(
        field="stage", opportunity__account=account, opportunity__deleted_at=None, occurred_at__lte=as_of
    ).values(
        what=Value("stage", output_field=CharField()),
        at=F("occurred_at"),
        data=JSONObject(
            deal="opportunity__name",
            deal_id="opportunity_id",
            old="old",
            new="new",
            who="actor__name",
            kind="new_stage__kind",
        ),
    )


def _undone(organization: Organization, account: Account, as_of: datetime) -> QuerySet[Any, Any]:
    events = undone_changes(organization=organization, subject_type="account")
    return _as_undone(events.filter(subject_id=account.pk), as_of)


def _undone_of_deals(organization: Organization, account: Account, as_of: datetime) -> QuerySet[Any, Any]:
    deals = Opportunity.objects.for_organization(organization).filter(account=account, deleted_at=None).values("pk")
    events = undone_changes(organization=organization, subject_type="opportunity")
    return _as_undone(events.filter(subject_id__in=deals), as_of)


def _as_undone(events: QuerySet[Any, Any], as_of: datetime) -> QuerySet[Any, Any]:
    return events.filter(occurred_at__lte=as_of).values(
        what=Value("undone", output_field=CharField()),
        at=F("occurred_at"),
        data=JSONObject(who="actor__name", kind="subject_type", payload="payload"),
    )


def undone_changes(*, organization: Organization, subject_type: str) -> QuerySet[DomainEvent, DomainEvent]:
    """Return the events that tell of changes of such records which were taken back."""
    events: QuerySet[DomainEvent, DomainEvent] = DomainEvent.objects.for_organization(organization)
    return events.filter(subject_type=subject_type, type=f"{subject_type}.change_undone")


def undone_of(*, organization: Organization, subject_type: str, subject_id: UUID) -> list[TimelineEntry]:
    """Return what was taken back of one record, the newest first."""
    events = undone_changes(organization=organization, subject_type=subject_type).filter(subject_id=subject_id)
    return [
        TimelineEntry(
            what="undone",
            at=event.occurred_at,
            data={
                "who": event.actor.name if event.actor else "",
                "kind": subject_type,
                "payload": event.payload,
            },
        )
        for event in events.select_related("actor").order_by("-occurred_at", "-id")[:20]
    ]


def _entry(organization: Organization, row: dict[str, Any], hidden: frozenset[str]) -> TimelineEntry:
    data = row["data"]
    if row["what"] == "activity":
        data |= dict.fromkeys(hidden, "")
    day = date.fromisoformat(data["day"]) if data.get("day") else None
    return TimelineEntry(what=row["what"], at=row["at"], day=day, data=data)


def _scores(history: Sequence[tuple[datetime, int]], as_of: datetime) -> list[TimelineEntry]:
    """Return the runs in which the score moved by more than noise."""
    return [
        TimelineEntry(what="score", at=at, data={"before": before, "now": now})
        for (_, before), (at, now) in pairwise(history)
        if abs(now - before) >= NOTABLE_POINTS and at <= as_of
    ]
