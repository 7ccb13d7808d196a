"""Counting an organisation's working days, near and far."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenancy.models import Holiday
from tenancy.scoping import organization_scope
from tenancy.working_time import WorkingCalendar, calendar_of
from tests.cast import Cast

DAYS = st.integers(0, 900).map(lambda number: date(2025, 1, 1) + timedelta(days=number))
WEEKS = st.integers(1, 127).map(lambda bits: {day for day in range(1, 8) if bits >> (day - 1) & 1})
patiently = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
BERLIN = ZoneInfo("Europe/Berlin")


@patiently
@given(start=DAYS, end=DAYS, week=WEEKS, off=st.sets(DAYS, max_size=5))
def test_working_days_between_are_those_that_one_counts_on_the_fingers(
    start: date, end: date, week: set[int], off: set[date]
) -> None:
    holidays = tuple(sorted(day for day in off if day.isoweekday() in week))
    calendar = WorkingCalendar(BERLIN, frozenset(week), holidays)
    days = [start + timedelta(days=number) for number in range(max(0, (end - start).days))]

    counted = sum(1 for day in days if day.isoweekday() in week and day not in off)

    assert calendar.days_between(start, end) == counted


@patiently
@given(today=DAYS, days=st.integers(0, 30), off=st.sets(DAYS, max_size=5), hours=st.integers(-60, 60))
def test_what_began_before_the_moment_has_waited_so_long_and_what_began_later_has_not(
    today: date, days: int, off: set[date], hours: int
) -> None:
    calendar = WorkingCalendar(BERLIN, frozenset({1, 2, 3, 4, 5}), tuple(sorted(d for d in off if d.isoweekday() < 6)))
    since = calendar.waiting_since(today, days)
    began = since.astimezone(UTC) + timedelta(hours=hours)

    assert (began < since) == (calendar.days_since(began, today) >= days and calendar.day_of(began) <= today)


def test_the_calendar_is_the_organisations_own(cast: Cast) -> None:
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    with organization_scope(cast.globex):
        Holiday.objects.create(organization=cast.globex, day=date(2026, 11, 26), name="Thanksgiving")
        assert calendar_of(cast.globex).days_since(monday, date(2026, 11, 28)) == 4
    with organization_scope(cast.acme):
        assert calendar_of(cast.acme).days_since(monday, date(2026, 11, 28)) == 5
