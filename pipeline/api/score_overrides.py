"""/api/v1/score-overrides and /api/v1/score-overrides/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.records import BY_ID, as_columns
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import OverrideEnd, OverrideReason, ScoreOverride
from pipeline.operations import UnableToOverride, override_score, return_to_automatic
from tenancy.keyset import Sort
from tenancy.models import Organization
from tenancy.working_time import local_day

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3701",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "score": 85,
    "automatic_score": 62,
    "reason": "agreed",
    "words": "The board has said yes; the order comes in December.",
    "expires_on": "2026-12-21",
    "set_by": None,
    "set_at": "2026-11-23T08:02:11Z",
    "ended_at": None,
    "ended_how": None,
}


class ScoreOverrideSerializer(serializers.Serializer[Any]):
    """A score that somebody set by hand in place of the model's, for a while. What is not known is null."""

    id = serializers.UUIDField()
    account = ReferenceSerializer()
    score = serializers.IntegerField(min_value=1, max_value=99)
    automatic_score = serializers.IntegerField(help_text="What the model said when it was set.")
    reason = serializers.ChoiceField(OverrideReason.choices)
    words = serializers.CharField()
    expires_on = serializers.DateField(help_text="The first day on which it no longer counts.")
    set_by = ReferenceSerializer(allow_null=True, help_text="The person of yours; null where a system did it.")
    set_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null while it counts.")
    ended_how = serializers.ChoiceField(OverrideEnd.choices, allow_null=True)


BODY = Body(
    "ScoreOverride",
    [
        bodies.reference(
            "account_id",
            "account",
            references.accounts,
            "The account whose score it is.",
            required=True,
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10",
        ),
        bodies.whole("score", 1, 99, "The chance to buy, in per cent.", example=85, required=True),
        bodies.code("reason", OverrideReason.values, "Why somebody knows better.", example="agreed", required=True),
        bodies.text("words", 500, "The reason in words.", example="The board has said yes.", lines=True, required=True),
        bodies.day(
            "expires_on",
            "The first day on which it no longer counts: at most 180 days ahead.",
            example="2026-12-21",
            required=True,
        ),
    ],
    read_only=("automatic_score", "set_by", "set_at", "ended_at", "ended_how"),
)


class ScoreOverrideView(RecordView):
    """Scores that people or systems set by hand."""

    required_scope, write_scope = "scores:read", "score-overrides:write"
    singular, plural = "score_override", "score_overrides"
    record = ScoreOverrideSerializer
    example = EXAMPLE
    columns = (
        *("id", "account_id", "account__name", "score", "automatic_score", "reason", "words", "expires_on"),
        *("set_by_id", "set_by__name", "set_at", "ended_at", "ended_how"),
    )
    expansions = {"account": AccountView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return all that were set, those that have ended among them."""
        overrides: QuerySet[Any, Any] = ScoreOverride.objects.for_organization(self.organization_id)
        return overrides.filter(account__deleted_at=None)

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an override; what is not known is null."""
        kept = ("id", "score", "automatic_score", "reason", "words", "expires_on", "set_at", "ended_at")
        return {
            **{name: row[name] for name in kept},
            "account": reference(row, "account"),
            "set_by": reference(row, "set_by"),
            "ended_how": row["ended_how"] or None,
        }


class ScoreOverrideListView(ScoreOverrideView, RecordWritingView, CreatingView):
    """The scores set by hand, page by page."""

    summary = "List score overrides"
    body = BODY
    refusals = {UnableToOverride: "expires_on"}
    about = {"POST": "It counts in place of the model's score, and of an override before, until it expires."}

    def create(self, values: Values) -> ScoreOverride:
        """Set the score."""
        organization = Organization.objects.get(pk=self.organization_id)
        return override_score(
            organization=organization,
            set_by=None,
            set_at=self.now,
            today=local_day(organization, self.now),
            **as_columns(values),
        )

    sorts = (BY_ID, Sort("set_at", "set_at"))
    filters = (
        parameters.identifier("account", "account_id", "The account whose score it is."),
        parameters.codes("reason", "reason", OverrideReason.values, "Why somebody knows better."),
        parameters.codes("ended_how", "ended_how", OverrideEnd.values, "How it ended."),
        parameters.moment("set_from", "set_at__gte", "Set at this moment or later."),
        parameters.moment("set_to", "set_at__lte", "Set at this moment or earlier."),
    )


class ScoreOverrideDetailView(ScoreOverrideView, RecordDeletingView):
    """One score set by hand, by its id. To delete it is to return to automatic; the record of it stays."""

    summary = "Get a score override"
    about = {"DELETE": "The model's own score counts again."}
    body = BODY
    http_method_names = ("get", "delete", "head", "options")  # type: ignore[assignment]  # it isn't changed

    def delete_record(self, record: ScoreOverride) -> None:
        """Let the model's score count again."""
        return_to_automatic(organization=self.organization, override=record, ended_by=None, ended_at=self.now)
