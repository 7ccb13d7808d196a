"""What other systems say of our accounts and deals."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from pipeline.models import Account, ExternalScore, Opportunity

MOST_MODELS = 10
SHOWN = ("model_name", "score", "trend", "grade", "reasons", "scored_at")


def said_of(subject: str) -> ArraySubquery:
    """Return the latest score of each other system's model of each row, an account or an opportunity.

    The row is read by `external_scores_of`.
    """
    own = {"organization": OuterRef("organization"), f"{subject}_id": OuterRef("pk")}
    latest = ExternalScore.objects.filter(**own).order_by("model_name", "-scored_at", "-id").distinct("model_name")
    return ArraySubquery(latest.values(json=JSONObject(**{name: name for name in SHOWN}))[:MOST_MODELS])


def external_scores_of(row: Account | Opportunity) -> list[ExternalScore]:
    """Return what other systems say of a row that was read with `said_by_others=said_of(…)`, by the model's name."""
    return [
        ExternalScore(**{**said, "scored_at": datetime.fromisoformat(said["scored_at"])})
        for said in getattr(row, "said_by_others", [])
    ]
