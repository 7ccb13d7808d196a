"""What other systems say of our accounts and deals."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from pipeline.models import Account, ExternalScore, Opportunity
from tenancy.models import Organization

MOST_MODELS = 10
SHOWN = ("model_name", "score", "trend", "grade", "reasons", "scored_at")


def external_scores(*, organization: Organization, account: Account) -> list[ExternalScore]:
    """Return the latest score of each other system's model of an account, by the model's name."""
    scores = ExternalScore.objects.for_organization(organization).filter(account=account)
    latest = scores.order_by("model_name", "-scored_at", "-id").distinct("model_name")
    return list(latest[:MOST_MODELS])


def said_of_deal() -> ArraySubquery:
    """Return the latest score of each other system's model of each row, a deal, for `external_scores_of`."""
    scores = ExternalScore.objects.filter(organization=OuterRef("organization"), opportunity_id=OuterRef("pk"))
    latest = scores.order_by("model_name", "-scored_at", "-id").distinct("model_name")
    return ArraySubquery(latest.values(json=JSONObject(**{name: name for name in SHOWN}))[:MOST_MODELS])


def external_scores_of(deal: Opportunity) -> list[ExternalScore]:
    """Return what other systems say of a deal that was read with `said_of_deal`."""
    return [
        ExternalScore(opportunity=deal, **{**said, "scored_at": datetime.fromisoformat(said["scored_at"])})
        for said in getattr(deal, "said_of_deal", [])
    ]
