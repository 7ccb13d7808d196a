"""What the tests of the people's forecast begin with: deals of the last quarter of 2026, and its clock."""

from datetime import UTC, date, datetime
from typing import Any

from pipeline.models import ForecastSubmission, Opportunity
from pipeline.operations import move_stage, submit_forecast
from pipeline.queries.forecast_grid import Asked, Grid, forecast_grid
from tenancy.conversion import converter_into
from tenancy.models import Member, Organization, Unit
from tenancy.periods import Period, PeriodKind, period_of
from tests.pipeline.records import a_deal, a_stage

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
IN_PERIOD = date(2026, 12, 15)


def quarter(organization: Organization, day: date = TODAY) -> Period:
    """Return the quarter of a day."""
    return period_of(organization, PeriodKind.QUARTER, day)


def a_due_deal(organization: Organization, owner: Member | None, stage: str, amount: int, **fields: Any) -> Opportunity:
    """Open a deal that is due in the quarter; `amount` in euros."""
    fields = {"close_date": IN_PERIOD, "name": f"{stage} {amount}", **fields}
    return a_deal(organization, owner=owner, stage=stage, amount_minor=amount * 100, **fields)


def close(deal: Opportunity, as_: str = "Won", at: datetime = NOW) -> Opportunity:
    """Win or lose a deal."""
    return move_stage(
        organization=deal.organization,
        opportunity=deal,
        stage=a_stage(deal.organization, as_),
        version=deal.version,
        actor=None,
        moved_at=at,
        lost_reason="No budget" if as_ == "Lost" else "",
    )


def unit(code: str) -> Unit:
    """Return a unit of the cast."""
    found: Unit = Unit.objects.get(code=code)
    return found


def submit(
    subject: Unit | Member, commit: int, best_case: int, by: Member | None = None, **said: Any
) -> ForecastSubmission:
    """Submit a forecast for the quarter; amounts in euros."""
    said = {"submitted_at": NOW, "currency": "EUR", "period": quarter(subject.organization), **said}
    return submit_forecast(
        organization=subject.organization,
        subject=subject,
        commit_minor=commit * 100,
        best_case_minor=best_case * 100,
        submitted_by=by,
        **said,
    )


def grid_of(organization: Organization, member: Member | None = None, **asked: Any) -> Grid:
    """Return the grid of the quarter as somebody sees it, all of it opened."""
    asked = {"period": quarter(organization), "now": NOW, "currency": organization.currency, **asked}
    converter = converter_into(asked.pop("currency"), organization=organization, today=TODAY)
    return forecast_grid(Asked(organization=organization, member=member, today=TODAY, converter=converter, **asked))


def euros(grid: Grid, key: str) -> dict[str, int]:
    """Return the columns of a row in whole euros, those that are nothing left out."""
    row = grid.find(key)
    assert row is not None, key
    return {column: total.amount_minor // 100 for column, total, _count in grid.figures(row) if total.amount_minor}
