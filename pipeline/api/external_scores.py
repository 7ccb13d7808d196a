"""/api/v1/external-scores and /api/v1/external-scores/{id}: the scores of other systems, beside ours."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, BodyField, Values
from integrations.api.bulk import BulkView, RowOutcomes
from integrations.api.components import ReferenceSerializer
from integrations.api.parameters import Unreadable
from integrations.api.views import DetailView, RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.bulk import by_external_id, with_accounts
from pipeline.api.opportunities import OpportunityView
from pipeline.api.records import BY_ID, as_columns, living, living_columns, refuse_the_future
from pipeline.api.writing import RecordWritingView
from pipeline.models import ExternalScore
from pipeline.models.external_score import Trend
from pipeline.operations import UnableToRecordScore, record_external_score, record_external_scores
from tenancy.keyset import Sort
from tenancy.models import Organization
from tenancy.texts import UnfitText, clean_text

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3901",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "opportunity": None,
    "model_name": "web-intent",
    "score": 78,
    "trend": "improving",
    "grade": "A",
    "reasons": ["Twelve visits of the price page in two weeks"],
    "scored_at": "2026-11-22T21:00:00Z",
    "recorded_at": "2026-11-22T21:00:04Z",
}
MOST_REASONS, LONGEST_REASON = 10, 300


class ExternalScoreSerializer(serializers.Serializer[Any]):
    """What a model of another system says of an account or a deal. The latest one of each model counts."""

    id = serializers.UUIDField(help_text="Ours. It never changes, and sorts by creation.")
    account = ReferenceSerializer(allow_null=True, help_text="Null for a score of a deal, or once it was deleted.")
    opportunity = ReferenceSerializer(allow_null=True)
    model_name = serializers.CharField()
    score = serializers.IntegerField(min_value=0, max_value=100)
    trend = serializers.ChoiceField(Trend.choices, allow_null=True)
    grade = serializers.CharField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    scored_at = serializers.DateTimeField(help_text="When the other system said it.")
    recorded_at = serializers.DateTimeField(help_text="When it reached us; no score of ours knew it before.")


def _reasons(given: Any) -> list[str]:
    words = f"takes a list of up to {MOST_REASONS} texts of 1 to {LONGEST_REASON} characters"
    if type(given) is not list or len(given) > MOST_REASONS:
        raise Unreadable(words)
    reasons = []
    for one in given:
        try:
            reasons.append(clean_text(one) if type(one) is str else "")
        except UnfitText as error:
            raise Unreadable(str(error)) from None
    if any(not 0 < len(one) <= LONGEST_REASON for one in reasons):
        raise Unreadable(words)
    return reasons


BODY = Body(
    "ExternalScore",
    [
        bodies.reference(
            "account_id",
            "account",
            references.accounts,
            "The account that it is about; else the deal.",
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10",
        ),
        bodies.reference("opportunity_id", "deal", references.opportunities, "The deal that it is about."),
        bodies.text(
            "model_name",
            60,
            "The name of the model, the same each time: the latest score of a name counts.",
            example="web-intent",
            required=True,
        ),
        bodies.whole("score", 0, 100, "The score, 0 to 100.", example=78, required=True),
        bodies.code("trend", Trend.values, "Where it is going.", example="improving"),
        bodies.text("grade", 10, "The other system's grade.", example="A"),
        BodyField(
            "reasons",
            f"Why, in up to {MOST_REASONS} sentences.",
            {
                "type": "array",
                "maxItems": MOST_REASONS,
                "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON, "pattern": r"\S"},
            },
            _reasons,
            ["Twelve visits of the price page in two weeks"],
            null=False,
        ),
        bodies.moment("scored_at", "When it was said; now, where nobody says.", example="2026-11-22T21:00:00Z"),
    ],
    read_only=("account", "opportunity", "recorded_at"),
)


class ExternalScoreView(RecordView):
    """The scores that other systems give."""

    required_scope, write_scope = "scores:read", "scores:write"
    singular, plural = "external_score", "external_scores"
    record = ExternalScoreSerializer
    example = EXAMPLE
    columns = (
        *("id", *living_columns("account", "opportunity"), "model_name", "score", "trend", "grade", "reasons"),
        *("scored_at", "recorded_at"),
    )
    expansions = {"account": AccountView, "opportunity": OpportunityView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return all that other systems have said."""
        scores: QuerySet[Any, Any] = ExternalScore.objects.for_organization(self.organization_id)
        return scores

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a score; what is not known is null."""
        return {
            "id": row["id"],
            "account": living(row, "account"),
            "opportunity": living(row, "opportunity"),
            "model_name": row["model_name"],
            "score": row["score"],
            "trend": row["trend"] or None,
            "grade": row["grade"] or None,
            "reasons": row["reasons"],
            "scored_at": row["scored_at"],
            "recorded_at": row["recorded_at"],
        }


class ExternalScoreListView(ExternalScoreView, RecordWritingView, CreatingView):
    """What other systems have said of accounts and deals, page by page."""

    summary = "List external scores"
    body = BODY
    refusals = {UnableToRecordScore: ""}
    about = {"POST": "It is shown beside our score, and ours learn from it. What was said is never changed."}

    def create(self, values: Values) -> ExternalScore:
        """Keep the score."""
        refuse_the_future(values, "scored_at", now=self.now)
        return record_external_score(recorded_at=self.now, **self.acting(), **as_columns(values))

    sorts = (BY_ID, Sort("scored_at", "scored_at"))
    filters = (
        parameters.identifier("account", "account_id", "The account that it is about."),
        parameters.identifier("opportunity", "opportunity_id", "The deal that it is about."),
        parameters.text("model_name", "model_name", "The name of the model, as it is written.", example="web-intent"),
        parameters.number("min_score", "score__gte", 0, 100, "At least this score."),
        parameters.number("max_score", "score__lte", 0, 100, "At most this score."),
        parameters.moment("scored_from", "scored_at__gte", "Said at this moment or later."),
        parameters.moment("scored_to", "scored_at__lte", "Said at this moment or earlier."),
    )


class ExternalScoreBulkView(BulkView):
    """What other systems have said of many accounts and deals."""

    required_scope, write_scope = "scores:read", "scores:write"
    singular, plural = "external_score", "external_scores"
    summary = "Record many external scores"
    has_external_ids = False
    body = Body(
        "ExternalScoreRow",
        [
            *BODY.fields,
            by_external_id("account_external_id", "The account that it is about."),
        ],
        read_only=sorted(BODY.read_only),
    )

    def columns(self, values: Values) -> Values:
        """Return what a row states as the operation takes it."""
        refuse_the_future(values, "scored_at", now=timezone.now())
        return values

    def upsert(self, source: str, rows: Mapping[str, Values]) -> RowOutcomes:
        """Keep the scores; each row has its own answer."""
        found = with_accounts(self.organization_id, source, rows, "account_external_id", "account_id")
        organization = Organization.from_db("default", ["id"], [self.organization_id])
        done = record_external_scores(
            organization=organization, rows=found.rows, actor=None, recorded_at=timezone.now()
        )
        outcomes = RowOutcomes(refused={**found.refused, **done.refused})
        outcomes.done |= {key: ("created", record_id, None) for key, record_id in done.kept.items()}
        outcomes.done |= {key: ("unchanged", record_id, None) for key, record_id in done.unchanged.items()}
        return outcomes


class ExternalScoreDetailView(ExternalScoreView, DetailView):
    """One score of another system by its id."""

    summary = "Get an external score"
