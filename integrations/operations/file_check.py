"""The dry run of one file: every row read, referred, compared and staged, nothing written to the records."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from integrations.imports.fields import FieldType, Problem
from integrations.imports.inspection import MAX_ROWS, read_rows
from integrations.imports.records import Record
from integrations.imports.reference_index import ReferenceIndex, Resolved, reference_problem
from integrations.imports.row_parser import ParsedRow, Values
from integrations.imports.targets import Comparison, ImportRecord, target_named
from integrations.imports.values import name_key
from integrations.models import Import, ImportFile, ImportRow, RowOutcome, RowStatus
from integrations.operations.file_settings import (
    CHUNK_ROWS,
    context_of,
    has_links,
    parser_of,
    read_file_columns,
    reference_texts,
    references_of,
    rules_of,
)
from integrations.operations.problem_causes import CauseCount
from integrations.operations.stored_files import opener_of
from integrations.operations.uploads import format_of
from tenancy.bulk import insert_rows
from tenancy.models import Organization
from tenancy.scoping import organization_scope


class CheckOutdated(Exception):
    """The mapping was changed while the check ran; another check is on its way."""


class FileCheck:
    """Checks one file in batches, each in a transaction of its own, so that progress shows and memory stays flat."""

    STAGED = ("import_file_id", "number", "line", "key", "name_key", "raw", "parsed", "status", "problems", "outcome",
              "changes")  # fmt: skip

    def __init__(self, *, organization: Organization, made: Import, import_file: ImportFile, now: datetime) -> None:
        self.organization = organization
        self.made = made
        self.file = import_file
        self.now = now
        self.target = target_named(import_file.target)
        self.causes = CauseCount()
        self.counts: Counter[str] = Counter()
        self.found_values: dict[str, dict[str, Counter[str]]] = {
            found.name: {} for found in self.target.fields if found.type is FieldType.MAPPED
        }
        self.seen: set[int] = set()
        self.repeats: Counter[str] = Counter()
        self.earliest = self.latest = ""
        self.number = 0

    def run(self) -> None:
        """Stage all rows and keep what was found beside the file.

        :raises CheckOutdated: when the mapping changes meanwhile.
        """
        readings = read_file_columns(organization=self.organization, import_file=self.file)
        with self._scope():
            ImportRow.objects.for_organization(self.organization).filter(import_file=self.file).delete()
            self.file.rows_checked = 0
            self.file.save(update_fields=["rows_checked"])
            self.parser = parser_of(
                organization=self.organization, made=self.made, import_file=self.file, readings=readings
            )
            self.context = context_of(
                organization=self.organization, made=self.made, import_file=self.file, now=self.now, create=False
            )
        opener = opener_of(organization=self.organization, file_id=self.file.pk)
        records = islice(read_rows(opener, format_of(self.file)), MAX_ROWS)
        while batch := list(islice(records, CHUNK_ROWS)):
            with self._scope():
                self._check_version()
                self._stage(batch)
        with self._scope():
            self._check_version()
            if has_links(self.file):
                self._check_links()
            self.file.questions = {
                rule.header: said
                for rule, reading in zip(rules_of(self.file), readings, strict=True)
                if (said := reading.as_json())
            }
            self._keep_results()

    def _scope(self) -> Any:
        return organization_scope(self.organization, actor=self.made.requested_by, task="check an import")

    def _check_version(self) -> None:
        current = Import.objects.for_organization(self.organization).values_list("version", flat=True)
        if current.get(pk=self.made.pk) != self.made.version:
            raise CheckOutdated

    # --- one batch ----------------------------------------------------------------------------------------------

    def _stage(self, batch: list[Record]) -> None:
        references = references_of(organization=self.organization, made=self.made, with_rows=True)
        rows = [self.parser.parse(record) for record in batch]
        keys = self._keys(rows)
        records = self._refer(rows, keys, references)
        for row in rows:
            self._note_values(row)
        ready = [record for record in records if record is not None]
        compared = dict(zip((id(record) for record in ready), self.target.compare(self.context, ready), strict=True))
        staged = []
        for row, key, record in zip(rows, keys, records, strict=True):
            found = compared.get(id(record)) if record is not None and not row.is_held_back else None
            staged.append(self._staged(row, key, found))
        insert_rows(organization=self.organization, model=ImportRow, columns=self.STAGED, rows=staged)
        self.file.rows_checked = self.number
        self.file.save(update_fields=["rows_checked"])

    def _keys(self, rows: list[ParsedRow]) -> list[str]:
        """The key of each row. The first of rows with one key is taken; the others are held back, or numbered."""
        keys: list[str] = []
        firsts: dict[str, tuple[int, Values]] = {}
        doubles: list[tuple[ParsedRow, str]] = []
        for row in rows:
            key = "" if row.is_held_back else self.target.key_of(row.values)[:200] or f"line {row.line}"
            if key and hash(key) in self.seen:
                if self.target.numbers_repeats and not row.values.get("external_id"):
                    self.repeats[key] += 1
                    key = f"{key}#{self.repeats[key] + 1}"
                else:
                    doubles.append((row, key))
            elif key:
                firsts[key] = (row.line, row.values)
            self.seen.add(hash(key))
            keys.append(key)
        self._hold_doubles(doubles, firsts)
        return keys

    def _hold_doubles(self, doubles: list[tuple[ParsedRow, str]], firsts: dict[str, tuple[int, Values]]) -> None:
        missing = {key for _, key in doubles if key not in firsts}
        if missing:
            firsts |= {
                key: (line, values)
                for key, line, values in ImportRow.objects.for_organization(self.organization)
                .filter(import_file=self.file, key__in=missing)
                .exclude(status=RowStatus.PROBLEM)
                .values_list("key", "line", "parsed")
            }
        for row, key in doubles:
            line, values = firsts.get(key, (0, {}))
            if line and values == row.values:
                row.problems.append(Problem("double_row", f"The row says the same as line {line}, which is taken."))
            elif line:
                message = f"The row has the same key as line {line} but says something else. Keep one of them."
                row.problems.append(Problem("double_key", message, value=key))

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
        for number, (row, key, found) in enumerate(zip(rows, keys, wanted, strict=True)):
            if row.is_held_back:
                records.append(None)
                continue
            ids = {}
            for name, (target, text) in found.items():
                meant = resolved[target].get(text, Resolved(code="unknown_reference", message="names nothing we know"))
                ids[name] = meant.id
                if meant.code:
                    self._add_reference_problem(row, name, text, meant)
                elif meant.is_first_of_several:
                    header = self.parser.headers.get(name, name)
                    message = "names several records; the first is taken"
                    row.problems.append(Problem("several_references", message, header, text[:200], is_warning=True))
            self._check_mapped(row)
            records.append(ImportRecord(row.line, key, row.values, ids, self.number + number))
        # References and mapped values have held some more back by now.
        return [None if row.is_held_back else record for row, record in zip(rows, records, strict=True)]

    def _add_reference_problem(self, row: ParsedRow, name: str, text: str, meant: Resolved) -> None:
        found = self.target.field_named(name)
        assert found is not None
        row.problems.append(reference_problem(found, self.parser.headers.get(name, name), text, meant))

    def _check_mapped(self, row: ParsedRow) -> None:
        for name in self.found_values:
            text = row.values.get(name)
            if text and name_key(text) not in self.context.mapped.get(name, {}):
                header = self.parser.headers.get(name, name)
                row.problems.append(Problem("not_decided", "has a value that nobody has decided on", header, text))

    def _note_values(self, row: ParsedRow) -> None:
        for name, found in self.found_values.items():
            text = row.values.get(name)
            if text and (text in found or len(found) < 200):
                counter = found.setdefault(text, Counter())
                counter["count"] += 1
                field = self.target.field_named(name)
                assert field is not None
                if kind := self.target.kind_of(field, row.values):
                    counter[kind] += 1
        if not row.is_held_back:
            for moment in self.target.dates_of(row.values):
                if moment <= self.now.isoformat():
                    self.earliest = min(self.earliest or moment, moment)
                    self.latest = max(self.latest, moment)

    def _staged(self, row: ParsedRow, key: str, compared: Comparison | None) -> tuple[Any, ...]:
        outcome = RowOutcome.NONE
        changes = None
        if compared is not None:
            outcome = RowOutcome.NEW if compared.is_new else RowOutcome.CHANGED if compared.changes else RowOutcome.SAME
            changes = {name: [str(old), str(new)] for name, (old, new) in compared.changes.items()} or None
        self.counts["rows"] += 1
        self.counts[outcome or "held"] += 1
        self.counts["warnings"] += any(problem.is_warning for problem in row.problems) and not row.is_held_back
        self.causes.add(row)
        staged = (
            self.file.pk,
            self.number,
            row.line,
            key,
            "" if row.is_held_back else self.target.name_of(row.values)[:200],
            row.cells,
            row.values,
            RowStatus.PROBLEM if row.is_held_back else RowStatus.OK,
            [problem.as_json() for problem in row.problems],
            outcome,
            changes,
        )
        self.number += 1
        return staged

    # --- links to rows of the same kind, when all rows are there --------------------------------------------------

    def _check_links(self) -> None:
        references = references_of(organization=self.organization, made=self.made, with_rows=True)
        for rows in _in_batches(
            ImportRow.objects.for_organization(self.organization).filter(import_file=self.file, status=RowStatus.OK)
        ):
            records, changed = [], []
            texts: dict[str, set[str]] = {}
            wanted = [reference_texts(self.target, row.parsed, links=True) for row in rows]
            for found in wanted:
                for target, text in found.values():
                    texts.setdefault(target, set()).add(text)
            resolved = {target: references.resolve(target, found) for target, found in texts.items()}
            for row, found in zip(rows, wanted, strict=True):
                parsed = ParsedRow(row.line, row.raw, row.parsed)
                ids = {}
                for name, (target, text) in found.items():
                    meant = resolved[target][text]
                    ids[name] = meant.id
                    if meant.code:
                        self._add_reference_problem(parsed, name, text, meant)
                records.append(ImportRecord(row.line, row.key, row.parsed, ids, row.number))
                if parsed.problems:
                    self.counts["warnings"] += not row.problems
                    row.problems = [*row.problems, *(problem.as_json() for problem in parsed.problems)]
                    self.causes.add(parsed)
                    changed.append(row)
            for row, compared in zip(rows, self.target.compare_links(self.context, records), strict=True):
                if compared.changes and not compared.is_new:
                    self.counts[row.outcome] -= 1
                    self.counts[RowOutcome.CHANGED] += 1
                    row.outcome = RowOutcome.CHANGED
                    row.changes = {
                        **(row.changes or {}),
                        **{name: [str(old), str(new)] for name, (old, new) in compared.changes.items()},
                    }
                    changed.append(row)
            ImportRow.objects.for_organization(self.organization).bulk_update(
                changed, ["problems", "outcome", "changes"]
            )

    def _keep_results(self) -> None:
        self.file.causes = self.causes.as_json()
        self.file.counts = dict(self.counts)
        self.file.row_count = self.number
        self.file.found_values = {
            name: {text: dict(counter) for text, counter in found.items()} for name, found in self.found_values.items()
        }
        self.file.save(update_fields=["causes", "counts", "row_count", "found_values", "questions"])


def _in_batches(rows: "QuerySet[ImportRow]") -> Iterator[list[ImportRow]]:
    last = -1
    while found := list(rows.filter(number__gt=last).order_by("number")[:CHUNK_ROWS]):
        last = found[-1].number
        yield found
