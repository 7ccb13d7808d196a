"""What the pages of the forecast show beside what nights said: what was won, by day, month and quarter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models.functions import TruncDate

from coe.forecasting.accuracy import Accuracy, Inside, accuracy, inside, most_accurate, pinball
from coe.queries.deal_books import unit_members
from pipeline.models import ForecastPeriod, ForecastSubmission, Opportunity, PeriodForecast
from pipeline.queries.forecast_people import forecast_tree
from pipeline.queries.money import deal_totals
from pipeline.queries.period_forecasts import forecasts_for
from tenancy.access import Action
from tenancy.conversion import Converter, rounded
from tenancy.models import Member, Organization, Unit
from tenancy.periods import Period
from tenancy.working_time import first_zone, local_day

QUARTERS = 8
NEAR = timedelta(days=6)  # a night that late after the point still speaks of it
NAN = float("nan")


@dataclass(frozen=True)
class Won:
    """What was won by day of closing, in minor units of one currency, at the rates of those days."""

    by_day: Mapping[date, int]

    def between(self, start: date, end: date) -> int:
        """Return what was won from the first day on and before the second."""
        return sum(amount for day, amount in self.by_day.items() if start <= day < end)

    def rising(self, start: date, until: date) -> list[tuple[date, int]]:
        """Return what had been won by the end of each day on which something was."""
        total, points = 0, [(start, 0)]
        for day in sorted(day for day in self.by_day if start <= day <= until):
            total += self.by_day[day]
            points.append((day, total))
        return points


def won_by_day(
    *,
    organization: Organization,
    member: Member,
    today: date,
    start: date,
    end: date,
    unit_id: UUID | None,
    converter: Converter,
) -> Won:
    """Return what the deals in sight brought from one day to before another; of a unit, those of its people today."""
    zone = first_zone(organization.time_zone)
    found = Opportunity.objects.for_organization(organization).alive()
    found = found.visible_to(member, Action.VIEW_OPPORTUNITIES, as_of=today).filter(
        outcome="won",
        closed_at__gte=datetime.combine(start, time(), zone),
        closed_at__lt=datetime.combine(end, time(), zone),
    )
    if unit_id is not None:
        people = unit_members(organization=organization, on=today).get(unit_id, set())
        found = found.filter(owner__in=people)
    dated = found.annotate(won_on=TruncDate("closed_at", tzinfo=zone))
    totals = deal_totals(organization=organization, found=dated, converter=converter, by=("won_on",))
    return Won({day: rounded(total.exact) for (day,), total in totals.items()})


def units_with_forecasts(*, organization: Organization, member: Member, today: date) -> list[Unit]:
    """Return the units whose forecast a member may see, by name."""
    found = forecasts_for(organization=organization, member=member, today=today)
    ids = found.filter(period_end__gt=today).exclude(unit=None).values("unit")
    return list(Unit.objects.for_organization(organization).filter(pk__in=ids).order_by("name", "id"))


@dataclass(frozen=True)
class Judged:
    """One quarter that is over: what was said of it at a point, and what came. Minor units, None where nothing was."""

    period: Period
    said: PeriodForecast | None
    came: int
    human: int | None = None

    @property
    def is_inside(self) -> bool | None:
        """Whether what came lay inside of the interval."""
        if self.said is None or self.said.p10_minor is None or self.said.p90_minor is None:
            return None
        return bool(self.said.p10_minor <= self.came <= self.said.p90_minor)


@dataclass(frozen=True)
class Record:
    """Who was right over the last quarters."""

    quarters: Sequence[Judged]
    kinds: Mapping[str, Accuracy]  # weighted, model, human; those that said anything
    inside: Inside
    pinball: float | None
    best: str | None = field(default=None)


def record_of(
    *,
    organization: Organization,
    member: Member,
    today: date,
    quarters: Sequence[Period],
    point: float,
    unit_id: UUID | None,
    converter: Converter,
) -> Record:
    """Return how forecasts at a point of these quarters did (a negative one counts days before the end).

    Of each quarter counts what was said last up to that day, by a night or afterwards from what was known then.
    """
    won = won_by_day(
        organization=organization,
        member=member,
        today=today,
        start=quarters[0].start,
        end=quarters[-1].end,
        unit_id=unit_id,
        converter=converter,
    )
    rows = forecasts_for(organization=organization, member=member, today=today).filter(
        kind=ForecastPeriod.QUARTER, unit=unit_id, period_start__in=[one.start for one in quarters]
    )
    said: dict[date, list[PeriodForecast]] = {}
    for row in rows.order_by("as_of").defer("quantiles", "fan", "stages", "left_out"):
        said.setdefault(row.period_start, []).append(row)
    judged = []
    promises = _promises(organization=organization, quarters=quarters, unit_id=unit_id)
    for quarter in quarters:
        day = point_day(quarter, point)
        near = [one for one in said.get(quarter.start, []) if day - NEAR <= one.as_of_date <= day]
        spoken = [one for one in promises.get(quarter.start, []) if local_day(organization, one.submitted_at) <= day]
        factor = converter.factor(spoken[-1].currency) if spoken else None
        promised = None if factor is None else rounded(spoken[-1].commit_minor * factor.value)
        came = won.between(quarter.start, quarter.end)
        judged.append(Judged(quarter, near[-1] if near else None, came, promised))
    return _record(judged)


def _promises(
    *, organization: Organization, quarters: Sequence[Period], unit_id: UUID | None
) -> dict[date, list[ForecastSubmission]]:
    """Return what people promised of each quarter for a unit (None: the company), the newest last."""
    if unit_id is None:
        unit_id = forecast_tree(organization=organization, today=quarters[-1].end).root
    rows = ForecastSubmission.objects.for_organization(organization).filter(unit=unit_id, period_kind="quarter")
    ends = {one.start: one.end for one in quarters}
    found: dict[date, list[ForecastSubmission]] = {}
    for row in rows.filter(period_start__in=ends).order_by("submitted_at", "id").defer("sums", "note", "reason"):
        if row.period_end == ends[row.period_start]:
            found.setdefault(row.period_start, []).append(row)
    return found


def point_day(quarter: Period, point: float) -> date:
    """Return the day of a quarter at a share of it, or so many days before its end."""
    if point < 0:
        return quarter.end + timedelta(days=point)
    return quarter.start + timedelta(days=int(point * (quarter.end - quarter.start).days))


def _record(judged: Sequence[Judged]) -> Record:
    told = [one for one in judged if one.is_inside is not None and one.said is not None]
    came = [float(one.came) for one in told]
    weighted = [float(one.said.weighted_minor) for one in told if one.said is not None]
    model, low, high = (
        [float(getattr(one.said, name)) for one in told] for name in ("p50_minor", "p10_minor", "p90_minor")
    )
    kinds = {"weighted": accuracy(weighted, came), "model": accuracy(model, came)}
    human = [NAN if one.human is None else float(one.human) for one in told]
    if any(one.human is not None for one in told):
        kinds["human"] = accuracy(human, came)
    return Record(
        quarters=judged,
        kinds=kinds,
        inside=inside(low, high, came),
        pinball=pinball({0.1: low, 0.5: model, 0.9: high}, came) if told else None,
        best=most_accurate(kinds),
    )
