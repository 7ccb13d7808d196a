"""GET /api/v1/account-scores and /api/v1/account-scores/{account_id}."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, F, Field, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from integrations.api import parameters
from integrations.api.components import money, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.api.components import AccountScoreSerializer, reason_shown
from pipeline.models import AccountScore, Band, ScorePublication, Segment
from pipeline.queries.badges import override_of_account, to_check, wants_check
from pipeline.queries.explained import explanations
from tenancy.keyset import Sort
from tenancy.models import Organization

# Scores that say the same as before are not written again: the publication says which night confirmed them.
PUBLISHED: dict[str, "Field[Any, Any]"] = {
    "run_id": UUIDField(),
    **dict.fromkeys(("as_of", "scored_at", "data_up_to"), DateTimeField()),
}

EXAMPLE = {
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "score": 71,
    "previous_score": 62,
    "rank": 1,
    "previous_rank": 4,
    "band": "act",
    "probability": 0.7132,
    "value": {"amount_minor": 38_000_000, "currency": "EUR"},
    "value_per_hour": {"amount_minor": 41_200, "currency": "EUR"},
    "reasons": [
        {
            "code": "open_deal_late",
            "points": 0.9,
            "sentence": "Open deal in Proposal, opened 11 Aug",
            "records": [
                {
                    "type": "opportunity",
                    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
                    "label": "2027 drive framework",
                }
            ],
        }
    ],
    "check": False,
    "by_hand": None,
    "run_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
    "model_version": "rules-1",
    "as_of": "2026-11-23T01:00:00Z",
    "scored_at": "2026-11-23T01:00:41Z",
    "data_up_to": "2026-11-22T18:31:00Z",
}


class AccountScoreView(RecordView):
    """The current scores of an organisation."""

    required_scope = "scores:read"
    singular, plural = "account_score", "account_scores"
    record = AccountScoreSerializer
    example = EXAMPLE
    columns = (
        *("id", "account_id", "account__name", "score", "previous_score", "rank", "previous_rank", "band"),
        *("probability", "value_minor", "per_hour_minor", "currency", "value_basis", "reasons", "model_version"),
        *("as_of", "organization__time_zone", "account__segment", "account__region", "to_check", "by_hand"),
        *(f"published_{name}" for name in PUBLISHED),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the scores of accounts that were not deleted."""
        scores: QuerySet[Any, Any] = AccountScore.objects.for_organization(self.organization_id)
        published = ScorePublication.objects.for_organization(self.organization_id)
        by_hand = override_of_account("account_id", score="score", reason="reason", expires_on="expires_on")
        return scores.filter(account__deleted_at=None).annotate(
            by_hand=by_hand,
            to_check=to_check(),
            **{
                f"published_{name}": Coalesce(Subquery(published.values(name)[:1]), F(name), output_field=kind)
                for name, kind in PUBLISHED.items()
            },
        )

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows with the reasons of those that nobody has asked about yet."""
        missing = [row["account_id"] for row in rows if not row["value_basis"] and not row["reasons"]]
        if not missing:
            return rows
        organization = Organization.objects.get(pk=self.organization_id)
        found = explanations(organization=organization, account_ids=missing)
        return [
            {**row, "reasons": one.reasons, "as_of": row["published_as_of"]}
            if (one := found.get(row["account_id"])) is not None
            else row
            for row in rows
        ]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a score; its sentences speak of the organisation's day that it looks at, not of the day of asking."""
        day = row["as_of"].astimezone(ZoneInfo(row["organization__time_zone"])).date()
        return {
            "account": reference(row, "account"),
            "score": row["score"],
            "previous_score": row["previous_score"],
            "rank": row["rank"],
            "previous_rank": row["previous_rank"],
            "band": row["band"],
            "probability": row["probability"],
            "value": money(row, "value_minor"),
            "value_per_hour": money(row, "per_hour_minor"),
            "reasons": [reason_shown(reason, day) for reason in row["reasons"]],
            "check": wants_check(
                {"to_check": row["to_check"], "segment": row["account__segment"], "territory": row["account__region"]}
            ),
            "by_hand": row["by_hand"],
            "run_id": row["published_run_id"],
            "model_version": row["model_version"],
            "as_of": row["published_as_of"],
            "scored_at": row["published_scored_at"],
            "data_up_to": row["published_data_up_to"],
        }


class AccountScoreListView(AccountScoreView, ListView):
    """The scores of the last run, page by page, the first rank first. When `run_id` changes between two pages, a new
    run was published meanwhile: begin again.
    """

    summary = "List account scores"
    sorts = (Sort("rank", "rank"), Sort("value", "value_minor", nullable=True))
    filters = (
        parameters.codes("band", "band", Band.values, "When the account wants attention."),
        parameters.number("min_score", "score__gte", 1, 99, "This score or a higher one."),
        parameters.number("max_score", "score__lte", 1, 99, "This score or a lower one."),
        parameters.codes("segment", "account__segment", Segment.values, "How large the account is to you."),
        parameters.text("region", "account__region", "The region of the account, as it is written.", example="North"),
        parameters.identifier("owner", "account__owner_id", "The person who owns the account."),
    )


class AccountScoreDetailView(AccountScoreView, DetailView):
    """The current score of one account, by the account's id."""

    summary = "Get the score of an account"
    key = "account_id"
