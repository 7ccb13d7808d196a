"""Why an account has its score, where the night hasn't said it: below the first of each list it is said when asked.

The method is not here, but in the centre of excellence above: it listens to `explanations_wanted` and answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from pipeline.models import AccountScore, ScorePublication
from pipeline.queries.score_words import Confirmed, confirmed
from tenancy.models import Organization

explanations_wanted = Signal()
"""Sent with `organization` and `account_ids`; a receiver returns reasons and parts of the value by account."""


def explanations(*, organization: Organization, account_ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return `value_basis` and `reasons` of these accounts by the method whose scores are published."""
    found: dict[UUID, Any] = {}
    answer: Any
    for _, answer in explanations_wanted.send(AccountScore, organization=organization, account_ids=account_ids):
        found |= answer
    return found


def explain(*, organization: Organization, scores: Sequence[AccountScore]) -> None:
    """Give those of the scores that have no reasons yet theirs, as of the run that confirmed them last."""
    missing = [score for score in scores if not score.value_basis and not score.reasons]
    if not missing:
        return
    publication = _publication(organization, missing[0])
    found = explanations(organization=organization, account_ids=[score.account_id for score in missing])
    for score in missing:
        if (one := found.get(score.account_id)) is None or publication is None:
            continue
        score.value_basis, score.reasons = dict(one.value_basis), list(one.reasons)
        score.run_id, score.as_of = publication.run_id, publication.as_of
        score.scored_at, score.data_up_to = publication.scored_at, publication.data_up_to


def _publication(organization: Organization, score: AccountScore) -> ScorePublication | Confirmed | None:
    """Return what confirmed the scores last: of the row, where it was read with it."""
    if hasattr(score, "published"):
        return confirmed(score)
    found: ScorePublication | None = ScorePublication.objects.for_organization(organization).first()
    return found
