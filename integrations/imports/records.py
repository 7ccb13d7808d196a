"""Delimited text to records, one at a time, in flat memory.

The csv module reads on to the end of the file when a quote is never closed, and the rows in between are gone. Here
such a row is handed out by itself, named by the line where the quote opened, and reading goes on with the next line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

MAX_LINES_IN_A_CELL = 1_000
MAX_CHARACTERS_IN_A_RECORD = 500_000
MAX_CELLS_IN_A_RECORD = 2_000
"""What lies behind stays in the last cell: no table has so many columns, and a list of a million cells takes memory."""
MAX_TRIES = 30
READ_AGAIN = 50_000_000
"""So many characters of a file may be read again for quotes that close late; a file made to cost more loses rows."""

csv.field_size_limit(MAX_CHARACTERS_IN_A_RECORD)


class Record(NamedTuple):
    """One row of the file: the line it starts on, its cells, and whether its quote was never closed."""

    line: int
    cells: list[str]
    quote_left_open: bool = False


class _Quote(Enum):
    CLOSED = 1
    OPEN = 2
    STRAY = 3


def read_records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """The records of a text whose lines end in ``\\n``. Blank lines are passed over."""
    source = _Lines(lines)
    width = 0
    while (item := source.next()) is not None:
        number, line = item
        if '"' not in line:
            if not line or (line.isspace() and delimiter not in line):
                continue
            cells = line.split(delimiter, MAX_CELLS_IN_A_RECORD)
            width = width or len(cells)
            yield Record(number, cells)
            continue
        cells, quote = split_line(line, delimiter)
        if quote is not _Quote.OPEN:
            width = width or len(cells)
            yield Record(number, cells)
            continue
        joined = _join_lines(source, line, delimiter, width)
        if joined is None:
            yield Record(number, line.split(delimiter, MAX_CELLS_IN_A_RECORD), quote_left_open=True)
        else:
            width = width or len(joined)
            yield Record(number, joined)


class _Lines:
    """Numbered lines that can be handed back after looking ahead."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate(lines, start=1)
        self._handed_back: deque[tuple[int, str]] = deque()
        self.read_again = 0

    def next(self) -> tuple[int, str] | None:
        if self._handed_back:
            return self._handed_back.popleft()
        item = next(self._lines, None)
        # No text column of the database takes a zero byte; the first look at the file tells of them.
        return None if item is None else (item[0], item[1].rstrip("\n").replace("\x00", ""))

    def hand_back(self, items: Iterable[tuple[int, str]]) -> None:
        self._handed_back.extendleft(reversed(list(items)))


def _join_lines(source: _Lines, first: str, delimiter: str, width: int) -> list[str] | None:
    """The cells of a record of several lines; None, with the lines handed back, when its quote never closes."""
    taken: list[tuple[int, str]] = []
    text = [first]
    length = len(first)
    tries = spent = 0
    while (
        tries < MAX_TRIES
        and source.read_again < READ_AGAIN
        and len(taken) < MAX_LINES_IN_A_CELL
        and length < MAX_CHARACTERS_IN_A_RECORD
    ):
        item = source.next()
        if item is None:
            break
        taken.append(item)
        text.append(item[1])
        length += len(item[1])
        # A doubled quote is part of the cell; only a single one can close it, so only then is all of it read again.
        if _closing_quote(item[1], 0) < 0:
            continue
        tries += 1
        spent += length
        cells, quote = split_line("\n".join(text), delimiter)
        if quote is _Quote.OPEN:
            continue
        if quote is _Quote.CLOSED and not _swallowed_a_row(cells, taken, delimiter, width):
            return cells
        break
    # Reading that led to a record is what reading is for; only what was in vain counts.
    source.read_again += spent
    source.hand_back(taken)
    return None


def _swallowed_a_row(cells: list[str], taken: list[tuple[int, str]], delimiter: str, width: int) -> bool:
    # The joined row has the wrong number of cells while a line inside it is a whole row by itself.
    return (
        bool(width) and len(cells) != width and any(len(split_line(line, delimiter)[0]) == width for _, line in taken)
    )


def split_line(text: str, delimiter: str) -> tuple[list[str], _Quote]:
    """Cells of one record's text, and what became of its quotes."""
    try:
        # Strict mode complains about an open quote and about text after a closing one; both go the slow way.
        cells = next(csv.reader([text], delimiter=delimiter, strict=True))
        return cells[: MAX_CELLS_IN_A_RECORD + 1], _Quote.CLOSED
    except (csv.Error, StopIteration):
        return _split_slowly(text, delimiter)


def _split_slowly(text: str, delimiter: str) -> tuple[list[str], _Quote]:
    cells: list[str] = []
    quote = _Quote.CLOSED
    position = 0
    while True:
        if text.startswith('"', position):
            end = _closing_quote(text, position + 1)
            if end < 0:
                cells.append(text[position:])
                return cells, _Quote.OPEN
            cell = text[position + 1 : end].replace('""', '"')
            stop = text.find(delimiter, end + 1)
            rest = text[end + 1 : stop if stop >= 0 else len(text)]
            if rest.strip(" \t\r\n"):
                quote = _Quote.STRAY
                cell += rest
        else:
            stop = text.find(delimiter, position)
            cell = text[position : stop if stop >= 0 else len(text)]
        cells.append(cell)
        if stop < 0 or len(cells) > MAX_CELLS_IN_A_RECORD:
            return cells, quote
        position = stop + len(delimiter)


def _closing_quote(text: str, position: int) -> int:
    while (position := text.find('"', position)) >= 0:
        if not text.startswith('"', position + 1):
            return position
        position += 2
    return -1


def best_delimiter(lines: list[str]) -> str:
    """The mark that splits the sample into the most even rows of more than one cell; a comma when none does."""
    best, best_score = ",", (0.0, 0)
    for delimiter in (",", ";", "\t", "|"):
        widths = [len(record.cells) for record in read_records(lines, delimiter) if not record.quote_left_open]
        if not widths:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        if usual < 2:
            continue
        score = (round(widths.count(usual) / len(widths), 1), usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best
