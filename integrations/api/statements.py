"""The queries of lists and records, compiled once: building SQL from a queryset costs more than running it.

What a list asks has few shapes: which filters, how many codes, which sort, from where on. For each the queryset is
compiled with a stand-in for every value; later requests put their own values in the places of the stand-ins. The SQL is
Django's own, text and order of its parameters, and the first request of a shape checks that: where its own values would
not give the same statement, the shape is never kept and every request builds its own.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

MOST_SHAPES = 2_000
Values = Mapping[str, Any]
Build = Callable[[Values], QuerySet[Any, Any]]


@dataclass(frozen=True)
class Statement:
    """A query with places for values; a place is a name, or None for a constant."""

    sql: str
    constants: tuple[Any, ...]
    places: tuple[Any, ...]
    names: tuple[str, ...]
    converters: Any
    compiler: Any

    def parameters(self, values: Values) -> list[Any]:
        """Return the parameters of the query with these values."""
        return [
            constant if place is None else _part(values, place)
            for constant, place in zip(self.constants, self.places, strict=True)
        ]

    def rows(self, values: Values, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` rows, as `values()` would."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [*self.parameters(values), limit])
            found: Any = cursor.fetchall()
        if self.converters:
            found = self.compiler.apply_converters(found, self.converters)
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in found]


_kept: dict[Hashable, Statement | None] = {}


def rows_of(shape: Hashable, build: Build, values: Values, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` rows of the query that `build` makes with `values`.

    `shape` says all on which the text of the query depends beside the kinds of the values: the list and its sort. A
    value that is a tuple stands for several. One of them is the `organization`, to which `build` holds by itself.
    """
    key = (shape, tuple((name, _kind(value)) for name, value in values.items()))
    try:
        statement = _kept[key]
    except KeyError:
        statement = _statement(build, values)
        if len(_kept) >= MOST_SHAPES:
            _kept.clear()
        _kept[key] = statement
    if statement is None:
        return list(build(values)[:limit])
    return statement.rows(values, limit)


_models: dict[Hashable, Any] = {}


def record_of(shape: Hashable, build: Build, values: Values) -> Any:
    """Return the first record that `build` finds with `values`, None where there is none; see :func:`rows_of`."""
    model = _models.get(shape)
    if model is None:
        model = _models[shape] = build(values).model
    names = [field.attname for field in model._meta.concrete_fields]
    rows = rows_of(shape, lambda given: build(given).values(*names), values, 1)
    return model.from_db(DEFAULT_DB_ALIAS, names, rows[0].values()) if rows else None


def _kind(value: Any) -> Any:
    """Return what of a value the text of a query may depend on. A yes or no is too small to be found again."""
    if isinstance(value, bool) or value is None:
        return value
    return (type(value), len(value)) if isinstance(value, tuple) else type(value)


def _part(values: Values, place: tuple[str, int]) -> Any:
    name, number = place
    return values[name] if number < 0 else values[name][number]


def _statement(build: Build, values: Values) -> Statement | None:
    """Return the statement with places for values of these kinds, None where its text depends on the values."""
    organization = values["organization"]
    stand_ins: dict[str, Any] = {"organization": organization}
    places: dict[Any, tuple[str, int]] = {(UUID, organization): ("organization", -1)}
    count = 0
    for name, value in values.items():
        if name == "organization":
            continue
        parts = value if isinstance(value, tuple) else (value,)
        made = []
        for number, part in enumerate(parts):
            stand_in = _stand_in(part, count)
            count += 1
            made.append(stand_in)
            if stand_in is not part:
                places[type(stand_in), stand_in] = (name, number if isinstance(value, tuple) else -1)
        stand_ins[name] = tuple(made) if isinstance(value, tuple) else made[0]
    statement = _compiled(build(stand_ins), places)
    own = _compiled(build(values), {})
    if {place for place in statement.places if place} != set(places.values()):
        return None
    is_same = statement.sql == own.sql and statement.parameters(values) == list(own.constants)
    return statement if is_same else None


def _compiled(queryset: QuerySet[Any, Any], places: Mapping[Any, tuple[str, int]]) -> Statement:
    query = queryset.query
    compiler: Any = query.get_compiler(using="default")
    sql, parameters = compiler.as_sql()
    return Statement(
        sql=f"{sql} LIMIT %s",
        constants=tuple(parameters),
        places=tuple(places.get((type(one), one)) if isinstance(one, Hashable) else None for one in parameters),
        names=tuple(query.selected or (*query.values_select, *query.annotation_select)),
        converters=compiler.get_converters([column for column, _, _ in compiler.select]),
        compiler=compiler,
    )


def _stand_in(value: Any, number: int) -> Any:
    """Return a value of the same kind that occurs nowhere else."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return f"\x1astand-in {number}"
    if isinstance(value, int):
        return 31_013 + number
    if isinstance(value, UUID):
        return UUID(int=(0x5A << 120) + number)
    if isinstance(value, datetime):
        return datetime(1971, 3, 7, 5, 7, 11, 1313, tzinfo=UTC) + timedelta(seconds=number)
    if isinstance(value, date):
        return date(1971, 3, 7) + timedelta(days=number)
    return value
