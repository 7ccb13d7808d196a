"""Learning from closed deals whether an open one is won, and whether it closes later than planned."""

import datetime
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from coe.models import DEAL_PURPOSES, Purpose, TrainedModel
from coe.operations.promote_model import promote_if_better
from coe.operations.train_model import train_model
from coe.queries.deal_training import DealExamples, closed_deals, deal_examples
from coe.queries.readiness import is_damaged
from coe.scoring.examples import Examples
from tenancy.jobs import enqueue
from tenancy.models import Member, Organization

logger = logging.getLogger(__name__)

EVERY = datetime.timedelta(days=7)
IN_THE_NIGHT = 5_000  # deals: from more a worker learns beside the night
MORE = 1.1  # so many times the deals learnt from, and it is time again


@dataclass(frozen=True)
class DealTraining:
    """What was learnt; ``why_not`` says why nothing was."""

    trained: list[TrainedModel]
    deals: int
    why_not: str = ""
    queued: bool = False  # a worker learns beside the night; the next one scores by it
    error: str = ""


def learn_from_deals_in_the_night(
    *, organization: Organization, as_of: datetime.datetime, now: datetime.datetime
) -> DealTraining:
    """Learn from closed deals, if it is time. Whatever goes wrong is said, and the night goes on with what counts."""
    deals = closed_deals(organization=organization, until=as_of)
    why_not = _why_not(organization, deals, as_of, now)
    if why_not:
        return DealTraining([], deals, why_not)
    if deals > IN_THE_NIGHT:
        enqueue("coe.tasks.learn_deals", organization=organization, as_of=as_of.isoformat())
        return DealTraining([], deals, queued=True)
    try:
        return train_deal_models(organization=organization, as_of=as_of, trained_at=now)
    except Exception as error:  # a night without a new model is a night; one without scores is none
        logger.exception("Learning from deals failed for %s", organization)
        return DealTraining([], deals, error=f"{type(error).__name__}: {error}"[:500])


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
    why_not = "" if whatever else _why_not(organization, deals, as_of, trained_at)
    if why_not:
        return DealTraining([], deals, why_not)
    found = deal_examples(organization=organization, until=as_of)
    if found is None:
        return DealTraining([], deals, "no deal is closed yet")
    because = "A person asked for it." if trained_by else "A week has passed, or a tenth more deals are closed."
    if any(is_damaged(organization=organization, purpose=one, as_of=as_of) for one in DEAL_PURPOSES):
        because = "The file of the version that counts can't be used."
    trained = []
    for purpose, examples in _questions(found):
        training = train_model(
            organization=organization,
            purpose=purpose,
            examples=examples,
            trained_at=trained_at,
            trained_until=as_of,
            trained_by=trained_by,
            because=because,
        )
        promote_if_better(organization=organization, training=training, decided_at=trained_at, decided_by=trained_by)
        trained.append(training.model)
    return DealTraining(trained, deals)


def _why_not(organization: Organization, deals: int, as_of: datetime.datetime, now: datetime.datetime) -> str:
    """Return why it is not time to learn; nothing if it is."""
    if not deals:
        return "no deal is closed yet"
    versions = TrainedModel.objects.for_organization(organization).answering(Purpose.OPPORTUNITY_WIN)
    last = versions.order_by("-trained_at").first()
    if any(is_damaged(organization=organization, purpose=one, as_of=as_of) for one in DEAL_PURPOSES):
        return ""
    return "learnt lately" if last and now - last.trained_at < EVERY and deals < MORE * last.rows else ""


def _questions(found: DealExamples) -> Iterator[tuple[str, Examples]]:
    yield Purpose.OPPORTUNITY_WIN, found.win
    if found.slip is not None:
        yield Purpose.OPPORTUNITY_SLIP, found.slip
