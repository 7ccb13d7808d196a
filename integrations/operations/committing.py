"""Writing a checked import chunk by chunk, each in one transaction with its done-mark: a kill anywhere loses nothing.

Files go in the order of their references, rows in the order of the file; links to rows of the same kind follow when all
rows are there.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from integrations.models import Import, ImportChunk, ImportFile, ImportState
from integrations.operations.chunks import LINKS, ROWS, Chunks
from integrations.operations.collector import without_collector
from integrations.operations.file_settings import files_in_order, has_links
from integrations.operations.progress import note_progress
from integrations.operations.saved_mappings import save_mapping
from tenancy.events import record_event
from tenancy.jobs import enqueue
from tenancy.models import Member, Organization, Run, RunStep
from tenancy.scoping import organization_scope


class UnableToCommit(Exception):
    """The import cannot be written as it stands; the message says why."""


class CommitStopped(Exception):
    """A person cancelled the import while it was written."""


def task_of(made: Import) -> str:
    """The name under which an import's own writes stand in the audit trail."""
    return f"import {made.pk}"


def request_commit(
    *,
    organization: Organization,
    made: Import,
    requested_by: Member | None,
    now: datetime,
    mapping_name: str = "",
    queue: bool = True,
) -> Run:
    """Fix the mapping and have a worker write the rows. In the caller's transaction; asking twice is harmless.

    :raises UnableToCommit: when the rows are not checked by the mapping as it is now, or there is nothing to write.
    """
    locked = Import.objects.for_organization(organization).select_for_update().get(pk=made.pk)
    if locked.run_id is not None and locked.state in (ImportState.COMMITTING, ImportState.DONE):
        begun: Run = Run.objects.for_organization(organization).get(pk=locked.run_id)
        return begun
    if locked.state != ImportState.CHECKED or locked.checked_version != locked.version:
        raise UnableToCommit("The rows are still being checked. Wait until the counts are there.")
    files = files_in_order(locked)
    if not any(found.counts.get("rows", 0) - found.counts.get("held", 0) for found in files):
        raise UnableToCommit("Every row is held back, so there is nothing to import yet.")
    for found in files:
        name = mapping_name or found.mapping_name or locked.source_name
        save_mapping(organization=organization, import_file=found, source=locked.source, name=name)
    run = _create_run(organization, locked, files, requested_by, now)
    made.run = run
    made.state = ImportState.COMMITTING
    made.requested_by = requested_by or locked.requested_by
    made.save(update_fields=["run", "state", "requested_by"])
    if queue:
        enqueue("integrations.tasks.commit_import", organization=organization, import_id=str(made.pk))
    return run


def _create_run(
    organization: Organization, made: Import, files: list[ImportFile], requested_by: Member | None, now: datetime
) -> Run:
    run: Run = Run.objects.create(
        organization=organization,
        kind=Run.Kind.IMPORT,
        key=str(made.pk),
        status=Run.Status.QUEUED,
        scheduled_for=now.astimezone(ZoneInfo(organization.time_zone)).date(),
        requested_by=requested_by,
        created_at=now,
        data_up_to=made.latest_at,
        detail={"source": made.source, "files": [found.name for found in files]},
    )
    for position, found in enumerate(files, start=1):
        RunStep.objects.create(
            organization=organization,
            run=run,
            position=position,
            name=_step_name(found),
            detail={"file": found.name, "target": found.target},
        )
    return run


def _step_name(found: ImportFile) -> str:
    return f"{found.position + 1}. {found.name}"[:60]


def commit_import(*, organization: Organization, import_id: UUID, now: datetime) -> None:
    """Write all rows that are not held back; goes on where a killed run stopped. Opens its own transactions."""
    with organization_scope(organization, task="commit an import"):
        made = Import.objects.for_organization(organization).select_related("requested_by", "run").get(pk=import_id)
        if made.state != ImportState.COMMITTING:
            return
        made.organization = organization
        files = files_in_order(made)
        Run.objects.for_organization(organization).filter(pk=made.run_id, started_at=None).update(
            status=Run.Status.RUNNING, started_at=timezone.now()
        )
    try:
        for found in files:
            FileCommit(organization=organization, made=made, import_file=found, now=now).run()
    except CommitStopped:
        return
    _finish(organization=organization, made=made, files=files)


def _finish(*, organization: Organization, made: Import, files: list[ImportFile]) -> None:
    with organization_scope(organization, actor=made.requested_by, task="commit an import"):
        # Whoever turns the state writes the event: a second copy of the task finds nothing to turn.
        now = timezone.now()
        turned = (
            Import.objects.for_organization(organization)
            .filter(pk=made.pk, state=ImportState.COMMITTING)
            .update(state=ImportState.DONE, committed_at=now)
        )
        if not turned:
            return
        Run.objects.for_organization(organization).filter(pk=made.run_id).update(
            status=Run.Status.DONE, finished_at=now
        )
        record_event(
            organization=organization,
            type="import.committed",
            subject=made,
            actor=made.requested_by,
            occurred_at=now,
            source=made.source,
            payload={"files": [{"name": found.name, "target": found.target, **found.counts} for found in files]},
        )


class FileCommit:
    """Writes one file. Each chunk locks the file's row first, so two copies of the task never write one chunk twice."""

    def __init__(self, *, organization: Organization, made: Import, import_file: ImportFile, now: datetime) -> None:
        self.organization = organization
        self.made = made
        self.file = import_file
        self.now = now

    def run(self) -> None:
        """Write what is not written yet.

        :raises CommitStopped: when a person cancels meanwhile.
        """
        with self._scope():
            self.chunks = Chunks(organization=self.organization, made=self.made, import_file=self.file, now=self.now)
            self._step().filter(started_at=None).update(status=Run.Status.RUNNING, started_at=timezone.now())
        with self.chunks:
            for phase in (ROWS, LINKS) if has_links(self.file) else (ROWS,):
                for number in self.chunks.numbers:
                    self._write_chunk(phase, number)
        with self._scope():
            self._finish_step()

    def _scope(self) -> Any:
        return organization_scope(self.organization, actor=self.made.requested_by, task=task_of(self.made))

    def _step(self) -> Any:
        return RunStep.objects.for_organization(self.organization).filter(
            run=self.made.run_id, name=_step_name(self.file)
        )

    @without_collector()
    def _write_chunk(self, phase: str, number: int) -> None:
        with self._scope():
            ImportFile.objects.for_organization(self.organization).select_for_update().only("id").get(pk=self.file.pk)
            done = ImportChunk.objects.for_organization(self.organization).filter(
                import_file=self.file, phase=phase, number=number
            )
            if done.exists():
                return
            _stop_if_cancelled(self.organization, self.made)
            chunk = self.chunks.take(phase, number)
            written = self.chunks.write(chunk)
            self._count(phase, len(chunk.records))
            # A reference that does not hold is an error of this chunk, here, and not of the commit.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            ImportChunk.objects.create(
                organization=self.organization,
                import_file=self.file,
                phase=phase,
                number=number,
                rows_read=len(chunk.records),
                inserted=written.inserted,
                updated=written.updated,
                unchanged=written.unchanged,
                before=written.before,
                created=written.created,
                done_at=timezone.now(),
            )

    def _count(self, phase: str, rows: int) -> None:
        if phase == ROWS:
            self.file.rows_committed += rows
        note_progress(self.file, self.file.rows_committed)
        self.file.save(update_fields=["rows_committed", "progress"])

    def _finish_step(self) -> None:
        chunks = ImportChunk.objects.for_organization(self.organization).filter(import_file=self.file)
        totals = _totals(chunks.filter(phase=ROWS))
        links = _totals(chunks.filter(phase=LINKS))
        self.file.counts = {**self.file.counts, **totals, "linked": links["updated"]}
        self.file.save(update_fields=["counts"])
        self._step().filter(finished_at=None).update(
            status=Run.Status.DONE,
            finished_at=timezone.now(),
            rows_read=totals["rows_read"],
            rows_written=totals["inserted"] + totals["updated"],
            skipped=self.file.count("held"),
            detail={"file": self.file.name, "target": self.file.target, **totals},
        )


def _totals(chunks: Iterable[ImportChunk]) -> dict[str, int]:
    totals = dict.fromkeys(("rows_read", "inserted", "updated", "unchanged"), 0)
    for chunk in chunks:
        for name in totals:
            totals[name] += int(getattr(chunk, name))
    return totals


def _stop_if_cancelled(organization: Organization, made: Import) -> None:
    """Hold the import's state for the length of a chunk: who cancels waits for the chunk, and the next one stops."""
    states = Import.objects.for_organization(organization).select_for_update(of=("self",), no_key=True)
    if states.values_list("state", flat=True).get(pk=made.pk) != ImportState.COMMITTING:
        raise CommitStopped


def retry_commit(*, organization: Organization, made: Import) -> None:
    """Go on with an import that stopped on the way; what was written is not written again. In the caller's transaction.

    :raises UnableToCommit: when it had not begun, or is being undone.
    """
    stopped = Import.objects.for_organization(organization).filter(
        pk=made.pk, state__in=[ImportState.FAILED, ImportState.CANCELLED], purged_at=None
    )
    undone = ImportChunk.objects.for_organization(organization).filter(import_file__import_set=made)
    if undone.exclude(undone_at=None).exists():
        raise UnableToCommit("A part of this import is undone already. Undo the rest, and import the files again.")
    if not stopped.exclude(run=None).update(state=ImportState.COMMITTING, error=""):
        raise UnableToCommit("This import has not begun, so it cannot go on.")
    Run.objects.for_organization(organization).filter(pk=made.run_id).update(
        status=Run.Status.RUNNING, finished_at=None, error=""
    )
    enqueue("integrations.tasks.commit_import", organization=organization, import_id=str(made.pk))


def fail_import(*, organization: Organization, import_id: UUID, error: str) -> None:
    """Say on the import and its run that it could not go on; what was written stays, with its done-marks."""
    with organization_scope(organization, task="commit an import"):
        made = Import.objects.for_organization(organization).get(pk=import_id)
        if made.state not in (ImportState.COMMITTING, ImportState.MAPPED, ImportState.UNDOING):
            return
        made.state, made.error = ImportState.FAILED, error[:500]
        made.save(update_fields=["state", "error"])
        if made.run_id and made.committed_at is None:
            Run.objects.for_organization(organization).filter(pk=made.run_id).update(
                status=Run.Status.FAILED, finished_at=timezone.now(), error=error[:500]
            )
        # What was written before stays: whoever follows the events must hear of it.
        record_event(organization=organization, type="import.failed", subject=made, source=made.source)
