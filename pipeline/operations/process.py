"""Changes of the process itself: pipelines, their stages, and what each stage asks for.

Each change is an event of the operating-model change log: what was changed, from what to what, by whom, when and why.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from pipeline.models import (
    LostReasons,
    Opportunity,
    OpportunityHistory,
    Pipeline,
    PipelineUnit,
    Stage,
    WarningRules,
)
from pipeline.models.lost_reason import LONGEST_REASON, MOST_REASONS
from pipeline.models.lost_reason import SETTING as REASONS
from pipeline.models.warning import SETTING
from pipeline.operations.changes import as_json
from pipeline.operations.stages import add_shipped_stages
from tenancy.events import record_event
from tenancy.locks import hold
from tenancy.models import Member, Organization, Unit
from tenancy.organization_settings import keep_setting


class UnableToChangeProcess(ValueError):
    """The change is refused; the message says why and what to do instead."""


class StaleProcess(Exception):
    """Somebody else changed it since the caller read it. `current` is how it is now."""

    def __init__(self, current: Pipeline | Stage) -> None:
        super().__init__(f"{current} has version {current.version} by now.")
        self.current = current


@transaction.atomic
def create_pipeline(
    *,
    organization: Organization,
    name: str,
    actor: Member | None,
    at: datetime,
    units: Collection[Unit] = (),
    reason: str = "",
) -> Pipeline:
    """Add a pipeline with the shipped stages, to be changed from there; the first one is the default.

    :raises UnableToChangeProcess: without a name, or with one that is taken.
    """
    hold(organization=organization, purpose="pipelines")
    pipelines = Pipeline.objects.for_organization(organization)
    name = named(name, pipelines.values_list("name", flat=True), "pipeline")
    made: Pipeline = pipelines.create(
        organization=organization, name=name, is_default=not pipelines.filter(is_default=True).exists()
    )
    add_shipped_stages(organization=organization, pipeline=made)
    _set_units(organization, made, units)
    said = {"name": name, "units": sorted(str(unit.pk) for unit in units)}
    tell_change("pipeline.created", organization, made, actor, at, reason, **said)
    return made


@transaction.atomic
def change_pipeline(
    *,
    organization: Organization,
    pipeline: Pipeline,
    version: int,
    actor: Member | None,
    at: datetime,
    name: str | None = None,
    units: Collection[Unit] | None = None,
    is_default: bool | None = None,
    is_active: bool | None = None,
    reason: str = "",
) -> Pipeline:
    """Change what is said of a pipeline; what is not said stays. `is_active=False` retires it: its deals stay.

    :raises UnableToChangeProcess: for a name that is taken, or when no pipeline would be left for new deals.
    :raises StaleProcess: when it has another version by now.
    """
    hold(organization=organization, purpose="pipelines")
    current = current_of(Pipeline, organization, pipeline.pk, version)
    wanted: dict[str, Any] = {}
    if name is not None and name.strip() != current.name:
        others = Pipeline.objects.for_organization(organization).exclude(pk=current.pk)
        wanted["name"] = named(name, others.values_list("name", flat=True), "pipeline")
    if is_active is not None and is_active != current.is_active:
        if current.is_default and not is_active:
            raise UnableToChangeProcess("New deals begin in this pipeline. Make another one the default first.")
        wanted["is_active"] = is_active
    if is_default is not None and is_default != current.is_default:
        if not is_default:
            raise UnableToChangeProcess("Make another pipeline the default; then this one no longer is.")
        if not wanted.get("is_active", current.is_active):
            raise UnableToChangeProcess("A retired pipeline can’t be the default. Take it back into use first.")
        Pipeline.objects.for_organization(organization).filter(is_default=True).update(is_default=False)
        wanted["is_default"] = True
    changed = {key: [getattr(current, key), value] for key, value in wanted.items()}
    if units is not None:
        before, after = _set_units(organization, current, units)
        if before != after:
            changed["units"] = [before, after]
    if not changed:
        return current
    write_process(current, wanted)
    retiring = "is_active" in wanted
    type_ = "pipeline.changed" if not retiring else "pipeline.restored" if is_active else "pipeline.retired"
    tell_change(type_, organization, current, actor, at, reason, name=current.name, changed=changed)
    return current


@transaction.atomic
def delete_pipeline(
    *, organization: Organization, pipeline: Pipeline, version: int, actor: Member | None, at: datetime
) -> None:
    """Remove a pipeline that never held a deal.

    :raises UnableToChangeProcess: when it did, or when new deals begin in it.
    :raises StaleProcess: when it has another version by now.
    """
    current = current_of(Pipeline, organization, pipeline.pk, version)
    if current.is_default:
        raise UnableToChangeProcess("New deals begin in this pipeline. Make another one the default first.")
    if any(held_deals(organization, stage.pk) for stage in current.stages.all()):
        raise UnableToChangeProcess("It held deals, so it can’t be deleted. Retire it: its deals stay as they are.")
    tell_change("pipeline.deleted", organization, current, actor, at, "", name=current.name)
    current.stages.all().delete()
    current.delete()


@transaction.atomic
def change_warnings(
    *,
    organization: Organization,
    version: int,
    rules: WarningRules,
    actor: Member | None,
    at: datetime,
    reason: str = "",
) -> None:
    """Change what open deals are warned of, and from when on; `version` is the organisation's.

    :raises UnableToChangeProcess: for numbers that can't be.
    :raises tenancy.organization_settings.StaleOrganization: when its settings have another version by now.
    """
    if not (1 <= rules.silent_days <= 365 and 1 <= rules.stalled_days <= 365):
        raise UnableToChangeProcess("Days lie between 1 and 365.")
    if not (1 <= rules.pushes <= 20 and 1 <= rules.people <= 20 and rules.small_amount_minor >= 0):
        raise UnableToChangeProcess("Pushes and people lie between 1 and 20, and an amount is not negative.")
    before = WarningRules.of(organization).as_setting()
    if not keep_setting(organization=organization, version=version, name=SETTING, value=rules.as_setting()):
        return
    after = rules.as_setting()
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    _tell_setting("deal_warnings.changed", organization, changed, actor, at, reason)


@transaction.atomic
def change_lost_reasons(
    *,
    organization: Organization,
    version: int,
    reasons: LostReasons,
    actor: Member | None,
    at: datetime,
    reason: str = "",
) -> None:
    """Change what people choose from when a deal is lost; what lost deals say stays. `version` is the organisation's.

    :raises UnableToChangeProcess: for too many, too long or doubled reasons, or when only those of an empty list count.
    :raises tenancy.organization_settings.StaleOrganization: when its settings have another version by now.
    """
    given = reasons.reasons
    if len(given) > MOST_REASONS or any(len(one) > LONGEST_REASON for one in given):
        raise UnableToChangeProcess(f"Up to {MOST_REASONS} reasons of up to {LONGEST_REASON} letters.")
    if len({one.casefold() for one in given}) < len(given):
        raise UnableToChangeProcess("Each reason stands in the list once.")
    if reasons.only and not given:
        raise UnableToChangeProcess("Name the reasons first: else no deal could be lost.")
    before, after = LostReasons.of(organization).as_setting(), reasons.as_setting()
    if keep_setting(organization=organization, version=version, name=REASONS, value=after):
        changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        _tell_setting("lost_reasons.changed", organization, changed, actor, at, reason)


def named(name: str, taken: Collection[str] | Any, what: str) -> str:
    """Return the name of a pipeline or stage without needless blanks.

    :raises UnableToChangeProcess: when there is none, or another one has it.
    """
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise UnableToChangeProcess(f"Give the {what} a name of up to 80 letters.")
    if name.casefold() in {one.casefold() for one in taken}:
        raise UnableToChangeProcess(f"Another {what} is called “{name}”.")
    return name


def held_deals(organization: Organization, stage_id: UUID) -> bool:
    """Return whether any deal is or was in a stage: its history names each that it has been in."""
    rows: list[Any] = [
        Opportunity.objects.for_organization(organization).filter(stage=stage_id),
        OpportunityHistory.objects.for_organization(organization).filter(new_stage=stage_id),
    ]
    return any(one.exists() for one in rows)


def _set_units(organization: Organization, pipeline: Pipeline, units: Collection[Unit]) -> tuple[list[str], list[str]]:
    kept = PipelineUnit.objects.for_organization(organization).filter(pipeline=pipeline)
    before = set(kept.values_list("unit", flat=True))
    wanted = {unit.pk for unit in units}
    kept.filter(unit__in=before - wanted).delete()
    PipelineUnit.objects.bulk_create(
        PipelineUnit(organization=organization, pipeline=pipeline, unit_id=unit) for unit in sorted(wanted - before)
    )
    return sorted(str(one) for one in before), sorted(str(one) for one in wanted)


def current_of(model: Any, organization: Organization, key: UUID, version: int | None) -> Any:
    """Return a pipeline or a stage as it is now, locked until the commit.

    :raises StaleProcess: when it has another version than the caller has seen.
    """
    current = model.objects.for_organization(organization).select_for_update(no_key=True).get(pk=key)
    if version is not None and current.version != version:
        raise StaleProcess(current)
    return current


def write_process(record: Pipeline | Stage, values: Mapping[str, Any]) -> None:
    """Write what changes of a pipeline or stage, and its next version."""
    for name, value in values.items():
        setattr(record, name, value)
    record.version += 1
    record.save(update_fields=[*values, "version"])


def tell_change(
    type_: str,
    organization: Organization,
    subject: Pipeline | Stage,
    actor: Member | None,
    at: datetime,
    reason: str,
    **payload: Any,
) -> None:
    """Write an event of the operating-model change log."""
    if "changed" in payload:
        payload["changed"] = {name: [as_json(old), as_json(new)] for name, (old, new) in payload["changed"].items()}
    record_event(
        organization=organization,
        type=type_,
        subject=subject,
        payload={**payload, **({"reason": reason.strip()} if reason.strip() else {})},
        actor=actor,
        occurred_at=at,
    )


def _tell_setting(
    type_: str, organization: Organization, changed: dict[str, Any], actor: Member | None, at: datetime, reason: str
) -> None:
    why = {"reason": reason.strip()} if reason.strip() else {}
    payload = {"changed": changed, **why}
    record_event(
        organization=organization, type=type_, subject=organization, payload=payload, actor=actor, occurred_at=at
    )
