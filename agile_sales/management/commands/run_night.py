"""`manage.py run_night --organization S [--as-of T]`: the night now, here, and what it did."""

import json
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from agile_sales.night_calendar import new_night
from agile_sales.nightly import run_night
from tenancy.models import Organization, Run, RunStep
from tenancy.scoping import organization_scope
from tenancy.working_time import first_zone


class Command(BaseCommand):
    """Runs the steps in this process, each in its own transaction, and prints them."""

    help = "Run an organisation's night now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--as-of", metavar="T", help="a day (its end, local time) or a moment; now unless given")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the run as JSON")

    def handle(self, *args: Any, organization: str, as_of: str | None, as_json: bool, **options: Any) -> None:
        """Run it."""
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organisation {organization!r}.")
        now = timezone.now()
        moment = moment_of(as_of, found) if as_of else now
        if moment > now:
            raise CommandError(f"{as_of} lies in the future; a night looks back.")
        with organization_scope(found, task="run_night command"):
            run = new_night(organization=found, requested_by=None, as_of=moment, now=now)
        try:
            run = run_night(organization=found, run_id=run.pk)
        except Exception as error:
            raise CommandError(f"The night failed, the scores of the last one stay: {error}") from error
        with organization_scope(found):
            steps = list(RunStep.objects.for_organization(found).filter(run=run).order_by("position"))
        if as_json:
            self.stdout.write(json.dumps(as_dict(run, steps), indent=2))
            return
        for step in steps:
            self.stdout.write(
                f"{step.name:<20} {step.rows_written:>8} rows {_seconds(step) or 0:>8.2f} s  {step.model_version}"
            )
        self.stdout.write(f"The night of {found.slug} as of {moment.isoformat(timespec='minutes')} is done.")


def moment_of(text: str, organization: Organization) -> datetime:
    """Return the moment that the text means; a day means its end, a time without an offset is local.

    :raises CommandError: if it is neither.
    """
    zone = first_zone(organization.time_zone)
    try:
        day: date | None = parse_date(text)
        moment = datetime.combine(day, time.max) if day else parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no day of the calendar: {error}.") from error
    if moment is None:
        raise CommandError(f"{text!r} is no moment; write 2017-12-31 or 2017-12-31T18:00.")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def as_dict(run: Run, steps: list[RunStep]) -> dict[str, Any]:
    """Return the run as JSON says it."""
    return {
        "id": str(run.pk),
        "status": run.status,
        "as_of": run.as_of.isoformat() if run.as_of else None,
        "data_up_to": run.data_up_to.isoformat() if run.data_up_to else None,
        "seconds": run.duration.total_seconds() if run.duration else None,
        "steps": [
            {
                "name": step.name,
                "status": step.status,
                "seconds": _seconds(step),
                "rows_read": step.rows_read,
                "rows_written": step.rows_written,
                "skipped": step.skipped,
                "model_version": step.model_version,
                "detail": step.detail,
                "error": step.error,
            }
            for step in steps
        ],
    }


def _seconds(step: RunStep) -> float | None:
    return round(step.duration.total_seconds(), 3) if step.duration else None
