"""Giving an import up, at any time, and taking it up again."""

from datetime import datetime

from integrations.models import Import, ImportState
from integrations.operations.checking import UnableToChange, request_check
from integrations.queries import written_totals
from tenancy.events import record_event
from tenancy.models import Member, Organization, Run


def cancel_import(*, organization: Organization, made: Import, cancelled_by: Member | None, now: datetime) -> int:
    """Give an import up, and return how many records it has written by then. In the caller's transaction.

    One that is being written stops behind the chunk at hand; what was written stays, and can be undone.

    :raises UnableToChange: when there is nothing to stop any more.
    """
    locked = Import.objects.for_organization(organization).select_for_update(no_key=True).get(pk=made.pk)
    if not locked.is_open and locked.state != ImportState.COMMITTING:
        raise UnableToChange("This import is over; there is nothing to cancel any more.")
    totals = written_totals(organization=organization, made=locked)
    written = totals["created"] + totals["changed"]
    locked.state = made.state = ImportState.CANCELLED
    locked.save(update_fields=["state"])
    if locked.run_id is not None:
        Run.objects.for_organization(organization).filter(pk=locked.run_id).update(
            status=Run.Status.FAILED, finished_at=now, error=f"Cancelled after {written:,} records."
        )
    record_event(
        organization=organization,
        type="import.cancelled",
        subject=locked,
        actor=cancelled_by,
        occurred_at=now,
        source=locked.source,
        payload={"written": written},
    )
    return written


def reopen_import(*, organization: Organization, made: Import) -> None:
    """Take up an import again that was given up; its mapping and mended cells are still there.

    :raises UnableToChange: when it was not given up, or has written records already.
    """
    taken_up = (
        Import.objects.for_organization(organization)
        .filter(pk=made.pk, state=ImportState.CANCELLED, run=None, purged_at=None)
        .update(state=ImportState.UPLOADED)
    )
    if not taken_up:
        raise UnableToChange("Only an import that was cancelled before it began can be taken up again.")
    request_check(organization=organization, made=made)
