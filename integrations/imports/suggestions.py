"""Which target a file is for, and which field each of its columns means.

Sure are the names that the large CRM systems and German and English sheets really use. Everything else is a guess that
a person confirms.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from integrations.imports.amounts import parse_currency, parse_money
from integrations.imports.countries import parse_country
from integrations.imports.dates import parse_date
from integrations.imports.fields import ColumnRule, Field, FieldType
from integrations.imports.values import (
    DecimalMark,
    ValueProblem,
    is_empty,
    name_key,
    parse_boolean,
    parse_email,
    parse_integer,
    parse_number,
    parse_percent,
    squashed,
    tidy,
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORDS = re.compile(r"[^\W_]+")
SKIPPED = ""


@lru_cache(maxsize=8192)
def header_words(header: str) -> tuple[str, ...]:
    """The words of a column name: ``CompanyName``, ``company_name`` and ``Company name`` have the same two."""
    return tuple(word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", header)))


def header_key(header: str) -> str:
    """The words of a column name, joined."""
    return "".join(header_words(header))


@dataclass(frozen=True)
class TargetWords:
    """What the suggestions need to know about a target: its fields, and words for it in file names."""

    name: str
    fields: tuple[Field, ...]
    file_words: tuple[str, ...] = ()
    required_any: tuple[tuple[str, ...], ...] = ()

    def keys_of(self, found: Field) -> set[str]:
        """Every spelling that surely means the field."""
        return {header_key(word) for word in (found.name, found.label, *found.aliases)}


@dataclass(frozen=True)
class Suggestion:
    """A target for a file with one rule a column; ``target`` is empty when nothing fits."""

    target: str
    rules: tuple[ColumnRule, ...]
    score: float = 0.0
    is_sure: bool = False

    @property
    def guesses(self) -> list[ColumnRule]:
        """The rules a person must confirm."""
        return [rule for rule in self.rules if rule.field and not rule.is_sure]


def known_headers(targets: Iterable[TargetWords]) -> Callable[[str], bool]:
    """A test whether a cell is a column name that some target knows."""
    keys = {key for target in targets for found in target.fields for key in target.keys_of(found)}
    return lambda cell: header_key(cell) in keys


def suggest_target(
    headers: Sequence[str], sample: Sequence[Sequence[str]], targets: Sequence[TargetWords], file_name: str = ""
) -> Suggestion:
    """The best target for a file, or one without a target when none of them can be filled."""
    name_words = set(header_words(file_name))
    found: list[Suggestion] = []
    for target in targets:
        rules = suggest_columns(headers, sample, target)
        filled = {rule.field for rule in rules if rule.field}
        if not is_fillable(target, filled):
            continue
        sure = sum(1 for rule in rules if rule.field and rule.is_sure)
        guesses = sum(1 for rule in rules if rule.field and not rule.is_sure)
        named = 1.5 if name_words & {word for phrase in target.file_words for word in header_words(phrase)} else 0.0
        score = sure + guesses * 0.3 + named
        found.append(Suggestion(target.name, rules, score, is_sure=sure >= 2 or bool(sure and named)))
    found.sort(key=lambda suggestion: -suggestion.score)
    if not found or (found[0].score < 2 and len(headers) > 2):
        return Suggestion("", tuple(ColumnRule(header) for header in headers))
    return found[0]


def is_fillable(target: TargetWords, filled: set[str]) -> bool:
    """Whether a record of the target can be made from these fields."""
    return all(found.name in filled for found in target.fields if found.required) and all(
        any(name in filled for name in names) for names in target.required_any
    )


def suggest_columns(
    headers: Sequence[str], sample: Sequence[Sequence[str]], target: TargetWords
) -> tuple[ColumnRule, ...]:
    """One rule a column: sure by a known name, guessed by a name that is near or by what its cells look like."""
    rules = [ColumnRule(header) for header in headers]
    columns = [[tidy(cells[index]) for cells in sample if index < len(cells)] for index in range(len(headers))]
    taken: set[str] = set()
    keys = {found.name: target.keys_of(found) for found in target.fields}
    for is_sure, matches in ((True, _same_name), (False, _near_name)):
        for found in target.fields:
            if found.name in taken:
                continue
            for index, rule in enumerate(rules):
                if rule.field or not matches(headers[index], keys[found.name]) or not _fits(columns[index], found):
                    continue
                rules[index] = ColumnRule(headers[index], found.name, is_sure=is_sure)
                taken.add(found.name)
                break
    _guess_name_column(rules, columns, target, taken)
    return tuple(rules)


def _same_name(header: str, keys: set[str]) -> bool:
    key = header_key(re.sub(r" \(\d+\)$", "", header))
    return key in keys


def _near_name(header: str, keys: set[str]) -> bool:
    words = header_words(header)
    if not words:
        return False
    joined = "".join(words)
    if len(words) > 1 and any(len(word) > 3 and word in keys for word in words):
        return True
    return len(joined) > 4 and bool(difflib.get_close_matches(joined, keys, n=1, cutoff=0.86))


def _guess_name_column(
    rules: list[ColumnRule], columns: Sequence[Sequence[str]], target: TargetWords, taken: set[str]
) -> None:
    """Where nothing is the name, the first column of mostly different words may be."""
    wanted = next((f.name for f in target.fields if f.type is FieldType.NAME and f.name not in taken), "")
    alternatives = [names for names in target.required_any if wanted in names]
    needed = bool(alternatives) or any(f.name == wanted and f.required for f in target.fields)
    if not wanted or not needed or any(set(names) & taken for names in alternatives):
        return
    for index, cells in enumerate(columns):
        words = [cell for cell in cells if cell]
        if rules[index].field or len(words) < 2 or len(words) * 10 < len(cells) * 9:
            continue
        letters = sum(1 for word in words if sum(character.isalpha() for character in word) * 2 > len(word))
        usual_length = sorted(len(word) for word in words)[len(words) // 2]
        if len(set(words)) * 10 >= len(words) * 9 and letters * 10 >= len(words) * 9 and usual_length >= 5:
            rules[index] = ColumnRule(rules[index].header, wanted, is_sure=False)
            return


_UTC = ZoneInfo("UTC")


def _fits(cells: Sequence[str], found: Field) -> bool:
    """Whether at least half of the cells that say something can be read as the field wants."""
    readers: Mapping[FieldType, Callable[[str], object]] = {
        FieldType.DATE: lambda cell: _is_date(cell),
        FieldType.MOMENT: lambda cell: _is_date(cell),
        FieldType.MONEY: lambda cell: parse_money(cell, DecimalMark.POINT),
        FieldType.UNIT_PRICE: lambda cell: parse_money(cell, DecimalMark.POINT),
        FieldType.NUMBER: lambda cell: parse_number(cell, DecimalMark.POINT),
        FieldType.INTEGER: parse_integer,
        FieldType.PERCENT: lambda cell: parse_percent(cell, DecimalMark.POINT),
        FieldType.BOOLEAN: parse_boolean,
        FieldType.CURRENCY: parse_currency,
        FieldType.COUNTRY: parse_country,
        FieldType.EMAIL: parse_email,
        FieldType.CHOICE: lambda cell: read_choice(cell, found),
    }
    read = readers.get(found.type)
    if read is None:
        return True
    said = [cell for cell in cells if not is_empty(cell)]
    readable = 0
    for cell in said:
        try:
            read(cell)
        except ValueProblem:
            continue
        readable += 1
    return readable * 2 >= len(said)


def _is_date(cell: str) -> bool:
    try:
        parse_date(cell, None, _UTC)
    except ValueProblem as problem:
        if problem.code != "ambiguous_date":
            raise
    return True


def read_choice(text: str, found: Field) -> str:
    """The code of one of the field's choices, by code, label or another word for it.

    :raises ValueProblem: unknown_choice.
    """
    key = name_key(text)
    for choice in found.choices:
        if key in (choice.code, name_key(choice.label), *(name_key(word) for word in choice.words)):
            return choice.code
    short = squashed(text)
    for choice in found.choices:
        if short in (squashed(choice.code), squashed(choice.label)):
            return choice.code
    raise ValueProblem("unknown_choice", f"is none of {', '.join(choice.label for choice in found.choices)}")
