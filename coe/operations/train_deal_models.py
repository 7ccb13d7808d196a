"""Learning from closed deals whether an open one is won, and whether it closes later than planned."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from coe.models import Purpose, TrainedModel
from coe.operations.promote_model import promote_if_better
from coe.operations.train_model import train_model
from coe.queries.deal_training import DealExamples, closed_deals, deal_examples
from coe.scoring.examples import Examples
from tenancy.models import Member, Organization

EVERY = datetime.timedelta(days=7)
MORE = 1.1  # so many times the deals learnt from, and it is time again


@dataclass(frozen=True)
class DealTraining:
    """What was learnt; ``why_not`` says why nothing was."""

    trained: list[TrainedModel]
    deals: int
    why_not: str = ""


@transaction.atomic
def train_deal_models(
    *,
    organization: Organization,
    as_of: datetime.datetime,
    trained_at: datetime.datetime,
    trained_by: Member | None = None,
    whatever: bool = False,
) -> DealTraining:
    """Learn anew when a week has passed or a tenth more deals are closed, or ``whatever``; promote what is better."""
    deals = closed_deals(organization=organization, until=as_of)
    versions = TrainedModel.objects.for_organization(organization).answering(Purpose.OPPORTUNITY_WIN)
    last = versions.order_by("-trained_at").first()
    if not deals:
        return DealTraining([], 0, "no deal is closed yet")
    if last is not None and not whatever and trained_at - last.trained_at < EVERY and deals < MORE * last.rows:
        return DealTraining([], deals, "learnt lately")
    found = deal_examples(organization=organization, until=as_of)
    if found is None:
        return DealTraining([], deals, "no deal is closed yet")
    because = "A person asked for it." if trained_by else "A week has passed, or a tenth more deals are closed."
    trained = []
    for purpose, examples in _questions(found):
        training = train_model(
            organization=organization,
            purpose=purpose,
            examples=examples,
            trained_at=trained_at,
            trained_by=trained_by,
            because=because,
        )
        promote_if_better(organization=organization, training=training, decided_at=trained_at, decided_by=trained_by)
        trained.append(training.model)
    return DealTraining(trained, deals)


def _questions(found: DealExamples) -> Iterator[tuple[str, Examples]]:
    yield Purpose.OPPORTUNITY_WIN, found.win
    if found.slip is not None:
        yield Purpose.OPPORTUNITY_SLIP, found.slip
