"""Held-back rows that come back from a spreadsheet: matched by line, only what differs is taken."""

from io import BytesIO
from typing import BinaryIO, cast

from integrations.exports.spreadsheet import plain_text
from integrations.imports.inspection import inspect_file, read_rows
from integrations.imports.values import squashed, tidy
from integrations.models import Import, ImportFile, ImportRow, RowStatus
from integrations.operations.checking import UnableToChange
from integrations.operations.mapping import edit_cells
from tenancy.models import Organization

MAX_MENDED_BYTES = 20 * 1024 * 1024


def take_mended_rows(*, organization: Organization, made: Import, import_file: ImportFile, content: bytes) -> int:
    """Take mended cells from a downloaded file of held-back rows; return how many rows changed.

    :raises UnableToChange: when the file has no column Line, or not the columns of this file.
    :raises UnreadableFile: when it is no table.
    """
    if len(content) > MAX_MENDED_BYTES:
        raise UnableToChange("This file is larger than the rows that were held back. Upload it as a new import.")
    opener = lambda: cast("BinaryIO", BytesIO(content))  # noqa: E731
    found = inspect_file(opener, is_known_header=lambda _: True)
    places = {squashed(header): index for index, header in enumerate(found.headers)}
    columns = {
        index: places[squashed(header)]
        for index, header in enumerate(import_file.headers)
        if squashed(header) in places
    }
    if "line" not in places or len(columns) < len(import_file.headers):
        raise UnableToChange(
            "This is not a file of rows held back here: it needs the column Line and all columns of the first file."
        )
    held = {
        row.line: row
        for row in ImportRow.objects.for_organization(organization).filter(
            import_file=import_file, status=RowStatus.PROBLEM
        )
    }
    cells: dict[int, dict[int, str]] = {}
    for record in read_rows(opener, found.format):
        line = tidy(record.cells[places["line"]])
        row = held.get(int(line)) if line.isdigit() else None
        if row is None:
            continue
        changed = {
            index: plain_text(record.cells[place])
            for index, place in columns.items()
            if place < len(record.cells) and plain_text(record.cells[place]) != _cell(row, index)
        }
        if changed:
            cells[row.line] = {index: _cell(row, index) for index in columns} | changed
    if cells:
        edit_cells(organization=organization, made=made, import_file=import_file, cells=cells)
    return len(cells)


def _cell(row: ImportRow, index: int) -> str:
    return str(row.raw[index]) if index < len(row.raw) else ""
