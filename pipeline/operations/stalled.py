"""The three ways on for a deal that stands still: revive it with a dated plan, push or downgrade it, or stop it."""

from datetime import date, datetime
from typing import Any

from pipeline.models import Opportunity, Stage
from pipeline.operations.opportunities import move_stage, update_opportunity
from tenancy.events import record_event
from tenancy.models import Member, Organization
from tenancy.scoping import all_or_nothing
from tenancy.working_time import local_day


class UnableToSettle(ValueError):
    """This way on is refused; the message says why and what to do instead."""


@all_or_nothing()
def revive(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    next_step: str,
    next_step_date: date,
    actor: Member | None,
    at: datetime,
) -> Opportunity:
    """Give a deal a dated plan: what comes next, and when.

    :raises UnableToSettle: without a step, or with a day that has passed.
    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    if not next_step.strip() or next_step_date < local_day(organization, at):
        raise UnableToSettle("A plan says what comes next, and on which day from today on.")
    update_opportunity(
        organization=organization,
        opportunity=opportunity,
        version=version,
        actor=actor,
        updated_at=at,
        next_step=next_step.strip(),
        next_step_date=next_step_date,
    )
    _tell(organization, opportunity, "revived", "", actor, at)
    return opportunity


@all_or_nothing()
def push_out(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    reason: str,
    actor: Member | None,
    at: datetime,
    close_date: date | None = None,
    stage: Stage | None = None,
) -> Opportunity:
    """Move the close date of a deal to a later day, take it back to an earlier stage, or both, with the reason.

    :raises UnableToSettle: without a reason, with neither of the two, or when they don't go that way.
    :raises UnableToMoveStage: when the stage can't take it.
    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    if not reason.strip():
        raise UnableToSettle("Say why. One line is enough; it stands beside the change.")
    if close_date is None and stage is None:
        raise UnableToSettle("Choose a later day, an earlier stage, or both.")
    before = opportunity.close_date
    if close_date is not None and (close_date < local_day(organization, at) or (before and close_date <= before)):
        raise UnableToSettle("The new close date lies behind the one so far, and is not past.")
    if stage is not None and not (stage.is_open and stage.position < opportunity.stage.position):
        raise UnableToSettle(f"“{stage.name}” is not an earlier stage.")
    if close_date is not None:
        update_opportunity(
            organization=organization,
            opportunity=opportunity,
            version=version,
            actor=actor,
            updated_at=at,
            reason=reason,
            close_date=close_date,
        )
    if stage is not None:
        move_stage(
            organization=organization,
            opportunity=opportunity,
            stage=stage,
            version=opportunity.version,
            actor=actor,
            moved_at=at,
            reason=reason,
        )
    _tell(organization, opportunity, "pushed", reason, actor, at)
    return opportunity


@all_or_nothing()
def stop(
    *,
    organization: Organization,
    opportunity: Opportunity,
    version: int,
    actor: Member | None,
    at: datetime,
    **why: Any,
) -> Opportunity:
    """Give a deal up. It closes in the lost stage of its pipeline; whose deal it was loses nothing by it.

    :raises UnableToSettle: when its pipeline has no lost stage in use.
    :raises UnableToMoveStage: without a reason.
    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    ends = Stage.objects.for_organization(organization).filter(
        pipeline=opportunity.pipeline_id, kind="lost", retired_at=None
    )
    stage = ends.order_by("position", "id").first()
    if stage is None:
        raise UnableToSettle("Its pipeline has no stage for lost deals. Ask who manages the process.")
    move_stage(
        organization=organization,
        opportunity=opportunity,
        stage=stage,
        version=version,
        actor=actor,
        moved_at=at,
        **why,
    )
    _tell(organization, opportunity, "stopped", opportunity.lost_reason, actor, at)
    return opportunity


def _tell(
    organization: Organization, deal: Opportunity, how: str, reason: str, actor: Member | None, at: datetime
) -> None:
    record_event(
        organization=organization,
        type="opportunity.settled",
        subject=deal,
        payload={"how": how, **({"reason": reason.strip()} if reason.strip() else {})},
        actor=actor,
        occurred_at=at,
    )
