"""What the nights say of deals."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from pipeline.models import Opportunity, OpportunityScore

SAID = (
    *("score", "previous_score", "probability", "low", "high", "slip_probability", "rank", "reasons", "state"),
    *("model_version", "as_of", "scored_at"),
)


def deal_outlook() -> Subquery:
    """Return all that was said of each row, a deal, for `opportunity_score`: read together with the deal."""
    scores = OpportunityScore.objects.filter(organization=OuterRef("organization"), opportunity_id=OuterRef("pk"))
    return Subquery(scores.order_by().values(json=JSONObject(**{name: name for name in SAID})))


def opportunity_score(deal: Opportunity) -> OpportunityScore | None:
    """Return the score of an open deal that was read with its `deal_outlook`; what a closed one had is past."""
    said: dict[str, Any] | None = getattr(deal, "deal_outlook", None)
    if said is None or not deal.is_open:
        return None
    moments = {name: datetime.fromisoformat(said[name]) for name in ("as_of", "scored_at")}
    return OpportunityScore(opportunity=deal, **{**said, **moments})
