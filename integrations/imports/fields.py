"""The vocabulary between a file's columns and a target's fields."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from tenancy.likely_days import PLANNED


class FieldType(StrEnum):
    """How the cells of a field are read."""

    ID = "id"
    NAME = "name"
    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    MOMENT = "moment"
    MONEY = "money"
    UNIT_PRICE = "unit_price"
    NUMBER = "number"
    INTEGER = "integer"
    PERCENT = "percent"
    BOOLEAN = "boolean"
    CURRENCY = "currency"
    COUNTRY = "country"
    EMAIL = "email"
    WEBSITE = "website"
    CHOICE = "choice"
    MAPPED = "mapped"
    REFERENCE = "reference"


NUMERIC = frozenset({FieldType.MONEY, FieldType.UNIT_PRICE, FieldType.NUMBER, FieldType.INTEGER, FieldType.PERCENT})
DATED = frozenset({FieldType.DATE, FieldType.MOMENT})
AMOUNTS = frozenset({FieldType.MONEY, FieldType.UNIT_PRICE})


@dataclass(frozen=True)
class Choice:
    """One of the codes a field can have, with the words files use for it."""

    code: str
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """One field of a target.

    A field that `is_custom` is a column of one organisation, kept under the name its file gives it.
    ``aliases`` are column names that surely mean it; ``refers_to`` names the target of a reference; ``kinds`` are what
    a person must choose from when a new value of a MAPPED field is created (a stage is open, won or lost). A field that
    is `expected` may be empty, but the person is told in how many rows, and what becomes of them.
    """

    name: str
    label: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    refers_to: str = ""
    kinds: tuple[Choice, ...] = ()
    max_length: int = 500
    expected: str = ""
    low: int | None = None
    high: int | None = None
    help: str = ""
    years_ahead: int = PLANNED
    is_custom: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell or row. A warning keeps the row; anything else holds it back."""

    code: str
    message: str
    column: str = ""
    value: str = ""
    is_warning: bool = False
    suggestion: str = ""

    def as_json(self) -> dict[str, object]:
        """The form in which it is kept beside the row."""
        found: dict[str, object] = {"code": self.code, "message": self.message}
        for name in ("column", "value", "suggestion"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.is_warning:
            found["is_warning"] = True
        return found


@dataclass
class ColumnRule:
    """What a person (or the suggestion they accepted) says about one column of a file.

    `kind` is what the cells of a custom column are; `at_closing` says that they are known only when the outcome is.
    """

    header: str
    field: str = ""
    is_sure: bool = True
    date_order: str = ""
    decimal_mark: str = ""
    factor: int = 1
    unreadable: str = "hold"
    replace: dict[str, str] = dataclasses.field(default_factory=dict)
    kind: str = ""
    at_closing: bool = False

    def as_json(self) -> dict[str, object]:
        """The form in which a mapping is saved; what is usual is left out."""
        usual = ColumnRule(self.header)
        return {"header": self.header} | {
            name: value for name, value in vars(self).items() if name != "header" and value != getattr(usual, name)
        }

    @classmethod
    def from_json(cls, data: dict[str, object]) -> ColumnRule:
        """A rule from its saved form.

        :raises ValueError: for a word that no rule has.
        """
        rule = cls(str(data.get("header", "")))
        for name, value in data.items():
            if name not in vars(rule):
                raise ValueError(f"A column rule has no {name!r}.")
            if type(value) is not type(getattr(rule, name)):
                raise ValueError(f"{name} of the column {rule.header!r} has the wrong type.")
            setattr(rule, name, value)
        for name, allowed in _ALLOWED.items():
            if getattr(rule, name) not in allowed:
                raise ValueError(f"{name} of the column {rule.header!r} must be one of {', '.join(map(str, allowed))}.")
        return rule


_ALLOWED: dict[str, tuple[object, ...]] = {
    "date_order": ("", "day_first", "month_first"),
    "decimal_mark": ("", "point", "comma"),
    "factor": (1, 1_000, 1_000_000),
    "unreadable": ("hold", "empty", "digits"),
    "kind": ("", "number", "category", "date", "flag"),
}
