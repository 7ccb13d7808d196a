"""What a score badge shows of an account, fetched with the row that names the account."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from pipeline.models import AccountScore, ScoreOverride

Badge = dict[str, Any]


def score_badge(account: str = "account_id") -> Subquery:
    """Return the badge of each row's account, None where it has no score: one look-up in an index for each row.

    ``account`` names the column that holds the account's id.
    """
    scores = AccountScore.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    by_hand = override_of_account("account_id", score="score", until="expires_on")
    said = JSONObject(score="score", before="previous_score", band="band", by_hand=by_hand)
    return Subquery(scores.order_by().values(json=said))


def override_of_account(account: str, **shown: str) -> Subquery:
    """Return the override that is in force for each row's account, as an object with the columns that are named."""
    overrides = ScoreOverride.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    return Subquery(overrides.filter(ended_at=None).order_by().values(json=JSONObject(**shown)))
