"""CSV that no spreadsheet executes.

A cell that begins like a formula would be run by Excel, LibreOffice and Google Sheets when the file is opened. Such a
cell gets an apostrophe in front, which spreadsheets show as text; numbers stay numbers, also negative ones. What was
typed with apostrophes before such a beginning gets one more, so that taking one away always gives back what it was.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
"""What OWASP lists, with the full-width twins that Asian input methods write."""

BLANKS = " \u00a0\ufeff\u200b"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def safe_cell(value: Any) -> str:
    """Return the text of a cell, which a spreadsheet shows and never runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    text = str(value).replace("\x00", "")
    return f"'{text}" if _would_run(text.lstrip("'")) else text


def plain_text(cell: str) -> str:
    """Return what :func:`safe_cell` was given, from a file that came back."""
    return cell[1:] if cell.startswith("'") and _would_run(cell.lstrip("'")) else cell


def _would_run(text: str) -> bool:
    # Some programs skip blanks before they look whether it is a formula.
    begins = text.lstrip(BLANKS)[:1]
    return (begins in FORMULA_STARTS or text[:1] in FORMULA_STARTS) and bool(text) and not _NUMBER.fullmatch(text)


class _Echo:
    def write(self, text: str) -> str:
        """Give the line back instead of keeping it."""
        return text


def csv_lines(header: Sequence[str], chunks: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """Yield a CSV file in UTF-8, with the mark by which Excel knows it; every cell is quoted."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield ("\ufeff" + writer.writerow([safe_cell(name) for name in header])).encode()
    for chunk in chunks:
        lines = [writer.writerow([safe_cell(value) for value in row]) for row in chunk]
        if lines:
            yield "".join(lines).encode()


def csv_response(
    filename: str, header: Sequence[str], chunks: Iterable[Iterable[Sequence[Any]]]
) -> StreamingHttpResponse:
    """Return the file as a download that streams; `filename` is ours, never a person's."""
    response = StreamingHttpResponse(csv_lines(header, chunks), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "private, no-store"
    return response
