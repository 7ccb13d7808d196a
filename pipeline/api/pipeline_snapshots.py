"""GET /api/v1/pipeline-snapshots."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Subquery
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import MoneySerializer, ReferenceSerializer, money, reference
from integrations.api.views import ListView, Row
from pipeline.models import ForecastCategory, OpportunitySnapshot, SnapshotDay
from tenancy.keyset import Sort

EXAMPLE = {
    "day": "2026-11-20",
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a01", "name": "Velora E-Bikes"},
    "stage": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d13", "name": "Proposal"},
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2c01", "name": "Rui Prado"},
    "unit_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01",
    "amount": {"amount_minor": 120_000_000, "currency": "EUR"},
    "probability_bp": 5_000,
    "forecast_category": "best_case",
    "close_date": "2026-12-18",
    "next_step": "Send draft",
    "next_step_date": "2026-11-24",
    "opened_at": "2026-09-02T08:00:00Z",
    "stage_entered_at": "2026-11-02T10:15:00Z",
    "pushes": 1,
    "amount_changes": 2,
}
PLAIN = (
    *("unit_id", "probability_bp", "forecast_category", "close_date", "next_step", "next_step_date", "opened_at"),
    *("stage_entered_at", "pushes", "amount_changes"),
)


class PipelineSnapshotSerializer(serializers.Serializer[Any]):
    """An open deal as it stood at the end of a day. It is never changed; what it names may be gone since."""

    day = serializers.DateField()
    opportunity = ReferenceSerializer(help_text="With the name that it had.")
    account = ReferenceSerializer(allow_null=True, help_text="With the name that it had.")
    stage = ReferenceSerializer()
    owner = ReferenceSerializer(allow_null=True)
    unit_id = serializers.UUIDField(allow_null=True, help_text="The unit of its owner on that day.")
    amount = MoneySerializer(allow_null=True)
    probability_bp = serializers.IntegerField(min_value=0, max_value=10_000)
    forecast_category = serializers.ChoiceField(ForecastCategory.choices)
    close_date = serializers.DateField(allow_null=True)
    next_step = serializers.CharField(allow_blank=True)
    next_step_date = serializers.DateField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    stage_entered_at = serializers.DateTimeField(allow_null=True)
    pushes = serializers.IntegerField(min_value=0, help_text="How often its close date had been moved to a later day.")
    amount_changes = serializers.IntegerField(min_value=0)


def recorded_by(day: date) -> Q:
    """Return the condition that keeps the last day which was recorded by then."""
    days = SnapshotDay.objects.filter(snapshot_date__lte=day).order_by("-snapshot_date")
    return Q(snapshot_date=Subquery(days.values("snapshot_date")[:1]))


class PipelineSnapshotListView(ListView):
    """The open deals as they were recorded, the newest day first.

    With `on` it is the pipeline of one day: that day's, or the last recorded one before it.
    """

    required_scope = "opportunities:read"
    singular, plural = "pipeline_snapshot", "pipeline_snapshots"
    summary = "List pipeline snapshots"
    record = PipelineSnapshotSerializer
    example = EXAMPLE
    columns = (
        *("id", "snapshot_date", "opportunity_id", "name", "account_id", "account_name", "stage_id", "stage__name"),
        *("owner_id", "owner__name", "amount_minor", "currency", *PLAIN),
    )
    sorts = (Sort("day", "snapshot_date", descending=True),)
    filters = (
        parameters.on_day("on", recorded_by, "As of this day."),
        parameters.identifier("opportunity", "opportunity_id", "The deal."),
        parameters.identifier("stage", "stage_id", "The stage that it was in."),
        parameters.identifier("owner", "owner_id", "Who owned it."),
        parameters.identifier("unit", "unit_id", "The unit that its owner was in."),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return all that was recorded."""
        snapshots: QuerySet[Any, Any] = OpportunitySnapshot.objects.for_organization(self.organization_id)
        return snapshots

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a deal of a day."""
        account = {"id": row["account_id"], "name": row["account_name"]} if row["account_id"] else None
        return {
            "day": row["snapshot_date"],
            "opportunity": {"id": row["opportunity_id"], "name": row["name"]},
            "account": account,
            "stage": reference(row, "stage"),
            "owner": reference(row, "owner"),
            "amount": money(row, "amount_minor"),
            **{name: row[name] for name in PLAIN},
        }
