"""What may stand behind the question mark: typed filters, one sort, a page. Anything else is refused with words."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict

from integrations.api.errors import FieldProblem, InvalidParameters
from tenancy.keyset import Sort, chosen_sort

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200
SHAPE_PARAMETERS = ("fields", "expand")
PAGE_PARAMETERS = ("cursor", "limit", "sort", *SHAPE_PARAMETERS)
LONGEST_TEXT = 500
LONGEST_NAME = 80
NAME = r"[a-z][a-z_]*(\.[a-z][a-z_]*)?"
LARGEST_POSITION = 2**53 - 1
"""What every JSON reader keeps exactly."""


class Unreadable(ValueError):
    """A value that a filter can't read; the message says what it takes."""


@dataclass(frozen=True)
class Filter:
    """One allowed filter: how its text is read, what it asks of the rows, how it is described."""

    name: str
    description: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    condition: Callable[[Any], Any]
    example: str = ""
    many: bool = False
    needs: str = ""


def _where(lookup: str) -> Callable[[Any], Q]:
    return lambda value: Q(**{lookup: value})


def codes(name: str, lookup: str, choices: Iterable[str], description: str) -> Filter:
    """Return a filter by one or more codes of a fixed set, separated by commas."""
    allowed = list(choices)

    def read(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := [code for code in wanted if code not in allowed]:
            raise Unreadable(f"takes {', '.join(allowed)}, and not {', '.join(map(repr, unknown))}")
        return wanted

    schema = {"type": "string", "enum": allowed}
    return Filter(name, description, schema, read, _where(f"{lookup}__in"), example=allowed[0], many=True)


def code(name: str, choices: Iterable[str], description: str) -> Filter:
    """Return a choice of one code of a fixed set, of an address that is no list."""
    many = codes(name, "", choices, description)

    def read(text: str) -> str:
        (found, *more) = many.read(text)
        if more:
            raise Unreadable("takes one of them")
        return str(found)

    return replace(many, read=read, condition=lambda _value: Q(), many=False)


def text(name: str, lookup: str, description: str, *, example: str, needs: str = "") -> Filter:
    """Return a filter by a text, exactly as it is kept."""
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    return Filter(name, description, schema, read_text, _where(lookup), example=example, needs=needs)


def beginning(name: str, condition: Callable[[str], Any], description: str, *, example: str) -> Filter:
    """Return a filter by the beginning of a text."""
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    return Filter(name, description, schema, read_text, condition, example=example)


def identifier(name: str, lookup: str, description: str) -> Filter:
    """Return a filter by the id of another record."""
    schema = {"type": "string", "format": "uuid"}
    return Filter(name, description, schema, read_id, _where(lookup), example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10")


def moment(name: str, lookup: str, description: str) -> Filter:
    """Return a filter by a moment with its offset."""
    schema = {"type": "string", "format": "date-time"}
    return Filter(name, description, schema, read_moment, _where(lookup), example="2026-11-23T06:00:00Z")


def day(name: str, lookup: str, description: str) -> Filter:
    """Return a filter by a calendar day."""
    schema = {"type": "string", "format": "date"}
    return Filter(name, description, schema, read_day, _where(lookup), example="2026-12-31")


def number(name: str, lookup: str, low: int, high: int, description: str) -> Filter:
    """Return a filter by a whole number between two bounds."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    middle = str((low + high) // 2)
    return Filter(name, description, schema, lambda given: read_number(given, low, high), _where(lookup), middle)


def by_id(name: str, condition: Callable[[UUID], Any], description: str) -> Filter:
    """Return a filter by the id of a record that is further away than one column."""
    return replace(identifier(name, "", description), condition=condition)


def on_day(name: str, condition: Callable[[date], Any], description: str) -> Filter:
    """Return a filter by what is so on a calendar day."""
    return replace(day(name, "", description), condition=condition)


def names(name: str, lookup: str, description: str, *, example: str) -> Filter:
    """Return a filter by one or more names of a set that grows, separated by commas."""
    schema = {"type": "string", "pattern": f"^{NAME}$", "maxLength": LONGEST_NAME}
    return Filter(name, description, schema, read_names, _where(f"{lookup}__in"), example=example, many=True)


def flag(name: str, lookup: str, description: str) -> Filter:
    """Return a filter by yes or no."""
    return Filter(name, description, {"type": "boolean"}, read_flag, _where(lookup), example="true")


def position(name: str, lookup: str, description: str) -> Filter:
    """Return a filter by a place in a log that only grows."""
    schema = {"type": "integer", "minimum": 0, "maximum": LARGEST_POSITION}
    return Filter(name, description, schema, read_position, _where(lookup), example="1840")


def read_text(given: str) -> str:
    """Return the text.

    :raises Unreadable: when it is empty, too long, or holds a zero character, which no text in a database has.
    """
    if not given or len(given) > LONGEST_TEXT or "\x00" in given:
        raise Unreadable(f"takes a text of 1 to {LONGEST_TEXT} characters")
    return given


def read_id(given: str) -> UUID:
    """Return the id.

    :raises Unreadable: when it is none of ours.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given):
        raise Unreadable("takes an id such as 0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10")
    return UUID(given)


def read_moment(given: str) -> datetime:
    """Return the moment.

    :raises Unreadable: without an offset, because nobody could know which moment is meant.
    """
    words = "takes a moment with its offset, such as 2026-11-23T06:00:00Z (a + in an address is written %2B)"
    try:
        value = datetime.fromisoformat(given)
    except ValueError:
        raise Unreadable(words) from None
    # The first and the last year can leave the calendar when they are brought to another offset.
    if value.tzinfo is None or not 2 <= value.year <= 9998:
        raise Unreadable(words)
    return value


def read_day(given: str) -> date:
    """Return the day.

    :raises Unreadable: when it is no day of the calendar in the form 2026-12-31.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise Unreadable("takes a day such as 2026-12-31")


def read_number(given: str, low: int, high: int) -> int:
    """Return the whole number.

    :raises Unreadable: when it is not between `low` and `high`.
    """
    if re.fullmatch(r"[0-9]{1,9}", given) and low <= int(given) <= high:
        return int(given)
    raise Unreadable(f"takes a whole number from {low} to {high}")


def read_names(given: str) -> list[str]:
    """Return the names.

    :raises Unreadable: when one of them can be none of ours.
    """
    wanted = given.split(",")
    if all(len(one) <= LONGEST_NAME and re.fullmatch(NAME, one) for one in wanted):
        return wanted
    raise Unreadable("takes names of small letters, separated by commas")


def read_flag(given: str) -> bool:
    """Return the yes or no.

    :raises Unreadable: when it is neither true nor false.
    """
    if given in ("true", "false"):
        return given == "true"
    raise Unreadable("takes true or false")


def read_position(given: str) -> int:
    """Return the place in a log.

    :raises Unreadable: when it is no whole number that one could be.
    """
    if re.fullmatch(r"[0-9]{1,19}", given) and int(given) <= LARGEST_POSITION:
        return int(given)
    raise Unreadable(f"takes a whole number from 0 to {LARGEST_POSITION}")


@dataclass(frozen=True)
class Offer:
    """What an address can show of a record: its fields, and which of them can be shown as whole records."""

    fields: Sequence[str]
    expansions: Sequence[str] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters by which a caller chooses."""
        return SHAPE_PARAMETERS if self.expansions else SHAPE_PARAMETERS[:1]


@dataclass(frozen=True)
class Shape:
    """What a request wants to see of a record: only these fields (all, where it names none), and these whole."""

    fields: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a request asks of a list."""

    filters: Mapping[str, tuple[Filter, Any]]
    sort: Sort
    limit: int
    cursor: str
    given: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = Shape()

    @property
    def values(self) -> dict[str, Any]:
        """What is asked of the rows, by filter; several codes as a tuple."""
        return {name: tuple(value) if isinstance(value, list) else value for name, (_, value) in self.filters.items()}

    def conditions(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the conditions of the filters, with these values in place of those that were asked."""
        return [one.condition(values[name]) for name, (one, _) in self.filters.items()]

    @property
    def fingerprint(self) -> str:
        """Which rows are asked for: a cursor made under other filters must not fit."""
        filters = sorted((name, value) for name, value in self.given.items() if name not in PAGE_PARAMETERS)
        return hashlib.sha256(repr(filters).encode(errors="surrogatepass")).hexdigest()[:16]


def read_list(query: QueryDict, *, filters: Sequence[Filter], sorts: Sequence[Sort], offer: Offer) -> Asked:
    """Return what the query string of a list asks for.

    :raises InvalidParameters: with every unknown, repeated or unreadable parameter.
    """
    by_name = {one.name: one for one in filters}
    allowed = [*by_name, "cursor", "limit", "sort", *offer.parameters]
    problems = list(_unknown(query, allowed))
    given = {name: str(query[name]) for name in query if name in allowed}
    chosen: dict[str, tuple[Filter, Any]] = {}
    limit, sort, shape = DEFAULT_LIMIT, sorts[0], Shape()
    for name, value in given.items():
        try:
            if name == "limit":
                limit = read_number(value, 1, LARGEST_LIMIT)
            elif name == "sort":
                sort = _read_sort(value, sorts)
            elif name in SHAPE_PARAMETERS:
                shape = replace(shape, **{name: _read_names(value, name, offer)})
            elif name in by_name:
                one = by_name[name]
                chosen[name] = (one, one.read(value))
                if one.needs and one.needs not in given:
                    problems.append(FieldProblem(name, f"{name} goes together with {one.needs}."))
        except Unreadable as error:
            problems.append(FieldProblem(name, f"{name} {error}."))
    if problems:
        raise InvalidParameters(problems)
    return Asked(chosen, sort, limit, given.get("cursor", ""), given, shape)


def read_choices(query: QueryDict, filters: Sequence[Filter], offer: Offer) -> tuple[dict[str, Any], Shape]:
    """Return what the query string of an address that is no list chooses, and what of the answer it wants to see.

    :raises InvalidParameters: with every unknown, repeated or unreadable parameter.
    """
    by_name = {one.name: one for one in filters}
    problems = list(_unknown(query, [*by_name, *offer.parameters]))
    chosen, rest = {}, QueryDict(mutable=True)
    for name in query:
        if name in by_name:
            try:
                chosen[name] = by_name[name].read(str(query[name]))
            except Unreadable as error:
                problems.append(FieldProblem(name, f"{name} {error}."))
        elif name in offer.parameters:
            rest[name] = str(query[name])
    if problems:
        raise InvalidParameters(problems)
    return chosen, read_shape(rest, offer)


def read_shape(query: QueryDict, offer: Offer) -> Shape:
    """Return what the query string of one record asks for.

    :raises InvalidParameters: with every unknown, repeated or unreadable parameter.
    """
    if not query:
        return Shape()
    problems, shape = list(_unknown(query, offer.parameters)), Shape()
    for name in offer.parameters:
        if name in query:
            try:
                shape = replace(shape, **{name: _read_names(str(query[name]), name, offer)})
            except Unreadable as error:
                problems.append(FieldProblem(name, f"{name} {error}."))
    if problems:
        raise InvalidParameters(problems)
    return shape


def _read_names(value: str, parameter: str, offer: Offer) -> tuple[str, ...]:
    allowed = offer.fields if parameter == "fields" else offer.expansions
    names = tuple(dict.fromkeys(value.split(",")))
    if unknown := [name for name in names if name not in allowed]:
        raise Unreadable(
            f"takes {', '.join(allowed)}, separated by commas, and not {', '.join(map(repr, unknown))[:200]}"
        )
    return names


def read_none(query: QueryDict) -> None:
    """Make sure that nothing stands behind the question mark of an address that takes no parameters.

    :raises InvalidParameters: with every parameter.
    """
    if problems := list(_unknown(query, [])):
        raise InvalidParameters(problems)


def sort_names(sorts: Sequence[Sort]) -> list[str]:
    """Return every allowed value of `sort`, both ways round."""
    return [way for sort in sorts for way in (sort.name, f"-{sort.name}")]


def _read_sort(value: str, sorts: Sequence[Sort]) -> Sort:
    if value in sort_names(sorts):
        return chosen_sort(sorts, value)
    raise Unreadable(f"takes {', '.join(sort_names(sorts))}")


def _unknown(query: QueryDict, allowed: Sequence[str]) -> Iterable[FieldProblem]:
    offer = f"There are {', '.join(sorted(allowed))}." if allowed else "This address takes none."
    for name, values in query.lists():
        if name not in allowed:
            yield FieldProblem(name, f"There is no parameter {name[:LONGEST_TEXT]!r}. {offer}")
        elif len(values) > 1:
            yield FieldProblem(name, f"{name} is given {len(values)} times; give it once.")
