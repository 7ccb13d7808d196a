"""The dry run of one file: every row read, referred, compared and staged, nothing written to the records."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from integrations.imports import ready_rows
from integrations.imports.fields import FieldType, Problem
from integrations.imports.inspection import MAX_ROWS, read_rows
from integrations.imports.ready_rows import ReadyRow
from integrations.imports.records import Record
from integrations.imports.reference_index import ReferenceIndex, Resolved, reference_problem
from integrations.imports.row_parser import ParsedRow
from integrations.imports.targets import Comparison, ImportRecord, target_named
from integrations.imports.values import name_key
from integrations.models import Import, ImportBatch, ImportFile, ImportRow, RowOutcome, RowStatus
from integrations.operations.batches import keep_batch
from integrations.operations.collector import without_collector
from integrations.operations.double_rows import DoubleRows
from integrations.operations.file_links import check_links
from integrations.operations.file_settings import (
    context_of,
    has_links,
    parser_of,
    read_file_columns,
    reference_texts,
    references_of,
    rules_of,
)
from integrations.operations.problem_causes import CauseCount
from integrations.operations.progress import note_progress
from integrations.operations.stored_files import opener_of
from integrations.operations.uploads import format_of
from tenancy.bulk import insert_rows
from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day

KEPT_CHANGES = 100
NOBODY = Resolved(code="unknown_reference", message="names nothing we know")


class CheckOutdated(Exception):
    """The mapping was changed while the check ran, or the import was cancelled."""


class FileCheck:
    """Checks one file in batches, each in a transaction of its own, so that progress shows and memory stays flat.

    What was found so far is kept with each batch; a check that was killed goes on behind the last one.
    """

    STAGED = ("import_file_id", "number", "line", "key", "raw", "parsed", "status", "problems", "outcome", "changes")

    def __init__(self, *, organization: Organization, made: Import, import_file: ImportFile, now: datetime) -> None:
        self.organization = organization
        self.made = made
        self.file = import_file
        self.now = now
        self.until = now.isoformat()
        self.target = target_named(import_file.target)
        self.causes = CauseCount()
        self.counts: Counter[str] = Counter()
        self.mapped_fields = [found for found in self.target.fields if found.type is FieldType.MAPPED]
        self.found_values: dict[str, dict[str, Counter[str]]] = {found.name: {} for found in self.mapped_fields}
        self.earliest = self.latest = ""
        self.number = 0
        self.keys = DoubleRows(organization=organization, import_file=import_file, target=self.target)

    def run(self) -> None:
        """Stage all rows and keep what was found beside the file.

        :raises CheckOutdated: when the mapping changes meanwhile.
        """
        state = self.file.check_state
        if state.get("version") == self.made.version and state.get("done"):
            self.earliest, self.latest = state["earliest"], state["latest"]
            return
        readings = read_file_columns(organization=self.organization, import_file=self.file)
        with self._scope():
            self._check_version()
            self._begin_or_go_on()
            self.parser = parser_of(
                organization=self.organization,
                made=self.made,
                import_file=self.file,
                readings=readings,
                today=local_day(self.organization, self.now),
            )
            self.context = context_of(
                organization=self.organization, made=self.made, import_file=self.file, now=self.now, create=False
            )
            self.references = references_of(organization=self.organization, made=self.made, with_rows=True)
        opener = opener_of(organization=self.organization, file_id=self.file.pk)
        records = islice(read_rows(opener, format_of(self.file)), self.number, MAX_ROWS)
        while self._next(records):
            pass
        with self._scope():
            self._check_version()
            if has_links(self.file):
                check_links(self)
            self.file.questions = {
                rule.header: said
                for rule, reading in zip(rules_of(self.file), readings, strict=True)
                if (said := reading.as_json())
            }
            self._keep_results()

    @without_collector()
    def _next(self, records: Iterator[Record]) -> bool:
        """Stage the next batch; whether there was one."""
        batch: list[Record] = []
        characters = 0
        while len(batch) < ready_rows.CHUNK_ROWS and characters < ready_rows.CHUNK_CHARACTERS:
            record = next(records, None)
            if record is None:
                break
            batch.append(record)
            characters += sum(map(len, record.cells))
        if batch:
            with self._scope():
                self._check_version()
                self._stage(batch)
        return bool(batch)

    def _scope(self) -> Any:
        return organization_scope(self.organization, actor=self.made.requested_by, task="check an import")

    def _check_version(self) -> None:
        current = Import.objects.for_organization(self.organization).values_list("version", "state")
        if current.get(pk=self.made.pk) != (self.made.version, Import.State.MAPPED):
            raise CheckOutdated

    def _begin_or_go_on(self) -> None:
        state = self.file.check_state
        if state.get("version") == self.made.version:
            self.number = state["number"]
            self.counts = Counter(state["counts"])
            self.causes = CauseCount.from_state(state["causes"])
            self.found_values |= {
                name: {text: Counter(counts) for text, counts in found.items()}
                for name, found in state["found_values"].items()
            }
            self.earliest, self.latest = state["earliest"], state["latest"]
            self.keys.remember(self.number)
            return
        for model in (ImportRow, ImportBatch):
            model.objects.for_organization(self.organization).filter(import_file=self.file).delete()
        self.file.rows_checked, self.file.check_state, self.file.progress = 0, {}, []
        self.file.save(update_fields=["rows_checked", "check_state", "progress"])

    # --- one batch ----------------------------------------------------------------------------------------------

    def _stage(self, batch: list[Record]) -> None:
        rows = self.parser.parse_all(batch)
        keys = self.keys.of(rows, first_number=self.number)
        records = self._refer(rows, keys, self.references)
        self._note_values(rows)
        ready = [record for record in records if record is not None]
        compared = iter(self.target.compare(self.context, ready))
        kept: list[ReadyRow] = []
        shown: list[tuple[Any, ...]] = []
        counts = self.counts
        for number, (row, key, record) in enumerate(zip(rows, keys, records, strict=True), start=self.number):
            found = next(compared) if record is not None else None
            outcome = _outcome(found)
            counts[outcome or "held"] += 1
            if found is not None:
                kept.append(ReadyRow(number, row.line, key, outcome, row.cells, row.values))
            if row.problems:
                counts["warnings"] += found is not None
                self.causes.add(row)
            if row.problems or (outcome == RowOutcome.CHANGED and counts[outcome] <= KEPT_CHANGES):
                shown.append(self._shown(number, row, key, found))
        counts["rows"] += len(rows)
        if shown:
            insert_rows(organization=self.organization, model=ImportRow, columns=self.STAGED, rows=shown)
        if kept:
            keep_batch(import_file=self.file, number=self.number, rows=kept)
        self.number += len(rows)
        self._keep_state()

    def _refer(self, rows: list[ParsedRow], keys: list[str], references: ReferenceIndex) -> list[ImportRecord | None]:
        texts: dict[str, set[str]] = {}
        wanted = []
        for row in rows:
            found = {} if row.is_held_back else reference_texts(self.target, row.values, links=False)
            wanted.append(found)
            for target, text in found.values():
                texts.setdefault(target, set()).add(text)
        resolved = {target: references.resolve(target, found) for target, found in texts.items()}
        records: list[ImportRecord | None] = []
        for number, (row, key, found) in enumerate(zip(rows, keys, wanted, strict=True), start=self.number):
            if row.is_held_back:
                records.append(None)
                continue
            ids = {}
            for name, (target, text) in found.items():
                meant = resolved[target].get(text, NOBODY)
                ids[name] = meant.id
                if meant.code:
                    self.add_reference_problem(row, name, text, meant)
                elif meant.is_first_of_several:
                    header = self.parser.headers.get(name, name)
                    message = "names several records; the first is taken"
                    row.problems.append(Problem("several_references", message, header, text[:200], is_warning=True))
            if self.mapped_fields:
                self._check_mapped(row)
            # References and mapped values may have held it back by now.
            record = ImportRecord(row.line, key, row.values, ids, number)
            records.append(None if _is_held_back(row) else record)
        return records

    def add_reference_problem(self, row: ParsedRow, name: str, text: str, meant: Resolved) -> None:
        """Note that a reference of the row means nobody."""
        found = self.target.field_named(name)
        assert found is not None
        row.problems.append(reference_problem(found, self.parser.headers.get(name, name), text, meant))

    def _check_mapped(self, row: ParsedRow) -> None:
        for field in self.mapped_fields:
            text = row.values.get(field.name)
            if text and name_key(text) not in self.context.mapped.get(field.name, {}):
                header = self.parser.headers.get(field.name, field.name)
                row.problems.append(Problem("not_decided", "has a value that nobody has decided on", header, text))

    def _note_values(self, rows: list[ParsedRow]) -> None:
        for field in self.mapped_fields:
            found = self.found_values[field.name]
            for row in rows:
                text = row.values.get(field.name)
                if text and (text in found or len(found) < 200):
                    counter = found.setdefault(text, Counter())
                    counter["count"] += 1
                    if kind := self.target.kind_of(field, row.values):
                        counter[kind] += 1
        until, dates_of = self.until, self.target.dates_of
        moments = {moment for row in rows if not row.is_held_back for moment in dates_of(row.values)}
        known = [moment for moment in moments if moment <= until]
        if known:
            self.earliest = min(self.earliest or self.until, *known)
            self.latest = max(self.latest, *known)

    def _shown(self, number: int, row: ParsedRow, key: str, compared: Comparison | None) -> tuple[Any, ...]:
        changes = None
        if compared is not None:
            changes = {name: [str(old), str(new)] for name, (old, new) in compared.changes.items()} or None
        return (
            self.file.pk,
            number,
            row.line,
            key,
            row.cells,
            row.values,
            RowStatus.PROBLEM if compared is None else RowStatus.OK,
            [problem.as_json() for problem in row.problems],
            _outcome(compared),
            changes,
        )

    # --- what was found ---------------------------------------------------------------------------------------------

    def _keep_state(self) -> None:
        self.file.rows_checked = self.number
        self.file.check_state = {
            "version": self.made.version,
            "number": self.number,
            "counts": dict(self.counts),
            "causes": self.causes.state(),
            "found_values": self._values_as_json(),
            "earliest": self.earliest,
            "latest": self.latest,
        }
        note_progress(self.file, self.number)
        self.file.save(update_fields=["rows_checked", "check_state", "progress"])

    def _values_as_json(self) -> dict[str, dict[str, dict[str, int]]]:
        return {
            name: {text: dict(counter) for text, counter in found.items()} for name, found in self.found_values.items()
        }

    def _keep_results(self) -> None:
        self.file.causes = self.causes.as_json()
        self.file.counts = dict(self.counts)
        self.file.row_count = self.number
        self.file.found_values = self._values_as_json()
        self.file.check_state = {
            "version": self.made.version, "done": True, "earliest": self.earliest, "latest": self.latest,
        }  # fmt: skip
        self.file.save(update_fields=["causes", "counts", "row_count", "found_values", "questions", "check_state"])


def _is_held_back(row: ParsedRow) -> bool:
    return row.is_held_back


def _outcome(compared: Comparison | None) -> str:
    if compared is None:
        return RowOutcome.NONE.value
    if compared.is_new:
        return RowOutcome.NEW.value
    return RowOutcome.CHANGED.value if compared.changes else RowOutcome.SAME.value
