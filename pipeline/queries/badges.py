"""What a score badge shows of an account or a deal, fetched with the row that names it."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from pipeline.models import AccountScore, OpportunityScore, ScoreOverride, ScorePublication

Badge = dict[str, Any]


def score_badge(account: str = "account_id") -> Subquery:
    """Return the badge of each row's account, None where it has no score: one look-up in an index for each row.

    ``account`` names the column that holds the account's id.
    """
    scores = AccountScore.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    by_hand = override_of_account("account_id", score="score", until="expires_on")
    said = JSONObject(
        score="score",
        before="previous_score",
        band="band",
        by_hand=by_hand,
        segment="account__segment",
        territory="account__region",
        to_check=to_check(),
    )
    return Subquery(scores.order_by().values(json=said))


def to_check() -> Subquery:
    """Return of whom the models are too sure, for `wants_check`."""
    published = ScorePublication.objects.filter(organization=OuterRef("organization"))
    return Subquery(published.values("to_check")[:1])


def wants_check(badge: Badge) -> bool:
    """Whether the model is too sure of itself about records like this one, so that a person should look twice."""
    to_check = badge.get("to_check") or {}
    return any(badge.get(title) in names for title, names in to_check.items())


def override_of_account(account: str, **shown: str) -> Subquery:
    """Return the override that is in force for each row's account, as an object with the columns that are named."""
    overrides = ScoreOverride.objects.filter(organization=OuterRef("organization"), account_id=OuterRef(account))
    return Subquery(overrides.filter(ended_at=None).order_by().values(json=JSONObject(**shown)))


def deal_score() -> Subquery:
    """Return the score of each row, a deal, and the one before; None where it has none. A closed deal's is past."""
    scores = OpportunityScore.objects.filter(organization=OuterRef("organization"), opportunity_id=OuterRef("pk"))
    said = JSONObject(
        score="score",
        before="previous_score",
        deal_segment="opportunity__account__segment",
        deal_territory="opportunity__account__region",
        to_check=to_check(),
    )
    return Subquery(scores.order_by().values(json=said))
