"""What a body may say: an allow-list of fields, each with how its JSON is read. Anything else is refused with words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from integrations.api.days import likely_day_of, likely_moment_of, with_bounds
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.parameters import Unreadable, read_id
from integrations.api.statements import record_of
from tenancy.likely_days import PLANNED
from tenancy.money import known_currency
from tenancy.texts import UnfitText, clean_text
from tenancy.web_addresses import NoWebAddress, web_address

LARGEST_NUMBER = 2**31 - 1
# The largest whole number that every JSON program holds exactly.
LARGEST_AMOUNT = 2**53 - 1
Values = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Money:
    """An amount as a body states it."""

    amount_minor: int
    currency: str


@dataclass(frozen=True)
class BodyField(Generic[T]):
    """One field that a body may have.

    `empty` is what null is kept as. A field without `null` can't be emptied; one that is `required` must be there when
    a record is made. `refers_to` returns the records of an organisation that an id may mean.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    read: Callable[[Any], T]
    example: Any
    required: bool = False
    null: bool = True
    empty: Any = None
    on_create_only: bool = False
    refers_to: Callable[[UUID], QuerySet[Any, Any]] | None = field(default=None, compare=False)
    referred: str = "record"

    def __post_init__(self) -> None:
        if self.required:
            object.__setattr__(self, "null", False)


class Body:
    """The fields of a record that its address takes, for making one and for changing one."""

    def __init__(self, name: str, fields: Sequence[BodyField[Any]], *, read_only: Sequence[str] = ()) -> None:
        self.name = name
        self.fields = tuple(fields)
        self.by_name = {one.name: one for one in fields}
        self.read_only = frozenset({"id", "version", "created_at", "updated_at", *read_only})
        self.required = tuple(one.name for one in fields if one.required)

    def read(self, data: Any, *, change: bool = False) -> Values:
        """Return the values that a body states: field → value. A `change` states only what is to change.

        :raises InvalidBody: with every unknown, missing or unreadable field.
        """
        values, problems = self.read_parts(data, change=change)
        if problems:
            raise InvalidBody(problems)
        return values

    def read_parts(self, data: Any, *, change: bool = False) -> tuple[Values, list[FieldProblem]]:
        """Return the values that can be read, and what is wrong with the rest."""
        if type(data) is not dict:
            return {}, [FieldProblem("", "The body is a JSON object: field names with their values.")]
        values: Values = {}
        problems: list[FieldProblem] = []
        by_name = self.by_name
        for name, given in data.items():
            one = by_name.get(name)
            if one is None:
                problems.append(FieldProblem(name[:200], self._refusal(name)))
            elif change and one.on_create_only:
                problems.append(FieldProblem(name, f"{name} is set when a record is made, and never changes."))
            elif given is None:
                if one.null:
                    values[name] = one.empty
                else:
                    problems.append(FieldProblem(name, f"{name} can't be null."))
            else:
                try:
                    values[name] = one.read(given)
                except Unreadable as error:
                    problems.append(FieldProblem(name, f"{name} {error}."))
                except InvalidBody as error:
                    problems += [FieldProblem(f"{name}.{inner.name}", inner.detail) for inner in error.problems]
        if not change:
            problems += [FieldProblem(name, f"{name} is missing.") for name in self.required if name not in data]
        return values, problems

    def _refusal(self, name: str) -> str:
        if name in self.read_only:
            return f"{name} is ours; it can't be set."
        shown = name if len(name) <= 60 else name[:60] + "…"
        return f"There is no field {shown!r}. There are {', '.join(self.by_name)}."

    def schema(self, *, change: bool) -> dict[str, Any]:
        """Return the JSON schema of a body."""
        shown = [one for one in self.fields if not (change and one.on_create_only)]
        described: dict[str, Any] = {
            "type": "object",
            "description": "What changes; fields that are left out stay as they are." if change else "A new record.",
            "properties": {one.name: _described(one) for one in shown},
            "additionalProperties": False,
        }
        if self.required and not change:
            described["required"] = list(self.required)
        return described

    def example(self, *, change: bool) -> Values:
        """Return a body that would be taken."""
        shown = [one for one in self.fields if one.example is not None and not (change and one.on_create_only)]
        return {one.name: one.example for one in (shown[:3] if change else shown)}


def _described(one: BodyField[Any]) -> dict[str, Any]:
    schema = dict(one.schema)
    if one.null:
        if "$ref" in schema:
            schema = {"oneOf": [schema, {"type": "null"}]}
        else:
            schema["type"] = [schema["type"], "null"]
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
    return schema | {"description": one.description}


def references_of(body: Body, values: Values, organization_id: UUID) -> Values:
    """Return the values with the records that their ids mean, in the organisation: nobody else's can be referred to.

    :raises InvalidBody: naming each id that means none.
    """
    found, problems = dict(values), []
    for name, value in values.items():
        one = body.by_name[name]
        if one.refers_to is None or value is None:
            continue
        record = _referred(one.refers_to, organization_id, value)
        if record is None:
            problems.append(FieldProblem(name, unknown_reference(one)))
        found[name] = record
    if problems:
        raise InvalidBody(problems)
    return found


def _referred(refers_to: Callable[[UUID], QuerySet[Any, Any]], organization_id: UUID, key: UUID) -> Any:
    def build(values: Mapping[str, Any]) -> QuerySet[Any, Any]:
        return refers_to(organization_id).filter(pk=values["key"]).order_by()

    return record_of(refers_to, build, {"key": key, "organization": organization_id})


def unknown_reference(one: BodyField[Any]) -> str:
    """Return the words for an id that means nothing here; those of a stranger's record are the same."""
    return f"There is no {one.referred} with this {one.name} in your organisation."


# --- kinds of fields --------------------------------------------------------------------------------------------------


def text(name: str, most: int, description: str, *, example: Any = None, lines: bool = False, **more: Any) -> Any:
    """Return a field of text, with no blanks around it; null where nothing is known."""

    def read(given: Any) -> str:
        if type(given) is str:
            try:
                tidied = clean_text(given, lines=lines)
            except UnfitText as error:
                raise Unreadable(str(error)) from None
            if 0 < len(tidied) <= most:
                return tidied
        raise Unreadable(f"takes a text of 1 to {most} characters" + ("" if lines else " on one line"))

    schema = {"type": "string", "minLength": 1, "maxLength": most, "pattern": r"\S"}
    return BodyField(name, description, schema, read, example, **{"empty": "", **more})


def matching(name: str, pattern: str, words: str, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field of text that follows a pattern, described by `words`."""
    fits = re.compile(pattern)

    def read(given: Any) -> str:
        if type(given) is str and fits.fullmatch(given):
            return given
        raise Unreadable(f"takes {words}")

    schema = {"type": "string", "pattern": f"^{pattern}$"}
    return BodyField(name, description, schema, read, example, **{"empty": "", **more})


def code(
    name: str, choices: Sequence[str], description: str, *, words: str = "", example: Any = None, **more: Any
) -> Any:
    """Return a field that takes one of some codes; `words` describe many."""
    allowed = list(choices)

    def read(given: Any) -> str:
        if type(given) is str and given in allowed:
            return given
        raise Unreadable(f"takes {words or 'one of ' + ', '.join(allowed)}")

    return BodyField(name, description, {"type": "string", "enum": allowed}, read, example, **{"empty": "", **more})


def whole(name: str, low: int, high: int, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes a whole number between two bounds."""

    def read(given: Any) -> int:
        if type(given) is int and low <= given <= high:
            return given
        raise Unreadable(f"takes a whole number from {low} to {high}")

    return BodyField(name, description, {"type": "integer", "minimum": low, "maximum": high}, read, example, **more)


def decimal(name: str, low: int, high: int, places: int, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes a number between two bounds with some decimals, as a JSON number or as text."""

    def read(given: Any) -> Decimal:
        if type(given) in (int, float) or (type(given) is str and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", given)):
            value = Decimal(str(given))
            if low <= value <= high and value == round(value, places):
                return value
        raise Unreadable(f"takes a number from {low} to {high} with up to {places} decimals")

    schema = {"type": "number", "minimum": low, "maximum": high}
    return BodyField(name, description, schema, read, example, **more)


def yes(name: str, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes true or false."""

    def read(given: Any) -> bool:
        if type(given) is bool:
            return given
        raise Unreadable("takes true or false")

    return BodyField(name, description, {"type": "boolean"}, read, example, **more)


def website(name: str, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes the address of a website."""
    line = text(name, 300, description, example=example, **more)

    def read(given: Any) -> str:
        try:
            return web_address(line.read(given))
        except NoWebAddress as error:
            raise Unreadable(str(error)) from None

    return replace(line, read=read)


def day(name: str, description: str, *, years_ahead: int = PLANNED, example: Any = None, **more: Any) -> Any:
    """Return a field that takes a calendar day that somebody can mean."""
    schema = {"type": "string", "format": "date"}
    description = with_bounds(description, years_ahead)
    return BodyField(name, description, schema, lambda given: likely_day_of(given, years_ahead), example, **more)


def moment(name: str, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes a moment with its offset."""
    schema = {"type": "string", "format": "date-time"}
    return BodyField(name, with_bounds(description, PLANNED), schema, likely_moment_of, example, **more)


_CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217"}
MONEY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "amount_minor": {"type": "integer", "minimum": 0, "maximum": LARGEST_AMOUNT},
        "currency": _CURRENCY,
    },
    "required": ["amount_minor", "currency"],
    "additionalProperties": False,
}


def money(name: str, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes an amount with its currency."""
    words = f'takes {{"amount_minor": …, "currency": "EUR"}}, a whole number from 0 to {LARGEST_AMOUNT} and ISO 4217'

    def read(given: Any) -> Money:
        if type(given) is dict and given.keys() == {"amount_minor", "currency"}:
            amount, currency = given["amount_minor"], given["currency"]
            if type(amount) is int and 0 <= amount <= LARGEST_AMOUNT and type(currency) is str:
                if known_currency(currency):
                    return Money(amount, currency)
                raise Unreadable(f"is in {currency[:10]!r}, which is no currency in use")
        raise Unreadable(words)

    return BodyField(name, description, MONEY_SCHEMA, read, example, **more)


def objects(name: str, body: Body, most: int, description: str, *, example: Any = None, **more: Any) -> Any:
    """Return a field that takes a list of objects; what is wrong in one is named by its place, such as `lines.2.name`.

    Ids in them are not looked up: the view does that for all of them at once.
    """

    def read(given: Any) -> list[Values]:
        if type(given) is not list or len(given) > most:
            raise Unreadable(f"takes a list of up to {most} objects")
        values, problems = [], []
        for place, one in enumerate(given):
            stated, faults = body.read_parts(one)
            values.append(stated)
            problems += [FieldProblem(f"{place}.{fault.name}".rstrip("."), fault.detail) for fault in faults]
        if problems:
            raise InvalidBody(problems)
        return values

    schema = {"type": "array", "maxItems": most, "items": body.schema(change=False)}
    return BodyField(name, description, schema, read, example, **{"null": False, **more})


def reference(
    name: str, referred: str, refers_to: Callable[[UUID], QuerySet[Any, Any]], description: str, **more: Any
) -> Any:
    """Return a field that takes the id of another record of the organisation; `referred` is what people call it."""

    def read(given: Any) -> UUID:
        return read_id(given if type(given) is str else "")

    more = {"example": None, **more}
    schema = {"type": "string", "format": "uuid"}
    return BodyField(name, description, schema, read, refers_to=refers_to, referred=referred, **more)


def from_source() -> list[Any]:
    """Return the two fields by which another system knows the record; they are set once."""
    return [
        matching(
            "source",
            SOURCE,
            "a short name of the other system, such as erp: small letters, digits and . _ : -, and not manual",
            "The other system that knows the record. Goes together with external_id.",
            example="erp",
            on_create_only=True,
            null=False,
        ),
        text(
            "external_id",
            200,
            "The id that the other system knows it by; unique within the source.",
            example="K-1001",
            on_create_only=True,
            null=False,
        ),
    ]


SOURCE = r"(?!manual$)[a-z0-9][a-z0-9_.:-]{0,59}"


def both_or_neither(values: Values) -> None:
    """Refuse a source without an external_id, or the other way round.

    :raises InvalidBody: naming the one that is missing.
    """
    for name, other in (("source", "external_id"), ("external_id", "source")):
        if name in values and other not in values:
            raise InvalidBody([FieldProblem(other, f"{name} goes together with {other}.")])


def with_amounts(values: Values, names: Sequence[str], current: Any = None) -> Values:
    """Return the values with the amounts of `names` as columns: `<name>_minor`, and the one `currency` of them all.

    `current` is the record that is changed; what it keeps of its amounts must be in the same currency.

    :raises InvalidBody: when they are in two currencies.
    """
    columns = {name: value for name, value in values.items() if name not in names}
    currency = ""
    for name in names:
        if name not in values:
            continue
        amount: Money | None = values[name]
        columns[f"{name}_minor"] = None if amount is None else amount.amount_minor
        if amount is not None:
            if currency and amount.currency != currency:
                raise InvalidBody([FieldProblem(name, f"{' and '.join(names)} are kept in one currency.")])
            currency = amount.currency
    if currency and current is not None and current.currency not in ("", currency):
        kept = [name for name in names if name not in values and getattr(current, f"{name}_minor") is not None]
        if kept:
            words = f"{kept[0]} is kept in {current.currency}; state it anew in {currency} together with the other."
            raise InvalidBody([FieldProblem(kept[0], words)])
    return columns | ({"currency": currency} if currency else {})
