"""What other systems say of our accounts and deals."""

from pipeline.models import Account, ExternalScore, Opportunity
from tenancy.models import Organization

MOST_MODELS = 10


def external_scores(
    *, organization: Organization, account: Account | None = None, opportunity: Opportunity | None = None
) -> list[ExternalScore]:
    """Return the latest score of each other system's model of an account or a deal, by the model's name."""
    scores = ExternalScore.objects.for_organization(organization).filter(account=account, opportunity=opportunity)
    latest = scores.order_by("model_name", "-scored_at", "-id").distinct("model_name")
    return list(latest[:MOST_MODELS])
