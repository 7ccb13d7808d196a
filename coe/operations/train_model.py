"""Learning from outcomes: a new version of a model, measured, with its file; it counts only when it is promoted."""

import datetime
import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from coe.models import TrainedModel, TrainedModelFile
from tenancy import locks
from tenancy.events import record_event
from tenancy.models import Member, Organization

if TYPE_CHECKING:
    from coe.scoring.examples import Examples
    from coe.scoring.selection import Choice

DAY_ZERO = datetime.date(1970, 1, 1)
LAST_DAY = (datetime.date(9999, 1, 1) - DAY_ZERO).days


@dataclass(frozen=True)
class Training:
    """A new version with what it was chosen from: ``promote_if_better`` holds it against the one that counts."""

    model: TrainedModel
    choice: "Choice"
    examples: "Examples"


@transaction.atomic
def train_model(
    *,
    organization: Organization,
    purpose: str,
    examples: "Examples",
    trained_at: datetime.datetime,
    trained_by: Member | None = None,
    because: str = "",
) -> Training:
    """Choose a model for these examples and keep it as the next version, a challenger.

    Whatever the examples are like, something is chosen: the card, or the base rate, with the reason in its sentence.
    """
    # SciPy comes with them, and few processes need that.
    from coe.scoring.code_version import code_version
    from coe.scoring.drift import distributions
    from coe.scoring.explanation import typical_values
    from coe.scoring.model_files import dump
    from coe.scoring.quality import finite, quality_of
    from coe.scoring.selection import choose_model

    choice = choose_model(
        examples.table,
        examples.outcome,
        points=examples.points,
        known_at_closing=examples.known_at_closing,
        embargo=examples.embargo,
        shift=examples.shift,
    )
    looked_at = examples.table.without(set(examples.table.columns) - set(choice.columns))
    data = dump(choice, code_version=code_version())
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
        columns={name: column.kind.value for name, column in looked_at.columns.items()},
        left_out=[{"column": one.column, "code": one.code, "why": one.sentence} for one in choice.left_out],
        not_tried=list(choice.not_tried),
        candidates=finite([asdict(one) for one in choice.candidates]),
        metrics=finite(quality_of(choice, examples.panels)),
        typical=finite(typical_values(looked_at, examples.panels.get("segment"), points=examples.points)),
        inputs=finite(distributions(looked_at)),
        card_version=None if examples.card is None else examples.card.version,
        card_points={} if examples.card is None else dict(examples.card.points),
        code_version=code_version(),
        trained_at=trained_at,
        trained_by=trained_by,
        trained_because=because,
    )
    TrainedModelFile.objects.create(
        organization=organization, model=model, checksum=hashlib.sha256(data).hexdigest(), data=data
    )
    record_event(
        organization=organization,
        type="model.trained",
        subject=model,
        payload={"purpose": purpose, "version": model.version, "state": model.state, "method": model.method},
        actor=trained_by,
        occurred_at=trained_at,
    )
    return Training(model, choice, examples)


def _day(number: float | None) -> datetime.date | None:
    """Return the date of a day since 1970; a number that merely rises with time has none."""
    return DAY_ZERO + datetime.timedelta(days=int(number)) if number is not None and 0 < number < LAST_DAY else None
