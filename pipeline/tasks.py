"""Background work on customer records."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from pipeline.forms.bulk import BULK, locked, records_meant
from pipeline.models import BulkChange, BulkState, UndoChange
from pipeline.operations.bulk import Edit, Outcome, change_many, stated_edit
from pipeline.operations.undo import Undone, add_to_step, undo_changes
from tenancy.jobs import tenant_task
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day

CHUNK = 200
TASK = "pipeline.tasks.change_many"


@tenant_task(name="pipeline.tasks.change_many", owns_transactions=True)
def change_many_records(*, organization: Organization, bulk_id: str, **_: Any) -> None:
    """Carry a change of many records through, a chunk a transaction; delivered twice, it goes on where it stopped."""
    while _chunk(organization, UUID(bulk_id)):
        pass


def _chunk(organization: Organization, bulk_id: UUID) -> bool:
    """Change the next records with the mark of how far it is; return whether there are more."""
    now = timezone.now()
    with organization_scope(organization, task=TASK):
        member_id = (
            BulkChange.objects.for_organization(organization).values_list("member_id", flat=True).get(pk=bulk_id)
        )
    with organization_scope(organization, actor=member_id, task=TASK):
        rows = BulkChange.objects.for_organization(organization).select_related("member", "step")
        bulk: BulkChange = rows.select_for_update(of=("self",)).get(pk=bulk_id)
        if bulk.state == BulkState.DONE:
            return False
        seen, last_seen, outcome = (_undone if bulk.is_undo else _changed)(organization, bulk, now)
        bulk.state, bulk.started_at = BulkState.RUNNING, bulk.started_at or now
        bulk.last_seen, bulk.done = last_seen, bulk.done + seen
        bulk.changed, bulk.same = bulk.changed + outcome.changed, bulk.same + outcome.same
        bulk.refused = added_up(bulk.refused, outcome.refused)
        if bulk.step is not None and not bulk.is_undo:
            add_to_step(organization=organization, step=bulk.step, changes=outcome.noted)
        if seen < CHUNK:
            bulk.state, bulk.finished_at = BulkState.DONE, now
            if bulk.step is not None and not bulk.is_undo:
                bulk.step.begin_to_expire(now)
        bulk.save()
        return seen == CHUNK


def _changed(organization: Organization, bulk: BulkChange, now: Any) -> tuple[int, UUID | None, Outcome]:
    kind = BULK[bulk.record_type]
    try:
        edit: Edit = stated_edit(organization, bulk.change)
        found = records_meant(
            organization=organization,
            member=bulk.member,
            today=local_day(organization, now),
            kind=kind,
            query=bulk.query,
        )
    except (ValueError, ObjectDoesNotExist) as error:
        outcome = Outcome()
        outcome.refuse(str(error))
        return 0, None, outcome
    if bulk.last_seen is not None:
        found = found.filter(pk__gt=bulk.last_seen)
    records = list(locked(found)[:CHUNK])
    outcome = change_many(organization=organization, member=bulk.member, records=records, edit=edit, changed_at=now)
    return len(records), records[-1].pk if records else bulk.last_seen, outcome


def _undone(organization: Organization, bulk: BulkChange, now: Any) -> tuple[int, UUID | None, Outcome]:
    found = UndoChange.objects.for_organization(organization).filter(step=bulk.step_id)
    if bulk.last_seen is not None:
        found = found.filter(pk__lt=bulk.last_seen)
    changes = list(found.order_by("-pk")[:CHUNK])
    undone = Undone(bulk.words)
    undo_changes(organization=organization, changes=changes, member=bulk.member, undone_at=now, undone=undone)
    outcome = Outcome(changed=len(undone.restored))
    for refusal in undone.refused:
        outcome.refuse(refusal.why, refusal.record)
    return len(changes), changes[-1].pk if changes else bulk.last_seen, outcome


def added_up(so_far: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return the reasons of both with their counts added; the first names are kept."""
    both = dict(so_far)
    for why, reason in more.items():
        before = both.get(why, {"count": 0, "names": []})
        names = [*before["names"], *reason["names"]][:3]
        both[why] = {"count": before["count"] + reason["count"], "names": names}
    return both
