"""Reads the audit trail as people ask for it: changed rows and declared events in one list, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet

from tenancy.audit.actors import ActorKind, of_kind
from tenancy.keyset import Page, Sort, decode_cursor, encode_cursor, read_after
from tenancy.models import AuditEntry, DomainEvent, Organization
from tenancy.working_time import first_zone

PAGE_SIZE = 30
CHUNK = 1_000
BY_TIME = Sort("time", "occurred_at", descending=True)
SCOPE = "audit"
EVENTS = "event"
"""The action by which one asks for declared events alone."""

TOLD_BY_ROWS = (".created", ".updated", ".deleted", ".restored", ".logged")
"""Ends of the events whose rows are in the trail anyway: shown only to whom asks for events."""

TrailRow = AuditEntry | DomainEvent


@dataclass(frozen=True)
class AuditFilter:
    """What the trail is narrowed to; empty means everything."""

    table: str = ""
    record_id: UUID | None = None
    actor_id: UUID | None = None
    kind: ActorKind | None = None
    action: str = ""
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True)
class Position:
    """A place in the trail."""

    occurred_at: datetime
    id: UUID


def tenant_tables() -> dict[str, Any]:
    """Return the model of each table of organisations, and of the organisation itself."""
    return {
        model._meta.db_table: model
        for model in apps.get_models()
        if model._meta.label == "tenancy.Organization" or any(f.name == "organization" for f in model._meta.fields)
    }


def entries(*, organization: Organization, narrowed: AuditFilter) -> QuerySet[Any, Any]:
    """Return the changed rows that fit."""
    found: QuerySet[Any, Any] = AuditEntry.objects.for_organization(organization)
    if narrowed.action == EVENTS:
        return found.none()
    if narrowed.action:
        found = found.filter(action=narrowed.action)
    if narrowed.record_id:
        # With the tables named, the index by row finds the few entries of a record.
        tables = [narrowed.table] if narrowed.table else sorted(tenant_tables())
        found = found.filter(table_name__in=tables, row_id=narrowed.record_id)
    elif narrowed.table:
        found = found.filter(table_name=narrowed.table)
    if narrowed.kind:
        found = found.filter(of_kind(narrowed.kind))
    return _by_person_and_time(found, organization, narrowed)


def events(*, organization: Organization, narrowed: AuditFilter) -> QuerySet[Any, Any]:
    """Return the declared events that fit."""
    found: QuerySet[Any, Any] = DomainEvent.objects.for_organization(organization)
    if narrowed.action not in ("", EVENTS):
        return found.none()
    if not narrowed.action:
        told = Q()
        for end in TOLD_BY_ROWS:
            told |= Q(type__endswith=end)
        found = found.exclude(told)
    if narrowed.record_id:
        found = found.filter(subject_id=narrowed.record_id)
    elif narrowed.table:
        found = found.filter(subject_type=tenant_tables()[narrowed.table]._meta.model_name)
    if narrowed.kind:
        found = found.filter(of_kind(narrowed.kind))
    return _by_person_and_time(found, organization, narrowed)


def _by_person_and_time(
    found: QuerySet[Any, Any], organization: Organization, narrowed: AuditFilter
) -> QuerySet[Any, Any]:
    zone = first_zone(organization.time_zone)
    if narrowed.actor_id:
        found = found.filter(actor_id=narrowed.actor_id)
    if narrowed.from_day:
        found = found.filter(occurred_at__gte=_midnight(narrowed.from_day, zone))
    if narrowed.to_day:
        found = found.filter(occurred_at__lt=_midnight(narrowed.to_day + timedelta(days=1), zone))
    return found


def _midnight(day: date, zone: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def trail_page(*, organization: Organization, narrowed: AuditFilter, cursor: str = "") -> Page[TrailRow]:
    """Return a page of the trail, the newest first.

    :raises tenancy.keyset.InvalidCursor: when the cursor is not one of this list.
    """
    if not cursor:
        rows = _merged(organization, narrowed, BY_TIME, None, PAGE_SIZE + 1)
        return _page(rows[:PAGE_SIZE], before=False, after=len(rows) > PAGE_SIZE)
    moment, row_id, backward = decode_cursor(cursor, scope=SCOPE, sort=BY_TIME)
    position = Position(moment, row_id)
    if not backward:
        rows = _merged(organization, narrowed, BY_TIME, position, PAGE_SIZE + 1)
        return _page(rows[:PAGE_SIZE], before=True, after=len(rows) > PAGE_SIZE)
    rows = _merged(organization, narrowed, BY_TIME.reversed(), position, PAGE_SIZE + 1)
    if len(rows) <= PAGE_SIZE:
        return trail_page(organization=organization, narrowed=narrowed)
    return _page(rows[:PAGE_SIZE][::-1], before=True, after=True)


def trail_chunks(*, organization: Organization, narrowed: AuditFilter, scope: Any) -> Iterator[list[TrailRow]]:
    """Yield the whole trail in chunks, each read in a scope that `scope()` opens."""
    position: Any = None
    while True:
        with scope():
            chunk = _merged(organization, narrowed, BY_TIME, position, CHUNK)
        if chunk:
            yield chunk
            position = chunk[-1]
        if len(chunk) < CHUNK:
            return


def _merged(organization: Organization, narrowed: AuditFilter, sort: Sort, position: Any, size: int) -> list[TrailRow]:
    rows: list[TrailRow] = []
    for source in (entries, events):
        found = source(organization=organization, narrowed=narrowed)
        rows += read_after(found, sort=sort, size=size, row=position)
    rows.sort(key=lambda row: (row.occurred_at, row.pk), reverse=sort.descending)
    return rows[:size]


def _page(rows: list[TrailRow], *, before: bool, after: bool) -> Page[TrailRow]:
    def cursor(row: TrailRow, *, backward: bool) -> str:
        return encode_cursor(scope=SCOPE, sort=BY_TIME, value=row.occurred_at, pk=row.pk, backward=backward)

    return Page(
        rows=rows,
        next=cursor(rows[-1], backward=False) if rows and after else "",
        previous=cursor(rows[0], backward=True) if rows and before else "",
    )
