"""/api/v1/opportunities and /api/v1/opportunities/{id}."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither, with_amounts
from integrations.api.bulk import BulkView, RowOutcomes, row_body
from integrations.api.components import money, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.members import MemberView
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.bulk import by_external_id, with_accounts
from pipeline.api.components import OpportunitySerializer
from pipeline.api.products import ProductView
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import PINNABLE, ForecastCategory, Opportunity, Outcome, Stage
from pipeline.operations import UnableToMoveStage, change_opportunity, create_opportunity, upsert_opportunities
from pipeline.querysets import in_categories, starting_with
from tenancy.keyset import Sort
from tenancy.models import Organization

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
    "forecast_category": "commit",
    "pinned_category": "commit",
    "close_date": "2026-12-18",
    "opened_at": "2026-08-11T09:30:00Z",
    "closed_at": None,
    "stage_entered_at": "2026-11-02T13:05:00Z",
    "lost_reason": None,
    "next_step": "Service levels with Sanne",
    "next_step_date": "2026-11-26",
    "custom": {"tender": "open"},
}


BODY = Body(
    "Opportunity",
    [
        *bodies.from_source(),
        bodies.text("name", 300, "What it is about.", example="2027 drive framework", required=True),
        bodies.reference("account_id", "account", references.accounts, "The account that may buy."),
        bodies.reference("owner_id", "active member", references.members, "The person who owns it."),
        bodies.reference("product_id", "product", references.products, "The main product."),
        bodies.reference(
            "stage_id",
            "stage in use",
            references.stages,
            "The stage that it is in. A new deal begins in an open one, without this in the first of the default "
            "pipeline. A change moves it; a won or lost stage closes it, an open one opens it again.",
            null=False,
        ),
        bodies.text(
            "lost_reason",
            300,
            "Why it was lost: needed with the move into a lost stage, and only there. Where your organisation takes "
            "the reasons of its list alone, one of those.",
        ),
        bodies.money("amount", "What it is worth.", example={"amount_minor": 38_000_000, "currency": "EUR"}),
        bodies.whole(
            "probability_bp", 0, 10_000, "The chance to win in hundredths of a percent; null for that of its stage."
        ),
        bodies.code(
            "pinned_category",
            [one.value for one in PINNABLE],
            "How firmly it counts in the forecast, whatever its stage; null to let the stage say again.",
        ),
        bodies.day("close_date", "The day on which it is expected to close.", example="2026-12-18"),
        bodies.text("next_step", 500, "What comes next.", example="Service levels with Sanne"),
        bodies.day("next_step_date", "When that is.", example="2026-11-26"),
    ],
    read_only=(
        *("account", "owner", "product", "stage", "pipeline", "currency", "outcome", "opened_at", "closed_at"),
        *("stage_entered_at", "forecast_category", "custom"),
    ),
)


def columns_of(values: Values, current: Opportunity | None = None) -> dict[str, Any]:
    """Return what a body states as the operations take it."""
    columns = with_amounts(values, ("amount",), current)
    return {name if name == "external_id" else name.removesuffix("_id"): columns[name] for name in columns}


class OpportunityView(RecordView):
    """The deals of an organisation."""

    required_scope, write_scope = "opportunities:read", "opportunities:write"
    singular, plural = "opportunity", "opportunities"
    record = OpportunitySerializer
    example = EXAMPLE
    columns = (
        *("id", "source", "external_id", "version", "created_at", "updated_at", "name", "name_key", "account_id"),
        *("account__name", "account__deleted_at", "owner_id", "owner__name", "product_id", "product__name"),
        *("pipeline_id", "pipeline__name", "stage_id", "stage__name", "stage__forecast_category"),
        *("stage__probability_bp", "probability_bp", "outcome", "amount_minor", "currency", "close_date", "opened_at"),
        *("closed_at", "stage_entered_at", "lost_reason", "next_step", "next_step_date", "custom"),
        "pinned_category",
    )
    expansions = {"account": AccountView, "owner": MemberView, "product": ProductView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the deals that were not deleted."""
        deals: QuerySet[Any, Any] = Opportunity.objects.for_organization(self.organization_id).alive()
        return deals

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a deal; an account that was deleted is no longer named."""
        own_chance = row["probability_bp"]
        pinned = row["pinned_category"] if row["outcome"] == Outcome.OPEN else ""
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
            "forecast_category": pinned or row["stage__forecast_category"],
            "pinned_category": row["pinned_category"] or None,
            "close_date": row["close_date"],
            "opened_at": row["opened_at"],
            "closed_at": row["closed_at"],
            "stage_entered_at": row["stage_entered_at"],
            "lost_reason": row["lost_reason"] or None,
            "next_step": row["next_step"] or None,
            "next_step_date": row["next_step_date"],
            "custom": row["custom"],
        }


class OpportunityListView(OpportunityView, RecordWritingView, CreatingView):
    """Opportunities (deals), page by page. In the order of `id`, the default, none is missed or comes twice while
    others change: right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List opportunities"
    body = BODY
    refusals = {UnableToMoveStage: "stage_id"}

    def create(self, values: Values) -> Opportunity:
        """Open the deal."""
        both_or_neither(values)
        columns = columns_of(values)
        if columns.pop("lost_reason", ""):
            raise InvalidBody([FieldProblem("lost_reason", "A new deal can't have been lost.")])
        stage = columns.pop("stage", None) or self._first_stage()
        return create_opportunity(stage=stage, opened_at=self.now, **self.acting(), **columns)

    def _first_stage(self) -> Stage:
        stages = references.stages(self.organization_id).filter(pipeline__is_default=True, kind="open")
        stage: Stage | None = stages.order_by("position", "id").first()
        if stage is None:
            raise InvalidBody([FieldProblem("stage_id", "There is no default pipeline; say in which stage it begins.")])
        return stage

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
        replace(
            parameters.codes("forecast_category", "", ForecastCategory.values, "How firmly it counts."),
            condition=in_categories,
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


class OpportunityDetailView(OpportunityView, RecordDeletingView):
    """One opportunity by its id."""

    summary = "Get an opportunity"
    body = BODY
    refusals = {UnableToMoveStage: "stage_id"}
    about = {
        "PATCH": "A new `stage_id` moves the deal, and its version grows by two where other fields change as well.",
        "DELETE": "It is taken out of every list. For 30 days it can be restored.",
    }

    def change(self, record: Opportunity, values: Values) -> None:
        """Change the deal."""
        change_opportunity(
            opportunity=record,
            version=record.version,
            changed_at=self.now,
            **self.acting(),
            **columns_of(values, record),
        )


class OpportunityBulkView(BulkView):
    """Many deals."""

    required_scope, write_scope = "opportunities:read", "opportunities:write"
    singular, plural = "opportunity", "opportunities"
    summary = "Add or change many opportunities"
    body = row_body(BODY, [by_external_id("account_external_id", "The account that may buy.")])

    def columns(self, values: Values) -> Values:
        """Return what a row states as the operation takes it."""
        return with_amounts(values, ("amount",))

    def upsert(self, source: str, rows: Mapping[str, Values]) -> RowOutcomes:
        """Add or change the deals."""
        found = with_accounts(self.organization_id, source, rows, "account_external_id", "account_id")
        organization = Organization.from_db("default", ["id"], [self.organization_id])
        done = upsert_opportunities(organization=organization, source=source, rows=found.rows, at=timezone.now())
        return found.then(done)
