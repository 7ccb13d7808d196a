"""What the nights say of deals."""

from pipeline.models import Opportunity, OpportunityScore
from tenancy.models import Organization


def opportunity_score(*, organization: Organization, opportunity: Opportunity) -> OpportunityScore | None:
    """Return the score of an open deal; what a closed one had is past."""
    if not opportunity.is_open:
        return None
    found = OpportunityScore.objects.for_organization(organization).filter(opportunity=opportunity)
    score: OpportunityScore | None = found.first()
    return score
