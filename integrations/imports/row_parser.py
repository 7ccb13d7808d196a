"""One record of a file to the values of a target's fields, with everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of_a_class
from datetime import date, tzinfo
from typing import Any

from integrations.imports.amounts import parse_currency, parse_money
from integrations.imports.column_profile import Reading
from integrations.imports.countries import parse_country
from integrations.imports.dates import parse_date, parse_moment
from integrations.imports.fields import AMOUNTS, ColumnRule, Field, FieldType, Problem
from integrations.imports.records import Record
from integrations.imports.suggestions import read_choice
from integrations.imports.values import (
    ValueProblem,
    is_empty,
    name_key,
    parse_boolean,
    parse_email,
    parse_integer,
    parse_number,
    parse_percent,
    parse_website,
    tidy,
)
from tenancy.likely_days import UnlikelyDay, likely_day
from tenancy.texts import UnfitText, clean_text

Values = dict[str, Any]
"""Field name to value, in the forms JSON has: text, whole numbers, yes and no; decimals and dates as text."""


@dataclass
class ParsedRow:
    """A record as it will be staged."""

    line: int
    cells: list[str]
    values: Values = field_of_a_class(default_factory=dict)
    problems: list[Problem] = field_of_a_class(default_factory=list)

    @property
    def is_held_back(self) -> bool:
        return bool(self.problems) and any(not problem.is_warning for problem in self.problems)


@dataclass(frozen=True)
class _Column:
    index: int
    rule: ColumnRule
    field: Field
    read: Callable[[str], Any]
    known: dict[str, Any] = field_of_a_class(default_factory=dict)
    """Cells that were read without a word to say, with their values: most columns repeat themselves."""

    @property
    def is_plain_text(self) -> bool:
        """Whether a cell of plain letters that says something and fits is its own value."""
        return self.field.type in _PLAIN_TEXT and not self.rule.replace


class RowParser:
    """Reads the rows of one file by its mapping.

    ``finish`` is the target's own last word on a row (a name made of first and last name); it may raise ValueProblem.
    """

    def __init__(
        self,
        *,
        fields: Sequence[Field],
        rules: Sequence[ColumnRule],
        readings: Sequence[Reading],
        zone: tzinfo,
        today: date,
        currency: str,
        fill_short_rows: bool = False,
        edits: Mapping[int, Mapping[int, str]] | None = None,
        finish: Callable[[Values], None] = lambda _: None,
    ) -> None:
        self.width = len(rules)
        self.room = KNOWN_CELLS
        self.zone = zone
        self.today = today
        self.currency = currency
        self.fill_short_rows = fill_short_rows
        self.edits = edits or {}
        self.finish = finish
        by_name = {found.name: found for found in fields}
        self.columns = [
            _Column(index, rule, by_name[rule.field], self._reader(by_name[rule.field], rule, reading))
            for index, (rule, reading) in enumerate(zip(rules, readings, strict=True))
            if rule.field in by_name
        ]
        self.required = [found for found in fields if found.required]
        self.headers = {column.field.name: column.rule.header for column in self.columns}
        self.expected = [column for column in self.columns if column.field.expected]
        self.has_currency = any(found.type is FieldType.CURRENCY for found in fields)

    def parse(self, record: Record) -> ParsedRow:
        """The row with its values, or with what is wrong; never raises."""
        return self.parse_all([record])[0]

    def parse_all(self, records: Sequence[Record]) -> list[ParsedRow]:
        """The rows of many records, column by column: a column is asked once for what it needs."""
        rows = [self._begin(record) for record in records]
        whole = [row for row in rows if not row.problems]
        for column in self.columns:
            index, name, known = column.index, column.field.name, column.known.get
            read = self._read_text if column.is_plain_text else self._read_cell
            for row in whole:
                cell = row.cells[index]
                value = known(cell, _NEW)
                if value is _NEW:
                    read(row, column, cell)
                else:
                    row.values[name] = value
        for row in whole:
            if not row.is_held_back:
                self._finish(row)
        return rows

    def _begin(self, record: Record) -> ParsedRow:
        cells = record.cells
        edits = self.edits.get(record.line)
        if edits:
            cells = [edits.get(index, cell) for index, cell in enumerate(_padded(cells, max(edits) + 1))]
        row = ParsedRow(record.line, cells)
        shape = self._shape_problem(record, cells, is_edited=bool(edits))
        if shape is not None:
            row.problems.append(shape)
        elif len(cells) != self.width:
            row.cells = _padded(cells, self.width)[: self.width]
        return row

    def _read_text(self, row: ParsedRow, column: _Column, cell: str) -> None:
        """Most texts are plain and taken as they are; the others go the way of all cells."""
        text = cell.strip()
        is_plain = cell.isascii() and cell.isprintable() and "  " not in cell
        if is_plain and not is_empty(text) and len(text) <= column.field.max_length:
            row.values[column.field.name] = text
            self._remember(column, cell, text)
        else:
            self._read_cell(row, column, cell)

    def _shape_problem(self, record: Record, cells: list[str], *, is_edited: bool) -> Problem | None:
        if record.quote_left_open and not is_edited:
            return Problem(
                "quote_left_open",
                f"A quote opens on line {record.line} and never closes. Close or remove it.",
                value=next((cell for cell in cells if '"' in cell), "")[:200],
            )
        if is_edited:
            # A person has seen the row and set its cells.
            return None
        if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            return Problem(
                "too_many_cells",
                f"The row has {len(cells)} cells for {self.width} columns. "
                "A cell with the delimiter in it needs quotes around it.",
            )
        if len(cells) < self.width and not self.fill_short_rows:
            return Problem(
                "too_few_cells",
                f"The row has {len(cells)} cells for {self.width} columns. Its values may be in the wrong columns.",
            )
        return None

    def _read_cell(self, row: ParsedRow, column: _Column, cell: str) -> None:
        kind, name, rule = column.field.type, column.field.name, column.rule
        text = cell.strip() if kind is FieldType.LONG_TEXT else tidy(cell)
        if rule.replace and (other := rule.replace.get(name_key(text))) is not None:
            text = other
        if not text or (kind not in _KEEPS_EMPTY_WORDS and is_empty(text) and not self._is_namibia(column, text)):
            row.values.setdefault(name, None)
            if kind is not FieldType.CURRENCY:
                self._remember(column, cell, None)
            return
        problems = len(row.problems)
        try:
            value = column.read(text)
        except ValueProblem as problem:
            value = self._unreadable(row, column, text, problem)
        says_more = kind in AMOUNTS and value is not None and bool(value[1])
        if kind in AMOUNTS and value is not None:
            value = self._take_currency(row, column, text, value)
        if kind is FieldType.CURRENCY and value is not None:
            self._set_currency(row, column, text, value)
        else:
            row.values[name] = value
            if len(row.problems) == problems and not says_more:
                self._remember(column, cell, value)

    def _remember(self, column: _Column, cell: str, value: Any) -> None:
        if self.room and (not column.is_plain_text or len(column.known) < KNOWN_TEXTS):
            self.room -= 1
            column.known[cell] = value

    def _is_namibia(self, column: _Column, text: str) -> bool:
        return column.field.type is FieldType.COUNTRY and text == "NA" and column.read is _country_among_codes

    def _unreadable(self, row: ParsedRow, column: _Column, text: str, problem: ValueProblem) -> Any:
        if column.rule.unreadable == "empty":
            return None
        if column.rule.unreadable == "digits" and (digits := "".join(re.findall(r"\d+", text)[:1])):
            try:
                return column.read(digits)
            except ValueProblem as still:
                problem = still
        is_warning = not column.field.required and (
            column.field.is_custom
            or column.field.type in _LEFT_EMPTY
            or (problem.code == UNFIT and column.field.type in _WORDS)
        )
        row.problems.append(
            Problem(
                problem.code,
                f"{problem.message}. It is left empty." if is_warning else problem.message,
                column.rule.header,
                text[:200],
                is_warning=is_warning,
                suggestion=problem.suggestion,
            )
        )
        return None

    def _take_currency(self, row: ParsedRow, column: _Column, text: str, value: tuple[str, str]) -> str:
        amount, currency = value
        if currency and self.has_currency:
            self._set_currency(row, column, text, currency)
        return amount

    def _set_currency(self, row: ParsedRow, column: _Column, text: str, currency: str) -> None:
        known = row.values.setdefault("currency", currency) or currency
        if known != currency:
            message = f"is in {currency}, the row says {known}"
            row.problems.append(Problem("two_currencies", message, column.rule.header, text[:200]))
        row.values["currency"] = known

    def _finish(self, row: ParsedRow) -> None:
        try:
            self.finish(row.values)
        except ValueProblem as problem:
            row.problems.append(Problem(problem.code, problem.message, suggestion=problem.suggestion))
        for column in self.expected:
            if row.values.get(column.field.name) is None and not (
                row.problems and any(problem.column == column.rule.header for problem in row.problems)
            ):
                row.problems.append(
                    Problem("empty", f"is empty. {column.field.expected}", column.rule.header, is_warning=True)
                )
        for found in self.required:
            if row.values.get(found.name) in (None, ""):
                header = self.headers.get(found.name, "")
                message = "is empty" if header else f"{found.label} is missing"
                row.problems.append(Problem("required", message, header))

    def _reader(self, found: Field, rule: ColumnRule, reading: Reading) -> Callable[[str], Any]:
        kind, order, mark = found.type, reading.date_order, reading.decimal_mark
        strict = reading.is_chosen
        zone, today, own, factor = self.zone, self.today, self.currency, rule.factor
        match kind:
            case FieldType.DATE:

                def read_day(text: str) -> str:
                    day = parse_date(text, order, zone, strict=strict)
                    _likely(found, day, today)
                    return day.isoformat()

                return read_day
            case FieldType.MOMENT:

                def read_moment(text: str) -> str:
                    moment = parse_moment(text, order, zone, strict=strict)
                    _likely(found, moment.date(), today)
                    return moment.isoformat()

                return read_moment
            case FieldType.MONEY | FieldType.UNIT_PRICE:

                def read_money(text: str) -> tuple[str, str]:
                    amount, currency = parse_money(text, mark, own)
                    return str(amount * factor), currency

                return read_money
            case FieldType.NUMBER:
                return lambda text: str(parse_number(text, mark) * factor)
            case FieldType.PERCENT:
                return lambda text: str(parse_percent(text, mark, as_fraction=reading.as_fraction))
            case FieldType.INTEGER:
                return lambda text: _within(found, parse_integer(text) * factor)
            case FieldType.COUNTRY:
                return _country_among_codes if reading.has_codes else parse_country
            case FieldType.CHOICE:
                return lambda text: read_choice(text, found)
            case _:
                simple = _SIMPLE.get(kind)
                return simple if simple is not None else lambda text: _fitting(found, text)


KNOWN_CELLS = 100_000
KNOWN_TEXTS = 1_000
"""So many cells are remembered of a file, and of a column of texts, which are read without much work."""
_NEW = object()
_KEEPS_EMPTY_WORDS = frozenset({FieldType.ID, FieldType.NAME, FieldType.LONG_TEXT, FieldType.MAPPED})
# A record is right without these; nothing is computed from them.
_LEFT_EMPTY = frozenset({FieldType.COUNTRY, FieldType.EMAIL, FieldType.WEBSITE})
# A damaged letter in a street is no reason to do without the customer.
_WORDS = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})
UNFIT = "unfit_text"
_PLAIN_TEXT = frozenset({FieldType.ID, FieldType.NAME, FieldType.TEXT})
_SIMPLE: dict[FieldType, Callable[[str], Any]] = {
    FieldType.BOOLEAN: parse_boolean,
    FieldType.CURRENCY: parse_currency,
    FieldType.EMAIL: parse_email,
    FieldType.WEBSITE: parse_website,
}


def _country_among_codes(text: str) -> str:
    return parse_country(text)


def _within(found: Field, number: int) -> int:
    if (found.low is not None and number < found.low) or (found.high is not None and number > found.high):
        if found.low is not None and found.high is not None:
            raise ValueProblem("out_of_range", f"is outside {found.low} to {found.high}")
        raise ValueProblem("out_of_range", "is out of range")
    return number


def _fitting(found: Field, text: str) -> str | None:
    try:
        text = clean_text(text, lines=found.type is FieldType.LONG_TEXT)
    except UnfitText as error:
        raise ValueProblem(UNFIT, str(error)) from None
    if len(text) > found.max_length:
        raise ValueProblem("too_long", f"is longer than {found.max_length:,} characters")
    return text or None


def _likely(found: Field, day: date, today: date) -> None:
    try:
        likely_day(day, today=today, years_ahead=found.years_ahead)
    except UnlikelyDay as error:
        raise ValueProblem("unlikely_day", str(error)) from None


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells)) if len(cells) < width else cells
