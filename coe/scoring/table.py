"""Columns as they come, from a CRM, a file or a query, and what kind of column each of them is.

A cell may be a number, a text, a date, True or nothing. Texts that mean "nothing" are nothing: an empty cell, ``NA``,
``None``, the ``Select`` of an untouched drop-down list, ``unknown``. So are infinities and numbers that aren't any.
The kind of a column is that of its filled cells: all of them are numbers, or dates, or yes and no; else it is a
category.
"""

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MISSING_WORDS = frozenset(
    ("", "-", "--", "?", "n/a", "na", "nan", "nil", "none", "null", "select", "unknown", "undefined", "#n/a", "#null!")
)
YES_WORDS = frozenset(("yes", "true", "y", "t", "ja", "wahr"))
NO_WORDS = frozenset(("no", "false", "n", "f", "nein", "falsch"))
DAY_ZERO = datetime.date(1970, 1, 1).toordinal()


class Kind(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    FLAG = "flag"  # yes and no, kept as 1 and 0
    DATE = "date"  # kept as days since 1970
    CATEGORY = "category"


class UnreadableTableError(ValueError):
    """The columns don't make a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Numbers, flags and dates are in ``numbers``, categories in ``codes`` and ``words``."""

    name: str
    kind: Kind
    numbers: Floats  # NaN where there is nothing; empty for a category
    codes: NDArray[np.int32]  # the place of the word in ``words``, -1 where there is nothing; empty for numbers
    words: tuple[str, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """True in each row without a value."""
        return self.codes < 0 if self.kind is Kind.CATEGORY else np.isnan(self.numbers)

    @property
    def as_numbers(self) -> Floats:
        """The values as numbers that tell them apart, NaN where there is nothing."""
        return np.where(self.codes < 0, np.nan, self.codes) if self.kind is Kind.CATEGORY else self.numbers

    def take(self, rows: Rows) -> "Column":
        """Return the column of these rows."""
        if self.kind is Kind.CATEGORY:
            return replace(self, codes=self.codes[rows])
        return replace(self, numbers=self.numbers[rows])

    def value(self, row: int) -> float | str | None:
        """Return the cell as a person reads it."""
        if self.missing[row]:
            return None
        if self.kind is Kind.CATEGORY:
            return self.words[self.codes[row]]
        if self.kind is Kind.DATE:
            return datetime.date.fromordinal(int(self.numbers[row]) + DAY_ZERO).isoformat()
        if self.kind is Kind.FLAG:
            return "yes" if self.numbers[row] >= 0.5 else "no"
        return float(self.numbers[row])


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length; for each row perhaps the day it was known and the group (the account) it belongs to."""

    rows: int
    columns: Mapping[str, Column]
    known_at: Floats | None = None  # days since 1970, or any number that rises with time
    groups: NDArray[np.int64] | None = None

    def take(self, rows: Rows) -> "Table":
        """Return the table of these rows."""
        return Table(
            rows=len(rows),
            columns={name: column.take(rows) for name, column in self.columns.items()},
            known_at=None if self.known_at is None else self.known_at[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def without(self, names: Sequence[str] | set[str] | frozenset[str]) -> "Table":
        """Return the table without these columns."""
        return replace(self, columns={name: column for name, column in self.columns.items() if name not in names})

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column: what a later table has to be read as."""
        return {name: column.kind for name, column in self.columns.items()}


def _number(cell: object) -> float | None:
    """Return the cell as a number, NaN if it is one that says nothing, None if it is no number."""
    if isinstance(cell, str):
        text = cell.strip().replace("\N{NO-BREAK SPACE}", "")
        if text.count(",") and text.replace(",", "").replace(".", "", 1).lstrip("+-").isdigit():
            text = _plain(text)
        try:
            value = float(text)
        except ValueError:
            return None
    else:
        try:
            value = float(cell)  # type: ignore[arg-type]  # whatever knows how to become a number
        except (TypeError, ValueError, OverflowError):
            return None
    return value if math.isfinite(value) else math.nan


def _plain(text: str) -> str:
    """Return 1,234.5 and 1.234,5 and 3,5 as a machine writes them."""
    if "." in text and text.rindex(".") > text.rindex(","):
        return text.replace(",", "")
    whole, _, rest = text.rpartition(",")
    if "," in whole or (len(rest) == 3 and "." not in whole and whole.lstrip("+-") not in ("", "0")):
        return text.replace(",", "")
    return whole.replace(".", "").replace(",", "") + "." + rest


def _day(cell: object) -> float | None:
    """Return the cell as days since 1970, None if it is no date."""
    if isinstance(cell, str) and len(text := cell.strip()) >= 8 and not text.isdigit():
        try:
            cell = datetime.datetime.fromisoformat(text)
        except ValueError:
            return None
    if isinstance(cell, datetime.datetime):
        second = cell.hour * 3600 + cell.minute * 60 + cell.second
        return cell.toordinal() - DAY_ZERO + second / 86400
    return float(cell.toordinal() - DAY_ZERO) if isinstance(cell, datetime.date) else None


def _yes(cell: object) -> float | None:
    """Return 1 for yes, 0 for no, None for anything else."""
    if isinstance(cell, bool | np.bool_):
        return float(cell)
    word = cell.strip().casefold() if isinstance(cell, str) else ""
    return 1.0 if word in YES_WORDS else 0.0 if word in NO_WORDS else None


READERS: tuple[tuple[Kind, Callable[[object], float | None]], ...] = (
    (Kind.FLAG, _yes),
    (Kind.NUMBER, _number),
    (Kind.DATE, _day),
)


def is_missing(cell: object) -> bool:
    """Tell whether a cell holds nothing, in whatever way that was written."""
    if cell is None:
        return True
    if isinstance(cell, str):
        return cell.strip().casefold() in MISSING_WORDS
    return isinstance(cell, float | np.floating) and math.isnan(cell)


def read_column(name: str, cells: Sequence[object] | NDArray[Any], *, kind: Kind | None = None) -> Column:
    """Return the column of these cells, of the given kind or of the first kind that all filled cells have.

    With a given kind, a cell of another kind is missing: a later file may hold what the first one didn't.
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu" and kind in (None, Kind.NUMBER):
        numbers = cells.astype(np.float64)
        return _of_numbers(name, Kind.NUMBER, np.where(np.isfinite(numbers), numbers, np.nan))
    if kind is Kind.CATEGORY:
        return _of_words(name, cells)
    filled = [(row, cell) for row, cell in enumerate(cells) if not is_missing(cell)]
    for one, reader in READERS:
        if kind not in (None, one):
            continue
        # One look at one cell spares reading a column of words three times.
        if kind is None and filled and reader(filled[0][1]) is None:
            continue
        read = [reader(cell) for _, cell in filled]
        if kind is None and any(value is None for value in read):
            continue
        numbers = np.full(len(cells), np.nan)
        for (row, _), value in zip(filled, read, strict=True):
            numbers[row] = math.nan if value is None else value
        return _of_numbers(name, one, numbers)
    return _of_words(name, cells)


def _of_numbers(name: str, kind: Kind, numbers: Floats) -> Column:
    return Column(name=name, kind=kind, numbers=numbers, codes=np.empty(0, dtype=np.int32))


def _of_words(name: str, cells: Sequence[object] | NDArray[Any]) -> Column:
    texts = [None if is_missing(cell) else str(cell).strip() for cell in cells]
    words = tuple(sorted({text for text in texts if text is not None}))
    places = {word: place for place, word in enumerate(words)}
    codes = np.fromiter((-1 if text is None else places[text] for text in texts), dtype=np.int32, count=len(texts))
    return Column(name=name, kind=Kind.CATEGORY, numbers=np.empty(0), codes=codes, words=words)


def read_table(
    cells: Mapping[str, Sequence[object] | NDArray[Any]],
    *,
    known_at: Sequence[object] | NDArray[Any] | None = None,
    groups: Sequence[object] | NDArray[Any] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Table:
    """Return the table of these columns.

    ``known_at`` is the date on which a row's values were known (or any number that rises with time), ``groups`` the
    account or whatever else makes rows belong together, ``kinds`` the kinds of the table a model was trained on.

    :raises UnreadableTableError: if columns differ in length, or a row has no date while others have one.
    """
    lengths = {name: len(column) for name, column in cells.items()}
    lengths |= {word: len(extra) for word, extra in (("known_at", known_at), ("groups", groups)) if extra is not None}
    if len(set(lengths.values())) > 1:
        raise UnreadableTableError(f"The columns differ in length: {lengths}")
    kinds = kinds or {}
    days = None
    if known_at is not None:
        read = read_column("known_at", known_at)
        days = read.numbers
        if read.kind is Kind.CATEGORY or bool(read.missing.any()):
            raise UnreadableTableError("Each row needs the date on which its values were known, or none has one.")
    return Table(
        rows=next(iter(lengths.values()), 0),
        columns={name: read_column(name, column, kind=kinds.get(name)) for name, column in cells.items()},
        known_at=days,
        groups=None if groups is None else _group_codes(groups),
    )


def _group_codes(groups: Sequence[object] | NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each group; rows without one stand for themselves."""
    seen: dict[str, int] = {}
    codes = [
        seen.setdefault(f"row {row}" if is_missing(group) else f"group {group}", len(seen))
        for row, group in enumerate(groups)
    ]
    return np.asarray(codes, dtype=np.int64)


def _column_codes(column: Column) -> NDArray[np.int64]:
    """Return a number for each value of a column; nothing is a value, too."""
    _, codes = np.unique(np.nan_to_num(column.as_numbers, nan=-math.pi), return_inverse=True)
    return codes.ravel().astype(np.int64)


def _pairs(codes: NDArray[np.int64]) -> float:
    """Return how many pairs of rows have the same code."""
    counts = np.bincount(codes).astype(float)
    return float((counts * (counts - 1)).sum() / 2)


def identical_rows(table: Table) -> NDArray[np.int64]:
    """Return a number for each row that is the same for rows with the same values in every column."""
    codes = np.zeros(table.rows, dtype=np.int64)
    for column in table.columns.values():
        own = _column_codes(column)
        _, codes = np.unique(codes * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
        codes = codes.ravel().astype(np.int64)
    return codes


def twins(table: Table) -> NDArray[np.int64]:
    """Return the same number for rows that are copies of one another, and one of its own for each other row.

    Identical rows are copies unless chance makes as many: two coarse columns agree all the time. Were columns
    independent, a pair of rows would agree in all of them with the product of the chances to agree in each; since
    columns hang together, the square root of that is taken for chance.
    """
    everybody = table.rows * (table.rows - 1) / 2
    codes = identical_rows(table)
    agree = [_pairs(_column_codes(column)) / everybody for column in table.columns.values()] if everybody else []
    by_chance = everybody * math.sqrt(math.prod(agree))
    return codes if _pairs(codes) > by_chance else np.arange(table.rows, dtype=np.int64)
