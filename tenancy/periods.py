"""Periods of an organisation's own year: months, quarters and years, as its fiscal calendar has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenancy.models import Organization

ONE_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    """How long a period is; the value is its code."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {"month": 1, "quarter": 3, "year": 12}[self.value]


@dataclass(frozen=True)
class Period:
    """A month, quarter or year; `end` is the first day after it. What was written of one outlives a new calendar."""

    kind: PeriodKind
    start: date
    end: date
    number: int = 1  # which month or quarter of its fiscal year

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        return self.end - ONE_DAY

    @property
    def code(self) -> str:
        """How an address names it."""
        return f"{self.kind.value}-{self.start.isoformat()}"

    @property
    def name(self) -> str:
        """What people call it."""
        if self.kind == PeriodKind.QUARTER and self.start.month == 3 * self.number - 2:
            return f"Q{self.number} {self.start.year}"
        span = span_words(self.start, self.end)
        return f"Q{self.number}, {span}" if self.kind == PeriodKind.QUARTER else span

    def months(self) -> Iterator[date]:
        """Yield the first day of each month in it."""
        day = self.start.replace(day=1)
        while day < self.end:
            yield day
            day = _month_after(day)

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.start <= day < self.end


def period_of(organization: Organization, kind: PeriodKind, day: date) -> Period:
    """Return the period of this kind that a day lies in, by the organisation's fiscal year."""
    months_in = (day.month - organization.fiscal_year_start_month) % 12
    into = months_in % kind.months
    start = _first_of(day.year * 12 + day.month - 1 - into)
    end = _first_of(day.year * 12 + day.month - 1 - into + kind.months)
    return Period(kind, start, end, months_in // kind.months + 1)


def period_after(organization: Organization, period: Period) -> Period:
    """Return the period of the same kind that follows."""
    return period_of(organization, period.kind, period.end)


def period_before(organization: Organization, period: Period) -> Period:
    """Return the period of the same kind that came before."""
    return period_of(organization, period.kind, period.start - ONE_DAY)


def read_period(organization: Organization, code: str) -> Period:
    """Return the period that an address names.

    :raises ValueError: when it names none, or one that the organisation's calendar does not have.
    """
    kind, _dash, day = code.partition("-")
    start = date.fromisoformat(day)
    if not 1990 <= start.year <= 2200:
        raise ValueError(f"There is no period {code!r}.")
    period = period_of(organization, PeriodKind(kind), start)
    if period.start != start:
        raise ValueError(f"No {kind} begins on {start.isoformat()}.")
    return period


def span_words(start: date, end: date) -> str:
    """Return whole months as people read them: “Oct 2026”, “Oct – Dec 2026”, “Nov 2026 – Jan 2027”."""
    last = end - ONE_DAY
    if (start.year, start.month) == (last.year, last.month):
        return date_format(start, "M Y")
    first = date_format(start, "M" if start.year == last.year else "M Y")
    return _("%(first)s – %(last)s") % {"first": first, "last": date_format(last, "M Y")}


def _month_after(day: date) -> date:
    return _first_of(day.year * 12 + day.month)


def _first_of(month_index: int) -> date:
    return date(month_index // 12, month_index % 12 + 1, 1)
