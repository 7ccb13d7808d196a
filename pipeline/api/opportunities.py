"""GET /api/v1/opportunities and /api/v1/opportunities/{id}."""

from typing import Any

from django.db.models import QuerySet

from integrations.api import parameters
from integrations.api.components import money, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.api.components import OpportunitySerializer
from pipeline.models import ForecastCategory, Opportunity, Outcome
from pipeline.querysets import starting_with
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
    "source": "import:crm",
    "external_id": "006Qy00000XyZ",
    "version": 7,
    "created_at": "2026-08-11T09:30:00Z",
    "updated_at": "2026-11-19T11:45:03Z",
    "name": "2027 drive framework",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "product": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2c01", "name": "Hub drive H2"},
    "pipeline": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d01", "name": "Sales"},
    "stage": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d13", "name": "Proposal", "forecast_category": "best_case"},
    "outcome": "open",
    "amount": {"amount_minor": 38_000_000, "currency": "EUR"},
    "probability_bp": 5_000,
    "close_date": "2026-12-18",
    "opened_at": "2026-08-11T09:30:00Z",
    "closed_at": None,
    "stage_entered_at": "2026-11-02T13:05:00Z",
    "lost_reason": None,
    "next_step": "Service levels with Sanne",
    "next_step_date": "2026-11-26",
}


class OpportunityView(RecordView):
    """The deals of an organisation."""

    required_scope = "opportunities:read"
    singular, plural = "opportunity", "opportunities"
    record = OpportunitySerializer
    example = EXAMPLE
    columns = (
        *("id", "source", "external_id", "version", "created_at", "updated_at", "name", "name_key", "account_id"),
        *("account__name", "account__deleted_at", "owner_id", "owner__name", "product_id", "product__name"),
        *("pipeline_id", "pipeline__name", "stage_id", "stage__name", "stage__forecast_category"),
        *("stage__probability_bp", "probability_bp", "outcome", "amount_minor", "currency", "close_date", "opened_at"),
        *("closed_at", "stage_entered_at", "lost_reason", "next_step", "next_step_date"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the deals that were not deleted."""
        deals: QuerySet[Any, Any] = Opportunity.objects.for_organization(self.organization_id).alive()
        return deals

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a deal; an account that was deleted is no longer named."""
        own_chance = row["probability_bp"]
        return {
            "id": row["id"],
            "source": row["source"],
            "external_id": row["external_id"],
            "version": row["version"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "name": row["name"],
            "account": None if row["account__deleted_at"] else reference(row, "account"),
            "owner": reference(row, "owner"),
            "product": reference(row, "product"),
            "pipeline": reference(row, "pipeline"),
            "stage": {
                "id": row["stage_id"],
                "name": row["stage__name"],
                "forecast_category": row["stage__forecast_category"],
            },
            "outcome": row["outcome"],
            "amount": money(row, "amount_minor"),
            "probability_bp": row["stage__probability_bp"] if own_chance is None else own_chance,
            "close_date": row["close_date"],
            "opened_at": row["opened_at"],
            "closed_at": row["closed_at"],
            "stage_entered_at": row["stage_entered_at"],
            "lost_reason": row["lost_reason"] or None,
            "next_step": row["next_step"] or None,
            "next_step_date": row["next_step_date"],
        }


class OpportunityListView(OpportunityView, ListView):
    """Opportunities (deals), page by page. In the order of `id`, the default, none is missed or comes twice while
    others change: right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List opportunities"
    sorts = (
        Sort("id", "id"),
        Sort("close_date", "close_date", nullable=True),
        Sort("amount", "amount_minor", nullable=True),
        Sort("name", "name_key"),
        Sort("stage_entered_at", "stage_entered_at"),
        Sort("updated_at", "updated_at"),
    )
    filters = (
        parameters.codes("outcome", "outcome", Outcome.values, "How it ended, or open."),
        parameters.identifier("account", "account_id", "The account that it is with."),
        parameters.identifier("owner", "owner_id", "The person who owns it."),
        parameters.identifier("pipeline", "pipeline_id", "The pipeline that it goes through."),
        parameters.identifier("stage", "stage_id", "The stage that it is in."),
        parameters.codes(
            "forecast_category", "stage__forecast_category", ForecastCategory.values, "How firmly it counts."
        ),
        parameters.day("close_date_from", "close_date__gte", "Closes on this day or later."),
        parameters.day("close_date_to", "close_date__lte", "Closes on this day or earlier."),
        parameters.beginning(
            "name", lambda prefix: starting_with("name_key", prefix), "How its name begins.", example="2027"
        ),
        parameters.text("source", "source", "Where it came from.", example="import:crm"),
        parameters.text(
            "external_id", "external_id", "The id that its source knows.", example="006Qy00000XyZ", needs="source"
        ),
        parameters.moment("updated_after", "updated_at__gt", "Changed later than this moment."),
        parameters.moment("updated_before", "updated_at__lt", "Last changed before this moment."),
    )


class OpportunityDetailView(OpportunityView, DetailView):
    """One opportunity by its id."""

    summary = "Get an opportunity"
