"""What pages ask about imports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, Sum

from integrations.imports.ready_rows import ReadyRow, unpack
from integrations.imports.targets import ChangeText, ImportTarget, target_or_none
from integrations.models import Import, ImportBatch, ImportChunk, ImportFile, ImportRow, RowOutcome, RowStatus
from tenancy.models import Organization
from tenancy.scoping import organization_scope

LISTED_IMPORTS = 50
SHOWN_CHANGES = 20
ROWS_A_PAGE = 25
EXPORTED_AT_ONCE = 1_000


def recent_imports(*, organization: Organization) -> list[Import]:
    """The newest imports with their files."""
    rows = Import.objects.for_organization(organization).newest_first().select_related("requested_by")
    return list(rows.prefetch_related(_files(organization))[:LISTED_IMPORTS])


def imports_with_files(*, organization: Organization) -> Any:
    """Imports of the organisation, each with its files in order."""
    rows = Import.objects.for_organization(organization).select_related("requested_by", "run")
    return rows.prefetch_related(_files(organization))


def _files(organization: Organization) -> "Prefetch[Any]":
    return Prefetch("files", ImportFile.objects.for_organization(organization).order_by("position"))


@dataclass(frozen=True)
class Totals:
    """The counts of all files of an import together."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    held: int = 0
    warnings: int = 0

    @property
    def ready(self) -> int:
        """Rows that can be imported."""
        return self.rows - self.held


def totals_of(made: Import) -> Totals:
    """Add up what the last check found."""
    used = [found for found in made.uploaded_files() if found.is_used]
    return Totals(**{name: sum(found.count(name) for found in used) for name in Totals.__dataclass_fields__})


@dataclass(frozen=True)
class RowPage:
    """Held-back rows, or rows with warnings, of one file."""

    rows: list[ImportRow]
    next_number: int | None


def problem_rows(
    *, organization: Organization, import_file: ImportFile, column: str = "", code: str = "", after: int = -1
) -> RowPage:
    """Rows with problems, in the order of the file; only those of one column or code if asked for."""
    rows = ImportRow.objects.for_organization(organization).filter(import_file=import_file, number__gt=after)
    rows = rows.exclude(problems=[]) if code else rows.filter(status=RowStatus.PROBLEM)
    if code:
        wanted = {"code": code, "column": column} if column else {"code": code}
        rows = rows.filter(problems__contains=[wanted])
    found = list(rows.order_by("number")[: ROWS_A_PAGE + 1])
    more = len(found) > ROWS_A_PAGE
    return RowPage(found[:ROWS_A_PAGE], found[ROWS_A_PAGE - 1].number if more else None)


def preview_row(*, organization: Organization, import_file: ImportFile, number: int) -> ReadyRow | None:
    """One row that is ready, at or after a number."""
    batches = ImportBatch.objects.for_organization(organization).filter(import_file=import_file)
    around = batches.filter(number__lte=number).order_by("-number")[:1]
    for found in (*around, *batches.filter(number__gt=number).order_by("number")[:1]):
        for row in unpack(found.data):
            if row.number >= number:
                return row
    return None


@dataclass(frozen=True)
class ChangedRecord:
    """An existing record that the import would change, with old and new values."""

    file: ImportFile
    label: str
    line: int
    changes: list[ChangeText] = field(default_factory=list)


def example_changes(*, organization: Organization, made: Import) -> list[ChangedRecord]:
    """Up to twenty changes, some of each file."""
    examples: list[ChangedRecord] = []
    changing = [found for found in made.uploaded_files() if found.is_used and found.count("changed")]
    for position, found in enumerate(changing):
        target = target_or_none(found.target)
        share = (SHOWN_CHANGES - len(examples)) // (len(changing) - position)
        if target is not None and share:
            examples += _examples_of(organization, found, target, share)
    return examples


def _examples_of(
    organization: Organization, found: ImportFile, target: ImportTarget, count: int
) -> list[ChangedRecord]:
    rows = list(
        ImportRow.objects.for_organization(organization)
        .filter(import_file=found, outcome=RowOutcome.CHANGED)
        .exclude(status=RowStatus.PROBLEM)
        .order_by("number")[:count]
    )
    described = target.describe(
        organization=organization,
        changes=[{name: (old, new) for name, (old, new) in (row.changes or {}).items()} for row in rows],
    )
    return [
        ChangedRecord(found, str(row.parsed.get("name") or row.parsed.get("number") or row.key), row.line, changes)
        for row, changes in zip(rows, described, strict=True)
    ]


def held_back_rows(*, organization: Organization, file_id: UUID) -> Iterator[list[Sequence[Any]]]:
    """All held-back rows of a file in pieces: line, reason, cells. Opens a short scope of its own for each piece."""
    last = -1
    while True:
        with organization_scope(organization, task="download held-back rows"):
            rows = list(
                ImportRow.objects.for_organization(organization)
                .filter(import_file_id=file_id, status=RowStatus.PROBLEM, number__gt=last)
                .order_by("number")[:EXPORTED_AT_ONCE]
            )
        if not rows:
            return
        last = rows[-1].number
        yield [[row.line, reasons_of(row), *row.raw] for row in rows]


def written_totals(*, organization: Organization, made: Import) -> dict[str, int]:
    """How many records an import has created and changed, as far as that is not undone; what undoing it did."""
    chunks = ImportChunk.objects.for_organization(organization).filter(import_file__import_set=made)
    waiting = chunks.filter(undone_at=None).aggregate(
        created=Sum("inserted", filter=Q(phase="rows")), changed=Sum("updated", filter=Q(phase="rows"))
    )
    undone = chunks.exclude(undone_at=None).aggregate(removed=Sum("removed"), restored=Sum("restored"))
    left = sum(len(kept) for kept in chunks.exclude(left=[]).values_list("left", flat=True))
    return {name: count or 0 for name, count in {**waiting, **undone, "left": left}.items()}


def left_records(*, organization: Organization, import_id: UUID) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The records that an undo left, by file, chunk after chunk in short scopes of their own."""
    with organization_scope(organization, task="download what an undo left"):
        chunks = ImportChunk.objects.for_organization(organization).filter(import_file__import_set=import_id)
        ids = list(chunks.exclude(left=[]).order_by("import_file__position", "number").values_list("pk", flat=True))
    for chunk_id in ids:
        with organization_scope(organization, task="download what an undo left"):
            chunk = ImportChunk.objects.for_organization(organization).select_related("import_file").get(pk=chunk_id)
        yield chunk.import_file.name, chunk.left


def reasons_of(row: ImportRow) -> str:
    """What is wrong with a row, in one cell."""
    return "; ".join(
        f"{problem.get('column', '')} {problem['message']}".strip()
        for problem in row.problems
        if not problem.get("is_warning")
    )
