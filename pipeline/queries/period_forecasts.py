"""What the nights said of periods, as far as a member may see it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from pipeline.models import ForecastPeriod, PeriodForecast
from tenancy.access import Action, Reach, member_units, reach_of
from tenancy.models import Member, Organization


def forecasts_for(*, organization: Organization, member: Member, today: date) -> "QuerySet[PeriodForecast]":
    """Return the forecasts that a member may see: of the whole who sees every deal, else of the units in reach."""
    found: QuerySet[PeriodForecast] = PeriodForecast.objects.for_organization(organization)
    reach = reach_of(member, Action.VIEW_OPPORTUNITIES)
    if reach == Reach.ALL:
        return found
    if reach in (Reach.SQUAD, Reach.TRIBE):
        return found.filter(unit__in=member_units(member, as_of=today, tribe=reach == Reach.TRIBE))
    return found.none()


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
    *, organization: Organization, member: Member, today: date, kind: str, starts: Iterable[date]
) -> Mapping[tuple[date, UUID | None], int]:
    """Return the model's P50 in the organisation's currency by period and unit, to stand beside others."""
    found = forecasts_for(organization=organization, member=member, today=today)
    found = found.filter(Q(kind=kind, period_start__in=list(starts)), p50_minor__isnull=False)
    newest = found.order_by("period_start", "unit", "-as_of", "-id").distinct("period_start", "unit")
    rows: Any = newest.values_list("period_start", "unit_id", "p50_minor")
    return {(start, unit): p50 for start, unit, p50 in rows}
