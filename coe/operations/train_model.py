"""Learning from outcomes: a new version of a model, measured, with its file; it counts only when it is promoted."""

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Max

from coe.models import DEAL_PURPOSES, TrainedModel, TrainedModelFile
from coe.scoring import deals
from coe.scoring.features import words_of
from tenancy import locks
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.patience import reckoned

if TYPE_CHECKING:
    from coe.scoring.examples import Examples
    from coe.scoring.leaks import LeftOut
    from coe.scoring.training import Learned

DAY_ZERO = datetime.date(1970, 1, 1)
LAST_DAY = (datetime.date(9999, 1, 1) - DAY_ZERO).days


@dataclass(frozen=True)
class Training:
    """A new version with what it was chosen from: ``promote_if_better`` holds it against the one that counts."""

    model: TrainedModel
    learned: "Learned"


def train_model(
    *,
    organization: Organization,
    purpose: str,
    examples: "Examples",
    trained_at: datetime.datetime,
    trained_until: datetime.datetime | None = None,
    trained_by: Member | None = None,
    because: str = "",
    purchases_known: int | None = None,
) -> Training:
    """Choose a model for these examples and keep it as the next version, a challenger.

    Whatever the examples are like, something is chosen: the card, or the base rate, with the reason in its sentence.
    ``trained_until`` is the moment up to which outcomes were known, by default ``trained_at``.
    """
    from coe.scoring.training import learn  # SciPy comes with it, and few processes need that

    # Learning may take longer than a server waits for a transaction in which nothing happens.
    learned = reckoned(lambda: learn(examples)) if connection.in_atomic_block else learn(examples)
    return _keep(
        organization=organization,
        purpose=purpose,
        learned=learned,
        trained_at=trained_at,
        trained_until=trained_until or trained_at,
        trained_by=trained_by,
        because=because,
        purchases_known=purchases_known,
    )


@transaction.atomic
def _keep(
    *,
    organization: Organization,
    purpose: str,
    learned: "Learned",
    trained_at: datetime.datetime,
    trained_until: datetime.datetime,
    trained_by: Member | None,
    because: str,
    purchases_known: int | None,
) -> Training:
    from coe.scoring.code_version import code_version
    from coe.scoring.quality import finite

    choice, examples = learned.choice, learned.examples
    locks.hold(organization=organization, purpose=f"trained model {purpose}")
    versions = TrainedModel.objects.for_organization(organization).filter(purpose=purpose)
    newest = versions.aggregate(version=Max("version"))["version"] or 0
    start, end = (_day(day) for day in choice.window or (None, None))
    model = TrainedModel.objects.create(
        organization=organization,
        purpose=purpose,
        version=newest + 1,
        state=choice.state.value,
        sentence=choice.sentence,
        method=choice.code,
        split=choice.split,
        horizon_days=examples.horizon_days,
        window_start=start,
        window_end=end,
        rows=choice.rows,
        positives=choice.positives,
        base_rate=choice.rate,
        columns=dict(learned.columns),
        left_out=[_left_out(one, deals.words_of if purpose in DEAL_PURPOSES else words_of) for one in choice.left_out],
        not_tried=list(choice.not_tried),
        candidates=finite([asdict(one) for one in choice.candidates]),
        metrics=dict(learned.metrics),
        typical=dict(learned.typical),
        inputs=dict(learned.inputs),
        card_version=None if examples.card is None else examples.card.version,
        card_points={} if examples.card is None else dict(examples.card.points),
        code_version=code_version(),
        trained_until=trained_until,
        purchases_known=purchases_known,
        trained_at=trained_at,
        trained_by=trained_by,
        trained_because=because,
    )
    TrainedModelFile.objects.create(
        organization=organization, model=model, checksum=hashlib.sha256(learned.data).hexdigest(), data=learned.data
    )
    record_event(
        organization=organization,
        type="model.trained",
        subject=model,
        payload={"purpose": purpose, "version": model.version, "state": model.state, "method": model.method},
        actor=trained_by,
        occurred_at=trained_at,
    )
    return Training(model, learned)


def _left_out(one: "LeftOut", words: Callable[[str], str]) -> dict[str, str]:
    """Return a column that is not used and why, named as people call it."""
    name = words(one.column)
    return {"column": one.column, "name": name, "code": one.code, "why": one.sentence_of(name)}


def _day(number: float | None) -> datetime.date | None:
    """Return the date of a day since 1970; a number that merely rises with time has none."""
    return DAY_ZERO + datetime.timedelta(days=int(number)) if number is not None and 0 < number < LAST_DAY else None
