"""Learning who buys, when it is time: the step of the night before accounts are scored."""

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from coe.models import Purpose, TrainedModel
from coe.operations.promote_model import promote_if_better
from coe.operations.train_model import train_model
from coe.operations.watch_model import watch_model
from coe.queries import rows_of_both
from coe.queries.method import card_in_force
from coe.queries.own_columns import closing_columns
from coe.queries.readiness import readiness
from coe.scoring.card import RuleCard
from coe.scoring.silence import SHIPPED_POINTS
from pipeline.models import Account
from tenancy.jobs import enqueue
from tenancy.models import Member, Organization, Run

if TYPE_CHECKING:
    from coe.queries.training import TrainingRows
    from coe.scoring.examples import Examples

logger = logging.getLogger(__name__)

IN_THE_NIGHT = 5_000  # accounts: larger organisations learn beside the night, and score by it the night after
ROWS_IN_THE_NIGHT = 30_000


@dataclass(frozen=True)
class LearningOutcome:
    """What the step did, and why."""

    because: str = ""  # why it was time to learn
    why_not: str = ""
    model: TrainedModel | None = None
    promoted: bool = False
    rows: int = 0
    queued: bool = False
    error: str = ""
    silence: TrainedModel | None = None  # learnt from the same months: who falls silent
    silence_error: str = ""

    def as_json(self) -> Mapping[str, Any]:
        """Return it as a run keeps it."""
        found: dict[str, Any] = {"because": self.because, "why_not": self.why_not, "queued": self.queued}
        if self.error:
            found["error"] = self.error
        if self.model is not None:
            found |= {
                "version": self.model.version,
                "state": self.model.state,
                "sentence": self.model.sentence,
                "decision": self.model.decision,
                "promoted": self.promoted,
            }
        if self.silence is not None:
            found["silence"] = {"version": self.silence.version, "sentence": self.silence.sentence}
        if self.silence_error:
            found["silence_error"] = self.silence_error
        return found


def learn_in_the_night(
    *, organization: Organization, as_of: datetime.datetime, now: datetime.datetime, run: Run | None = None
) -> LearningOutcome:
    """Learn who buys, if it is time. Whatever goes wrong is said, and the night goes on with the model that counts."""
    card = card_in_force(organization=organization, as_of=now)
    horizon_days = int(organization.setting("score_horizon_days"))
    ready = readiness(
        organization=organization,
        purpose=Purpose.ACCOUNT_PURCHASE,
        beside=(Purpose.ACCOUNT_SILENCE,),
        as_of=as_of,
        card=card,
        horizon_days=horizon_days,
        drifted=_drifted(organization, as_of, now, run),
    )
    if not ready.because:
        return LearningOutcome(why_not=ready.why_not)
    if Account.objects.for_organization(organization).filter(deleted_at=None).count() > IN_THE_NIGHT:
        enqueue("coe.tasks.learn_accounts", organization=organization, as_of=as_of.isoformat(), because=ready.because)
        return LearningOutcome(because=ready.because, queued=True)
    try:
        with transaction.atomic():
            return learn_accounts(
                organization=organization,
                as_of=as_of,
                trained_at=now,
                because=ready.because,
                most_rows=ROWS_IN_THE_NIGHT,
                purchases_known=ready.purchases,
            )
    except Exception as error:  # a night without a new model is a night; one without scores is none
        logger.exception("Learning failed for %s", organization)
        return LearningOutcome(because=ready.because, error=f"{type(error).__name__}: {error}"[:500])


def _drifted(organization: Organization, as_of: datetime.datetime, now: datetime.datetime, run: Run | None) -> bool:
    """Look at the model in use, if a week has passed, and return whether its inputs have drifted."""
    try:
        with transaction.atomic():
            look = watch_model(organization=organization, as_of=as_of, measured_at=now, run=run)
    except Exception:  # what only looks must not stop a night
        logger.exception("Looking after the model failed for %s", organization)
        return False
    return look is not None and look.is_drifting


def learn_accounts(
    *,
    organization: Organization,
    as_of: datetime.datetime,
    trained_at: datetime.datetime,
    trained_by: Member | None = None,
    because: str = "",
    most_rows: int | None = None,
    purchases_known: int | None = None,
) -> LearningOutcome:
    """Learn from everything known by ``as_of`` who buys within the horizon, and promote the version unless it is worse.

    The same months tell who falls silent. Inside a transaction only.
    """
    card = card_in_force(organization=organization, as_of=trained_at)
    more = {} if most_rows is None else {"most_rows": most_rows}
    rows, quiet = rows_of_both(
        organization=organization,
        until=as_of,
        card=card,
        horizon_days=int(organization.setting("score_horizon_days")),
        **more,
    )
    if rows is None:
        return LearningOutcome(because=because, why_not="No month lies far enough back to know what came of it.")
    training = train_model(
        organization=organization,
        purpose=Purpose.ACCOUNT_PURCHASE,
        examples=replace(
            examples_of(rows, card), known_at_closing=closing_columns(organization=organization, record="account")
        ),
        trained_at=trained_at,
        trained_until=as_of,
        trained_by=trained_by,
        because=because,
        purchases_known=purchases_known,
    )
    promoted = promote_if_better(
        organization=organization, training=training, decided_at=trained_at, decided_by=trained_by
    )
    model, learnt_from = training.model, len(rows)
    del rows, training  # hundreds of megabytes in a large organisation
    silence, silence_error = _learn_silence(organization, quiet, as_of, trained_at, trained_by, because)
    return LearningOutcome(
        because=because,
        model=model,
        promoted=promoted,
        rows=learnt_from,
        silence=silence,
        silence_error=silence_error,
    )


def _learn_silence(
    organization: Organization,
    rows: "TrainingRows | None",
    as_of: datetime.datetime,
    trained_at: datetime.datetime,
    trained_by: Member | None,
    because: str,
) -> tuple[TrainedModel | None, str]:
    """Learn who falls silent; without a customer who had a rhythm there is nothing to learn, and nothing to say."""
    if rows is None:
        return None, ""
    try:
        with transaction.atomic():
            training = train_model(
                organization=organization,
                purpose=Purpose.ACCOUNT_SILENCE,
                examples=replace(
                    examples_of(rows, RuleCard(points=SHIPPED_POINTS)),
                    good="silent",
                    known_at_closing=closing_columns(organization=organization, record="account"),
                ),
                trained_at=trained_at,
                trained_until=as_of,
                trained_by=trained_by,
                because=because,
            )
            promote_if_better(
                organization=organization, training=training, decided_at=trained_at, decided_by=trained_by
            )
    except Exception as error:  # what was learnt of purchases is not thrown away for it
        logger.exception("Learning who falls silent failed for %s", organization)
        return None, f"{type(error).__name__}: {error}"[:500]
    return training.model, ""


def examples_of(rows: "TrainingRows", card: RuleCard) -> "Examples":
    """Return what was read of past months as examples to learn from."""
    from coe.scoring.examples import Examples

    return Examples(
        table=rows.table,
        outcome=rows.outcome,
        horizon_days=rows.horizon_days,
        points=rows.points,
        card=card,
        panels={"segment": rows.segments, "territory": rows.territories},
        embargo_days=float(rows.horizon_days + rows.embargo_days),
        shift=rows.shift,
    )
