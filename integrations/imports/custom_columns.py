"""Columns that no field stands for and that a person keeps all the same, under the name their file gives them.

A rule whose field is ``custom.<key>`` keeps its column. The key is made of the words of the column's name, so that the
next file fills the same column. What cannot be read in such a column is left empty: it is no reason to do without the
record.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from zoneinfo import ZoneInfo

from integrations.imports.dates import parse_date
from integrations.imports.fields import ColumnRule, Field, FieldType
from integrations.imports.suggestions import header_words
from integrations.imports.values import ValueProblem, is_empty, parse_boolean, read_number, tidy

CUSTOM, PREFIX = "custom", "custom."
LONGEST_KEY = 60

KINDS: Mapping[str, FieldType] = {
    "number": FieldType.NUMBER,
    "category": FieldType.TEXT,
    "date": FieldType.DATE,
    "flag": FieldType.BOOLEAN,
}
"""What the cells of a custom column can be, in the words of `coe.scoring.table.Kind`."""


def is_custom(name: str) -> bool:
    """Whether a field's name is that of a custom column."""
    return name.startswith(PREFIX)


def key_of(name: str) -> str:
    """The key of a custom column whose field has this name."""
    return name.removeprefix(PREFIX)


def custom_field(rule: ColumnRule) -> Field:
    """The field that a custom column is read as."""
    return Field(rule.field, rule.header, KINDS[rule.kind or "category"], is_custom=True)


def with_custom_fields(fields: Sequence[Field], rules: Iterable[ColumnRule]) -> tuple[Field, ...]:
    """The target's fields and those of the custom columns of a file."""
    return (*fields, *(custom_field(rule) for rule in rules if is_custom(rule.field)))


def named(rules: Sequence[ColumnRule], samples: Sequence[Sequence[str]], known: Mapping[str, str]) -> list[ColumnRule]:
    """The rules with a key and a kind for each custom column that has none yet.

    `samples` are the first cells of each column, `known` the kinds of the columns that earlier files brought.
    """
    taken = {rule.field for rule in rules if is_custom(rule.field)}
    for rule, cells in zip(rules, samples, strict=True):
        if rule.field == CUSTOM:
            rule.field = _free_name(rule.header, taken)
            taken.add(rule.field)
        if is_custom(rule.field) and not rule.kind:
            rule.kind = known.get(key_of(rule.field)) or kind_of(cells)
    return list(rules)


def _free_name(header: str, taken: set[str]) -> str:
    key = "_".join(header_words(header))[:LONGEST_KEY] or "column"
    name, number = f"{PREFIX}{key}", 1
    while name in taken:
        number += 1
        name = f"{PREFIX}{key}_{number}"
    return name


_UTC = ZoneInfo("UTC")


def _is_yes_or_no(cell: str) -> None:
    if cell.isdigit():
        raise ValueProblem("not_yes_or_no", "is a number")
    parse_boolean(cell)


def _is_date(cell: str) -> None:
    try:
        parse_date(cell, None, _UTC)
    except ValueProblem as problem:
        if problem.code != "ambiguous_date":
            raise


def _is_number(cell: str) -> None:
    number = read_number(cell)
    if number.before or number.after:
        raise ValueProblem("not_a_number", "has a unit")


_READERS: tuple[tuple[str, Callable[[str], None]], ...] = (
    ("flag", _is_yes_or_no),
    ("number", _is_number),
    ("date", _is_date),
)


def kind_of(cells: Sequence[str]) -> str:
    """What the cells are: the first kind that all of them can be read as, else words."""
    said = [text for cell in cells if not is_empty(text := tidy(cell))]
    for kind, read in _READERS:
        with suppress(ValueProblem):
            for cell in said:
                read(cell)
            if said:
                return kind
    return "category"
