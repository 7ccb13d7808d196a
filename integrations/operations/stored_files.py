"""Uploaded files in the database, a megabyte a row, so that a worker on any machine reads them in flat memory."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast
from uuid import UUID

from integrations.imports.encoding import OpenBytes
from integrations.imports.file_kind import UnreadableFile
from integrations.imports.inspection import MAX_BYTES
from integrations.models import ImportFile, ImportFilePart
from tenancy.models import Organization
from tenancy.scoping import active_scope, organization_scope

PART_BYTES = 1024 * 1024


def store_bytes(*, import_file: ImportFile, pieces: Iterable[bytes]) -> None:
    """Keep the content of a file, with its size and fingerprint.

    :raises UnreadableFile: when it is larger than we take; what was stored goes with the caller's transaction.
    """
    digest = hashlib.sha256()
    size = 0
    for position, part in enumerate(_parts(pieces)):
        size += len(part)
        if size > MAX_BYTES:
            raise UnreadableFile(
                "too_large", f"This file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it in parts."
            )
        digest.update(part)
        ImportFilePart.objects.create(
            organization_id=import_file.organization_id, import_file=import_file, position=position, data=part
        )
    import_file.size, import_file.sha256 = size, digest.hexdigest()
    import_file.save(update_fields=["size", "sha256"])


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def opener_of(*, organization: Organization, file_id: UUID) -> OpenBytes:
    """A function that opens the stored file for reading from its start, as often as wanted."""
    return lambda: cast("BinaryIO", _StoredFile(organization, file_id))


class _StoredFile(io.RawIOBase):
    """Reads part after part; outside of a transaction each part is fetched in a short one of its own."""

    def __init__(self, organization: Organization, file_id: UUID) -> None:
        self._organization = organization
        self._file_id = file_id
        self._position = 0
        self._part = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(PART_BYTES), b""))
        if not self._part:
            self._part = memoryview(self._next_part())
        taken = bytes(self._part[:size])
        self._part = self._part[size:]
        return taken

    def _next_part(self) -> bytes:
        if active_scope() is not None:
            found = self._fetch()
        else:
            with organization_scope(self._organization, task="read an uploaded file"):
                found = self._fetch()
        self._position += 1
        return found

    def _fetch(self) -> bytes:
        data = (
            ImportFilePart.objects.for_organization(self._organization)
            .filter(import_file_id=self._file_id, position=self._position)
            .values_list("data", flat=True)
            .first()
        )
        return bytes(data) if data is not None else b""
