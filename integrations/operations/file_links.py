"""Links of rows to rows of their own kind (an account's parent), checked when all rows are there."""

from typing import TYPE_CHECKING

from integrations.imports import ready_rows
from integrations.imports.ready_rows import ReadyRow
from integrations.imports.row_parser import ParsedRow
from integrations.imports.targets import Comparison, ImportRecord
from integrations.models import ImportBatch, ImportRow, RowOutcome
from integrations.operations.batches import numbered_batches
from integrations.operations.file_settings import reference_texts, references_of

if TYPE_CHECKING:
    from integrations.operations.file_check import FileCheck


def check_links(check: "FileCheck") -> None:
    """Resolve and compare the links of all rows that are ready. In the caller's transaction."""
    references = references_of(organization=check.organization, made=check.made, with_rows=True)
    for number, rows in numbered_batches(organization=check.organization, file_id=check.file.pk):
        texts: dict[str, set[str]] = {}
        wanted = [reference_texts(check.target, row.values, links=True) for row in rows]
        for found in wanted:
            for target, text in found.values():
                texts.setdefault(target, set()).add(text)
        if not texts:
            continue
        resolved = {target: references.resolve(target, found) for target, found in texts.items()}
        records: list[ImportRecord] = []
        told: dict[int, ParsedRow] = {}
        for row, found in zip(rows, wanted, strict=True):
            parsed = ParsedRow(row.line, [], row.values)
            for name, (target, text) in found.items():
                if resolved[target][text].code:
                    check.add_reference_problem(parsed, name, text, resolved[target][text])
            if parsed.problems:
                told[row.number] = parsed
            ids = {name: resolved[target][text].id for name, (target, text) in found.items()}
            records.append(ImportRecord(row.line, row.key, row.values, ids, row.number))
        _keep(check, number, rows, told, check.target.compare_links(check.context, records))


def _keep(
    check: "FileCheck", batch: int, rows: list[ReadyRow], told: dict[int, ParsedRow], compared: list[Comparison]
) -> None:
    """Turn the outcome of rows whose links change, and show those with something to tell."""
    changes: dict[int, dict[str, list[str]]] = {}
    turned: list[ReadyRow] = []
    for row, found in zip(rows, compared, strict=True):
        if found.changes and not found.is_new:
            changes[row.number] = {name: [str(old), str(new)] for name, (old, new) in found.changes.items()}
            check.counts[row.outcome] -= 1
            check.counts[RowOutcome.CHANGED] += 1
            turned.append(row._replace(outcome=RowOutcome.CHANGED.value))
        else:
            turned.append(row)
    if changes:
        ImportBatch.objects.for_organization(check.organization).filter(import_file=check.file, number=batch).update(
            data=ready_rows.pack(turned)
        )
    by_number = {row.number: row for row in turned}
    shown = {
        row.number: row
        for row in ImportRow.objects.for_organization(check.organization).filter(
            import_file=check.file, number__in={*told, *changes}
        )
    }
    for number in {*told, *changes} - shown.keys():
        if number in told or check.counts[RowOutcome.CHANGED] <= 100:
            row = by_number[number]
            shown[number] = ImportRow(
                organization=check.organization, import_file=check.file, number=number, line=row.line, key=row.key,
                raw=row.cells, parsed=row.values,
            )  # fmt: skip
    for number, kept in shown.items():
        if number in told:
            check.counts["warnings"] += not kept.problems
            kept.problems = [*kept.problems, *(problem.as_json() for problem in told[number].problems)]
            check.causes.add(told[number])
        kept.outcome = by_number[number].outcome
        kept.changes = {**(kept.changes or {}), **changes.get(number, {})} or None
    ImportRow.objects.bulk_create(
        shown.values(), update_conflicts=True, unique_fields=["organization", "import_file", "number"],
        update_fields=["problems", "outcome", "changes"],
    )  # fmt: skip
