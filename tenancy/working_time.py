"""An organisation's own clock: its local day, its working days, its fiscal quarters."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from tenancy.models import Holiday, Organization


def first_zone(*names: str) -> tzinfo:
    """Return the first of these time zones that there is; UTC when there is none."""
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return UTC


def local_time(organization: Organization, at: datetime) -> datetime:
    """Return the moment on the organisation's own clock."""
    return at.astimezone(first_zone(organization.time_zone))


def local_day(organization: Organization, at: datetime) -> date:
    """Return the organisation's calendar day at a moment."""
    return local_time(organization, at).date()


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days an organisation works, on its own clock: read once for however many spans are asked for."""

    zone: tzinfo
    week: frozenset[int]  # ISO week days, Monday is 1
    holidays: tuple[date, ...]  # in order, only those that would be worked otherwise

    def day_of(self, moment: datetime) -> date:
        """Return the local day of a moment."""
        return moment.astimezone(self.zone).date()

    def days_between(self, start: date, end: date) -> int:
        """Return how many working days lie in [start, end)."""
        if end <= start:
            return 0
        weeks, rest = divmod((end - start).days, 7)
        first = start.isoweekday() - 1
        worked = weeks * len(self.week) + sum((first + offset) % 7 + 1 in self.week for offset in range(rest))
        return worked - (bisect_left(self.holidays, end) - bisect_left(self.holidays, start))

    def days_since(self, moment: datetime, today: date) -> int:
        """Return how many working days have passed since a moment; its own day counts when it was a working one."""
        return self.days_between(self.day_of(moment), today)

    def begin_of(self, day: date) -> datetime:
        """Return the first moment of a local day."""
        return datetime.combine(day, time.min, self.zone)

    def waiting_since(self, today: date, days: int) -> datetime:
        """Return the moment before which a thing must have begun so that `days` working days have passed since."""
        return self.waits(today, days)[days]

    def waits(self, today: date, most: int) -> list[datetime]:
        """Return `waiting_since` for 0, 1, … `most` days."""
        day, found = today, [self.begin_of(today + timedelta(days=1))]
        while len(found) <= most:
            if self.days_between(day - timedelta(days=1), day):
                found.append(self.begin_of(day))
            day -= timedelta(days=1)
        return found


def days_off() -> ArraySubquery:
    """Return the holidays of each row's organisation, to be read together with it for `calendar_of`."""
    holidays: Any = Holiday.objects.filter(organization=OuterRef("organization"))
    return ArraySubquery(holidays.values("day"))


def calendar_of(organization: Organization) -> WorkingCalendar:
    """Return the calendar of an organisation; that of a page's own one came with the request, and is made once."""
    kept = organization.__dict__
    if "working_calendar" in kept:
        return cast("WorkingCalendar", kept["working_calendar"])
    came_along: list[date] | None = kept.get("days_off")
    holidays = Holiday.objects.for_organization(organization).values_list("day", flat=True)
    week = frozenset(int(day) for day in organization.working_days)
    worked = {day for day in (holidays if came_along is None else came_along) if day.isoweekday() in week}
    calendar = WorkingCalendar(first_zone(organization.time_zone), week, tuple(sorted(worked)))
    if came_along is not None:
        kept["working_calendar"] = calendar
    return calendar


def fiscal_quarter(organization: Organization, day: date) -> tuple[date, date]:
    """Return the first day of the fiscal quarter of `day`, and the first day after it."""
    months_in = (day.month - organization.fiscal_year_start_month) % 3
    start_index = day.year * 12 + day.month - 1 - months_in
    return _first_of(start_index), _first_of(start_index + 3)


def _first_of(month_index: int) -> date:
    return date(month_index // 12, month_index % 12 + 1, 1)
