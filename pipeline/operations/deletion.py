"""Deleting customer records, and taking it back."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from pipeline.models import CrmRecord, Inquiry
from pipeline.operations.changes import write_changes
from pipeline.operations.inquiries import keep_on_timeline
from tenancy.events import record_event
from tenancy.models import Member, Organization

UNDO_WINDOW = timedelta(days=30)

R = TypeVar("R", bound=CrmRecord)


class UnableToRestore(ValueError):
    """The record was not deleted, or so long ago that it can't come back."""


@transaction.atomic
def delete_record(
    *, organization: Organization, record: R, version: int, actor: Member | None, deleted_at: datetime
) -> R:
    """Take a record out of every list; for 30 days it can be restored. What hangs on it stays.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    return _mark(organization, record, version, actor, deleted_at, deleted_at, "deleted")


@transaction.atomic
def restore_record(
    *, organization: Organization, record: R, version: int, actor: Member | None, restored_at: datetime
) -> R:
    """Put a deleted record back.

    :raises UnableToRestore: when it is not deleted, or was deleted more than 30 days ago.
    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    if record.deleted_at is None:
        raise UnableToRestore("This was not deleted.")
    if restored_at - record.deleted_at > UNDO_WINDOW:
        raise UnableToRestore("This was deleted more than 30 days ago.")
    return _mark(organization, record, version, actor, restored_at, None, "restored")


def _mark(
    organization: Organization,
    record: R,
    version: int,
    actor: Member | None,
    at: datetime,
    deleted_at: datetime | None,
    verb: str,
) -> R:
    write_changes(organization=organization, record=record, version=version, fields={"deleted_at": deleted_at}, at=at)
    if isinstance(record, Inquiry):
        keep_on_timeline(organization, record, at)
    record_event(
        organization=organization,
        type=f"{record._meta.model_name}.{verb}",
        subject=record,
        actor=actor,
        occurred_at=at,
    )
    return record
