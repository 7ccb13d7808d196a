"""Many rows at once: COPY into a temporary table, then one INSERT … SELECT.

COPY straight into a tenant table is refused under a row-level security policy; a temporary table has none. The insert
itself runs under the policy like any other.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from itertools import repeat
from operator import is_
from types import NoneType
from typing import Any
from uuid import UUID

from django.db import connection, models
from uuid_utils import uuid7 as new_id
from uuid_utils.compat import uuid7

from tenancy.models import Organization
from tenancy.scoping import OrganizationMismatch, active_organization_id


@contextmanager
def whole_tables() -> Iterator[None]:
    """Have the block's statements, which read whole tables of an organisation, join them by hashing.

    Right after a large load the planner still believes that the tables are small, and would walk one for each row of
    the other: measured minutes instead of a second. Inside a transaction only; its end takes the setting back.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
    yield
    # Not in a finally: a failed transaction takes no statement any more, and its end undoes the setting by itself.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_nestloop', %s, true)", [before])


@dataclass
class BulkResult:
    """What an upsert did. `ids` maps each conflict key (a tuple of the values given) to the row's id."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    ids: dict[tuple[Any, ...], UUID] = field(default_factory=dict)
    inserted_ids: set[UUID] = field(default_factory=set)
    updated_ids: set[UUID] = field(default_factory=set)


def insert_rows(
    *,
    organization: Organization,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    unless_known_by: Sequence[str] = (),
) -> int:
    """Insert rows (values in the order of `columns`, which are field names or attnames); return how many.

    The id and the organisation are added here unless `columns` has an id. A row whose unique key (organisation,
    *unless_known_by*) is there already is left out.
    """
    copied = copy_rows(organization=organization, model=model, columns=columns, rows=rows)
    return insert_copied(organization=organization, copied=copied, unless_known_by=unless_known_by)


def insert_copied(*, organization: Organization, copied: "CopiedRows", unless_known_by: Sequence[str] = ()) -> int:
    """Insert rows that :func:`copy_rows` has made ready, as :func:`insert_rows` does; return how many."""
    model = copied.model
    unique = ", ".join(f'"{name}"' for name in ["organization_id", *_columns(model, unless_known_by)])
    on_conflict = f" ON CONFLICT ({unique}) DO NOTHING" if unless_known_by else ""
    staging = _stage(organization, copied)
    target = ", ".join(f'"{name}"' for name in staging.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({target}) SELECT {target} FROM "{staging.table}"{on_conflict}'  # noqa: S608 # nosec B608 # our names; values are parameters
        )
        inserted = cursor.rowcount
        cursor.execute(f'DROP TABLE "{staging.table}"')
    return int(inserted)


def upsert_rows(
    *,
    organization: Organization,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    conflict: Sequence[str],
    update: Sequence[str],
    touch: dict[str, str] | None = None,
) -> BulkResult:
    """Insert rows, or change those that are there already by the unique key (organisation, *conflict*).

    A row is written only when one of the `update` columns differs; `touch` then also sets columns to SQL expressions
    over the stored row `t` (for example `{"version": "t.version + 1", "updated_at": "now()"}`). Each key may be in
    `rows` once.

    :raises django.db.IntegrityError: for a key that occurs twice or a reference that does not exist.
    """
    keys, changed = _columns(model, conflict), _columns(model, update)
    staging = _stage(organization, copy_rows(organization=organization, model=model, columns=columns, rows=rows))
    table = model._meta.db_table
    target = ", ".join(f'"{name}"' for name in staging.columns)
    assignments = [f'"{name}" = excluded."{name}"' for name in changed]
    assignments += [f'"{name}" = {expression}' for name, expression in (touch or {}).items()]
    on_conflict = "DO NOTHING"
    if changed:
        old, new = (", ".join(f'{side}."{name}"' for name in changed) for side in ("t", "excluded"))
        on_conflict = f"DO UPDATE SET {', '.join(assignments)} WHERE ({old}) IS DISTINCT FROM ({new})"  # nosec B608 # our names; values are parameters
    unique = ", ".join(f'"{name}"' for name in ["organization_id", *keys])
    key_columns = ", ".join(f's."{name}"' for name in keys)
    joined = " AND ".join(f't."{name}" = s."{name}"' for name in keys)
    returned = ", ".join(f't."{name}"' for name in keys)
    result = BulkResult()
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" AS t ({target}) SELECT {target} FROM "{staging.table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" ON CONFLICT ({unique}) {on_conflict} RETURNING t.id, (xmax = 0), {returned}"
        )
        for row_id, is_new, *key in cursor.fetchall():
            (result.inserted_ids if is_new else result.updated_ids).add(row_id)
            result.ids[tuple(key)] = row_id
        if len(result.ids) < staging.count:
            # Only for rows that were left alone: freshly loaded tables have no statistics, and the planner may join
            # them row by row.
            cursor.execute(
                f'SELECT t.id, {key_columns} FROM "{staging.table}" s JOIN "{table}" t'  # noqa: S608 # nosec B608 # our names; values are parameters
                f" ON t.organization_id = s.organization_id AND {joined}"
            )
            result.ids |= {tuple(row[1:]): row[0] for row in cursor.fetchall()}
        cursor.execute(f'DROP TABLE "{staging.table}"')
    result.inserted, result.updated = len(result.inserted_ids), len(result.updated_ids)
    result.unchanged = staging.count - result.inserted - result.updated
    return result


def replace_rows(
    *,
    organization: Organization,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    key: Sequence[str],
    unless: dict[str, tuple[str, Sequence[Any]]] | None = None,
) -> int:
    """Make these the organisation's only rows of a table, known by their unique key (organisation, *key*).

    Rows that are alike are left alone; others are changed, added or removed. `unless` keeps the stored value of a
    column where an SQL condition over the stored row `t` holds: column → (condition, its parameters). Return how many
    rows were written.
    """
    names = _columns(model, key)
    staging = _stage(organization, copy_rows(organization=organization, model=model, columns=columns, rows=rows))
    table = model._meta.db_table
    target = ", ".join(f'"{name}"' for name in staging.columns)
    changed = [name for name in staging.columns if name not in (*names, "id", "organization_id")]
    kept = {_columns(model, [name])[0]: condition for name, condition in (unless or {}).items()}
    values = {
        name: f'CASE WHEN {kept[name][0]} THEN t."{name}" ELSE excluded."{name}" END'
        if name in kept
        else f'excluded."{name}"'
        for name in changed
    }
    assignments = ", ".join(f'"{name}" = {value}' for name, value in values.items())
    old = ", ".join(f't."{name}"' for name in changed)
    new = ", ".join(f'excluded."{name}"' for name in changed)
    unique = ", ".join(f'"{name}"' for name in ["organization_id", *names])
    same = " AND ".join(f's."{name}" = t."{name}"' for name in names)
    parameters = [value for name in changed if name in kept for value in kept[name][1]]
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(f'ANALYZE "{staging.table}"')
        cursor.execute(
            f'INSERT INTO "{table}" AS t ({target}) SELECT {target} FROM "{staging.table}"'  # noqa: S608 # nosec B608 # our names; values are parameters
            f" ON CONFLICT ({unique}) DO UPDATE SET {assignments} WHERE ({old}) IS DISTINCT FROM ({new})",
            parameters,
        )
        written = cursor.rowcount
        cursor.execute(
            f'DELETE FROM "{table}" t WHERE t.organization_id = %s'  # noqa: S608 # nosec B608 # our names; values are parameters
            f' AND NOT EXISTS (SELECT FROM "{staging.table}" s WHERE {same})',
            [organization.pk],
        )
        written += cursor.rowcount
        cursor.execute(f'DROP TABLE "{staging.table}"')
    return int(written)


COPY_CHARACTERS = 1024 * 1024
"""Sent at a time. Each piece waits for the interpreter, which another thread may hold: in pieces of eight thousand, as
the driver has it, an import of 100,000 accounts took a second and a half longer."""


@dataclass(frozen=True)
class CopiedRows:
    """Rows of a table of one organisation in the text form of COPY."""

    model: type[models.Model]
    organization_id: UUID
    columns: list[str]
    text: str
    count: int


@dataclass(frozen=True)
class _Staging:
    table: str
    columns: list[str]
    count: int


def _columns(model: type[models.Model], names: Sequence[str]) -> list[str]:
    return [str(_field(model, name).column) for name in names]


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    for candidate in model._meta.concrete_fields:
        if name in (candidate.name, candidate.attname):
            return candidate
    raise ValueError(f"{model.__name__} has no column {name!r}.")


def copy_rows(
    *, organization: Organization, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> CopiedRows:
    """Make rows ready for :func:`insert_copied`. Needs no database, so that another thread can do it meanwhile.

    :raises ValueError: when a row has not a value for each column.
    """
    given = _columns(model, columns)
    taken = list(rows)
    for row in taken:
        if len(row) != len(given):
            raise ValueError(f"A row has {len(row)} values for {len(given)} columns.")
    texts = [column_texts(column) for column in zip(*taken, strict=True)]
    extra = [name for name in ("id", "organization_id") if name not in given]
    if "id" in extra:
        texts.append([str(new_id()) for _ in taken])
    if "organization_id" in extra:
        texts.append([str(organization.pk)] * len(taken))
    # Column by column and only then as lines: a column is of one type, and asked once for what it needs.
    text = "".join(f"{line}\n" for line in map("\t".join, zip(*texts, strict=True)))
    return CopiedRows(model, organization.pk, [*given, *extra], text, len(taken))


def _stage(organization: Organization, copied: CopiedRows) -> _Staging:
    if not active_organization_id() == organization.pk == copied.organization_id:
        raise OrganizationMismatch(f"Rows of {organization.slug} were given while another organisation is active.")
    table = f"staging_{uuid7().hex}"
    listed = ", ".join(f'"{name}"' for name in copied.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMPORARY TABLE "{table}" ON COMMIT DROP AS'  # noqa: S608 # nosec B608 # our names; values are parameters
            f' SELECT {listed} FROM "{copied.model._meta.db_table}" WITH NO DATA'
        )
        cursor.copy_expert(f'COPY "{table}" ({listed}) FROM STDIN', StringIO(copied.text), COPY_CHARACTERS)
    return _Staging(table, copied.columns, copied.count)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})


_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r\x00]").search
_AS_JSON = json.JSONEncoder(separators=(",", ":"), default=str).encode  # made once: `json.dumps` makes one a call


def column_texts(values: Sequence[Any]) -> list[str]:
    """Return the values of one column in the text form of COPY."""
    if values and all(map(is_, values, repeat(values[0]))):
        return [copy_text(values[0])] * len(values)
    kinds = set(map(type, values))
    if kinds == {str}:
        return list(values) if not _NEEDS_ESCAPE("".join(values)) else [copy_text(value) for value in values]
    if kinds <= {int, float}:
        return list(map(str, values))
    if kinds <= {int, float, NoneType}:
        return ["\\N" if value is None else str(value) for value in values]
    if kinds == {UUID} or dict in kinds or list in kinds:
        return [copy_text(value) for value in values]
    # Days, amounts and references repeat themselves, and so does nothing at all.
    known: dict[Any, str] = {}
    texts = []
    for value in values:
        # 1, True and Decimal("1.0") are equal, but not written alike.
        key = (type(value), value) if value is not None else None
        text = known.get(key)
        if text is None:
            text = known[key] = copy_text(value)
        texts.append(text)
    return texts


def copy_text(value: Any) -> str:
    """Return a value in the text form of COPY."""
    # Called once a cell, so the usual types come first and nothing is translated that needs no escape.
    kind = type(value)
    if kind is str:
        return value.translate(_ESCAPES) if _NEEDS_ESCAPE(value) else str(value)
    if value is None:
        return "\\N"
    if kind is UUID:
        return f"{value.int:032x}"
    if kind is bool:
        return "t" if value else "f"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        text = _AS_JSON(value)
        return text.translate(_ESCAPES) if "\\" in text else text
    return str(value).translate(_ESCAPES)
