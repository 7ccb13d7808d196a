"""GET /api/v1/forecast and /api/v1/forecast/{id}: what nights said of quarters and months."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import MoneySerializer, ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.models import ForecastPeriod, PeriodForecast
from tenancy.keyset import Sort


def _euros(amount: int) -> dict[str, Any]:
    return {"amount_minor": amount, "currency": "EUR"}


EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e6101",
    "period": "quarter",
    "period_start": "2026-10-01",
    "period_end": "2027-01-01",
    "unit": None,
    "as_of_date": "2026-11-23",
    "as_of": "2026-11-23T01:00:00Z",
    "reconstructed": False,
    "closed": _euros(290_000_000),
    "weighted": _euros(612_000_000),
    "p10": _euros(560_000_000),
    "p50": _euros(630_000_000),
    "p90": _euros(700_000_000),
    "mean": _euros(631_000_000),
    "open_part": _euros(312_000_000),
    "new_part": _euros(29_000_000),
    "new_is_known": True,
    "quantiles": [480_000_000, 495_000_000],
    "fan": [{"day": "2026-12-04", "p10": 330_000_000, "p50": 371_000_000, "p90": 425_000_000}],
    "due": _euros(740_000_000),
    "conversion": 0.41,
    "shock": 0.31,
    "drift": 0.972,
    "periods": 9,
    "deals": 214,
    "assumed_deals": 3,
    "scored_deals": 214,
    "rate_date": "2026-11-20",
    "left_out": [{"reason": "no_rate", "currency": "JPY", "deals": 2, "amount_minor": 41_000_000}],
    "run_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
}


class FanSerializer(serializers.Serializer[Any]):
    """What will be closed by a day on the way to the end of the period, in minor units."""

    day = serializers.DateField()
    p10 = serializers.IntegerField()
    p50 = serializers.IntegerField()
    p90 = serializers.IntegerField()


class UncountedDealsSerializer(serializers.Serializer[Any]):
    """Open deals that are in none of the figures."""

    reason = serializers.CharField(
        help_text="`no_rate`: none for their currency; `no_amount`: none, and no win tells what it may be."
    )
    currency = serializers.CharField(allow_blank=True)
    deals = serializers.IntegerField()
    amount_minor = serializers.IntegerField(help_text="In that currency.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What one night said of one period: of the whole, or of one unit with all below it. It never changes.

    While fewer than ten deals are won the model says nothing: its figures are null, closed and weighted are there.
    """

    id = serializers.UUIDField()
    period = serializers.ChoiceField(ForecastPeriod.choices)
    period_start = serializers.DateField()
    period_end = serializers.DateField(help_text="The first day that no longer belongs to it.")
    unit = ReferenceSerializer(allow_null=True, help_text="Null is the whole organisation.")
    as_of_date = serializers.DateField(help_text="The organisation's day on which it was said.")
    as_of = serializers.DateTimeField(help_text="What happened or became known later did not count.")
    reconstructed = serializers.BooleanField(help_text="Said afterwards, from what was known on that day.")
    closed = MoneySerializer(help_text="Won in the period so far, at the rates of the closing days.")
    weighted = MoneySerializer(help_text="Closed, and open deals planned for it by their chance.")
    p10 = MoneySerializer(allow_null=True, help_text="In one of ten periods like it comes less.")
    p50 = MoneySerializer(allow_null=True, help_text="As likely to be missed as to be passed.")
    p90 = MoneySerializer(allow_null=True, help_text="In one of ten periods like it comes more.")
    mean = MoneySerializer(allow_null=True)
    open_part = MoneySerializer(allow_null=True, help_text="Of the mean: from deals that are open.")
    new_part = MoneySerializer(allow_null=True, help_text="Of the mean: from deals that do not exist yet.")
    new_is_known = serializers.BooleanField(help_text="Whether enough was seen to count on that part.")
    quantiles = serializers.ListField(child=serializers.IntegerField(), help_text="P1 to P99 in minor units, or empty.")
    fan = FanSerializer(many=True, help_text="Of a period under way.")
    due = MoneySerializer(help_text="What the open deals are worth that are planned for it.")
    conversion = serializers.FloatField(help_text="The share of such pipeline that is won within the period.")
    shock = serializers.FloatField(allow_null=True, help_text="Standard deviation, in log-odds, that all deals share.")
    drift = serializers.FloatField(allow_null=True, help_text="What an amount becomes until the win: a factor.")
    periods = serializers.IntegerField(help_text="So many earlier ones were learnt from.")
    deals = serializers.IntegerField(help_text="Open ones that were counted.")
    assumed_deals = serializers.IntegerField(help_text="Of them counted with what a win usually brings.")
    scored_deals = serializers.IntegerField(help_text="Of them with the chance of a model that tells deals apart.")
    rate_date = serializers.DateField(allow_null=True, help_text="Of the oldest rate that open deals were counted by.")
    left_out = UncountedDealsSerializer(many=True)
    run_id = serializers.UUIDField()


MONEY = {
    **{name: f"{name}_minor" for name in ("closed", "weighted", "p10", "p50", "p90", "mean", "due")},
    "open_part": "open_minor",
    "new_part": "new_minor",
}
PLAIN = (
    *("id", "period_start", "period_end", "as_of_date", "as_of", "reconstructed", "new_is_known", "quantiles"),
    *("conversion", "shock", "drift", "periods", "deals", "assumed_deals", "scored_deals", "rate_date", "left_out"),
    "run_id",
)


class ForecastView(RecordView):
    """What nights said of periods."""

    required_scope = "forecasts:read"
    singular, plural = "forecast", "forecasts"
    record = ForecastSerializer
    example = EXAMPLE
    columns = (*PLAIN, *MONEY.values(), "kind", "unit_id", "unit__name", "currency", "fan")

    def rows(self) -> QuerySet[Any, Any]:
        """Return all that was ever said."""
        forecasts: QuerySet[Any, Any] = PeriodForecast.objects.for_organization(self.organization_id)
        return forecasts

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a forecast; what is not known is null."""

        def money(amount: int | None) -> dict[str, Any] | None:
            return None if amount is None else {"amount_minor": amount, "currency": row["currency"]}

        found = {
            **{name: row[name] for name in PLAIN},
            **{name: money(row[column]) for name, column in MONEY.items()},
            "period": row["kind"],
            "unit": reference(row, "unit"),
            "fan": [dict(zip(("day", "p10", "p50", "p90"), one, strict=True)) for one in row["fan"]],
        }
        return {name: found[name] for name in EXAMPLE}


def as_it_stood(day: date) -> Q:
    """Return the condition for what was said last of each period and unit by the end of a day."""
    said = PeriodForecast.objects.filter(as_of_date__lte=day)
    last = said.order_by("kind", "period_start", "unit", "-as_of", "-id").distinct("kind", "period_start", "unit")
    return Q(pk__in=last.values("pk"))


def of_day(day: date) -> Q:
    """Return the condition for the period that a day lies in."""
    return Q(period_start__lte=day, period_end__gt=day)


class ForecastListView(ForecastView, ListView):
    """Forecasts, page by page. Without `as_of` those of every night; with it of each period and unit the last one."""

    summary = "List forecasts"
    sorts = (Sort("as_of", "as_of", descending=True), Sort("period_start", "period_start"))
    filters = (
        parameters.on_day("as_of", as_it_stood, "As it stood at the end of this day: the last that was said by then."),
        parameters.codes("period", "kind", ForecastPeriod.values, "How long the period is."),
        parameters.on_day("in_period", of_day, "A day that lies in the period."),
        parameters.day("period_start", "period_start", "The first day of the period."),
        parameters.identifier("unit", "unit_id", "The unit that it is about."),
        parameters.flag("whole", "unit__isnull", "True: of the whole organisation only; false: of units only."),
        parameters.flag("reconstructed", "reconstructed", "Said afterwards, from what was known on that day."),
    )


class ForecastDetailView(ForecastView, DetailView):
    """What one night said of one period."""

    summary = "Get a forecast"
