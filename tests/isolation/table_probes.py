"""What an attacker tries on one table, below all the code: as agile_app, inside an organisation of their own.

The rows are made from the catalogue, so a table that somebody adds tomorrow is probed without a line here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2 import extensions, sql
from uuid_utils.compat import uuid7


@dataclass(frozen=True)
class Sides:
    """The two organisations: who attacks, who must not notice."""

    attacker: UUID
    victim: UUID


def found_organizations(cursor: Any) -> Sides:
    """Make the two organisations."""
    sides = Sides(uuid7(), uuid7())
    for slug, organization in (("attacker", sides.attacker), ("victim", sides.victim)):
        insert_row(cursor, "tenancy_organization", {"id": organization, "slug": slug})
    return sides


def insert_row(cursor: Any, table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Insert a row with something in every column that needs it; the session must be past keys and triggers."""
    cursor.execute(
        "SELECT column_name, udt_name, coalesce(character_maximum_length, 60) FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_nullable = 'NO' AND column_default IS NULL"
        " AND is_identity = 'NO' AND is_generated = 'NEVER'",
        [table],
    )
    row = {name: _something(kind, size) for name, kind, size in cursor.fetchall()} | values
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    marks = sql.SQL(", ").join(sql.Placeholder() * len(row))
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(sql.Identifier(table), columns, marks),
        [str(value) if isinstance(value, UUID) else value for value in row.values()],
    )
    row["id"] = (cursor.fetchone() or [None])[0]
    return row


def _something(kind: str, size: int) -> Any:
    """Return a value that no other row has, as far as its type allows."""
    made: dict[str, Any] = {
        "uuid": uuid7(),
        "bool": True,
        "jsonb": json.dumps({}),
        "date": "2026-03-02",
        "time": "08:00",
        "timestamptz": "2026-03-02T08:00:00Z",
        "interval": "1 hour",
        "bytea": b"x",
        "inet": "127.0.0.1",
        "tstzrange": "empty",
        "daterange": "empty",
    }
    if kind.startswith("_"):
        return "{}"
    if kind in ("int2", "int4", "int8", "numeric", "float8", "float4"):
        return 1
    if kind in ("varchar", "text", "bpchar"):
        return uuid7().hex[-size:]
    return made[kind]


def past_keys_and_triggers(admin_url: str) -> extensions.connection:
    """Return a session of the administrator in which no key and no trigger asks: rows need no other rows."""
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pipeline_make_snapshot_months('2026-03-01', '2026-03-01')")  # the day of `_something`
        cursor.execute("SET session_replication_role = replica")
        # What the columns may hold is not the question here.
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
        for table, name in cursor.fetchall():
            cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name)))
    return connection


@dataclass(frozen=True)
class TableProbes:
    """The attempts on one table, with a row of each side in it."""

    table: str
    sides: Sides
    own_row: Any
    their_row: Any

    def successes(self, app: extensions.connection) -> Iterator[str]:
        """Yield a sentence for each attempt that should have failed and did not; nothing stays changed."""
        attacker, victim = str(self.sides.attacker), str(self.sides.victim)
        own, theirs, table = str(self.own_row), str(self.their_row), sql.Identifier(self.table)
        say = f"{self.table}: "
        if self._counted(app, "SELECT count(*) FROM {} WHERE id = %s", own) != 1:
            yield say + "one's own row cannot be read"
        for statement, value in (
            ("SELECT count(*) FROM {} WHERE id = %s", theirs),
            ("SELECT count(*) FROM {} WHERE organization_id = %s", victim),
            ("SELECT count(*) FROM {} WHERE organization_id <> %s", attacker),
            ("SELECT count(*) FROM {} t WHERE to_jsonb(t)::text LIKE '%%' || %s || '%%'", victim),
        ):
            if self._counted(app, statement, value):
                yield say + f"a foreign row can be read ({statement})"
        for statement, values in (
            ("UPDATE {} SET organization_id = %s WHERE id = %s", (attacker, theirs)),
            ("UPDATE {} SET organization_id = organization_id WHERE organization_id = %s", (victim,)),
            ("UPDATE {} SET organization_id = %s WHERE id = %s", (victim, own)),
            ("DELETE FROM {} WHERE id = %s", (theirs,)),
            ("DELETE FROM {} WHERE organization_id = %s", (victim,)),
        ):
            if self._changed(app, sql.SQL(statement).format(table), values):
                yield say + f"a row can be changed across the border ({statement})"
        if self._changed(app, self._copy(app), (victim, own)):
            yield say + "a row can be written into the other organisation"
        if self._changed(app, sql.SQL("TRUNCATE {}").format(table), ()):
            yield say + "the table can be emptied"

    def _copy(self, app: extensions.connection) -> sql.Composable:
        """Return a copy of one's own row into another organisation.

        Its id stays: past the fence it would meet the key, and that counts as got through.
        """
        with app.cursor() as cursor:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
                " AND is_generated = 'NEVER' AND column_name <> 'organization_id'",
                [self.table],
            )
            columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())
        app.rollback()
        return sql.SQL(
            "INSERT INTO {0} (organization_id, {1}) OVERRIDING SYSTEM VALUE SELECT %s::uuid, {1} FROM {0} WHERE id = %s"
        ).format(sql.Identifier(self.table), columns)

    def _counted(self, app: extensions.connection, statement: str, value: str) -> int:
        with app.cursor() as cursor:
            self._enter(cursor)
            cursor.execute(sql.SQL(statement).format(sql.Identifier(self.table)), [value])
            (count,) = cursor.fetchone() or (0,)
        app.rollback()
        return int(count)

    def _changed(self, app: extensions.connection, statement: sql.Composable, values: tuple[str, ...]) -> bool:
        """Say whether the statement did anything; a refusal by a right or a policy is what is wanted."""
        with app.cursor() as cursor:
            self._enter(cursor)
            try:
                cursor.execute(statement, values)
            except psycopg2.errors.InsufficientPrivilege:
                return False
            except psycopg2.errors.IntegrityError:
                return True  # it got past the fence, as far as the keys
            finally:
                changed = cursor.rowcount != 0
                app.rollback()
        return changed

    def _enter(self, cursor: Any) -> None:
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(self.sides.attacker)])
