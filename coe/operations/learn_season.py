"""Learning how a year of won business falls on its months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Min

from coe.forecasting.phasing import phased, phases
from pipeline.models import Opportunity
from pipeline.operations import record_season
from pipeline.queries.money import deal_totals
from tenancy.conversion import converter_into
from tenancy.models import Organization
from tenancy.periods import Period, PeriodKind, period_before, period_of
from tenancy.working_time import local_day

MOST_YEARS = 5
MILLION = 1_000_000


@dataclass(frozen=True)
class SeasonLearnt:
    """From how many whole years, and whether it says something new."""

    years: int
    is_new: bool


@transaction.atomic
def learn_season(*, organization: Organization, as_of: datetime) -> SeasonLearnt:
    """Learn how won business falls on January to December, from the whole fiscal years before a moment.

    A year in which the records only begin is not a whole one. Nothing that closed or became known later counts.
    """
    today = local_day(organization, as_of)
    years = _whole_years(organization, today, as_of)
    won = [_won_by_month(organization, year, as_of) for year in years]
    won = [months for months in won if sum(months) > 0]
    if not won:
        return SeasonLearnt(0, is_new=False)
    shares = phased(MILLION, phases(won))
    first = organization.fiscal_year_start_month - 1
    by_calendar = [shares[(month - first) % 12] for month in range(12)]
    is_new = record_season(organization=organization, shares=by_calendar, years=len(won), learned_at=as_of)
    return SeasonLearnt(len(won), is_new)


def _whole_years(organization: Organization, today: date, as_of: datetime) -> list[Period]:
    closed = Opportunity.objects.for_organization(organization).alive().closed()
    begin: date | None = closed.filter(recorded_at__lte=as_of).aggregate(first=Min("close_date"))["first"]
    if begin is None:
        return []
    years: list[Period] = []
    year = period_before(organization, period_of(organization, PeriodKind.YEAR, today))
    # Records that begin within the first month of a year hold practically all of it.
    while len(years) < MOST_YEARS and list(year.months())[1] > begin:
        years.append(year)
        year = period_before(organization, year)
    return years


def _won_by_month(organization: Organization, year: Period, as_of: datetime) -> Sequence[float]:
    won = Opportunity.objects.for_organization(organization).alive().filter(outcome="won", closed_at__lte=as_of)
    won = won.filter(recorded_at__lte=as_of, close_date__gte=year.start, close_date__lt=year.end)
    converter = converter_into(organization.currency, organization=organization, today=year.last_day)
    totals = deal_totals(organization=organization, found=won, converter=converter, by=("close_date__month",))
    return [float(totals[day.month,].exact) if (day.month,) in totals else 0.0 for day in year.months()]
