"""Past nights of a simulated company, at the hours at which they would have run: scores get a history at once."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agile_sales import nightly
from pipeline.models import OpportunitySnapshot
from tenancy.models import Organization, Run
from tenancy.runs import StepResult, carry_out
from tenancy.scoping import organization_scope

Progress = Callable[[str], None]


def run_past_nights(*, organization: Organization, nights: int, now: datetime, progress: Progress) -> list[Run]:
    """Run the latest nights that had begun by `now`, the oldest first; those that have run are left alone."""
    zone = ZoneInfo(organization.time_zone)
    today = now.astimezone(zone).date()
    if datetime.combine(today, organization.night_starts_at, zone) > now:
        today -= timedelta(days=1)
    return [_run(organization, today - timedelta(days=ago), zone, progress) for ago in reversed(range(nights))]


def _run(organization: Organization, day: date, zone: ZoneInfo, progress: Progress) -> Run:
    begins = datetime.combine(day, organization.night_starts_at, zone).astimezone(UTC)
    with organization_scope(organization, task="seed_demo"):
        run, _ = Run.objects.get_or_create(
            organization=organization,
            kind=Run.Kind.NIGHT,
            key=day.isoformat(),
            defaults={"scheduled_for": day, "as_of": begins, "created_at": begins},
        )
    started = time.monotonic()

    def clock() -> datetime:
        return begins + timedelta(seconds=time.monotonic() - started)

    run = carry_out(organization=organization, run_id=run.pk, steps=_STEPS, clock=clock)
    progress(f"{organization.slug}: night of {day} in {time.monotonic() - started:.1f} s")
    return run


def _find_snapshots(*, organization: Organization, run: Run, now: datetime) -> StepResult:
    """Count the pictures that were drawn with the company: the past can't be photographed any more."""
    day = nightly.closing_day(organization, nightly.as_of(run))
    found = OpportunitySnapshot.objects.for_organization(organization).on(day).count()
    return StepResult(rows_read=found, rows_written=found, detail={"day": day.isoformat()})


_OWN: dict[str, Any] = {"snapshot_pipeline": _find_snapshots}
_STEPS = tuple((name, _OWN.get(name, step)) for name, step in nightly.STEPS)
