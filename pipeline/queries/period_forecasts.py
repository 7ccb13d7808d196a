"""What the nights said of periods, as far as a member may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from pipeline.models import ForecastPeriod, PeriodForecast
from pipeline.queries.forecast_people import forecast_tree, scope_of
from tenancy.access import Action, Reach, reach_of
from tenancy.conversion import Converter, rounded
from tenancy.models import Member, Organization


def forecasts_for(*, organization: Organization, member: Member | None, today: date) -> "QuerySet[PeriodForecast]":
    """Return the forecasts that a member may see: of the whole who reaches everybody, else of the units in reach.

    Without a member the organisation itself looks, which sees everything.
    """
    found: QuerySet[PeriodForecast] = PeriodForecast.objects.for_organization(organization)
    if member is None or reach_of(member, Action.VIEW_FORECAST) == Reach.ALL:
        return found
    tree = forecast_tree(organization=organization, today=today)
    scope = scope_of(member=member, action=Action.VIEW_FORECAST, tree=tree, today=today)
    return found.filter(unit__in=scope.units or ())


def newest_forecasts(
    *,
    organization: Organization,
    member: Member,
    today: date,
    kind: str = ForecastPeriod.QUARTER,
    period_start: date | None = None,
) -> dict[UUID | None, PeriodForecast]:
    """Return by unit (None is the whole) what was said last of a period, of the current one where none is named."""
    found = forecasts_for(organization=organization, member=member, today=today).filter(kind=kind)
    if period_start is None:
        found = found.filter(period_start__lte=today, period_end__gt=today)
    else:
        found = found.filter(period_start=period_start)
    newest = found.order_by("unit", "-as_of", "-id").distinct("unit").select_related("unit")
    return {one.unit_id: one for one in newest}


def forecasts_by_day(
    *, organization: Organization, member: Member, today: date, kind: str, period_start: date, unit_id: UUID | None
) -> list[PeriodForecast]:
    """Return what was said of a period day by day, the last of each day."""
    found = forecasts_for(organization=organization, member=member, today=today)
    found = found.filter(kind=kind, period_start=period_start, unit=unit_id)
    return list(found.order_by("as_of_date", "-as_of", "-id").distinct("as_of_date"))


def likely_amounts(
    *, organization: Organization, member: Member | None, today: date, kind: str, starts: Iterable[date]
) -> Mapping[tuple[date, UUID | None], int]:
    """Return the model's P50 in the organisation's currency by period and unit, to stand beside others."""
    found = forecasts_for(organization=organization, member=member, today=today)
    found = found.filter(Q(kind=kind, period_start__in=list(starts)), p50_minor__isnull=False)
    newest = found.order_by("period_start", "unit", "-as_of", "-id").distinct("period_start", "unit")
    rows: Any = newest.values_list("period_start", "unit_id", "p50_minor")
    return {(start, unit): p50 for start, unit, p50 in rows}


AMOUNTS = ("closed", "weighted", "p10", "p50", "p90", "mean", "open", "new", "due", "average")


@dataclass(frozen=True)
class Told:
    """A forecast in the currency of who looks: what pages, exports and the strip of the board say of it."""

    row: PeriodForecast
    currency: str
    factor: Fraction
    rate_date: date | None  # the oldest rate in it; None where nothing was converted

    def money(self, minor: int | None) -> int | None:
        """Return an amount of the forecast in minor units of the currency."""
        return None if minor is None else rounded(minor * self.factor)

    @property
    def figures(self) -> dict[str, int | None]:
        """The amounts by name, in minor units of the currency."""
        return {name: self.money(getattr(self.row, f"{name}_minor")) for name in AMOUNTS}

    def in_row(self, minor: int) -> int:
        """Return an amount of the currency as the row has it."""
        return rounded(minor / self.factor)

    def chance_of(self, target: int) -> float | None:
        """Return the chance that the period brings a target, in minor units of the currency."""
        return self.row.chance_of(self.in_row(target))


def told(forecast: PeriodForecast, *, converter: Converter) -> Told:
    """Return a forecast in the converter's currency, or as it is kept where there is no rate."""
    factor = converter.factor(forecast.currency)
    if factor is None:
        return Told(forecast, forecast.currency, Fraction(1), forecast.rate_date)
    days = [day for day in (forecast.rate_date, *factor.days) if day is not None]
    return Told(forecast, converter.currency, factor.value, min(days, default=None))


def forecast_of_the_quarter(
    *, organization: Organization, member: Member, today: date, converter: Converter
) -> Told | None:
    """Return what the board says of the quarter: of the whole, else of the largest unit in reach."""
    found = newest_forecasts(organization=organization, member=member, today=today)
    if not found:
        return None
    chosen = found.get(None) or max(found.values(), key=lambda one: (one.p50_minor or 0, str(one.pk)))
    return told(chosen, converter=converter)
