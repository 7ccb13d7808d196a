"""/api/v1/exchange-rates, /api/v1/exchange-rates/bulk and /api/v1/exchange-rates/{id}: what currencies are worth."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.bulk import BulkView, RowOutcomes
from integrations.api.views import DetailView, ListView, RecordView, Row
from tenancy.keyset import Sort
from tenancy.models import ExchangeRate, Organization
from tenancy.rates import UnableToSetRate, plain, set_rate

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4e01",
    "currency": "USD",
    "rate_date": "2026-11-23",
    "rate": "0.92",
}


class ExchangeRateSerializer(serializers.Serializer[Any]):
    """What one of a currency is worth in the organisation's own from a day on, until the next day that has a rate."""

    id = serializers.UUIDField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
    rate_date = serializers.DateField()
    rate = serializers.CharField(
        allow_null=True, help_text="A decimal number; null: from this day on there is no rate."
    )


class ExchangeRateView(RecordView):
    """The rates of an organisation."""

    required_scope = "exchange-rates:read"
    singular, plural = "exchange_rate", "exchange_rates"
    record = ExchangeRateSerializer
    example = EXAMPLE
    columns = ("id", "currency", "rate_date", "rate")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the rates of all days."""
        rates: QuerySet[Any, Any] = ExchangeRate.objects.for_organization(self.organization_id)
        return rates

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a rate; as text, for a number of JSON may lose its last digits."""
        return {**row, "rate": None if row["rate"] is None else plain(row["rate"])}


class ExchangeRateListView(ExchangeRateView, ListView):
    """The rates, day by day."""

    summary = "List exchange rates"
    sorts = (Sort("id", "id"),)
    filters = (
        parameters.text("currency", "currency", "A currency (ISO 4217).", example="USD"),
        parameters.day("from_date", "rate_date__gte", "Of this day or later."),
        parameters.day("to_date", "rate_date__lte", "Of this day or earlier."),
    )


class ExchangeRateDetailView(ExchangeRateView, DetailView):
    """One rate by its id."""

    summary = "Get an exchange rate"


class ExchangeRateBulkView(BulkView):
    """The rates of many currencies and days."""

    required_scope, write_scope = "exchange-rates:read", "exchange-rates:write"
    singular, plural = "exchange_rate", "exchange_rates"
    summary = "Set many exchange rates"
    about = {
        "POST": "A row is known by its currency and day: a rate that is there for that day is corrected, other days"
        " stay as they are."
    }
    has_external_ids = False
    body = Body(
        "ExchangeRateRow",
        [
            bodies.matching(
                "currency",
                "[A-Z]{3}",
                "three letters (ISO 4217)",
                "The currency.",
                example="USD",
                required=True,
            ),
            bodies.day("rate_date", "From which day on.", years_ahead=0, example="2026-11-23", required=True),
            bodies.decimal(
                "rate", 0, 1_000_000, 9, "What one of it is worth in your own currency.", example=0.92, required=True
            ),
        ],
    )

    def upsert(self, source: str, rows: Mapping[str, Values]) -> RowOutcomes:
        """Set the rates; each row has its own answer."""
        organization = Organization.objects.get(pk=self.organization_id)
        outcomes, now = RowOutcomes(), timezone.now()
        for key, row in rows.items():
            try:
                kept, outcome = set_rate(organization=organization, actor=None, at=now, **row)
            except UnableToSetRate as error:
                outcomes.refused[key] = (error.field, str(error))
            else:
                outcomes.done[key] = (outcome, kept.pk, None)
        return outcomes
