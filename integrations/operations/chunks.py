"""The chunks of a file on their way to the database: while one is written, the next one is made ready beside it.

The database works for most of a chunk's time and Python waits. The part of the next chunk that needs no database is
done by a second thread meanwhile; all statements stay on the connection of the first.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import TracebackType
from typing import Any

from django.db.models import Max

from integrations.imports import ready_rows
from integrations.imports.ready_rows import ReadyRow, unpack
from integrations.imports.reference_index import Resolved
from integrations.imports.targets import ImportContext, ImportRecord, Written, target_named
from integrations.models import Import, ImportBatch, ImportFile, ImportRow, RowOutcome, RowStatus
from integrations.operations.batches import packed_batch
from integrations.operations.file_settings import context_of, reference_texts, references_of
from tenancy.models import Organization

ROWS, LINKS = "rows", "links"


@dataclass(frozen=True)
class Chunk:
    """The rows of one chunk with what their references mean, and what is made ready of writing them."""

    phase: str
    number: int
    context: ImportContext
    records: list[ImportRecord]
    made_ready: Future[Any] | None


class Chunks:
    """Reads the chunks of one file. A context: its end waits for the thread. Its methods are called in a scope."""

    def __init__(self, *, organization: Organization, made: Import, import_file: ImportFile, now: datetime) -> None:
        self.organization = organization
        self.made = made
        self.file = import_file
        self.now = now
        self.target = target_named(import_file.target)
        self.references = references_of(organization=organization, made=made, with_rows=False)
        self.numbers = self._numbers()
        self._followers = dict(pairwise(self.numbers))
        self._unpacking: dict[int, Future[list[ReadyRow]]] = {}
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")
        self._next: Chunk | None = None

    def __enter__(self) -> "Chunks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown(cancel_futures=True)

    def take(self, phase: str, number: int) -> Chunk:
        """One chunk; the one behind it is begun."""
        chunk, self._next = self._next, None
        if chunk is None or (chunk.phase, chunk.number) != (phase, number):
            chunk = self._begin(phase, number)
        following = self._followers.get(number)
        if phase == ROWS and following is not None:
            self._next = self._begin(phase, following)
            self._unpack_ahead(self._followers.get(following))
        return chunk

    def write(self, chunk: Chunk) -> Written:
        """Write the chunk, in the caller's transaction."""
        if chunk.phase == LINKS:
            return self.target.write_links(chunk.context, chunk.records)
        made_ready = chunk.made_ready.result() if chunk.made_ready is not None else None
        return self.target.write(chunk.context, chunk.records, made_ready)

    def _numbers(self) -> list[int]:
        """The numbers of the chunks; of an import that an older version checked, those of its rows."""
        batches = ImportBatch.objects.for_organization(self.organization).filter(import_file=self.file)
        found = list(batches.order_by("number").values_list("number", flat=True))
        if found:
            return found
        last = self._old_rows().aggregate(last=Max("number"))["last"]
        return [] if last is None else list(range(last // ready_rows.OLD_CHUNK_ROWS + 1))

    def _unpack_ahead(self, number: int | None) -> None:
        """Have the thread unpack the chunk after the next one, behind the next one itself."""
        self._unpacking.clear()
        if number is not None and (data := self._packed(number)) is not None:
            self._unpacking[number] = self._beside.submit(unpack, data)

    def _packed(self, number: int) -> Any:
        return packed_batch(organization=self.organization, file_id=self.file.pk, number=number)

    def _read(self, number: int) -> list[ReadyRow]:
        unpacked = self._unpacking.pop(number, None)
        if unpacked is not None:
            return unpacked.result()
        data = self._packed(number)
        return unpack(data) if data is not None else self._read_old(number)

    def _begin(self, phase: str, number: int) -> Chunk:
        rows = self._read(number)
        context = context_of(
            organization=self.organization, made=self.made, import_file=self.file, now=self.now, create=True
        )
        records = self._records(rows, links=phase == LINKS)
        work = self.target.ahead(context, records) if phase == ROWS else None
        return Chunk(phase, number, context, records, self._beside.submit(work) if work is not None else None)

    def _old_rows(self) -> Any:
        rows = ImportRow.objects.for_organization(self.organization).filter(import_file=self.file)
        return rows.filter(status=RowStatus.OK)

    def _read_old(self, number: int) -> list[ReadyRow]:
        first = number * ready_rows.OLD_CHUNK_ROWS
        rows = self._old_rows().filter(number__gte=first, number__lt=first + ready_rows.OLD_CHUNK_ROWS)
        return [
            ReadyRow(row.number, row.line, row.key, row.outcome, row.raw, row.parsed) for row in rows.order_by("number")
        ]

    def _records(self, rows: list[ReadyRow], *, links: bool) -> list[ImportRecord]:
        wanted = [reference_texts(self.target, row.values, links=links) for row in rows]
        texts: dict[str, set[str]] = {}
        for found in wanted:
            for target, text in found.values():
                texts.setdefault(target, set()).add(text)
        resolved = {target: self.references.resolve(target, found) for target, found in texts.items()}
        records = []
        for row, found in zip(rows, wanted, strict=True):
            ids = {name: resolved[target].get(text, Resolved()).id for name, (target, text) in found.items()}
            records.append(ImportRecord(row.line, row.key, row.values, ids, row.number, row.outcome == RowOutcome.NEW))
        return records
