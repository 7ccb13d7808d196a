"""Keeping the scores that other systems give."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from pipeline.models import Account, ExternalScore, Opportunity
from pipeline.operations.changes import check_references
from tenancy.events import record_event
from tenancy.models import Member, Organization


class UnableToRecordScore(ValueError):
    """The score can't be kept so; the message says why."""


@transaction.atomic
def record_external_score(
    *,
    organization: Organization,
    account: Account | None = None,
    opportunity: Opportunity | None = None,
    model_name: str,
    score: int,
    actor: Member | None,
    recorded_at: datetime,
    scored_at: datetime | None = None,
    trend: str = "",
    grade: str = "",
    reasons: Sequence[str] = (),
) -> ExternalScore:
    """Keep what another system's model says of an account or a deal. It is never changed: a later one counts instead.

    :raises UnableToRecordScore: without a record or with two, or when the same model spoke of it at the same moment.
    """
    if (account is None) == (opportunity is None):
        raise UnableToRecordScore("A score is about an account or about a deal: say account_id or opportunity_id.")
    scored_at = scored_at or recorded_at
    said = ExternalScore.objects.for_organization(organization).filter(
        account=account, opportunity=opportunity, model_name=model_name, scored_at=scored_at
    )
    if said.exists():
        raise UnableToRecordScore(f"A score of {model_name} of that moment is kept already; a later one counts anew.")
    kept: ExternalScore = ExternalScore.objects.create(
        organization=organization,
        account=account,
        opportunity=opportunity,
        model_name=model_name,
        score=score,
        trend=trend,
        grade=grade,
        reasons=list(reasons),
        scored_at=scored_at,
        recorded_at=recorded_at,
    )
    check_references()
    record_event(
        organization=organization,
        type="external_score.received",
        subject=kept,
        payload={
            "account": None if account is None else str(account.pk),
            "opportunity": None if opportunity is None else str(opportunity.pk),
            "model_name": model_name,
            "score": score,
        },
        actor=actor,
        occurred_at=scored_at,
    )
    return kept
