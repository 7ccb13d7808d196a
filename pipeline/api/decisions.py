"""/api/v1/decisions and /api/v1/decisions/{id}."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.views import RecordView, Row
from integrations.api.writing import ChangingView, CreatingView
from pipeline.api import references
from pipeline.api.records import BY_ID, living, living_columns
from pipeline.api.writing import RecordWritingView
from pipeline.models import Decision, DecisionType
from pipeline.operations import StaleDecision, UnableToDecide, ask_decision, decide
from tenancy.keyset import Sort
from tenancy.models import Organization

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e4101",
    "type": "price_exception",
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "account": None,
    "question": "Three per cent more for two years?",
    "options": ["Yes", "No", "Two per cent"],
    "is_reversible": False,
    "asker": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "asked_at": "2026-11-23T08:02:11Z",
    "decider": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a78", "name": "Erik Voss"},
    "due_on": "2026-11-27",
    "outcome": None,
    "reason": None,
    "decided_by": None,
    "decided_at": None,
    "version": 1,
}


class DecisionSerializer(serializers.Serializer[Any]):
    """A decision that was asked for, and what came of it. What is not known is null."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(DecisionType.choices)
    opportunity = ReferenceSerializer(allow_null=True)
    account = ReferenceSerializer(allow_null=True)
    question = serializers.CharField()
    options = serializers.ListField(
        child=serializers.CharField(), help_text="What can be chosen; none: it is decided in own words."
    )
    is_reversible = serializers.BooleanField()
    asker = ReferenceSerializer(allow_null=True, help_text="The person of yours; null where a system asked.")
    asked_at = serializers.DateTimeField()
    decider = ReferenceSerializer(help_text="Who decides.")
    due_on = serializers.DateField(help_text="Until when it is needed.")
    outcome = serializers.CharField(allow_null=True, help_text="Null while it waits.")
    reason = serializers.CharField(allow_null=True)
    decided_by = ReferenceSerializer(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


BODY = Body(
    "Decision",
    [
        bodies.code(
            "type",
            DecisionType.values,
            "What is to be decided.",
            example="price_exception",
            required=True,
            on_create_only=True,
        ),
        bodies.reference(
            "opportunity_id", "opportunity", references.opportunities, "The deal it is about.", on_create_only=True
        ),
        bodies.reference(
            "account_id",
            "account",
            references.accounts,
            "The account it is about; one of the two is needed.",
            on_create_only=True,
        ),
        bodies.text(
            "question",
            300,
            "What is to be decided, in one sentence.",
            example="Three per cent more for two years?",
            required=True,
            on_create_only=True,
        ),
        bodies.text(
            "options",
            1_800,
            "What can be chosen, one on each line: two to eight, or null for own words.",
            example="Yes\nNo",
            lines=True,
            on_create_only=True,
        ),
        bodies.yes("is_reversible", "Whether it can be taken back.", example=True, null=False, on_create_only=True),
        bodies.reference(
            "decider_id",
            "active member",
            references.members,
            "Who decides.",
            required=True,
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a78",
            on_create_only=True,
        ),
        bodies.day("due_on", "Until when it is needed.", example="2027-01-15", required=True, on_create_only=True),
        bodies.text("outcome", 300, "What is decided; one of the options where there are some.", null=False),
        bodies.text("reason", 500, "Why; goes together with the outcome.", null=False),
    ],
    read_only=("opportunity", "account", "asker", "asked_at", "decider", "decided_by", "decided_at"),
)


class DecisionView(RecordView):
    """The decisions of an organisation, about deals and accounts that were not deleted."""

    required_scope, write_scope = "decisions:read", "decisions:write"
    singular, plural = "decision", "decisions"
    record = DecisionSerializer
    example = EXAMPLE
    columns = (
        *("id", "type", *living_columns("opportunity", "account"), "question", "options", "is_reversible"),
        *("asker_id", "asker__name", "asked_at", "decider_id", "decider__name", "due_on", "outcome", "reason"),
        *("decided_by_id", "decided_by__name", "decided_at", "version"),
    )
    body = BODY

    def rows(self) -> QuerySet[Any, Any]:
        """Return the decisions whose subject is still there."""
        decisions: QuerySet[Any, Any] = Decision.objects.for_organization(self.organization_id)
        deal_is_there = Q(opportunity__isnull=True) | Q(opportunity__deleted_at__isnull=True)
        return decisions.filter(deal_is_there, Q(account__isnull=True) | Q(account__deleted_at__isnull=True))

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a decision; what is not known is null."""
        kept = ("id", "type", "question", "options", "is_reversible", "asked_at", "due_on", "decided_at", "version")
        return {
            **{name: row[name] for name in kept},
            "opportunity": living(row, "opportunity"),
            "account": living(row, "account"),
            **{name: reference(row, name) for name in ("asker", "decider", "decided_by")},
            "outcome": row["outcome"] or None,
            "reason": row["reason"] or None,
        }


class DecisionListView(DecisionView, RecordWritingView, CreatingView):
    """The decisions, page by page: what waits, and what was decided why."""

    summary = "List decisions"
    about = {"POST": "Asks the person of `decider_id`. It is decided by a change that states `outcome` and `reason`."}

    def create(self, values: Values) -> Decision:
        """Ask for the decision."""
        if values.keys() & {"outcome", "reason"}:
            raise InvalidBody([FieldProblem("outcome", "It is asked for first, and decided by a change of it.")])
        said = {name.removesuffix("_id"): value for name, value in values.items()}
        said["options"] = said.get("options", "").splitlines()
        organization = Organization.objects.get(pk=self.organization_id)
        try:
            return ask_decision(organization=organization, asker=None, asked_at=self.now, **said)
        except UnableToDecide as error:
            raise InvalidBody([FieldProblem(error.field, str(error))], code="unable_to_decide") from None

    sorts = (BY_ID, Sort("due_on", "due_on"), Sort("asked_at", "asked_at"))
    filters = (
        parameters.flag("is_open", "decided_at__isnull", "Whether it still waits."),
        parameters.codes("type", "type", DecisionType.values, "What is to be decided."),
        parameters.identifier("opportunity", "opportunity_id", "The deal it is about."),
        parameters.identifier("account", "account_id", "The account it is about."),
        parameters.identifier("decider", "decider_id", "Who decides."),
        parameters.day("due_to", "due_on__lte", "Needed on this day or earlier."),
        parameters.moment("asked_from", "asked_at__gte", "Asked at this moment or later."),
        parameters.moment("asked_to", "asked_at__lte", "Asked at this moment or earlier."),
    )


class DecisionDetailView(DecisionView, RecordWritingView, ChangingView):
    """One decision by its id. It is decided once; what was decided stays as it is."""

    summary = "Get a decision"
    stale = (StaleDecision,)
    about = {"PATCH": "Decides it: state `outcome` and `reason`."}

    def change(self, record: Decision, values: Values) -> None:
        """Decide."""
        try:
            decide(
                organization=self.organization,
                decision=record,
                version=record.version,
                outcome=values.get("outcome", ""),
                reason=values.get("reason", ""),
                decided_by=None,
                decided_at=self.now,
            )
        except UnableToDecide as error:
            raise InvalidBody([FieldProblem(error.field, str(error))], code="unable_to_decide") from None
