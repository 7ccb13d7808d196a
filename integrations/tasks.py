"""Background work of imports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from integrations.operations import checking, committing, undoing
from tenancy.jobs import tenant_task
from tenancy.models import Organization


@tenant_task(name="integrations.tasks.check_import", owns_transactions=True)
def check_import(*, organization: Organization, import_id: str, **_: Any) -> None:
    """Read, compare and stage all rows of an import."""
    _or_fail(organization, import_id, checking.check_import)


@tenant_task(name="integrations.tasks.commit_import", owns_transactions=True)
def commit_import(*, organization: Organization, import_id: str, **_: Any) -> None:
    """Write all rows of an import that are not held back."""
    _or_fail(organization, import_id, committing.commit_import)


@tenant_task(name="integrations.tasks.undo_import", owns_transactions=True)
def undo_import(*, organization: Organization, import_id: str, member_id: str = "", **_: Any) -> None:
    """Take back what an import wrote."""

    def work(*, organization: Organization, import_id: UUID, now: datetime) -> None:
        member = UUID(member_id) if member_id else None
        undoing.undo_import(organization=organization, import_id=import_id, member_id=member, now=now)

    _or_fail(organization, import_id, work)


def _or_fail(organization: Organization, import_id: str, work: Any) -> None:
    try:
        work(organization=organization, import_id=UUID(import_id), now=timezone.now())
    except (OperationalError, InterfaceError):
        # The database went away: the task is tried again and goes on where it stopped.
        raise
    except Exception as error:
        committing.fail_import(
            organization=organization, import_id=UUID(import_id), error=f"{type(error).__name__}: {error}"
        )
        raise
