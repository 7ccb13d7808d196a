"""What units and people are to win in a period."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from pipeline.models import Quota, Season
from pipeline.queries.submissions import Subject
from tenancy.models import Organization
from tenancy.periods import Period, PeriodKind, period_of

MILLION = 1_000_000


def quotas_of(*, organization: Organization, period: Period) -> Mapping[Subject, Counter[str]]:
    """Return what each quota asks for in a period, by currency in minor units: the sum of its months in it."""
    first = date(period.start.year - 1, period.start.month, 1)
    found = Quota.objects.for_organization(organization).filter(year_start__gt=first, year_start__lt=period.end)
    asked: dict[Subject, Counter[str]] = {}
    for quota in found:
        within = within_period(quota, period)
        if within is not None:
            subject: Subject = ("unit", quota.unit_id) if quota.unit_id else ("member", quota.member_id)
            asked.setdefault(subject, Counter())[quota.currency] += within
    return asked


def within_period(quota: Quota, period: Period) -> int | None:
    """Return what a quota asks for in a period, None where none of its months lies in it."""
    months = zip(months_from(quota.year_start), quota.months, strict=True)
    parts = [amount for day, amount in months if period.holds(day)]
    return sum(parts) if parts else None


def months_from(year_start: date) -> list[date]:
    """Return the first days of the twelve months from one on."""
    index = year_start.year * 12 + year_start.month - 1
    return [date((index + n) // 12, (index + n) % 12 + 1, 1) for n in range(12)]


def season_from(*, organization: Organization, year_start: date) -> Sequence[int]:
    """Return how a year that begins on a day falls on its months, in millionths; nothing while nobody knows."""
    season = Season.objects.for_organization(organization).first()
    if season is None:
        return ()
    return [season.shares[day.month - 1] for day in months_from(year_start)]


def quota_years(*, organization: Organization, today: date) -> list[Period]:
    """Return the fiscal years that a quota can be set for: this one and the next."""
    this = period_of(organization, PeriodKind.YEAR, today)
    return [this, period_of(organization, PeriodKind.YEAR, this.end)]
