"""GET /api/v1/opportunity-scores and /api/v1/opportunity-scores/{opportunity_id}."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.api.components import ReasonSerializer, reason_shown
from pipeline.models import OpportunityScore
from pipeline.queries.badges import to_check, wants_check
from pipeline.rules import STATE_WORDS
from tenancy.keyset import Sort

EXAMPLE = {
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "score": 64,
    "previous_score": 58,
    "rank": 1,
    "probability": 0.6412,
    "interval": {"low": 0.55, "high": 0.72},
    "slip_probability": 0.31,
    "check": False,
    "reasons": [
        {
            "code": "learned",
            "points": 0.71,
            "sentence": "Exchanges with somebody who decides, 60 days: 3; typical is 0",
            "records": [],
        }
    ],
    "state": "learned",
    "run_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
    "model_version": "model-4-learned",
    "as_of": "2026-11-23T01:00:00Z",
    "scored_at": "2026-11-23T01:00:41Z",
}


class IntervalSerializer(serializers.Serializer[Any]):
    """Between what and what a probability lies, 95 times of 100."""

    low = serializers.FloatField(min_value=0, max_value=1)
    high = serializers.FloatField(min_value=0, max_value=1)


class OpportunityScoreSerializer(serializers.Serializer[Any]):
    """The current score of an open deal: won, lost or later, and why."""

    opportunity = ReferenceSerializer()
    score = serializers.IntegerField(min_value=1, max_value=99, help_text="The chance to be won in percent, 1 to 99.")
    previous_score = serializers.IntegerField(min_value=1, max_value=99, allow_null=True)
    rank = serializers.IntegerField(min_value=1, help_text="By chance and amount; 1 comes first.")
    probability = serializers.FloatField(min_value=0, max_value=1, help_text="To be won in the end.")
    interval = IntervalSerializer(allow_null=True, help_text="Of the probability; null without outcomes to judge by.")
    slip_probability = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="To close later than the quarter it is planned for; null where nothing is known of that.",
    )
    check = serializers.BooleanField(
        help_text="The model is too sure of itself about deals of this segment or territory: look twice."
    )
    reasons = ReasonSerializer(many=True, help_text="Of the first 2,000 ranks.")
    state = serializers.ChoiceField(list(STATE_WORDS.items()), help_text="What the score rests on.")
    run_id = serializers.UUIDField()
    model_version = serializers.CharField()
    as_of = serializers.DateTimeField(help_text="What happened later did not count.")
    scored_at = serializers.DateTimeField()


class OpportunityScoreView(RecordView):
    """The current scores of open deals."""

    required_scope = "scores:read"
    singular, plural = "opportunity_score", "opportunity_scores"
    record = OpportunityScoreSerializer
    example = EXAMPLE
    columns = (
        *("id", "opportunity_id", "opportunity__name", "score", "previous_score", "rank", "probability", "low", "high"),
        *("slip_probability", "reasons", "state", "run_id", "model_version", "as_of", "scored_at"),
        *("organization__time_zone", "opportunity__account__segment", "opportunity__account__region", "to_check"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the scores of deals that are open; what a closed one had is past."""
        scores: QuerySet[Any, Any] = OpportunityScore.objects.for_organization(self.organization_id)
        scores = scores.filter(opportunity__deleted_at=None, opportunity__outcome="open")
        return scores.annotate(to_check=to_check())

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a score; its sentences speak of the organisation's day that it looks at."""
        day = row["as_of"].astimezone(ZoneInfo(row["organization__time_zone"])).date()
        return {
            "opportunity": reference(row, "opportunity"),
            "score": row["score"],
            "previous_score": row["previous_score"],
            "rank": row["rank"],
            "probability": row["probability"],
            "interval": None if row["low"] is None else {"low": row["low"], "high": row["high"]},
            "slip_probability": row["slip_probability"],
            "check": wants_check(
                {
                    "to_check": row["to_check"],
                    "deal_segment": row["opportunity__account__segment"],
                    "deal_territory": row["opportunity__account__region"],
                }
            ),
            "reasons": [reason_shown(reason, day) for reason in row["reasons"]],
            "state": row["state"],
            "run_id": row["run_id"],
            "model_version": row["model_version"],
            "as_of": row["as_of"],
            "scored_at": row["scored_at"],
        }


class OpportunityScoreListView(OpportunityScoreView, ListView):
    """The scores of open deals, page by page, the first rank first."""

    summary = "List opportunity scores"
    sorts = (Sort("rank", "rank"), Sort("score", "score", descending=True))
    filters = (
        parameters.number("min_score", "score__gte", 1, 99, "This score or a higher one."),
        parameters.number("max_score", "score__lte", 1, 99, "This score or a lower one."),
        parameters.identifier("owner", "opportunity__owner_id", "The person who owns the deal."),
        parameters.identifier("account", "opportunity__account_id", "The account that may buy."),
    )


class OpportunityScoreDetailView(OpportunityScoreView, DetailView):
    """The current score of one open deal, by the deal's id."""

    summary = "Get the score of an opportunity"
    key = "opportunity_id"
