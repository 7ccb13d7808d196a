"""Keeping what nights say of periods. What was said once stays as it was said."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction

from pipeline.models import PeriodForecast
from tenancy.bulk import insert_rows
from tenancy.models import Organization, Run


class NewForecast(TypedDict):
    """What is said of one period of the whole, or of one unit; the fields are those of `PeriodForecast`."""

    kind: str
    period_start: date
    period_end: date
    unit: UUID | None
    as_of_date: date
    as_of: datetime
    reconstructed: bool
    currency: str
    rate_date: date | None
    closed_minor: int
    weighted_minor: int
    p10_minor: int | None
    p50_minor: int | None
    p90_minor: int | None
    mean_minor: int | None
    open_minor: int | None
    new_minor: int | None
    new_is_known: bool
    quantiles: list[int]
    fan: list[list[Any]]
    shock: float | None
    drift: float | None
    periods: int
    conversion: float
    due_minor: int
    deals: int
    assumed_deals: int
    scored_deals: int
    win_rate: float | None
    average_minor: int | None
    cycle_days: float | None
    stages: list[dict[str, Any]]
    left_out: list[dict[str, Any]]


COLUMNS = tuple(NewForecast.__annotations__)


@transaction.atomic
def record_forecasts(*, organization: Organization, run: Run, forecasts: Iterable[NewForecast]) -> int:
    """Keep these and return how many are new; what this night said already is left as it is.

    :raises django.db.IntegrityError: if one names a unit of another organisation.
    """
    return insert_rows(
        organization=organization,
        model=PeriodForecast,
        columns=("run", *COLUMNS),
        rows=((run.pk, *(one[name] for name in COLUMNS)) for one in forecasts),  # type: ignore[literal-required]
        unless_known_by=("run", "as_of_date", "kind", "period_start", "unit"),
    )
