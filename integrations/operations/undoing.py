"""Taking a whole import back, chunk by chunk in the opposite order, each in one transaction with its mark."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from integrations.imports.targets import WrittenBefore, target_named
from integrations.models import Import, ImportChunk, ImportFile, ImportState
from integrations.operations.chunks import LINKS, ROWS
from integrations.operations.collector import without_collector
from integrations.operations.committing import task_of
from integrations.operations.file_settings import context_of, files_in_order
from integrations.operations.progress import note_progress
from integrations.queries import written_totals
from tenancy.events import record_event
from tenancy.jobs import enqueue
from tenancy.models import Member, Organization
from tenancy.scoping import organization_scope


class UnableToUndo(Exception):
    """The import cannot be undone; the message says why."""


def undo_task_of(made: Import) -> str:
    """The name under which the undoing of an import stands in the audit trail."""
    return f"undo import {made.pk}"


def request_undo(
    *, organization: Organization, made: Import, requested_by: Member | None, now: datetime, queue: bool = True
) -> None:
    """Have a worker take back what the import wrote. In the caller's transaction; asking twice is harmless.

    :raises UnableToUndo: when it has written nothing, is at work, or its way back was purged.
    """
    locked = Import.objects.for_organization(organization).select_for_update(no_key=True).get(pk=made.pk)
    if locked.state in (ImportState.UNDOING, ImportState.UNDONE):
        return
    if not locked.can_be_undone:
        raise UnableToUndo(
            "What it was like before this import is no longer kept, so it cannot be undone."
            if locked.purged_at is not None
            else "This import has written nothing that could be undone."
        )
    made.state, made.error = ImportState.UNDOING, ""
    made.save(update_fields=["state", "error"])
    ImportFile.objects.for_organization(organization).filter(import_set=made).update(progress=[])
    record_event(
        organization=organization, type="import.undo_requested", subject=made, actor=requested_by, occurred_at=now
    )
    if queue:
        enqueue(
            "integrations.tasks.undo_import",
            organization=organization,
            import_id=str(made.pk),
            member_id=str(requested_by.pk) if requested_by is not None else "",
        )


def undo_import(*, organization: Organization, import_id: UUID, member_id: UUID | None, now: datetime) -> None:
    """Take back every chunk that is not taken back yet. Opens its own transactions; safe to run again."""
    with organization_scope(organization, task="undo an import"):
        made = Import.objects.for_organization(organization).get(pk=import_id)
        if made.state != ImportState.UNDOING:
            return
        made.organization = organization
        members = Member.objects.for_organization(organization)
        made.requested_by = members.filter(pk=member_id).first() if member_id else None
        files = list(reversed(files_in_order(made)))
    for found in files:
        undo = FileUndo(organization=organization, made=made, import_file=found, now=now)
        for chunk_id in undo.waiting():
            undo.take_back(chunk_id)
    _finish(organization, made)


class FileUndo:
    """Takes one file back. Each chunk locks the file's row first, so that two copies of the task never do one twice."""

    def __init__(self, *, organization: Organization, made: Import, import_file: ImportFile, now: datetime) -> None:
        self.organization = organization
        self.made = made
        self.file = import_file
        self.now = now
        self.target = target_named(import_file.target)

    def _scope(self) -> Any:
        return organization_scope(self.organization, actor=self.made.requested_by, task=undo_task_of(self.made))

    def waiting(self) -> Iterator[UUID]:
        """The chunks that are left, links before rows, the last first."""
        for phase in (LINKS, ROWS):
            with self._scope():
                chunks = ImportChunk.objects.for_organization(self.organization).filter(
                    import_file=self.file, phase=phase, undone_at=None
                )
                ids = list(chunks.order_by("-number").values_list("pk", flat=True))
            yield from ids

    @without_collector()
    def take_back(self, chunk_id: UUID) -> None:
        """Undo one chunk."""
        with self._scope():
            ImportFile.objects.for_organization(self.organization).select_for_update().only("id").get(pk=self.file.pk)
            chunk = ImportChunk.objects.for_organization(self.organization).filter(pk=chunk_id, undone_at=None).first()
            if chunk is None:
                return
            context = context_of(
                organization=self.organization, made=self.made, import_file=self.file, now=self.now, create=False
            )
            done = self.target.undo(
                context,
                WrittenBefore(
                    created=chunk.created,
                    before=chunk.before,
                    task=task_of(self.made),
                    own_tasks=[undo_task_of(self.made)],
                    written_at=chunk.done_at,
                ),
            )
            chunk.undone_at = timezone.now()
            chunk.removed, chunk.restored, chunk.left = len(done.removed), len(done.restored), done.left
            chunk.save(update_fields=["undone_at", "removed", "restored", "left"])
            if chunk.phase == ROWS:
                self.file.rows_undone += chunk.rows_read
            note_progress(self.file, self.file.rows_undone)
            self.file.save(update_fields=["rows_undone", "progress"])


def _finish(organization: Organization, made: Import) -> None:
    with organization_scope(organization, actor=made.requested_by, task=undo_task_of(made)):
        now = timezone.now()
        turned = (
            Import.objects.for_organization(organization)
            .filter(pk=made.pk, state=ImportState.UNDOING)
            .update(state=ImportState.UNDONE, undone_at=now)
        )
        if turned:
            totals = written_totals(organization=organization, made=made)
            record_event(
                organization=organization,
                type="import.undone",
                subject=made,
                actor=made.requested_by,
                occurred_at=now,
                source=made.source,
                payload={name: totals[name] for name in ("removed", "restored", "left")},
            )
