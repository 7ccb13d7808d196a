"""Many deals of another system at once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from pipeline.models import Opportunity, OpportunityHistory, Stage, TrackedField
from pipeline.operations import criteria
from pipeline.operations.changes import as_json
from pipeline.operations.history import category_codes
from pipeline.operations.opportunities import (
    UnableToMoveStage,
    consequences,
    move_events,
    refuse_move,
    spelt_reason,
    update_events,
)
from pipeline.operations.upserts import (
    Columns,
    Event,
    RowChange,
    Upserted,
    changed_payload,
    existing_rows,
    tell,
    write_rows,
)
from tenancy.bulk import insert_rows
from tenancy.models import Organization
from tenancy.working_time import local_day

TEXTS = ("name", "currency", "lost_reason", "next_step", "outcome", "pinned_category")
STATED = ("name", "account_id", "owner_id", "product_id", "amount_minor", "currency", "close_date", "probability_bp")
SAID = (*STATED, "next_step", "next_step_date", "pinned_category", "deleted_at")
STAGE = ("stage_id", "pipeline_id", "outcome", "opened_at", "closed_at", "stage_entered_at", "lost_reason")
COLUMNS = (*SAID, *STAGE)
_NEW: Columns = {**dict.fromkeys(COLUMNS), **dict.fromkeys(TEXTS, ""), "outcome": "open"}
_HISTORY = {
    "amount_minor": TrackedField.AMOUNT,
    "close_date": TrackedField.CLOSE_DATE,
    "owner_id": TrackedField.OWNER,
    "account_id": TrackedField.ACCOUNT,
}
_HISTORY_COLUMNS = (
    *("opportunity_id", "field", "old", "new", "old_stage_id", "new_stage_id", "old_amount_minor", "new_amount_minor"),
    *("occurred_at", "recorded_at", "reconstructed"),
)


@transaction.atomic
def upsert_opportunities(
    *, organization: Organization, source: str, rows: Mapping[str, Columns], at: datetime
) -> Upserted:
    """Add or change the deals that `source` knows by the keys of `rows`; what a row leaves out stays as it is.

    A `stage_id` moves a deal as a single change does, with the same rules. A deleted deal that is stated again comes
    back. A new deal begins in an open stage, without one in the first of the default pipeline.
    """
    result = Upserted()
    every_stage = Stage.objects.for_organization(organization).select_related("pipeline").order_by("position", "id")
    stages: dict[UUID, Stage] = {stage.pk: stage for stage in every_stage}
    first = next(
        (one for one in stages.values() if one.is_open and one.pipeline.is_default and not one.retired_at), None
    )
    existing = existing_rows(Opportunity, organization, source, rows.keys(), COLUMNS)
    moments = {"created_at": at, "updated_at": at, "recorded_at": at}
    wanted: dict[str, tuple[Columns | None, Columns]] = {}
    for key, said in rows.items():
        old = existing.get(key)
        try:
            staged = _staged(organization, old, said, stages, first, at)
        except UnableToMoveStage as error:
            result.refused[key] = ("stage_id", str(error))
            continue
        if old is None and "name" not in said:
            result.refused[key] = ("name", "name is missing, and there is no such deal yet.")
            continue
        wanted[key] = (old, {**(old or _NEW), **said, **staged, "deleted_at": None, **moments})
    for key, why in _lacking(organization, wanted, stages, at).items():
        del wanted[key]
        result.refused[key] = ("stage_id", why)
    write_rows(
        organization=organization,
        model=Opportunity,
        source=source,
        wanted=wanted,
        columns=COLUMNS,
        insert_only=tuple(moments),
        result=result,
    )
    insert_rows(
        organization=organization,
        model=OpportunityHistory,
        columns=_HISTORY_COLUMNS,
        rows=(row for change in result.changes for row in _history(change, stages, at)),
    )
    events = (event for change in result.changes for event in _events(change, stages, at))
    tell(organization=organization, subject_type="opportunity", events=events, at=at)
    return result


def _staged(
    organization: Organization,
    old: Columns | None,
    said: Columns,
    stages: Mapping[UUID, Stage],
    first: Stage | None,
    at: datetime,
) -> Columns:
    """Return the columns that follow from the stage of a row.

    :raises UnableToMoveStage: when it can't take the deal.
    """
    reason = said.get("lost_reason", "")
    if old is None:
        begins_in = stages.get(said.get("stage_id") or UUID(int=0), first)
        if begins_in is None:
            raise UnableToMoveStage("There is no default pipeline; say in which stage it begins.")
        if reason or not begins_in.is_open or begins_in.retired_at is not None:
            raise UnableToMoveStage(f"A new deal can't begin in “{begins_in.name}”, nor have a reason for a loss.")
        place = {"stage_id": begins_in.pk, "pipeline_id": begins_in.pipeline_id}
        begun = {**place, "stage_entered_at": at, "opened_at": at}
        return {**begun, "outcome": "open", "closed_at": None, "lost_reason": ""}
    stage = stages[said["stage_id"] if "stage_id" in said else old["stage_id"]]
    if stage.pk == old["stage_id"]:
        if reason and reason != old["lost_reason"]:
            raise UnableToMoveStage("A reason for a loss goes together with the move into a lost stage.")
        return {"lost_reason": old["lost_reason"]}
    refuse_move(old["pipeline_id"], stage, reason)
    if stage.kind == "lost":
        reason = spelt_reason(organization, reason)
    return {"stage_id": stage.pk, **consequences(organization, old["opened_at"], stage, at, reason)}


def _lacking(
    organization: Organization,
    wanted: Mapping[str, tuple[Columns | None, Columns]],
    stages: Mapping[UUID, Stage],
    at: datetime,
) -> dict[str, str]:
    """Return the keys of the moves that the process refuses, with what each lacks."""
    asked = {
        key: (found, old["id"], stages[old["stage_id"]], stages[new["stage_id"]], new)
        for key, (old, new) in wanted.items()
        if old is not None and old["stage_id"] != new["stage_id"]
        if (found := criteria.binding(stages[old["stage_id"]], stages[new["stage_id"]]))
    }
    known = criteria.known_facts(
        organization=organization,
        asked=[one for found, *_ in asked.values() for one in found],
        deals=[deal for _, deal, *_ in asked.values()],
        accounts=[new["account_id"] for *_, new in asked.values() if new["account_id"]],
    )
    today = local_day(organization, at)
    refused = {}
    for key, (found, deal, before, after, new) in asked.items():
        if lacks := [one for one in found if not criteria.is_met(one, deal, new, known, today)]:
            refused[key] = criteria.lacks_words(lacks, before, after)
    return refused


def _history(change: RowChange, stages: Mapping[UUID, Stage], at: datetime) -> Iterator[Sequence[Any]]:
    old, new = change.old, change.new
    before = old["stage_id"] if old is not None else None
    if before != new["stage_id"]:
        names = ["" if one is None else stages[one].name for one in (before, new["stage_id"])]
        yield (change.id, TrackedField.STAGE.value, *names, before, new["stage_id"], None, None, at, at, False)
    for column, tracked in _HISTORY.items():
        was = old[column] if old is not None else None
        if was != new[column]:
            texts = ["" if one is None else str(as_json(one)) for one in (was, new[column])]
            amounts = (was, new[column]) if tracked is TrackedField.AMOUNT else (None, None)
            yield (change.id, tracked.value, *texts, None, None, *amounts, at, at, False)
    was, now = (old or _NEW)["pinned_category"], new["pinned_category"]
    if was != now:
        codes = category_codes(was, now)
        yield (change.id, TrackedField.FORECAST_CATEGORY.value, *codes, None, None, None, None, at, at, False)


def _events(change: RowChange, stages: Mapping[UUID, Stage], at: datetime) -> Iterator[Event]:
    old, new = change.old, change.new
    amount = {"amount_minor": new["amount_minor"], "currency": new["currency"]}
    stage = stages[new["stage_id"]]
    if old is None:
        payload = {"account": str(new["account_id"] or ""), "stage": stage.name, **amount}
        yield Event("opportunity.created", change, payload)
        return
    if old["deleted_at"] is not None:
        yield Event("opportunity.restored", change, {})
    moved = old["stage_id"] != new["stage_id"]
    # The day on which a deal closes follows from its move and is told with it.
    closes = moved and not stage.is_open
    said = [name for name in SAID if name != "deleted_at" and not (closes and name == "close_date")]
    if differences := change.differences(said):
        named = {name.removesuffix("_id"): pair for name, pair in differences.items()}
        for type_, told in update_events(new["currency"], changed_payload(differences), named):
            yield Event(type_, change, told)
    if moved:
        payload = {"days_in_stage": max(0, (at - old["stage_entered_at"]).days), **amount}
        was_open = old["outcome"] == "open"
        told_moves = move_events(stages[old["stage_id"]], stage, payload, was_open=was_open, reason=new["lost_reason"])
        for type_, told in told_moves:
            yield Event(type_, change, told)
