"""Checking an import: asked for by a person, done by a worker, started again whenever the mapping changes."""

from datetime import datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from integrations.models import Import, ImportState
from integrations.operations.file_check import CheckOutdated, FileCheck
from integrations.operations.file_settings import files_in_order
from tenancy.jobs import enqueue
from tenancy.models import Organization
from tenancy.scoping import organization_scope


class UnableToChange(Exception):
    """The import is past the point where its mapping can be changed."""


def request_check(*, organization: Organization, made: Import, queue: bool = True) -> None:
    """Have a worker check all rows by the mapping as it is now. In the caller's transaction.

    :raises UnableToChange: when rows are already being written.
    """
    locked = Import.objects.for_organization(organization).select_for_update().get(pk=made.pk)
    if not locked.is_open:
        raise UnableToChange("This import has begun; its mapping is fixed.")
    made.version = locked.version + 1
    made.state = ImportState.MAPPED
    made.error = ""
    made.save(update_fields=["version", "state", "error"])
    if queue:
        enqueue("integrations.tasks.check_import", organization=organization, import_id=str(made.pk))


def check_import(*, organization: Organization, import_id: UUID, now: datetime) -> None:
    """Stage and compare all rows; safe to run again and to be killed anywhere. Opens its own transactions."""
    with organization_scope(organization, task="check an import"):
        made = Import.objects.for_organization(organization).select_related("requested_by").get(pk=import_id)
        if made.state != ImportState.MAPPED:
            return
        made.organization = organization
        files = files_in_order(made)
    earliest = latest = ""
    try:
        for found in files:
            check = FileCheck(organization=organization, made=made, import_file=found, now=now)
            check.run()
            if check.earliest:
                earliest = min(earliest or check.earliest, check.earliest)
                latest = max(latest, check.latest)
    except CheckOutdated:
        return
    with organization_scope(organization, actor=made.requested_by, task="check an import"):
        same_version = Import.objects.for_organization(organization).filter(
            pk=made.pk, version=made.version, state=ImportState.MAPPED
        )
        zone = ZoneInfo(organization.time_zone)
        same_version.update(
            state=ImportState.CHECKED,
            checked_version=made.version,
            checked_at=timezone.now(),
            earliest_at=_moment(earliest, zone),
            latest_at=_moment(latest, zone),
        )


def _moment(text: str, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
