"""What a file is, judged by its first bytes and never by its name."""

from __future__ import annotations

from dataclasses import dataclass

SNIFFED_BYTES = 64 * 1024

BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class UnreadableFile(Exception):
    """The file is not a table we can read; the message says what to do instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Refusal:
    """A kind of file that people send by mistake, with the way out."""

    code: str
    message: str


WORKBOOK = Refusal(
    "workbook",
    "This is an Excel workbook. Open it, choose File, Save as, “CSV UTF-8 (comma delimited)”, one file for each sheet, "
    "and upload the CSV.",
)
SPREADSHEET = Refusal(
    "workbook", "This is a spreadsheet document. Save the sheet as CSV (text, UTF-8) and upload the CSV."
)
ARCHIVE = Refusal("archive", "This is a packed file. Unpack it and upload the CSV files inside it, several at once.")
PDF = Refusal("pdf", "This is a PDF, the picture of a table. Export the table as CSV from where it was made.")
IMAGE = Refusal("image", "This is a picture. Export the records as CSV and upload that.")
OLD_OFFICE = Refusal(
    "workbook", "This is an old Office file (.xls or .doc). Open it, save the sheet as CSV, upload that."
)
WEB_PAGE = Refusal(
    "markup",
    "This is a web page or XML, even if its name ends in .xls or .csv. Choose CSV as the format of the export and "
    "upload that.",
)
JSON_TEXT = Refusal("json", "This is JSON. Choose CSV as the format of the export, or send the records by the API.")
DATABASE = Refusal("binary", "This is a database file. Export each table as CSV and upload those.")
BINARY = Refusal(
    "binary", "This is not text: it holds bytes that no table has. Export the records as CSV and upload that."
)

_SIGNATURES: tuple[tuple[bytes, Refusal], ...] = (
    (b"%PDF", PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
    (b"\x1f\x8b", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ\x00", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),
    (b"\x89PNG", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF8", IMAGE),
    (b"SQLite format 3\x00", DATABASE),
    (b"PAR1", DATABASE),
    (b"\x7fELF", BINARY),
    (b"MZ\x90", BINARY),
)


def refuse_other_kinds(head: bytes) -> None:
    """Return when the first bytes may belong to a delimited text file.

    :raises UnreadableFile: for an empty file, a workbook, an archive, a PDF, markup, JSON or any other binary.
    """
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise UnreadableFile("empty", "This file is empty. Export it again with at least one record, and upload that.")
    if head.startswith(b"PK\x03\x04"):
        refusal = _kind_of_zip(head)
        raise UnreadableFile(refusal.code, refusal.message)
    for signature, refusal in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFile(refusal.code, refusal.message)
    if utf_16_or_32(head) is None:
        if b"\x00" in head:
            raise UnreadableFile(BINARY.code, BINARY.message)
        _refuse_markup(head)


def utf_16_or_32(head: bytes) -> str | None:
    """The codec name when a mark or the pattern of zero bytes shows two or four bytes a character, else None."""
    for mark, codec in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return None if codec == "utf-8-sig" else codec
    sample = head[: 4096 - len(head) % 2]
    if len(sample) < 8:
        return None
    # Western text in UTF-16 has a zero in every other byte; nothing else in a text file has zeros at all.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _kind_of_zip(head: bytes) -> Refusal:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return WORKBOOK
    if b"opendocument.spreadsheet" in head:
        return SPREADSHEET
    return ARCHIVE


def _refuse_markup(head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<workbook")):
        raise UnreadableFile(WEB_PAGE.code, WEB_PAGE.message)
    if start.startswith((b"{", b"[{", b"[\n", b"[\r")):
        raise UnreadableFile(JSON_TEXT.code, JSON_TEXT.message)
