"""The night's forecast: what this and the next fiscal quarter and month will bring, of the whole and of each unit."""

import datetime
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from coe.forecasting.deal_book import Flags, Look
from coe.forecasting.stages import Floats
from coe.queries.deal_books import (
    KeptDeals,
    as_day,
    days_of,
    deal_book,
    deals_without_rate,
    midnight,
    model_chances,
    unit_members,
)
from pipeline.models import ForecastPeriod, PeriodForecast
from pipeline.operations.period_forecasts import NewForecast, record_forecasts
from tenancy.models import Organization, Run
from tenancy.working_time import fiscal_quarter, local_day

EARLIER = {ForecastPeriod.QUARTER: 20, ForecastPeriod.MONTH: 14}  # periods that are looked at beside the two ahead
LOOKED_BACK = 8  # quarters, for who was right
POINTS = (0.0, 1 / 3, 2 / 3)
LAST_WEEK = 7.0
LARGEST = 2**62
SAID = ("p10", "p50", "p90", "mean", "new")


@dataclass(frozen=True)
class ForecastOutcome:
    """What forecasting did: rows written, open deals in them, and the words of what could not be said or counted."""

    written: int
    deals: int
    told: bool
    scored: int
    left_out: list[dict[str, Any]]


@dataclass(frozen=True)
class Span:
    """A period in days of the organisation's calendar."""

    kind: ForecastPeriod
    start: datetime.date
    end: datetime.date


@transaction.atomic
def forecast_periods(*, organization: Organization, run: Run, as_of: datetime.datetime) -> ForecastOutcome:
    """Keep what is to be said of the periods at ``as_of``, and of past ones what would have been said then.

    What this run kept already it leaves alone. Nothing that happened or became known after ``as_of`` counts.
    """
    today = local_day(organization, as_of)
    kept = deal_book(organization=organization, as_of=as_of)
    night = _Night(organization, kept, as_of, today, model_chances(organization=organization, run=run))
    rows = [*night.ahead(), *night.looked_back()]
    written = record_forecasts(organization=organization, run=run, forecasts=rows)
    whole = rows[0]
    return ForecastOutcome(
        written=written,
        deals=whole["deals"],
        told=whole["p50_minor"] is not None,
        scored=whole["scored_deals"],
        left_out=whole["left_out"],
    )


class _Night:
    def __init__(
        self,
        organization: Organization,
        kept: KeptDeals,
        as_of: datetime.datetime,
        today: datetime.date,
        chances: Mapping[uuid.UUID, float],
    ) -> None:
        # SciPy comes with it, and few processes need that.
        from coe.forecasting.outlook import Forecaster

        self.organization, self.kept, self.as_of, self.today = organization, kept, as_of, today
        self.forecaster = Forecaster(kept.book, kept.priors)
        self.scored = kept.scored(chances)
        self.moment = days_of(as_of)
        self._midnights: dict[datetime.date, float] = {}

    def ahead(self) -> Iterator[NewForecast]:
        """Return what is said of the current and the next period of each kind, the whole first."""
        members = unit_members(organization=self.organization, on=self.today)
        owned = {unit: self.kept.owned_by(people) for unit, people in members.items()}
        units: list[uuid.UUID | None] = [None, *(unit for unit in sorted(owned) if owned[unit].any())]
        parts: list[Flags | None] = [None if unit is None else owned[unit] for unit in units]
        for kind in ForecastPeriod:
            spans = self.spans(kind)
            for number in (-2, -1):
                yield from self.said(
                    spans[number], spans[:number], self.moment, self.today, units, parts, with_fan=number == -2
                )

    def looked_back(self) -> Iterator[NewForecast]:
        """Return what would have been said of the whole at fixed points of past quarters, and of this one by weeks.

        Only of days of which nothing is kept: what was said by a night is never said again.
        """
        spans = self.spans(ForecastPeriod.QUARTER)[:-1]
        told = set(
            PeriodForecast.objects.for_organization(self.organization)
            .filter(kind=ForecastPeriod.QUARTER, unit=None, period_start__gte=spans[-1 - LOOKED_BACK].start)
            .values_list("period_start", "as_of_date")
        )
        for place, span in enumerate(spans[-1 - LOOKED_BACK :], start=len(spans) - 1 - LOOKED_BACK):
            for moment in self._points(span):
                day = as_day(self.organization, moment)
                if (span.start, day) not in told and day < self.today:
                    yield from self.said(
                        span, spans[:place], moment, day, [None], [None], reconstructed=True, only_if_told=True
                    )

    def _points(self, span: Span) -> list[float]:
        start, end = self.midnight(span.start), self.midnight(span.end)
        if start <= self.moment < end:
            return [start + 7 * week for week in range(math.ceil((self.moment - start) / 7))]
        return [*(start + point * (end - start) for point in POINTS), end - LAST_WEEK]

    def said(
        self,
        span: Span,
        before: Sequence[Span],
        moment: float,
        day: datetime.date,
        units: Sequence[uuid.UUID | None],
        parts: Sequence[Flags | None],
        *,
        with_fan: bool = False,
        reconstructed: bool = False,
        only_if_told: bool = False,
    ) -> Iterator[NewForecast]:
        """Return what is said of one period at a moment, a row for the whole and each unit."""
        found, uncounted = self.forecaster.outlooks(
            moment,
            self.period(span),
            [self.period(one) for one in before],
            parts=parts,
            scored=None if reconstructed else self.scored,
            with_fan=with_fan,
        )
        for unit, part, outlook in zip(units, parts, found, strict=True):
            if only_if_told and outlook.forecast is None:
                continue
            forecast, known = outlook.forecast, outlook.learnt_from
            pace = self.forecaster.velocity(moment, outlook.deals, part)
            told: dict[str, Any] = dict.fromkeys(("p10_minor", "p50_minor", "p90_minor", "mean_minor"))
            told |= {"open_minor": None, "new_minor": None, "shock": None, "drift": None, "quantiles": []}
            if forecast is not None:
                told = {
                    **{
                        f"{name}_minor": minor(getattr(forecast, name)) for name in ("p10", "p50", "p90", "mean", "new")
                    },
                    "open_minor": minor(forecast.open_),
                    "shock": round(known.shock, 4),
                    "drift": round(known.drift.factor, 4),
                    "quantiles": [minor(one) for one in np.quantile(forecast.totals, np.arange(1, 100) / 100)],
                }
            yield NewForecast(
                kind=span.kind.value,
                period_start=span.start,
                period_end=span.end,
                unit=unit,
                as_of_date=day,
                as_of=datetime.datetime.fromtimestamp(moment * 86_400, datetime.UTC) if reconstructed else self.as_of,
                reconstructed=reconstructed,
                currency=self.kept.currency,
                rate_date=self.kept.rate_date,
                closed_minor=minor(outlook.closed),
                weighted_minor=minor(outlook.weighted),
                new_is_known=forecast is not None and forecast.new_is_known,
                fan=[
                    [as_day(self.organization, at).isoformat(), minor(low), minor(middle), minor(high)]
                    for at, low, middle, high in outlook.fan
                ],
                periods=len(known.earlier),
                conversion=round(known.conversion, 4),
                due_minor=minor(outlook.due),
                deals=outlook.deals,
                assumed_deals=outlook.assumed,
                scored_deals=0 if reconstructed else self._scored(moment, part),
                win_rate=pace.win_rate,
                average_minor=None if pace.average is None else minor(pace.average),
                cycle_days=pace.days,
                stages=self._stages() if unit is None and with_fan and span.kind == ForecastPeriod.QUARTER else [],
                left_out=self._left_out(uncounted, part),
                **told,  # type: ignore[typeddict-item]
            )

    def _stages(self) -> list[dict[str, Any]]:
        """Return of each open stage how often a deal that enters it is won, and its chance by days in it."""
        learnt = self.forecaster.learnt(self.moment)
        return [
            {
                "name": name,
                "entries": one.entries,
                "wins": one.wins,
                "chance": round(one.probability, 4),
                "low": round(one.low, 4),
                "high": round(one.high, 4),
                "by_value": round(one.by_value, 4),
                "prior": round(one.prior, 4),
                "curve": [[round(age, 1), round(chance, 4)] for age, chance in learnt.curve(code)],
            }
            for code, name in enumerate(self.kept.stage_names)
            if (one := learnt.chances.get(code)) is not None and one.entries
        ]

    def _scored(self, moment: float, part: Flags | None) -> int:
        of = self.kept.book.begun(moment) & ~self.kept.book.ended(moment) & ~np.isnan(self.scored)
        return int((of if part is None else of & part).sum())

    def _left_out(self, uncounted: Look, part: Flags | None) -> list[dict[str, Any]]:
        """Return what was not counted and why: a currency without a rate, or no amount and nothing to assume."""
        rows = uncounted.deal if part is None else uncounted.deal[part[uncounted.deal]]
        rated = self.kept.book.countable[rows]
        found: list[dict[str, Any]] = []
        if (~rated).any():
            ids = self.kept.ids_at(rows[~rated])
            found += [
                {"reason": "no_rate", "currency": currency, "deals": deals, "amount_minor": amount}
                for currency, deals, amount in deals_without_rate(organization=self.organization, ids=ids)
            ]
        if rated.any():
            found.append({"reason": "no_amount", "currency": "", "deals": int(rated.sum()), "amount_minor": 0})
        return found

    def spans(self, kind: ForecastPeriod) -> list[Span]:
        """Return the earlier periods, the current and the next, the oldest first."""
        found = [self._span(kind, self.today)]
        for _ in range(EARLIER[kind]):
            found.insert(0, self._span(kind, found[0].start - datetime.timedelta(days=1)))
        return [*found, self._span(kind, found[-1].end)]

    def _span(self, kind: ForecastPeriod, day: datetime.date) -> Span:
        if kind == ForecastPeriod.QUARTER:
            return Span(kind, *fiscal_quarter(self.organization, day))
        first = day.replace(day=1)
        return Span(kind, first, (first + datetime.timedelta(days=32)).replace(day=1))

    def period(self, span: Span) -> Any:
        """Return a period as the method has it."""
        from coe.forecasting.periods import Period

        return Period(self.midnight(span.start), self.midnight(span.end))

    def midnight(self, day: datetime.date) -> float:
        """Return when a day begins."""
        if day not in self._midnights:
            self._midnights[day] = midnight(self.organization, day)
        return self._midnights[day]


def minor(value: float | Floats) -> int:
    """Return an amount in whole minor units that the database can hold."""
    return int(min(max(round(float(value)), -LARGEST), LARGEST))
