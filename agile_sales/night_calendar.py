"""When a night is due, and how it is asked for: by the clock (beat), by a person, by the command."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from tenancy import locks
from tenancy.jobs import enqueue
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Member, Organization, Run, RunStep
from tenancy.working_time import local_day

PAGE_SIZE = 20
NEWEST_FIRST = Sort("created", "created_at", descending=True)

TASK = "agile_sales.tasks.run_night"

# The latest night of each organisation that has begun on its own clock, and isn't a run yet. A night missed while the
# machine was off is found as well, once: only the latest one. An unknown time zone counts as UTC, so that one
# organisation's mistake doesn't stop the others; a night that began before the organisation existed is none of its own.
DUE = """
WITH clock AS MATERIALIZED (
    SELECT o.id, o.created_at, o.night_starts_at,
           CASE WHEN z.name IS NULL THEN 'UTC' ELSE o.time_zone END AS zone
      FROM tenancy_organization o LEFT JOIN pg_timezone_names z ON z.name = o.time_zone
     WHERE o.is_active
),
today AS (
    SELECT id, created_at, night_starts_at, zone, (%(now)s AT TIME ZONE zone)::date AS day FROM clock
),
latest AS (
    SELECT id, created_at, zone, night_starts_at,
           CASE WHEN (day + night_starts_at) AT TIME ZONE zone <= %(now)s THEN day ELSE day - 1 END AS night
      FROM today
)
SELECT l.id, l.night FROM latest l
 WHERE (l.night + l.night_starts_at) AT TIME ZONE l.zone >= l.created_at
   AND NOT EXISTS (SELECT 1 FROM tenancy_run r
                    WHERE r.organization_id = l.id AND r.kind = 'night' AND r.key = l.night::text)
"""


def queue_due_nights(*, now: datetime) -> int:
    """Queue each organisation's latest night that is due, and return how many were queued.

    For all organisations at once, so it runs as agile_system. Two beats at the same moment are harmless: a night is a
    unique row, and only who inserted it queues the work.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now})
        due = cursor.fetchall()
        if not due:
            return 0
        cursor.execute(
            "INSERT INTO tenancy_run (id, organization_id, kind, key, status, scheduled_for, as_of, created_at, detail,"
            " error) SELECT d.id, d.organization_id, 'night', d.night::text, 'queued', d.night, %(now)s, %(now)s, '{}',"
            " '' FROM unnest(%(ids)s::uuid[], %(organizations)s::uuid[], %(nights)s::date[])"
            " AS d(id, organization_id, night)"
            " ON CONFLICT (organization_id, kind, key) DO NOTHING RETURNING id, organization_id",
            {
                "now": now,
                "ids": [uuid7() for _ in due],
                "organizations": [organization_id for organization_id, _ in due],
                "nights": [night for _, night in due],
            },
        )
        queued = cursor.fetchall()
        cursor.execute(
            "INSERT INTO tenancy_outbox (id, organization_id, task, kwargs, created_at, next_at, publications,"
            " failures, error) SELECT w.id, w.organization_id, %(task)s, w.kwargs::jsonb, %(now)s, %(now)s, 0, 0, ''"
            " FROM unnest(%(ids)s::uuid[], %(organizations)s::uuid[], %(kwargs)s::text[])"
            " AS w(id, organization_id, kwargs)",
            {
                "task": TASK,
                "now": now,
                "ids": [uuid7() for _ in queued],
                "organizations": [organization_id for _, organization_id in queued],
                "kwargs": [json.dumps({"run_id": str(run_id)}) for run_id, _ in queued],
            },
        )
    return len(queued)


@transaction.atomic
def request_night(*, organization: Organization, requested_by: Member | None, now: datetime) -> Run:
    """Queue a night for now, and return its run; while one is waiting or running, that one is returned."""
    locks.hold(organization=organization, purpose="request night")
    nights = Run.objects.for_organization(organization).filter(kind=Run.Kind.NIGHT)
    under_way = nights.filter(status__in=(Run.Status.QUEUED, Run.Status.RUNNING)).order_by("created_at").first()
    if under_way is not None:
        return under_way
    run = new_night(organization=organization, requested_by=requested_by, as_of=now, now=now)
    enqueue("agile_sales.tasks.run_night", organization=organization, run_id=str(run.pk))
    return run


def new_night(*, organization: Organization, requested_by: Member | None, as_of: datetime, now: datetime) -> Run:
    """Return a night that somebody asked for, beside those of the calendar."""
    return Run.objects.create(
        organization=organization,
        kind=Run.Kind.NIGHT,
        key=f"asked for {now:%Y-%m-%d %H:%M} {uuid4().hex[:8]}",
        scheduled_for=local_day(organization, as_of),
        as_of=as_of,
        requested_by=requested_by,
        created_at=now,
    )


def night(*, organization: Organization, run_id: UUID) -> Run:
    """Return one night.

    :raises tenancy.models.Run.DoesNotExist: when the organisation has no such night.
    """
    nights = Run.objects.for_organization(organization).filter(kind=Run.Kind.NIGHT).select_related("requested_by")
    return nights.get(pk=run_id)


def nights_page(*, organization: Organization, cursor: str = "") -> Page[Run]:
    """Return a page of the nights, the newest first.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list.
    """
    nights = Run.objects.for_organization(organization).filter(kind=Run.Kind.NIGHT).select_related("requested_by")
    return page_of(nights, sort=NEWEST_FIRST, size=PAGE_SIZE, scope="nights", cursor=cursor)


def steps_of(*, organization: Organization, runs: Sequence[Run]) -> dict[UUID, list[RunStep]]:
    """Return the steps of these runs in their order."""
    found: dict[UUID, list[RunStep]] = {}
    steps = RunStep.objects.for_organization(organization).filter(run__in=[run.pk for run in runs])
    for step in steps.order_by("position"):
        found.setdefault(step.run_id, []).append(step)
    return found
