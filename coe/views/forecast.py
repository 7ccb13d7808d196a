"""The model's forecast: what a period will bring and how sure that is, and who was right so far."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coe.queries import forecast_page as queries
from coe.views import forecast_figures as drawn
from pipeline.models import ForecastPeriod
from pipeline.queries.forecast_grid import Asked, Row, forecast_grid
from pipeline.queries.period_forecasts import Told, forecasts_by_day, newest_forecasts, told
from tenancy.access import Action, member_can
from tenancy.conversion import converter_for, converter_into
from tenancy.http import MemberRequest
from tenancy.money import from_minor, to_minor
from tenancy.periods import Period, PeriodKind, period_after, period_before, period_of, read_period
from tenancy.working_time import local_day

LARGEST_GOAL = Decimal(10**15)
POINTS = {"start": 0.0, "third": 1 / 3, "two_thirds": 2 / 3, "last_week": -7.0}


@dataclass(frozen=True)
class Looking:
    """What the address asks for."""

    request: MemberRequest
    now: datetime
    today: date
    period: Period
    unit_id: UUID | None
    is_unit_named: bool

    @property
    def scope(self) -> dict[str, Any]:
        """Who looks, where and when."""
        return {"organization": self.request.organization, "member": self.request.member, "today": self.today}


def _looking(request: MemberRequest) -> Looking:
    now = timezone.now()
    today = local_day(request.organization, now)
    code, unit = request.GET.get("period", ""), request.GET.get("unit", "")
    try:
        organization = request.organization
        period = read_period(organization, code) if code else period_of(organization, PeriodKind.QUARTER, today)
        if period.kind not in ForecastPeriod.values:
            raise ValueError("The night forecasts months and quarters.")
        unit_id = UUID(unit) if unit else None
    except ValueError as error:
        raise BadRequest(_("There is no such period or unit. Begin again from Forecast.")) from error
    return Looking(request, now, today, period, unit_id, bool(unit))


@member_can(Action.VIEW_FORECAST)
@require_safe
def forecast_model(request: MemberRequest) -> HttpResponse:
    """Show what the model says of a period, beside what is closed, weighted and promised."""
    looking = _looking(request)
    organization = request.organization
    converter = converter_for(request.member, organization=organization, today=looking.today)
    found = {
        unit: told(row, converter=converter)
        for unit, row in newest_forecasts(
            **looking.scope, kind=looking.period.kind.value, period_start=looking.period.start
        ).items()
    }
    unit_id = looking.unit_id if looking.is_unit_named or None in found or not found else next(iter(found))
    context: dict[str, Any] = {
        "period": looking.period,
        "periods": _periods(looking),
        "units": drawn.unit_rows(found, chosen=unit_id),
        "unit_id": unit_id,
        "told": found.get(unit_id),
        "now": looking.now,
        "today": looking.today,
    }
    if (said := found.get(unit_id)) is not None:
        context |= _shown(looking, said, unit_id, converter)
    return render(request, "coe/forecast.html", context)


def _shown(looking: Looking, said: Told, unit_id: UUID | None, converter: Any) -> dict[str, Any]:
    row, period = said.row, looking.period
    people = _people(looking, unit_id, converter)
    won = queries.won_by_day(**looking.scope, start=period.start, end=period.end, unit_id=unit_id, converter=converter)
    nights = forecasts_by_day(**looking.scope, kind=period.kind.value, period_start=period.start, unit_id=unit_id)
    typed, goal = _goal(looking, said, people)
    return {
        "sentence": drawn.sentence(said, period.name),
        "width": drawn.width_words(row),
        "fan": drawn.fan_chart(said, won, goal, today=looking.today),
        "fan_rows": drawn.fan_rows(said),
        "nights": drawn.nights_chart(nights, said, today=looking.today),
        "night_rows": [{"row": one, "told": told(one, converter=converter)} for one in reversed(nights)][:14],
        "people": people,
        "goal": drawn.goal_row(said, goal),
        "typed_goal": typed,
        "velocity": drawn.velocity_row(said),
        "months": _months(looking, unit_id, converter, won),
        "assumptions": drawn.assumptions(said, today=looking.today),
        "stage_rows": row.stages,
        "stages": drawn.stage_chart(row.stages),
    }


def _people(looking: Looking, unit_id: UUID | None, converter: Any) -> Row | None:
    """Return what people promise and are asked for: the row of the unit in the grid of the people's forecast."""
    grid = forecast_grid(
        Asked(
            organization=looking.request.organization,
            member=looking.request.member,
            period=looking.period,
            today=looking.today,
            now=looking.now,
            converter=converter,
        )
    )
    if unit_id is None:
        return next(iter(grid.tops), None)
    return grid.find(f"unit:{unit_id}")


def _goal(looking: Looking, said: Told, people: Row | None) -> tuple[str, int | None]:
    """Return the goal as it was typed, and in minor units: that of the address, else the quota."""
    typed = looking.request.GET.get("goal", "").strip()
    if typed:
        try:
            amount = Decimal(typed.replace(" ", "").replace(",", ""))
        except InvalidOperation:
            amount = Decimal(-1)
        if amount.is_finite() and 0 < amount <= LARGEST_GOAL:
            return typed, to_minor(amount, said.currency)
        return typed, None
    if people is None or people.quota is None:
        return "", None
    return str(int(from_minor(people.quota, said.currency))), people.quota


def _months(looking: Looking, unit_id: UUID | None, converter: Any, won: queries.Won) -> list[dict[str, Any]]:
    """Return the months of a quarter: what is closed, and what is said of the months that are forecast."""
    if looking.period.kind != PeriodKind.QUARTER:
        return []
    organization, rows = looking.request.organization, []
    for start in looking.period.months():
        month = period_of(organization, PeriodKind.MONTH, start)
        found = newest_forecasts(**looking.scope, kind=ForecastPeriod.MONTH, period_start=start)
        row = found.get(unit_id) if month.end > looking.today else None
        rows.append(
            {
                "period": month,
                "closed": won.between(month.start, month.end),
                "told": None if row is None else told(row, converter=converter),
                "is_over": month.end <= looking.today,
            }
        )
    return rows


def _periods(looking: Looking) -> list[Period]:
    """Return the periods that can be chosen: this quarter and month, those before and after, and the one shown."""
    organization, found = looking.request.organization, []
    for kind in (PeriodKind.QUARTER, PeriodKind.MONTH):
        this = period_of(organization, kind, looking.today)
        found += [period_before(organization, this), this, period_after(organization, this)]
    return found if looking.period in found else [looking.period, *found]


@member_can(Action.VIEW_FORECAST)
@require_safe
def forecast_accuracy(request: MemberRequest) -> HttpResponse:
    """Show who was right: the model, the weighted pipeline, the people, over the last eight quarters."""
    looking = _looking(request)
    organization = request.organization
    point = request.GET.get("at", "third")
    if point not in POINTS:
        raise BadRequest(_("There is no such point of a quarter. Begin again from Forecast."))
    quarters = [period_before(organization, period_of(organization, PeriodKind.QUARTER, looking.today))]
    while len(quarters) < queries.QUARTERS:
        quarters.insert(0, period_before(organization, quarters[0]))
    units = queries.units_with_forecasts(**looking.scope)
    record = queries.record_of(
        **looking.scope,
        quarters=quarters,
        point=POINTS[point],
        unit_id=looking.unit_id,
        # As nights keep it: who was right is a matter of shares, and old forecasts were made at old rates.
        converter=converter_into(organization.currency, organization=organization, today=looking.today),
    )
    context = {
        "record": record,
        "words": drawn.record_words(record),
        "chart": drawn.record_chart(record, organization.currency),
        "rows": drawn.record_rows(record),
        "kinds": drawn.kind_rows(record),
        "currency": organization.currency,
        "pinball": None if record.pinball is None else round(record.pinball),
        "points": [
            ("start", _("First day")),
            ("third", _("A third in")),
            ("two_thirds", _("Two thirds in")),
            ("last_week", _("A week before the end")),
        ],
        "point": point,
        "units": units,
        "unit_id": looking.unit_id,
        "now": looking.now,
        "today": looking.today,
    }
    return render(request, "coe/forecast_accuracy.html", context)
