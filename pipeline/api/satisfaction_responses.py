"""/api/v1/satisfaction-responses and /api/v1/satisfaction-responses/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither
from integrations.api.components import ReferenceSerializer
from integrations.api.views import DetailView, RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.components import RecordSerializer
from pipeline.api.contacts import ContactView
from pipeline.api.records import (
    BY_ID,
    BY_UPDATE,
    OURS,
    RECORD_COLUMNS,
    as_columns,
    living,
    living_columns,
    record_filters,
    record_part,
    refuse_the_future,
)
from pipeline.api.writing import RecordWritingView
from pipeline.models import SatisfactionResponse
from pipeline.operations import UnableToRecordAnswer, record_satisfaction_response
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3101",
    "source": "import:surveys",
    "external_id": "2026-Q4-118",
    "version": 1,
    "created_at": "2026-11-10T09:00:00Z",
    "updated_at": "2026-11-10T09:00:00Z",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "contact": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01", "name": "Sanne de Wit"},
    "score": 9,
    "comment": "The service engineer knew our line.",
    "survey": "2026-Q4",
    "responded_at": "2026-11-10T08:58:00Z",
}


class SatisfactionResponseSerializer(RecordSerializer):
    """One answer to "would you recommend us", 0 to 10: 9 and 10 promote, 0 to 6 detract."""

    account = ReferenceSerializer(allow_null=True, help_text="Null once the account was deleted.")
    contact = ReferenceSerializer(allow_null=True)
    score = serializers.IntegerField(min_value=0, max_value=10)
    comment = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    survey = serializers.CharField(allow_null=True, help_text="The round of asking that it belongs to.")
    responded_at = serializers.DateTimeField()


BODY = Body(
    "SatisfactionResponse",
    [
        *bodies.from_source(),
        bodies.reference(
            "account_id",
            "account",
            references.accounts,
            "The account that answers.",
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10",
            required=True,
        ),
        bodies.whole("score", 0, 10, "Would they recommend you, 0 to 10.", example=9, required=True),
        bodies.moment("responded_at", "When they answered.", example="2026-11-10T08:58:00Z", required=True),
        bodies.reference("contact_id", "contact", references.contacts, "The contact who answers."),
        bodies.text("comment", 20_000, "What they wrote.", example="The engineer knew our line.", lines=True),
        bodies.text("survey", 120, "The round of asking that it belongs to.", example="2026-Q4"),
    ],
    read_only=OURS,
)


class SatisfactionResponseView(RecordView):
    """What the customers of an organisation say when they are asked."""

    required_scope, write_scope = "satisfaction-responses:read", "satisfaction-responses:write"
    singular, plural = "satisfaction_response", "satisfaction_responses"
    record = SatisfactionResponseSerializer
    example = EXAMPLE
    columns = (*RECORD_COLUMNS, *living_columns("account", "contact"), "score", "comment", "survey", "responded_at")
    expansions = {"account": AccountView, "contact": ContactView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the answers that were not deleted."""
        answers: QuerySet[Any, Any] = SatisfactionResponse.objects.for_organization(self.organization_id).alive()
        return answers

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an answer; what is not known is null."""
        return {
            **record_part(row),
            "account": living(row, "account"),
            "contact": living(row, "contact"),
            "score": row["score"],
            "comment": self.visible("satisfactionresponse", row, "comment") or None,
            "survey": row["survey"] or None,
            "responded_at": row["responded_at"],
        }


class SatisfactionResponseListView(SatisfactionResponseView, RecordWritingView, CreatingView):
    """Answers of customers, page by page. In the order of `id`, the default, none is missed or comes twice while
    others change: right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List satisfaction responses"
    body = BODY
    refusals = {UnableToRecordAnswer: "contact_id"}
    about = {"POST": "What a customer said is said: an answer is never changed."}

    def create(self, values: Values) -> SatisfactionResponse:
        """Keep the answer."""
        both_or_neither(values)
        refuse_the_future(values, "responded_at", now=self.now)
        return record_satisfaction_response(created_at=self.now, **self.acting(), **as_columns(values))

    sorts = (BY_ID, Sort("responded_at", "responded_at"), BY_UPDATE)
    filters = (
        parameters.identifier("account", "account_id", "The account that answered."),
        parameters.identifier("contact", "contact_id", "The contact who answered."),
        parameters.text("survey", "survey", "The round of asking, as it is written.", example="2026-Q4"),
        parameters.number("min_score", "score__gte", 0, 10, "At least this score."),
        parameters.number("max_score", "score__lte", 0, 10, "At most this score."),
        parameters.moment("responded_from", "responded_at__gte", "Answered at this moment or later."),
        parameters.moment("responded_to", "responded_at__lte", "Answered at this moment or earlier."),
        *record_filters("2026-Q4-118"),
    )


class SatisfactionResponseDetailView(SatisfactionResponseView, DetailView):
    """One answer by its id."""

    summary = "Get a satisfaction response"
