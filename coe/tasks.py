"""Work of the centre of excellence that any worker may do."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from coe import operations
from tenancy.jobs import tenant_task
from tenancy.models import Organization


@tenant_task(name="coe.tasks.score_chunk")
def score_chunk(*, organization: Organization, chunk_id: str, **_: Any) -> None:
    """Score one piece of a night's accounts; one that is done, or that somebody is at, is left alone."""
    operations.score_chunk(organization=organization, chunk_id=UUID(chunk_id), scored_at=timezone.now())


@tenant_task(name="coe.tasks.learn_accounts")
def learn_accounts(*, organization: Organization, as_of: str, because: str, **_: Any) -> None:
    """Learn who buys; the next night scores by it, if it is not worse."""
    operations.learn_accounts(
        organization=organization, as_of=datetime.fromisoformat(as_of), trained_at=timezone.now(), because=because
    )


@tenant_task(name="coe.tasks.learn_deals")
def learn_deals(*, organization: Organization, as_of: str, **_: Any) -> None:
    """Learn which deals are won; the next night scores by it. Done a second time, it finds that it was done lately."""
    operations.train_deal_models(
        organization=organization, as_of=datetime.fromisoformat(as_of), trained_at=timezone.now()
    )
