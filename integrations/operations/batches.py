"""Where rows that are ready wait between check and commit, and what they are called."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np

from integrations.imports.ready_rows import ReadyRow, pack, unpack
from integrations.imports.targets import ImportTarget
from integrations.models import ImportBatch, ImportFile
from tenancy.models import Organization


def keep_batch(*, import_file: ImportFile, number: int, rows: list[ReadyRow]) -> None:
    """Keep the ready rows of one batch, in the caller's transaction."""
    ImportBatch.objects.create(
        organization_id=import_file.organization_id,
        import_file=import_file,
        number=number,
        data=pack(rows),
    )


def batch_around(*, organization: Organization, file_id: UUID, row_number: int) -> list[ReadyRow]:
    """The ready rows of the batch in which a row of the file is."""
    batches = ImportBatch.objects.for_organization(organization).filter(import_file_id=file_id, number__lte=row_number)
    data = batches.order_by("-number").values_list("data", flat=True).first()
    return unpack(data) if data is not None else []


def packed_batch(*, organization: Organization, file_id: UUID, number: int) -> Any:
    """The ready rows of one batch as they are kept; None when it has none."""
    batches = ImportBatch.objects.for_organization(organization).filter(import_file_id=file_id, number=number)
    return batches.values_list("data", flat=True).first()


def read_batch(*, organization: Organization, file_id: UUID, number: int) -> list[ReadyRow]:
    """The ready rows of one batch; none when it has none."""
    data = packed_batch(organization=organization, file_id=file_id, number=number)
    return unpack(data) if data is not None else []


def batches_of(*, organization: Organization, file_id: UUID) -> Iterator[list[ReadyRow]]:
    """All ready rows of a file, batch after batch."""
    for _, rows in numbered_batches(organization=organization, file_id=file_id):
        yield rows


def numbered_batches(*, organization: Organization, file_id: UUID) -> Iterator[tuple[int, list[ReadyRow]]]:
    """All ready rows of a file, batch after batch, each with its number."""
    numbers = (
        ImportBatch.objects.for_organization(organization)
        .filter(import_file_id=file_id)
        .order_by("number")
        .values_list("number", flat=True)
    )
    for number in list(numbers):
        yield number, read_batch(organization=organization, file_id=file_id, number=number)


class CalledBy:
    """By which ids and names the ready rows of some files are called, in sixteen bytes a row."""

    def __init__(self, *, organization: Organization, files: list[ImportFile], target: ImportTarget) -> None:
        parts = [
            np.fromiter(
                (hash(word) for row in rows for word in (row.key, target.name_of(row.values)[:200]) if word),
                dtype=np.int64,
            )
            for found in files
            for rows in batches_of(organization=organization, file_id=found.pk)
        ]
        self._hashes = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)

    def __contains__(self, word: str) -> bool:
        wanted = hash(word)
        place = int(np.searchsorted(self._hashes, wanted))
        return place < len(self._hashes) and int(self._hashes[place]) == wanted
