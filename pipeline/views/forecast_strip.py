"""The strip of the forecast above the board, fetched after it: likely, gap to the goal, and what moved it."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pipeline.queries.forecast_grid import Asked, Row, forecast_grid
from pipeline.queries.movements import Window
from pipeline.queries.period_forecasts import Told, forecast_of_the_quarter
from pipeline.queries.pipeline_changes import Moment, Viewer, at_moment
from pipeline.queries.waterfall import Moved, what_moved_it
from tenancy.access import Action, member_can
from tenancy.conversion import Converter, converter_for
from tenancy.http import MemberRequest
from tenancy.periods import Period, PeriodKind, period_of
from tenancy.working_time import first_zone, local_day
from ui.formats import format_money
from ui.strips import Strip, strip_chart

MOST_DEALS = 20_000  # with more of them open what moved is on its own page only


@member_can(Action.VIEW_FORECAST)
@require_safe
def forecast_strip(request: MemberRequest) -> HttpResponse:
    """Show what the quarter is likely to bring to who sees it; nothing while no night has spoken."""
    now = timezone.now()
    today = local_day(request.organization, now)
    converter = converter_for(request.member, organization=request.organization, today=today)
    told = forecast_of_the_quarter(
        organization=request.organization, member=request.member, today=today, converter=converter
    )
    if told is None or not told.row.is_told:
        return HttpResponse("")
    period = period_of(request.organization, PeriodKind.QUARTER, told.row.period_start)
    row = _row(request, told, period, now, today, converter)
    figures = told.figures
    goal = None if row is None else row.quota
    promised = None if row is None or row.said is None else row.said.commit_minor
    context: dict[str, Any] = {
        "told": told,
        "period": period,
        "goal": goal,
        "promised": promised,
        "gap": None if goal is None else goal - (figures["p50"] or 0),
        "strip": _drawn(told, promised, goal),
        "moved": _moved(request, period, now, today, converter),
        "now": now,
    }
    return render(request, "pipeline/forecast_strip.html", context)


def _row(
    request: MemberRequest, told: Told, period: Period, now: datetime, today: date, converter: Converter
) -> Row | None:
    """Return the row of the people's forecast that speaks of the same deals."""
    grid = forecast_grid(Asked(request.organization, request.member, period, today, now, converter))
    if told.row.unit_id is None:
        return next(iter(grid.tops), None)
    return grid.find(f"unit:{told.row.unit_id}")


def _drawn(told: Told, promised: int | None, goal: int | None) -> Any:
    figures = told.figures
    strip = Strip(
        closed=figures["closed"] or 0,
        low=figures["p10"] or 0,
        likely=figures["p50"] or 0,
        high=figures["p90"] or 0,
        promised=promised,
        goal=goal,
    )
    label = _("Closed %(closed)s, likely %(likely)s, 80%% interval %(low)s to %(high)s.") % {
        name: format_money(getattr(strip, name), told.currency, short=True)
        for name in ("closed", "likely", "low", "high")
    }
    return strip_chart(strip, told.currency, label=label)


def _moved(request: MemberRequest, period: Period, now: datetime, today: date, converter: Converter) -> Moved | None:
    """Return what moved closed and weighted since Monday; None where nothing was recorded then."""
    monday = today - timedelta(days=today.weekday() or 7)
    at = datetime.combine(monday, time(), first_zone(request.organization.time_zone))
    since = at_moment(organization=request.organization, at=at)
    if since is None or since.recorded is None or since.recorded.deals > MOST_DEALS:
        return None
    return what_moved_it(
        viewer=Viewer(request.organization, request.member, today),
        since=since,
        until=Moment(now),
        window=Window(period.start, period.end),
        converter=converter,
    )
