"""One change of many records: each by its own operation, under its own rights; what stays as it was says why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from pipeline.models import Account, BulkChange, Contact, CrmRecord, Opportunity, Order, Product, Stage
from pipeline.operations.accounts import update_account
from pipeline.operations.contacts import update_contact
from pipeline.operations.deletion import delete_record
from pipeline.operations.noting import NotedChange, noted_changes
from pipeline.operations.opportunities import UnableToMoveStage, move_stage, update_opportunity
from pipeline.operations.orders import update_order
from pipeline.operations.products import update_product
from tenancy.jobs import enqueue
from tenancy.models import Member, Organization

AT_ONCE = 500
"""So many records are changed while the person waits; more are a task."""

NAMED = 3
"""So many names each reason brings along; the rest is counted."""


@dataclass(frozen=True)
class Edit:
    """What is to become of each record: `do` is owner, segment, lifecycle, is_active, close_date,
    pinned_category, stage or delete.
    """

    do: str
    value: Any = None
    lost_reason: str = ""


@dataclass
class Outcome:
    """What became of the records. `refused` maps a reason to how many it holds, and the names of the first ones."""

    changed: int = 0
    same: int = 0
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    noted: list[NotedChange] = field(default_factory=list)

    def refuse(self, why: str, name: str = "") -> None:
        """Count a record that stays as it is."""
        reason = self.refused.setdefault(why, {"count": 0, "names": []})
        reason["count"] += 1
        if name and len(reason["names"]) < NAMED:
            reason["names"].append(name)

    @property
    def seen(self) -> int:
        """How many records it was about."""
        return self.changed + self.same + sum(int(one["count"]) for one in self.refused.values())


@transaction.atomic
def change_many(
    *, organization: Organization, member: Member, records: Iterable[CrmRecord], edit: Edit, changed_at: datetime
) -> Outcome:
    """Change these records, locked and marked with `is_editable`; one that can't be changed holds up no other."""
    outcome = Outcome()
    for record in records:
        if not getattr(record, "is_editable", False):
            outcome.refuse("not yours", str(record))
            continue
        try:
            with noted_changes() as noted:
                _apply(organization, member, record, edit, changed_at)
        except UnableToMoveStage as error:
            outcome.refuse(str(error), str(record))
            continue
        if any(change.after for change in noted):
            outcome.changed += 1
            outcome.noted += noted
        else:
            outcome.same += 1
    return outcome


def _apply(organization: Organization, member: Member, record: CrmRecord, edit: Edit, at: datetime) -> None:
    common: dict[str, Any] = {"organization": organization, "version": record.version, "actor": member}
    if edit.do == "delete":
        delete_record(record=record, deleted_at=at, **common)
    elif edit.do == "stage":
        deal, stage = cast("Opportunity", record), cast("Stage", edit.value)
        if deal.stage_id != stage.pk:
            move_stage(opportunity=deal, stage=stage, moved_at=at, lost_reason=edit.lost_reason, **common)
    elif isinstance(record, Account):
        update_account(account=record, updated_at=at, **common, **_field(edit))
    elif isinstance(record, Contact):
        update_contact(contact=record, updated_at=at, **common, **_field(edit))
    elif isinstance(record, Order):
        update_order(order=record, updated_at=at, **common, **_field(edit))
    elif isinstance(record, Product):
        update_product(product=record, updated_at=at, **common, **_field(edit))
    else:
        update_opportunity(opportunity=cast("Opportunity", record), updated_at=at, **common, **_field(edit))


def _field(edit: Edit) -> Any:
    return {edit.do: edit.value}


@transaction.atomic
def queue_bulk_change(
    *,
    organization: Organization,
    member: Member,
    record_type: str,
    query: str,
    change: Mapping[str, str],
    words: str,
    page: str,
    total: int,
    asked_at: datetime,
    step: Any = None,
) -> BulkChange:
    """Ask for a change of all that a filter matches, and return what shows how far it is."""
    bulk: BulkChange = BulkChange.objects.create(
        organization=organization,
        member=member,
        step=step,
        record_type=record_type,
        query=query,
        change=dict(change),
        words=words,
        page=page,
        total=total,
        created_at=asked_at,
    )
    enqueue("pipeline.tasks.change_many", organization=organization, bulk_id=str(bulk.pk))
    return bulk


def stated_edit(organization: Organization, change: Mapping[str, str]) -> Edit:
    """Return a change that was checked by its form, from the JSON that keeps it.

    :raises django.core.exceptions.ObjectDoesNotExist: when the owner or the stage is gone.
    """
    do, value = change["do"], change.get("value", "")
    if do == "owner":
        return Edit(do, Member.objects.for_organization(organization).get(pk=value) if value else None)
    if do == "stage":
        stage = Stage.objects.for_organization(organization).get(pk=value)
        return Edit(do, stage, change.get("lost_reason", ""))
    if do == "close_date":
        return Edit(do, date.fromisoformat(value))
    return Edit(do, value == "active" if do == "is_active" else value)
