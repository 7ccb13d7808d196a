"""What the people of a simulated company promise for the quarter, and what is asked of them: quotas and forecasts."""

from datetime import datetime, timedelta
from typing import Any

from pipeline.models import Opportunity
from pipeline.operations import create_quota, submit_forecast
from pipeline.queries.forecast_grid import Asked, Grid, Row, forecast_grid
from pipeline.queries.money import deal_totals
from tenancy.conversion import Converter, converter_into
from tenancy.models import Organization, Unit
from tenancy.periods import PeriodKind, period_before, period_of
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day

GROWTH = 1.1  # of what was won in the year before
QUARTERS = 4
WHOLE = 1_000_00  # quotas are round numbers
SAYS_LESS, SAYS_NOTHING, LONG_AGO = 3, 5, 4  # every third, fifth, fourth person
REASONS = ("Two of them slip into the next quarter", "Legal asks for four more weeks", "The budget is not released yet")


def make_promises(*, organization: Organization, now: datetime) -> tuple[int, int]:
    """Set quotas and submit forecasts; return how many of each. Not everybody has, and some say another number.

    To be called after the first nights, which learn how a year falls on its months, as far as there are whole years.
    """
    with organization_scope(organization, task="seed_demo"):
        today = local_day(organization, now)
        converter = converter_into(organization.currency, organization=organization, today=today)
        asked = Asked(organization, None, period_of(organization, PeriodKind.QUARTER, today), today, now, converter)
        people = [row for row in forecast_grid(asked).every_row() if row.is_person and row.sums.deals]
        quotas = _set_quotas(asked, converter, people)
        promises = [_promise(asked, row, number) for number, row in enumerate(people) if number % SAYS_NOTHING]
        promises += [_promise(asked, row, 1) for row in _squads(forecast_grid(asked))]
    return quotas, len(promises)


def _set_quotas(asked: Asked, converter: Converter, people: list[Row]) -> int:
    year = period_of(asked.organization, PeriodKind.YEAR, asked.today)
    before = period_before(asked.organization, year)
    won = Opportunity.objects.for_organization(asked.organization).alive().filter(outcome="won")
    won = won.filter(close_date__gte=before.start, close_date__lt=before.end)
    totals = deal_totals(organization=asked.organization, found=won, converter=converter, by=("owner",))
    for row in people:
        assert row.subject is not None
        total = totals.get((row.subject.pk,))
        # Records may begin within that year: then four quarters like this one say more.
        year_before = max(total.amount_minor if total else 0, row.adds_up.best_case_minor * QUARTERS)
        create_quota(
            organization=asked.organization,
            subject=row.subject,
            year_start=year.start,
            amount_minor=max(1, round(year_before * GROWTH / WHOLE)) * WHOLE,
            currency=converter.currency,
            actor=None,
            at=asked.now,
        )
    return len(people)


def _promise(asked: Asked, row: Row, number: int) -> Any:
    """Submit what a row adds up to, or a little less for a reason."""
    assert row.subject is not None
    less = number % SAYS_LESS == 0
    commit = row.adds_up.commit_minor * 9 // 10 if less else row.adds_up.commit_minor
    ago = timedelta(days=9) if number % LONG_AGO == 0 else timedelta(hours=20 + number)
    return submit_forecast(
        organization=asked.organization,
        period=asked.period,
        subject=row.subject,
        commit_minor=commit,
        best_case_minor=row.adds_up.best_case_minor,
        currency=asked.converter.currency,
        submitted_by=None if isinstance(row.subject, Unit) else row.subject,
        submitted_at=max(asked.now - ago, asked.now - timedelta(days=(asked.today - asked.period.start).days)),
        reason=REASONS[number % len(REASONS)] if less else "",
    )


def _squads(grid: Grid) -> list[Row]:
    """Return the rows of every second squad that has deals, by name."""
    found = [row for row in grid.every_row() if isinstance(row.subject, Unit) and row.subject.kind == Unit.Kind.SQUAD]
    return [row for row in found if row.sums.deals][::2]
