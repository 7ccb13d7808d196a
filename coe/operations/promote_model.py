"""Which version counts: promotion by the rule, by a person, and the way back."""

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from coe.models import ModelStatus, TrainedModel
from coe.operations.train_model import Training
from coe.queries.champions import scorer_of
from tenancy import locks
from tenancy.events import record_event
from tenancy.models import Member, Organization

if TYPE_CHECKING:
    from coe.scoring.promotion import Incumbent


class UnableToPromote(Exception):
    """The version can't be made the one that counts; the text says why."""


class UnableToRevert(Exception):
    """There is no way back; the text says why."""


@transaction.atomic
def promote_if_better(
    *,
    organization: Organization,
    training: Training,
    decided_at: datetime.datetime,
    decided_by: Member | None = None,
) -> bool:
    """Hold a new version against the one that counts, keep the verdict with it, and promote it unless it is worse."""
    from coe.scoring.promotion import judge  # SciPy comes with it

    model, examples = training.model, training.learned.examples
    locks.hold(organization=organization, purpose=f"trained model {model.purpose}")
    live = TrainedModel.objects.for_organization(organization).answering(model.purpose).live().first()
    incumbent, damaged = _incumbent(organization, live, training) if live else (None, "")
    verdict = judge(training.learned.choice, incumbent, examples.table, points=examples.points, panels=examples.panels)
    model.decision = (
        f"Version {live.version} can't be used: {damaged} {verdict.sentence}" if live and damaged else verdict.sentence
    )
    model.comparison = verdict.as_json()
    model.save(update_fields=["decision", "comparison"])
    if verdict.promote:
        _make_live(organization, model, live, decided_at, decided_by, "model.promoted")
    return verdict.promote


def _incumbent(organization: Organization, live: TrainedModel, training: Training) -> "tuple[Incumbent | None, str]":
    from coe.scoring.promotion import Incumbent

    scorer, why = scorer_of(organization=organization, model=live)
    if scorer is None:
        return None, why
    end = None if live.window_end is None else float((live.window_end - datetime.date(1970, 1, 1)).days)
    return Incumbent(f"version {live.version}", live.method, scorer, end), ""


@transaction.atomic
def promote_model(
    *, organization: Organization, model: TrainedModel, promoted_by: Member, promoted_at: datetime.datetime
) -> TrainedModel:
    """Make a version count because a person says so.

    :raises UnableToPromote: if it counts already, or its file can't be used.
    """
    locks.hold(organization=organization, purpose=f"trained model {model.purpose}")
    model = TrainedModel.objects.for_organization(organization).get(pk=model.pk)
    if model.status == ModelStatus.CHAMPION:
        raise UnableToPromote(f"Version {model.version} is live already.")
    scorer, why = scorer_of(organization=organization, model=model)
    if scorer is None:
        raise UnableToPromote(f"Version {model.version} can't be used: {why}")
    live = TrainedModel.objects.for_organization(organization).answering(model.purpose).live().first()
    _make_live(organization, model, live, promoted_at, promoted_by, "model.promoted")
    return model


@transaction.atomic
def revert_model(
    *, organization: Organization, purpose: str, reverted_by: Member, reverted_at: datetime.datetime
) -> TrainedModel:
    """Go back to the version that counted before the one that counts now, and return it.

    The next night scores by it. A version trained later has to be no worse than this one.

    :raises UnableToRevert: if nothing is live, or nothing usable was live before it.
    """
    locks.hold(organization=organization, purpose=f"trained model {purpose}")
    live = TrainedModel.objects.for_organization(organization).answering(purpose).live().first()
    if live is None:
        raise UnableToRevert("No version is live.")
    for earlier in can_revert_to(organization=organization, live=live):
        if scorer_of(organization=organization, model=earlier)[0] is not None:
            _make_live(organization, earlier, live, reverted_at, reverted_by, "model.reverted")
            return earlier
    raise UnableToRevert(f"No usable version was live before version {live.version}.")


def can_revert_to(*, organization: Organization, live: TrainedModel) -> Any:
    """Return the versions that were live before this one, the latest first."""
    versions = TrainedModel.objects.for_organization(organization).answering(live.purpose)
    return versions.once_live().filter(version__lt=live.version)


def _make_live(
    organization: Organization,
    model: TrainedModel,
    live: TrainedModel | None,
    at: datetime.datetime,
    by: Member | None,
    event: str,
) -> None:
    if live is not None and live.pk != model.pk:
        live.status, live.retired_at, live.retired_by = ModelStatus.RETIRED, at, by
        live.save(update_fields=["status", "retired_at", "retired_by"])
    model.status, model.active_from, model.retired_at, model.retired_by = ModelStatus.CHAMPION, at, None, None
    model.save(update_fields=["status", "active_from", "retired_at", "retired_by"])
    record_event(
        organization=organization,
        type=event,
        subject=model,
        payload={
            "purpose": model.purpose,
            "version": model.version,
            "instead_of": None if live is None else live.version,
            "because": model.decision if by is None else "",
        },
        actor=by,
        occurred_at=at,
    )
