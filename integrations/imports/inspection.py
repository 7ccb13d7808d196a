"""A first look at a file: what it is, how it is written, its columns and first values, and what is odd about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

from integrations.imports.dates import read_date
from integrations.imports.encoding import (
    DamageCount,
    DetectedEncoding,
    OpenBytes,
    detect_encoding,
    open_text,
    repair_text,
    text_chunks,
)
from integrations.imports.file_kind import SNIFFED_BYTES, UnreadableFile, refuse_other_kinds
from integrations.imports.records import MAX_CELLS_IN_A_RECORD, Record, best_delimiter, read_records
from integrations.imports.values import NumberReading, ValueProblem, read_number, squashed, tidy

MAX_BYTES = 250 * 1024 * 1024
MAX_BYTES_TOGETHER = 500 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 300
MAX_FILES = 20
MAX_LINE_CHARACTERS = 1_000_000
SAMPLE_ROWS = 200
SAMPLE_CHARACTERS = 1_000_000
COUNTED_CHARACTERS = 4_000_000

LIMITS = (
    f"Up to {MAX_FILES} files at once, {MAX_BYTES_TOGETHER // 1024 // 1024} MB together; each up to "
    f"{MAX_BYTES // 1024 // 1024} MB, {MAX_ROWS:,} rows and {MAX_COLUMNS} columns."
)

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True)
class FileFormat:
    """How a file is written. Everything here was detected and can be changed by a person."""

    codec: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True
    repair_text: bool = False
    fill_short_rows: bool = False
    skip_lines: int = 0

    def as_json(self) -> dict[str, object]:
        """The form in which it is saved."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> FileFormat:
        """A format from its saved form; words it does not know are passed over."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known)  # type: ignore[arg-type]  # what was saved has the types it was saved with


@dataclass(frozen=True)
class Inspection:
    """What the first look found. ``notes`` are sentences for the person, mild things that are already dealt with."""

    format: FileFormat
    encoding: DetectedEncoding
    headers: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    row_count: int
    notes: tuple[str, ...] = ()
    damage_example: str = ""


@dataclass
class _TextFacts:
    """Counts over the decoded text of the whole file."""

    characters: int = 0
    line_feeds: int = 0
    carriage_returns: int = 0
    pairs: int = 0
    zeros: int = 0
    longest_line: int = 0
    ends_with_line: bool = True
    damage: DamageCount = field(default_factory=DamageCount)

    @property
    def line_count(self) -> int:
        return self.line_feeds + self.carriage_returns - self.pairs + (0 if self.ends_with_line else 1)

    @property
    def line_ends(self) -> list[str]:
        kinds = {
            "Windows": self.pairs,
            "Unix": self.line_feeds - self.pairs,
            "old Mac": self.carriage_returns - self.pairs,
        }
        return [name for name, count in kinds.items() if count]


def inspect_file(open_bytes: OpenBytes, *, is_known_header: Callable[[str], bool] = lambda _: False) -> Inspection:
    """Look at a whole file once, in flat memory.

    ``is_known_header`` says whether a cell is a column name we know; it decides where the first row looks like both.

    :raises UnreadableFile: when the file is no table, or larger than we take.
    """
    with open_bytes() as stream:
        head = stream.read(SNIFFED_BYTES)
    refuse_other_kinds(head)
    encoding = detect_encoding(open_bytes)
    facts = _count(open_bytes, encoding.codec)
    repair = facts.damage.looks_damaged
    skip, delimiter = _find_delimiter(open_bytes, encoding.codec)
    found = FileFormat(encoding.codec, delimiter, has_header=False, repair_text=repair, skip_lines=skip)
    first = _first_records(open_bytes, found)
    if not first:
        raise UnreadableFile("empty", "This file has no rows. Export it again with at least one record.")
    rows = [record.cells for record in first]
    if _looks_binary(facts, rows):
        raise UnreadableFile(
            "binary",
            "This is not a table: most of it cannot be read. Export the records as CSV and upload that.",
        )
    if len(rows[0]) > MAX_COLUMNS:
        raise UnreadableFile(
            "too_large",
            f"This file has {_many(len(rows[0]))} columns; we take {MAX_COLUMNS}. Leave out what you do not need.",
        )
    has_header = _first_row_is_header(rows, is_known_header)
    found = FileFormat(encoding.codec, delimiter, has_header, repair, skip_lines=skip)
    names, notes = name_columns(rows, has_header)
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(
            "too_large",
            f"This file has {_many(len(names))} columns; we take {MAX_COLUMNS}. Leave out what you do not need.",
        )
    if facts.line_count > MAX_ROWS + 1:
        raise UnreadableFile(
            "too_large",
            f"This file has {facts.line_count:,} rows; we take {MAX_ROWS:,} at once. Split it in parts.",
        )
    if has_header and len(rows) == 1:
        raise UnreadableFile("empty", "This file has column names but no rows. Export it with at least one record.")
    return Inspection(
        format=found,
        encoding=encoding,
        headers=names,
        sample=tuple(tuple(cells) for cells in (rows[1:] if has_header else rows)[:SAMPLE_ROWS]),
        row_count=_count_rows(open_bytes, found, facts),
        notes=tuple(notes + _notes(encoding, facts, has_header=has_header)),
        damage_example=facts.damage.example if repair else "",
    )


def _many(count: int) -> str:
    return f"more than {MAX_CELLS_IN_A_RECORD:,}" if count > MAX_CELLS_IN_A_RECORD else f"{count:,}"


def _first_records(open_bytes: OpenBytes, how: FileFormat) -> list[Record]:
    """The first records: some hundred, or fewer when they are long."""
    found: list[Record] = []
    characters = 0
    for record in read_table(open_bytes, how):
        found.append(record)
        characters += sum(map(len, record.cells)) + len(record.cells)
        if len(found) > SAMPLE_ROWS or characters > SAMPLE_CHARACTERS:
            break
    return found


def read_table(open_bytes: OpenBytes, how: FileFormat) -> Iterator[Record]:
    """All records of a file, the row with column names included."""
    with open_text(open_bytes, how.codec) as text:
        lines: Iterator[str] = iter(text)
        if how.repair_text:
            lines = map(repair_text, lines)
        for record in read_records(lines, how.delimiter):
            if record.line > how.skip_lines:
                yield record


def read_rows(open_bytes: OpenBytes, how: FileFormat) -> Iterator[Record]:
    """The records of a file below its column names."""
    records = read_table(open_bytes, how)
    if how.has_header:
        next(records, None)
    return records


def name_columns(rows: Sequence[Sequence[str]], has_header: bool) -> tuple[tuple[str, ...], list[str]]:
    """One distinct name a column, and notes about those that had none or the name of another."""
    width = len(rows[0]) if has_header else min(max(len(cells) for cells in rows), MAX_COLUMNS + 1)
    given = [tidy(cell) for cell in rows[0]] if has_header else [""] * width
    while has_header and len(given) > 1 and not given[-1] and all(len(r) < len(given) or not r[-1] for r in rows[1:]):
        # A delimiter at the end of every line makes a last column of nothing.
        given.pop()
    names: list[str] = []
    twice: list[str] = []
    taken: set[str] = set()
    times: Counter[str] = Counter()
    for position, name in enumerate(given, start=1):
        label = name or f"Column {position}"
        if name and times[name.casefold()]:
            twice.append(name)
            label = f"{name} ({times[name.casefold()] + 1})"
        times[name.casefold()] += 1
        while label in taken:
            label += "'"
        taken.add(label)
        names.append(label)
    notes = []
    if twice:
        notes.append(f"Two columns are called {twice[0]}. The second is shown as {twice[0]} (2); choose which counts.")
    if has_header and any(not name for name in given):
        notes.append("A column has no name. It is shown by its position.")
    return tuple(names), notes


def _count(open_bytes: OpenBytes, codec: str) -> _TextFacts:
    facts = _TextFacts()
    open_line = 0
    last = ""
    for chunk in text_chunks(open_bytes, codec):
        if not chunk:
            continue
        facts.characters += len(chunk)
        facts.line_feeds += chunk.count("\n")
        facts.carriage_returns += chunk.count("\r")
        facts.pairs += chunk.count("\r\n") + (last == "\r" and chunk.startswith("\n"))
        facts.zeros += chunk.count("\x00")
        facts.damage.add(chunk)
        ends = [place for place in (chunk.find("\n"), chunk.find("\r")) if place >= 0]
        if not ends:
            open_line += len(chunk)
        else:
            facts.longest_line = max(facts.longest_line, open_line + min(ends))
            open_line = len(chunk) - 1 - max(chunk.rfind("\n"), chunk.rfind("\r"))
        if max(open_line, facts.longest_line) > MAX_LINE_CHARACTERS:
            raise UnreadableFile(
                "one_line",
                "This file is one endless line, so it has no rows. Export the records as CSV, one record a line.",
            )
        last = chunk[-1]
    facts.ends_with_line = last in "\r\n"
    return facts


def _count_rows(open_bytes: OpenBytes, found: FileFormat, facts: _TextFacts) -> int:
    if facts.characters > COUNTED_CHARACTERS:
        # Close enough for a first look: only line breaks inside cells make it too high.
        return max(0, facts.line_count - (1 if found.has_header else 0) - found.skip_lines)
    return sum(1 for _ in read_rows(open_bytes, found))


def _find_delimiter(open_bytes: OpenBytes, codec: str) -> tuple[int, str]:
    with open_text(open_bytes, codec) as text:
        lines: list[str] = []
        characters = 0
        for line in islice(text, SAMPLE_ROWS):
            lines.append(line.rstrip("\n"))
            characters += len(line)
            if characters > SAMPLE_CHARACTERS:
                break
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0].strip(), re.IGNORECASE)):
        return 1, told[1]
    return 0, best_delimiter(lines)


def _looks_binary(facts: _TextFacts, rows: Sequence[Sequence[str]]) -> bool:
    text = "".join("".join(cells) for cells in rows[:50])
    odd = sum(1 for character in text if character < " " and character not in "\t\r\n")
    return (facts.zeros > 0 and odd * 10 > len(text)) or odd * 5 > len(text) > 0


_LOOKS_LIKE_DATA = re.compile(r".*@.*\..*|https?://.*|\+?[\d(][\d\s()./-]{5,}|[\W_]*")


def _first_row_is_header(rows: Sequence[Sequence[str]], is_known_header: Callable[[str], bool]) -> bool:
    first = [tidy(cell) for cell in rows[0]]
    known = sum(1 for cell in first if cell and is_known_header(cell))
    if known >= 2 or (known and len(first) <= 2):
        return True
    if any(_is_value(cell) for cell in first if cell) or sum(1 for cell in first if not cell) * 2 > len(first):
        return False
    # Column names are not repeated below them; a first row of data often is (countries, kinds, names of owners).
    below = [{squashed(cells[index]) for cells in rows[1:] if index < len(cells)} for index in range(len(first))]
    repeated = sum(1 for index, cell in enumerate(first) if cell and squashed(cell) in below[index])
    return repeated == 0


def _is_value(cell: str) -> bool:
    """Whether a cell can only be data. "2024" may well be a column name in a table of years, "M49" is one."""
    if _LOOKS_LIKE_DATA.fullmatch(cell):
        return True
    if re.fullmatch(r"(19|20)\d\d", cell):
        return False
    for read in (read_number, read_date):
        try:
            found = read(cell)
        except ValueProblem:
            continue
        return not (isinstance(found, NumberReading) and any(character.isalpha() for character in cell))
    return False


def _notes(encoding: DetectedEncoding, facts: _TextFacts, *, has_header: bool) -> list[str]:
    notes = []
    if not encoding.is_sure:
        notes.append(
            f"The encoding is a guess, {encoding.label}. Look at names with accents; change it if they are odd."
        )
    if encoding.stray_bytes:
        notes.append(f"{encoding.stray_bytes:,} bytes are not UTF-8. They are read as Windows text.")
    if len(facts.line_ends) > 1:
        notes.append(f"Line ends are mixed ({' and '.join(facts.line_ends)}). All of them are understood.")
    if facts.damage.looks_damaged:
        example = facts.damage.example
        notes.append(f"Letters look damaged by a wrong export: “{example}” is read as “{repair_text(example)}”.")
    if facts.damage.lost:
        notes.append("Some letters are � already in the file. They were lost before the upload; export again as UTF-8.")
    if facts.zeros:
        notes.append(f"{facts.zeros:,} zero bytes are left out; no text has them.")
    if not has_header:
        notes.append("The first row looks like a record, so the columns have numbers for names.")
    return notes


def fingerprint(headers: Sequence[str]) -> str:
    """What two files with the same columns share, whatever the order, case and marks of their names."""
    ours = {"line", "reason"}
    return "|".join(sorted(key for key in (squashed(header) for header in headers) if key not in ours))
