"""Changes of stages: their order, what is said of them, and what they ask of a deal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from pipeline.models import Criterion, CriterionCode, ForecastCategory, Pipeline, Stage, StageKind
from pipeline.operations.criteria import LONGEST_TEXT, MOST_CRITERIA
from pipeline.operations.process import UnableToChangeProcess, current_of, held_deals, named, tell_change, write_process
from tenancy.models import Member, Organization

MOST_STAGES = 12
_RANK = {StageKind.OPEN.value: 0, StageKind.WON.value: 1, StageKind.LOST.value: 2}


class StageFields(TypedDict, total=False):
    """What can be said of a stage, beside its place and its kind."""

    name: str
    probability_bp: int
    forecast_category: str
    expected_days: int
    warning_days: int
    moved_by: str
    entry_criteria: Sequence[Criterion]
    exit_criteria: Sequence[Criterion]
    is_strict: bool


@transaction.atomic
def create_stage(
    *,
    organization: Organization,
    pipeline: Pipeline,
    kind: str,
    actor: Member | None,
    at: datetime,
    reason: str = "",
    **fields: Unpack[StageFields],
) -> Stage:
    """Add a stage behind the others of its kind: open stages stay before won, won before lost.

    :raises UnableToChangeProcess: for a name that is taken, too many stages, or figures that can't be.
    """
    current_of(Pipeline, organization, pipeline.pk, None)
    stages = Stage.objects.for_organization(organization).filter(pipeline=pipeline)
    if stages.filter(retired_at=None).count() >= MOST_STAGES:
        raise UnableToChangeProcess(f"A pipeline has {MOST_STAGES} stages at most. Retire one first.")
    stated = _checked(fields, kind)
    stated["name"] = named(stated.get("name", ""), stages.values_list("name", flat=True), "stage")
    stated.setdefault("forecast_category", _category_of(kind))
    last = [place for place, its_kind in stages.values_list("position", "kind") if _RANK[its_kind] <= _RANK[kind]]
    position = max(last, default=0) + 1
    stages.filter(position__gte=position).update(position=F("position") + 1)
    made: Stage = Stage.objects.create(
        organization=organization, pipeline=pipeline, kind=kind, position=position, **stated
    )
    tell_change("stage.created", organization, made, actor, at, reason, name=made.name, pipeline=pipeline.name)
    return made


@transaction.atomic
def change_stage(
    *,
    organization: Organization,
    stage: Stage,
    version: int,
    actor: Member | None,
    at: datetime,
    reason: str = "",
    **fields: Unpack[StageFields],
) -> Stage:
    """Change what is said of a stage; what is not said stays.

    :raises UnableToChangeProcess: for a name that is taken, or figures that can't be.
    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Stage, organization, stage.pk, version)
    stated = _checked(fields, current.kind)
    if "name" in stated:
        others = Stage.objects.for_organization(organization).filter(pipeline=current.pipeline_id)
        stated["name"] = named(stated["name"], others.exclude(pk=current.pk).values_list("name", flat=True), "stage")
    changed = {key: [getattr(current, key), value] for key, value in stated.items() if getattr(current, key) != value}
    if not changed:
        return current
    write_process(current, {key: new for key, (_, new) in changed.items()})
    tell_change("stage.changed", organization, current, actor, at, reason, name=current.name, changed=changed)
    return current


@transaction.atomic
def place_stage(
    *, organization: Organization, stage: Stage, version: int, by: int, actor: Member | None, at: datetime
) -> Stage:
    """Change places with the neighbour `by` steps away, -1 or 1, among the stages in use of the same kind.

    :raises UnableToChangeProcess: when there is no such neighbour.
    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Stage, organization, stage.pk, version)
    stages = Stage.objects.for_organization(organization).filter(pipeline=current.pipeline_id, kind=current.kind)
    row = list(stages.filter(retired_at=None).order_by("position", "id"))
    place = next((number for number, one in enumerate(row) if one.pk == current.pk), -1)
    if place < 0 or not 0 <= place + by < len(row):
        raise UnableToChangeProcess(f"“{current.name}” can’t go further in that direction.")
    other = row[place + by]
    before = current.position
    write_process(current, {"position": other.position})
    write_process(other, {"position": before})
    said = {"name": current.name, "changed": {"position": [before, current.position]}, "past": other.name}
    tell_change("stage.placed", organization, current, actor, at, "", **said)
    return current


@transaction.atomic
def retire_stage(
    *, organization: Organization, stage: Stage, version: int, actor: Member | None, at: datetime, reason: str = ""
) -> Stage:
    """Take a stage out of use: deals that are in it stay there, and none moves in.

    :raises UnableToChangeProcess: when it is the last of its kind, so that deals could not begin or end.
    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Stage, organization, stage.pk, version)
    if current.retired_at is not None:
        return current
    others = Stage.objects.for_organization(organization).filter(pipeline=current.pipeline_id, kind=current.kind)
    if not others.filter(retired_at=None).exclude(pk=current.pk).exists():
        raise UnableToChangeProcess(f"It is the only stage for {current.kind} deals. Add another one first.")
    write_process(current, {"retired_at": at})
    tell_change("stage.retired", organization, current, actor, at, reason, name=current.name)
    return current


@transaction.atomic
def restore_stage(
    *, organization: Organization, stage: Stage, version: int, actor: Member | None, at: datetime
) -> Stage:
    """Take a retired stage back into use.

    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Stage, organization, stage.pk, version)
    if current.retired_at is None:
        return current
    write_process(current, {"retired_at": None})
    tell_change("stage.restored", organization, current, actor, at, "", name=current.name)
    return current


@transaction.atomic
def delete_stage(*, organization: Organization, stage: Stage, version: int, actor: Member | None, at: datetime) -> None:
    """Remove a stage that no deal was ever in.

    :raises UnableToChangeProcess: when one was, or when it is the last of its kind.
    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Stage, organization, stage.pk, version)
    if held_deals(organization, current.pk):
        raise UnableToChangeProcess("Deals were in it, so it can’t be deleted. Retire it: their history stays.")
    others = Stage.objects.for_organization(organization).filter(pipeline=current.pipeline_id, kind=current.kind)
    if not others.filter(retired_at=None).exclude(pk=current.pk).exists():
        raise UnableToChangeProcess(f"It is the only stage for {current.kind} deals. Add another one first.")
    tell_change("stage.deleted", organization, current, actor, at, "", name=current.name)
    try:
        with transaction.atomic():
            current.delete()
    except IntegrityError:
        raise UnableToChangeProcess("A deal has just moved into it. Load the page again.") from None


def record_learned_days(*, organization: Organization, learned: Mapping[UUID, tuple[int, int, int]]) -> int:
    """Keep what won deals taught of stages (usual days, late days, from how many stays), and return how many changed.

    What people set stays beside it. The night does this; it is no change of the process.
    """
    changed = []
    for stage in Stage.objects.for_organization(organization).filter(pk__in=learned):
        found = learned[stage.pk]
        if (stage.learned_days, stage.learned_warning_days, stage.learned_from) != found:
            stage.learned_days, stage.learned_warning_days, stage.learned_from = found
            changed.append(stage)
    Stage.objects.bulk_update(changed, ["learned_days", "learned_warning_days", "learned_from"])
    return len(changed)


def _checked(fields: StageFields, kind: str) -> dict[str, Any]:
    stated: dict[str, Any] = dict(fields)
    if not 0 <= stated.get("probability_bp", 0) <= 10_000:
        raise UnableToChangeProcess("A chance lies between 0 and 100 %.")
    for name in ("expected_days", "warning_days"):
        if not 0 <= stated.get(name, 0) <= 3_650:
            raise UnableToChangeProcess("Days lie between 0 and 3,650; 0 says that nobody knows.")
    if kind != StageKind.OPEN:
        # A deal that is won or lost is sure, however likely somebody calls its stage.
        stated["probability_bp"] = 10_000 if kind == StageKind.WON else 0
    for name in ("entry_criteria", "exit_criteria"):
        if name in stated:
            stated[name] = _tidy(stated[name])
    return stated


def _tidy(criteria: Sequence[Criterion]) -> list[dict[str, str]]:
    tidy: list[dict[str, str]] = []
    for one in criteria:
        code, text = one.get("code", ""), " ".join(one.get("text", "").split())
        if code not in CriterionCode.values:
            raise UnableToChangeProcess(f"There is no criterion “{code[:40]}”.")
        if code != CriterionCode.CONFIRMED:
            text = ""
        elif not text or len(text) > LONGEST_TEXT:
            raise UnableToChangeProcess(f"Say in up to {LONGEST_TEXT} letters what somebody confirms.")
        said = {"code": str(code), **({"text": text} if text else {})}
        if said not in tidy:
            tidy.append(said)
    if len(tidy) > MOST_CRITERIA:
        raise UnableToChangeProcess(f"{MOST_CRITERIA} criteria are the most. What matters less is better left out.")
    return tidy


def _category_of(kind: str) -> str:
    found = {StageKind.WON.value: ForecastCategory.CLOSED, StageKind.LOST.value: ForecastCategory.OMITTED}
    return found.get(kind, ForecastCategory.PIPELINE).value
