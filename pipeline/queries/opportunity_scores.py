"""What the nights say of deals."""

from collections.abc import Iterable
from uuid import UUID

from pipeline.models import Opportunity, OpportunityScore
from tenancy.models import Organization


def opportunity_score(*, organization: Organization, opportunity: Opportunity) -> OpportunityScore | None:
    """Return the score of an open deal; what a closed one had is past."""
    if not opportunity.is_open:
        return None
    found = OpportunityScore.objects.for_organization(organization).filter(opportunity=opportunity)
    score: OpportunityScore | None = found.first()
    return score


def opportunity_scores(*, organization: Organization, ids: Iterable[UUID]) -> dict[UUID, OpportunityScore]:
    """Return the scores of these deals by their ids, without the reasons; for the open ones of a list."""
    found = OpportunityScore.objects.for_organization(organization).filter(opportunity_id__in=list(ids))
    return {one.opportunity_id: one for one in found.defer("reasons")}
