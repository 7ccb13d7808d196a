"""An organisation's own clock: its local day, its working days, its fiscal quarters."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def working_days_between(organization: Organization, start: date, end: date) -> int:
    """Return how many working days lie in [start, end): week days and holidays are the organisation's own."""
    off = set(
        Holiday.objects.for_organization(organization).filter(day__gte=start, day__lt=end).values_list("day", flat=True)
    )
    days = (start + timedelta(days=offset) for offset in range(max(0, (end - start).days)))
    return sum(1 for day in days if str(day.isoweekday()) in organization.working_days and day not in off)


def fiscal_quarter(organization: Organization, day: date) -> tuple[date, date]:
    """Return the first day of the fiscal quarter of `day`, and the first day after it."""
    months_in = (day.month - organization.fiscal_year_start_month) % 3
    start_index = day.year * 12 + day.month - 1 - months_in
    return _first_of(start_index), _first_of(start_index + 3)


def _first_of(month_index: int) -> date:
    return date(month_index // 12, month_index % 12 + 1, 1)
