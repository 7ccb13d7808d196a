"""Changes of opportunities."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from pipeline.models import Account, LostReasons, Opportunity, Product, Stage, criterion_words
from pipeline.models.record import MANUAL
from pipeline.operations import criteria
from pipeline.operations.changes import Differences, check_references, payload_of, write_changes
from pipeline.operations.history import first_values, keep_history
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.scoping import all_or_nothing
from tenancy.working_time import local_day


class OpportunityFields(TypedDict, total=False):
    """What can be said of a deal, beside its stage."""

    account: Account | None
    owner: Member | None
    product: Product | None
    name: str
    amount_minor: int | None
    currency: str
    close_date: date | None
    next_step: str
    next_step_date: date | None
    probability_bp: int | None
    pinned_category: str


class UnableToMoveStage(ValueError):
    """The stage can't take this deal; the message says why, in words for the person who tried."""


@all_or_nothing()
def create_opportunity(
    *,
    organization: Organization,
    stage: Stage,
    actor: Member | None,
    opened_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[OpportunityFields],
) -> Opportunity:
    """Open a deal in a stage; another system may know it by `source` and `external_id`.

    :raises UnableToMoveStage: when the stage is retired, or is not for open deals.
    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    if stage.retired_at is not None or not stage.is_open:
        raise UnableToMoveStage(f"A new deal can't begin in “{stage.name}”.")
    if not criteria.may_use(
        organization=organization, stage=stage, actor=actor, today=local_day(organization, opened_at)
    ):
        raise UnableToMoveStage(f"“{stage.pipeline.name}” is for other units. Choose a stage of another pipeline.")
    opportunity: Opportunity = Opportunity.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        pipeline_id=stage.pipeline_id,
        stage=stage,
        opened_at=opened_at,
        stage_entered_at=opened_at,
        created_at=opened_at,
        updated_at=opened_at,
        recorded_at=opened_at,
        **fields,
    )
    check_references(opportunity)
    note_created(opportunity)
    keep_history(
        organization=organization,
        opportunity=opportunity,
        differences=first_values(opportunity),
        old_stage=None,
        actor=actor,
        occurred_at=opened_at,
    )
    record_event(
        organization=organization,
        type="opportunity.created",
        subject=opportunity,
        payload={
            "account": str(opportunity.account_id or ""),
            "stage": stage.name,
            "amount_minor": opportunity.amount_minor,
            "currency": opportunity.currency,
        },
        actor=actor,
        occurred_at=opened_at,
    )
    return opportunity


@all_or_nothing()
def update_opportunity(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    reason: str = "",
    **fields: Unpack[OpportunityFields],
) -> Opportunity:
    """Change what is said of a deal; saying what it says already changes nothing. A `reason` stands in its history.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    differences = write_changes(
        organization=organization, record=opportunity, version=version, fields=fields, at=updated_at
    )
    if not differences:
        return opportunity
    keep_history(
        organization=organization,
        opportunity=opportunity,
        differences=differences,
        old_stage=None,
        actor=actor,
        occurred_at=updated_at,
        reason=reason,
    )
    for type_, payload in update_events(opportunity.currency, payload_of(differences), differences):
        record_event(
            organization=organization,
            type=type_,
            subject=opportunity,
            payload=payload,
            actor=actor,
            occurred_at=updated_at,
        )
    return opportunity


def update_events(currency: str, changed: dict[str, Any], differences: Differences) -> list[tuple[str, dict[str, Any]]]:
    """Return the events that an update tells: one in general (`changed`), and one for each change that others count."""
    events: list[tuple[str, dict[str, Any]]] = [("opportunity.updated", changed)]
    if "amount_minor" in differences:
        old, new = differences["amount_minor"]
        payload = {"from_minor": old, "to_minor": new, "currency": currency}
        events.append(("opportunity.amount_changed", payload))
    if "close_date" in differences:
        old, new = differences["close_date"]
        moved = {"from": old.isoformat() if old else "", "to": new.isoformat() if new else ""}
        later = old is not None and new is not None and new > old
        events.append(("opportunity.pushed" if later else "opportunity.close_date_changed", moved))
    if "owner" in differences:
        old, new = differences["owner"]
        events.append(("opportunity.owner_changed", {"from": str(old or ""), "to": str(new or "")}))
    if "pinned_category" in differences:
        old, new = differences["pinned_category"]
        type_ = "opportunity.category_pinned" if new else "opportunity.category_cleared"
        events.append((type_, {"from": old, "to": new}))
    return events


@all_or_nothing()
def move_stage(
    *,
    organization: Organization,
    opportunity: Opportunity,
    stage: Stage,
    version: int,
    actor: Member | None,
    moved_at: datetime,
    lost_reason: str = "",
    reason: str = "",
) -> Opportunity:
    """Move a deal to another stage of its pipeline; a won or lost stage closes it, an open one opens it again.

    A `reason` stands in the history, whichever way it goes.

    :raises UnableToMoveStage: when it is there already, the stage is retired or of another pipeline, a loss has no
        reason, the actor may not move deals there, or something is missing that the process asks for.
    :raises StaleVersion: when somebody else changed the deal since `version` was read.
    """
    old_stage = opportunity.stage
    if stage.pk == old_stage.pk:
        raise UnableToMoveStage(f"The deal is in “{stage.name}” already.")
    refuse_move(opportunity.pipeline_id, stage, lost_reason, actor=actor)
    if stage.kind == "lost":
        lost_reason = spelt_reason(organization, lost_reason)
    lacks = criteria.unmet(
        organization=organization,
        deal=opportunity,
        asked=criteria.asked_of_move(old_stage, stage),
        today=local_day(organization, moved_at),
    )
    if refusing := [one for one in lacks if one in criteria.binding(old_stage, stage)]:
        raise UnableToMoveStage(criteria.lacks_words(refusing, old_stage, stage))
    entered_before = opportunity.stage_entered_at
    was_open = opportunity.is_open
    differences = write_changes(
        organization=organization,
        record=opportunity,
        version=version,
        fields={"stage": stage, **consequences(organization, opportunity.opened_at, stage, moved_at, lost_reason)},
        at=moved_at,
    )
    keep_history(
        organization=organization,
        opportunity=opportunity,
        differences=differences,
        old_stage=old_stage,
        actor=actor,
        occurred_at=moved_at,
        reason=reason,
    )
    payload = {
        "days_in_stage": max(0, (moved_at - entered_before).days),
        "amount_minor": opportunity.amount_minor,
        "currency": opportunity.currency,
        "lacks": [criterion_words(one) for one in lacks],
    }
    for type_, told in move_events(old_stage, stage, payload, was_open=was_open, reason=opportunity.lost_reason):
        record_event(
            organization=organization,
            type=type_,
            subject=opportunity,
            payload=told,
            actor=actor,
            occurred_at=moved_at,
        )
    return opportunity


def refuse_move(pipeline_id: UUID, stage: Stage, lost_reason: str, *, actor: Member | None = None) -> None:
    """Refuse a move of a deal of a pipeline into a stage that can't take it.

    :raises UnableToMoveStage: when the stage is retired or of another pipeline, a loss has no reason, or the actor may
        not move deals there.
    """
    if stage.pipeline_id != pipeline_id:
        raise UnableToMoveStage(f"“{stage.name}” belongs to another pipeline.")
    if stage.retired_at is not None:
        raise UnableToMoveStage(f"“{stage.name}” is no longer in use.")
    if not criteria.may_move_into(stage, actor):
        raise UnableToMoveStage(f"{stage.get_moved_by_display()} move deals into “{stage.name}”. Ask one of them.")
    if stage.kind == "lost" and not lost_reason.strip():
        raise UnableToMoveStage("Say why the deal was lost. One line is enough.")


def spelt_reason(organization: Organization, words: str) -> str:
    """Return why a deal was lost as the organisation's list spells it.

    :raises UnableToMoveStage: when only the reasons of the list are taken, and this is none of them.
    """
    offered = LostReasons.of(organization)
    spelt = offered.spelt(words)
    if spelt is None:
        raise UnableToMoveStage(f"Choose one of the reasons: {', '.join(offered.reasons)}.")
    return spelt


def move_events(
    old_stage: Stage, stage: Stage, payload: Mapping[str, Any], *, was_open: bool, reason: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the events that a move tells: that it moved and, where that decides or reopens it, that too."""
    told: dict[str, Any] = {
        "from": old_stage.name,
        "to": stage.name,
        "from_stage": str(old_stage.pk),
        "to_stage": str(stage.pk),
        **payload,
    }
    types = ["opportunity.stage_moved"]
    if not stage.is_open:
        types.append(f"opportunity.{stage.kind}")
        told["reason"] = reason
    elif not was_open:
        types.append("opportunity.reopened")
    return [(type_, told) for type_ in types]


@all_or_nothing()
def change_opportunity(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    actor: Member | None,
    changed_at: datetime,
    stage: Stage | None = None,
    lost_reason: str = "",
    **fields: Unpack[OpportunityFields],
) -> Opportunity:
    """Change what is said of a deal and, where another `stage` is given, move it there; both or neither.

    :raises UnableToMoveStage: when the stage can't take it, or a reason is given for what is no loss.
    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    moves = stage is not None and stage.pk != opportunity.stage_id
    if lost_reason and not (moves and stage is not None and stage.kind == "lost"):
        raise UnableToMoveStage("A reason for a loss goes together with the move into a lost stage.")
    update_opportunity(
        organization=organization,
        opportunity=opportunity,
        version=version,
        actor=actor,
        updated_at=changed_at,
        **fields,
    )
    if moves and stage is not None:
        move_stage(
            organization=organization,
            opportunity=opportunity,
            stage=stage,
            version=opportunity.version,
            actor=actor,
            moved_at=changed_at,
            lost_reason=lost_reason,
        )
    return opportunity


def consequences(
    organization: Organization, opened_at: datetime, stage: Stage, moved_at: datetime, lost_reason: str
) -> Mapping[str, Any]:
    """Return what a move to `stage` changes beside it. A closed deal's close date is the day on which it closed."""
    fields: dict[str, Any] = {"stage_entered_at": moved_at, "outcome": stage.kind}
    if stage.is_open:
        fields |= {"closed_at": None, "lost_reason": ""}
    else:
        fields |= {
            "closed_at": max(moved_at, opened_at),
            "close_date": local_day(organization, moved_at),
            "lost_reason": lost_reason.strip() if stage.kind == "lost" else "",
        }
    return fields
