"""Keyset paging: the next page begins after the last row seen, however many rows came before it.

A page is read from the index of its sort column: `(column, id) > (value, id)` is one row comparison, leakproof, so that
row-level security leaves it the index. Rows without a value come last in both directions. They are a segment of their
own, because an index can't serve "greater, or nothing".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db import models
from django.db.models import BooleanField, F, Func, Value

# Rows are instances, or mappings where the queryset ends in values().
R = TypeVar("R")


class InvalidCursor(ValueError):
    """A cursor that we did not make, or that belongs to another list or another order."""


@dataclass(frozen=True)
class Sort:
    """One way to order a list: the public name, the column, and whether that column may be empty."""

    name: str
    column: str
    descending: bool = False
    nullable: bool = False

    def reversed(self) -> "Sort":
        """Return the same column the other way round."""
        return Sort(self.name, self.column, not self.descending, self.nullable)

    @property
    def parameter(self) -> str:
        """What stands in the address: `name`, or `-name` when descending."""
        return f"-{self.name}" if self.descending else self.name


def chosen_sort(allowed: Sequence[Sort], parameter: str) -> Sort:
    """Return the sort that `parameter` (`name` or `-name`) asks for; the first one when it asks for nothing.

    :raises KeyError: when the name is not in the list of allowed sorts.
    """
    if not parameter:
        return allowed[0]
    name = parameter.removeprefix("-")
    for sort in allowed:
        if sort.name == name:
            return sort if sort.descending == parameter.startswith("-") else sort.reversed()
    raise KeyError(parameter)


@dataclass(frozen=True)
class Page(Generic[R]):
    """A page of rows with the cursors to its neighbours (empty at the ends)."""

    rows: list[R]
    next: str
    previous: str

    def __bool__(self) -> bool:
        return bool(self.rows)


class _Row(Func):
    """`ROW(a, b)`: compared with another row, PostgreSQL answers it from an index over a and b."""

    function = "ROW"


class _RowComparison(Func):
    """`ROW(a, b) > ROW(x, y)`; the operator is the joiner of its two arguments."""

    output_field = BooleanField()
    conditional = True
    template = "%(expressions)s"

    def __init__(self, left: _Row, operator: str, right: _Row) -> None:
        super().__init__(left, right, arg_joiner=f" {operator} ")


# What a cursor can hold beside text and whole numbers; a datetime is a date as well, so it comes first.
_READERS: dict[str, tuple[type, Callable[[str], Any]]] = {
    "moment": (datetime, datetime.fromisoformat),
    "day": (date, date.fromisoformat),
    "id": (UUID, UUID),
}


def _encode(value: Any) -> Any:
    for kind, (type_, _) in _READERS.items():
        if isinstance(value, type_):
            return [kind, value.isoformat() if isinstance(value, date) else str(value)]
    return value


def _decode(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, text = value
    return _READERS[kind][1](text)


def encode_cursor(*, scope: str, sort: Sort, value: Any, pk: UUID, backward: bool) -> str:
    """Return the signed position of a row in one order of one list."""
    data = [scope, sort.parameter, _encode(value), pk.hex, int(backward)]
    return signing.dumps(data, salt="keyset", compress=True)


def decode_cursor(cursor: str, *, scope: str, sort: Sort) -> tuple[Any, UUID, bool]:
    """Return the value, the id and the direction that a cursor holds.

    :raises InvalidCursor: when it was not made here, or for another list or order.
    """
    try:
        made_for, parameter, value, pk, backward = signing.loads(cursor, salt="keyset")
        position = _decode(value), UUID(hex=pk), bool(backward)
    except (signing.BadSignature, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidCursor("The address of this page is damaged.") from error
    if (made_for, parameter) != (scope, sort.parameter):
        raise InvalidCursor("The address of this page belongs to another list.")
    return position


# Returns up to `limit` rows of one segment (those with or without a value) beyond a position, nearest first.
Fetch = Callable[[bool, tuple[Any, UUID] | None, bool, int], list[R]]


def page_of(
    queryset: models.QuerySet[Any, R], *, sort: Sort, size: int, scope: str, cursor: str = "", filled: bool = True
) -> Page[R]:
    """Return the page of `queryset` that begins at `cursor`, at most `size` rows in the order of `sort`.

    `scope` names the list (say, "accounts"), so that its cursors fit no other one. People who page back past the
    beginning get a `filled` first page; programs say False and get each row once: their first page may be short.

    :raises InvalidCursor: when the cursor was not made for this list and order.
    """
    fetch = _fetch_from(queryset, sort)
    return page_from(fetch, sort=sort, size=size, scope=scope, cursor=cursor, filled=filled)


def page_from(fetch: Fetch[R], *, sort: Sort, size: int, scope: str, cursor: str = "", filled: bool = True) -> Page[R]:
    """Return the page that begins at `cursor` of a list whose segments `fetch` reads; else as :func:`page_of`."""
    if not cursor:
        rows = _read(fetch, sort, size + 1)
        return _page(rows[:size], sort, scope, before=False, after=len(rows) > size)
    value, pk, backward = decode_cursor(cursor, scope=scope, sort=sort)
    if not backward:
        rows = _read(fetch, sort, size + 1, (value, pk))
        return _page(rows[:size], sort, scope, before=True, after=len(rows) > size)
    rows = _read(fetch, sort, size + 1, (value, pk), backward=True)
    if filled and len(rows) < size:
        # Rows before this page have gone: show a whole first page and not a stump of one.
        return page_from(fetch, sort=sort, size=size, scope=scope)
    return _page(rows[:size][::-1], sort, scope, before=len(rows) > size, after=True)


def read_after(queryset: models.QuerySet[Any, R], *, sort: Sort, size: int, row: R | None = None) -> list[R]:
    """Return up to `size` rows that follow `row`, or the first ones: how exports walk a list in short transactions."""
    position = (_value(row, sort), _field(row, "id")) if row is not None else None
    return _read(_fetch_from(queryset, sort), sort, size, position)


def _fetch_from(queryset: models.QuerySet[Any, R], sort: Sort) -> Fetch[R]:
    named = _with_name(queryset, sort)

    def fetch(is_null: bool, position: tuple[Any, UUID] | None, backward: bool, limit: int) -> list[R]:
        return list(_segment(named, sort, is_null, position, backward)[:limit])

    return fetch


def segment_of(
    queryset: models.QuerySet[Any, R], sort: Sort, is_null: bool, position: tuple[Any, UUID] | None, backward: bool
) -> models.QuerySet[Any, R]:
    """Return the query of one segment of a list, as a :data:`Fetch` reads it."""
    return _segment(_with_name(queryset, sort), sort, is_null, position, backward)


def _field(row: object, name: str) -> Any:
    return row[name] if isinstance(row, Mapping) else getattr(row, name)


def rows_after_position(
    queryset: models.QuerySet[Any, R], *, sort: Sort, position: tuple[Any, UUID]
) -> models.QuerySet[Any, R]:
    """Return the query of the rows that follow `position`, a value of the sort column that is not empty and an id."""
    return _segment(_with_name(queryset, sort), sort, False, position, False)


def _with_name(queryset: models.QuerySet[Any, R], sort: Sort) -> models.QuerySet[Any, R]:
    return queryset.annotate(**{_name(sort): F(sort.column)}) if _is_elsewhere(sort) else queryset


def _value(row: object, sort: Sort) -> Any:
    """Return the value of the sort column, which may be reached through a relation or an annotation."""
    return _field(row, _name(sort))


def _name(sort: Sort) -> str:
    """Return what the query calls the sort column; that of another table has an alias, so that it is joined once."""
    return f"sorted_by_{sort.name}" if _is_elsewhere(sort) else sort.column


def _is_elsewhere(sort: Sort) -> bool:
    return "__" in sort.column


def _read(
    fetch: Fetch[R],
    sort: Sort,
    limit: int,
    position: tuple[Any, UUID] | None = None,
    *,
    backward: bool = False,
) -> list[R]:
    """Return `limit` rows beyond `position`, nearest first; a second query only where the first segment ends."""
    segments = [False, True] if sort.nullable else [False]
    if backward:
        segments.reverse()
    if position is not None and sort.nullable:
        segments = segments[segments.index(position[0] is None) :]
    rows: list[R] = []
    for is_null in segments:
        inside = position is not None and (not sort.nullable or is_null == (position[0] is None))
        rows += fetch(is_null, position if inside else None, backward, limit - len(rows))
        if len(rows) >= limit:
            break
    return rows


def _segment(
    queryset: models.QuerySet[Any, R], sort: Sort, is_null: bool, position: tuple[Any, UUID] | None, backward: bool
) -> models.QuerySet[Any, R]:
    descending = sort.descending != backward
    name = _name(sort)
    columns = ["pk"] if is_null else [name, "pk"]
    if sort.nullable:
        queryset = queryset.filter(**{f"{name}__isnull": is_null})
    if position is not None:
        values = [position[1]] if is_null else list(position)
        seen = _Row(*(F(column) for column in columns), output_field=BooleanField())
        limit = _Row(*(Value(value) for value in values), output_field=BooleanField())
        queryset = queryset.filter(_RowComparison(seen, "<" if descending else ">", limit))
        if _is_elsewhere(sort) and not is_null:
            # A row comparison over two tables serves no index; its first half does.
            queryset = queryset.filter(**{f"{name}__{'lte' if descending else 'gte'}": position[0]})
    return queryset.order_by(*(f"-{column}" if descending else column for column in columns))


def _page(rows: list[R], sort: Sort, scope: str, *, before: bool, after: bool) -> Page[R]:
    def cursor(row: R, *, backward: bool) -> str:
        return encode_cursor(scope=scope, sort=sort, value=_value(row, sort), pk=_field(row, "id"), backward=backward)

    return Page(
        rows=rows,
        next=cursor(rows[-1], backward=False) if rows and after else "",
        previous=cursor(rows[0], backward=True) if rows and before else "",
    )


@dataclass(frozen=True)
class Total:
    """How many rows a list has, counted no further than a person can use."""

    count: int
    is_capped: bool


def total_of(queryset: models.QuerySet[Any, Any], *, cap: int = 10_000) -> Total:
    """Return the number of rows, counted up to `cap`: beyond it the page says "more than"."""
    counted = queryset.order_by().values("pk")[: cap + 1].count()
    return Total(min(counted, cap), counted > cap)
