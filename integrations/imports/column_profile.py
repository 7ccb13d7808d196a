"""What the cells of a whole column say about how to read each of them.

03/04/2026 has two readings; a column in which 13/04/2026 stands has one. A column whose cells contradict each other,
or never tell, is not guessed: cells with one reading are taken, the others wait for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from integrations.imports.dates import DateOrder, read_date
from integrations.imports.fields import DATED, NUMERIC, ColumnRule, FieldType
from integrations.imports.values import DecimalMark, ValueProblem, is_empty, read_number, tidy

ROWS_TOGETHER = 1_000
CELLS_TOGETHER = 60_000


@dataclass
class Evidence:
    """Counts of what cells prove; ``first`` is the day first or the decimal point, ``second`` the other."""

    first: int = 0
    second: int = 0
    ambiguous: int = 0
    over_one: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def decision(self) -> str:
        """``first``, ``second``, ``ask`` (nothing tells), ``mixed`` (cells contradict) or empty (nothing to decide)."""
        if self.first and self.second:
            rare, usual = sorted((self.first, self.second))
            # A slip of the pen among many does not make a column doubtful.
            if usual >= 20 and rare * 100 <= usual:
                return "first" if self.first > self.second else "second"
            return "mixed" if self.ambiguous else ""
        if self.first or self.second:
            return "first" if self.first else "second"
        return "ask" if self.ambiguous else ""


@dataclass(frozen=True)
class Reading:
    """How to read a column: settled by its cells or by a person, or a question that only a person can answer."""

    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    as_fraction: bool | None = None
    has_codes: bool = False
    question: str = ""
    examples: tuple[str, ...] = ()
    is_chosen: bool = False

    def as_json(self) -> dict[str, object]:
        """What a person is asked or told about the column; empty when there is nothing to say."""
        if self.question:
            return {"kind": self.question, "examples": list(self.examples)}
        said = {"date_order": self.date_order, "decimal_mark": self.decimal_mark}
        return {name: str(value) for name, value in said.items() if value is not None}


def read_columns(
    rows: Iterable[Sequence[str]], rules: Sequence[ColumnRule], types: Mapping[str, FieldType]
) -> list[Reading]:
    """One reading for each column, from all rows given."""
    watched = [
        (index, types[rule.field], Evidence())
        for index, rule in enumerate(rules)
        if rule.field in types and types[rule.field] in DATED | NUMERIC | {FieldType.COUNTRY}
    ]
    source = iter(rows)
    counted: list[Counter[str]] = [Counter() for _ in watched]
    # Most columns repeat themselves, so cells are counted, and each is looked at once, as long as they fit in memory.
    while watched and (batch := list(islice(source, ROWS_TOGETHER))):
        for (index, _, _), times in zip(watched, counted, strict=True):
            times.update(cells[index] for cells in batch if index < len(cells))
        if sum(map(len, counted)) > CELLS_TOGETHER:
            _weigh_all(watched, counted)
    _weigh_all(watched, counted)
    readings = [Reading() for _ in rules]
    file_marks = Evidence(
        first=sum(evidence.first for _, kind, evidence in watched if kind in NUMERIC),
        second=sum(evidence.second for _, kind, evidence in watched if kind in NUMERIC),
    ).decision
    for index, kind, evidence in watched:
        rule = rules[index]
        if kind is FieldType.COUNTRY:
            readings[index] = Reading(has_codes=evidence.first > evidence.second)
            continue
        readings[index] = (
            _date_reading(rule, evidence) if kind in DATED else _number_reading(rule, kind, evidence, file_marks)
        )
    return readings


def _weigh_all(watched: Iterable[tuple[int, FieldType, Evidence]], counted: Iterable[Counter[str]]) -> None:
    for (_, kind, evidence), cells in zip(watched, counted, strict=True):
        for cell, times in cells.items():
            _weigh(cell, kind, evidence, times)
        cells.clear()


def _weigh(cell: str, kind: FieldType, evidence: Evidence, times: int) -> None:
    text = tidy(cell)
    if is_empty(text):
        return
    if kind is FieldType.COUNTRY:
        # In a column of two-letter codes NA is Namibia; among names it says that there is none.
        evidence.first += times * (len(text) == 2)
        evidence.second += times * (len(text) != 2)
        return
    try:
        if kind in DATED:
            reading = read_date(text)
            if reading.certain is None:
                evidence.ambiguous += times
                if len(evidence.examples) < 3:
                    evidence.examples.append(text)
            elif reading.order is DateOrder.DAY_FIRST:
                evidence.first += times
            elif reading.order is DateOrder.MONTH_FIRST:
                evidence.second += times
            return
        number = read_number(text)
    except ValueProblem:
        return
    if number.ambiguous:
        evidence.ambiguous += times
        if len(evidence.examples) < 3:
            evidence.examples.append(text)
    elif number.mark is DecimalMark.POINT:
        evidence.first += times
    elif number.mark is DecimalMark.COMMA:
        evidence.second += times
    if kind is FieldType.PERCENT and not number.ambiguous and number.after != "%" and float(number.body) > 1:
        evidence.over_one += times


def _date_reading(rule: ColumnRule, evidence: Evidence) -> Reading:
    if rule.date_order:
        return Reading(date_order=DateOrder(rule.date_order), is_chosen=True)
    decision = evidence.decision
    order = {"first": DateOrder.DAY_FIRST, "second": DateOrder.MONTH_FIRST}.get(decision)
    if order is not None:
        return Reading(date_order=order, is_chosen=bool(evidence.first and evidence.second))
    return Reading(question=decision, examples=tuple(evidence.examples))


def _number_reading(rule: ColumnRule, kind: FieldType, evidence: Evidence, file_marks: str) -> Reading:
    as_fraction = None if kind is not FieldType.PERCENT else evidence.over_one == 0
    if rule.decimal_mark:
        return Reading(decimal_mark=DecimalMark(rule.decimal_mark), as_fraction=as_fraction, is_chosen=True)
    marks = {"first": DecimalMark.POINT, "second": DecimalMark.COMMA}
    decision = evidence.decision
    if decision == "ask" and file_marks in marks:
        # The other columns of the same file were written by the same program.
        decision = file_marks
    if decision == "ask" and kind is FieldType.MONEY:
        # No amount has three decimals here, so 1.234 and 1,234 are both one thousand.
        example = evidence.examples[0]
        decision = "second" if "." in example else "first"
    if decision in marks:
        return Reading(decimal_mark=marks[decision], as_fraction=as_fraction)
    return Reading(as_fraction=as_fraction, question=decision, examples=tuple(evidence.examples))
