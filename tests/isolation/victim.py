"""The organisation that is attacked: one record of each kind, marked so that any trace of it is recognised."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from tenancy.scoping import organization_scope
from tests.architecture import catalogue
from tests.architecture.world import parameters_of
from tests.cast import Cast

CANARY = "canary-"
UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MARKED_COLUMNS = ("name", "subject", "title", "email", "number", "city", "description", "next_step", "file_name")
NOT_A_CHANGE = "last_used_at"  # that a token was used changes nothing of it


@dataclass(frozen=True)
class Victim:
    """Acme, as the prober sees it."""

    cast: Cast
    ids: dict[str, str]
    """For each parameter of an address that names a record, its id."""
    words: dict[str, str]
    """For each of the others a word: everybody's pages have the same ones."""
    every_id: frozenset[str]
    """The id of every row."""
    tables: tuple[str, ...]

    def traces_in(self, content: str, *, sent: Collection[str]) -> set[str]:
        """Return what an answer tells of Acme beyond what the question already said."""
        told = {found for found in UUID_FORM.findall(content) if found in self.every_id and found not in sent}
        return told | ({CANARY} if CANARY in content else set())

    def state(self) -> str:
        """Return a digest of all that Acme has."""
        rows = " UNION ALL ".join(
            f"SELECT '{table}', md5(coalesce(string_agg(md5((to_jsonb(t) - '{NOT_A_CHANGE}')::text), ''"
            f" ORDER BY id), ''))"
            f' FROM "{table}" t'
            for table in self.tables
        )
        with organization_scope(self.cast.acme), connection.cursor() as cursor:
            cursor.execute(f"SELECT md5(string_agg(x::text, '' ORDER BY x::text)) FROM ({rows}) x")
            return str(cursor.fetchone()[0])


def build_victim(cast: Cast) -> Victim:
    """Give Acme a record of each kind that an address may name, and mark all of its rows."""
    makers = parameters_of(cast)
    with organization_scope(cast.acme), connection.cursor() as cursor:
        made = {name: maker() for name, maker in makers.items()}
        ids = {name: value for name, value in made.items() if UUID_FORM.fullmatch(value)}
        words = {name: value for name, value in made.items() if name not in ids}
        tables = tuple(catalogue.tenant_tables(cursor))
        for table, column in _marked(cursor, tables):
            _try(cursor, f'UPDATE "{table}" SET "{column}" = left(%s || id::text, 40)', [CANARY])
        every_id = set()
        for table in tables:
            cursor.execute(f'SELECT id::text FROM "{table}"')
            every_id |= {row[0] for row in cursor.fetchall()}
        cursor.execute("UPDATE tenancy_organization SET name = %s WHERE id = %s", [f"{CANARY}firm", str(cast.acme.pk)])
    return Victim(cast, ids, words, frozenset(every_id | {str(cast.acme.pk)}), tables)


def _marked(cursor: Any, tables: Collection[str]) -> Iterator[tuple[str, str]]:
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND is_generated = 'NEVER' AND udt_name IN ('varchar', 'text') AND table_name = ANY(%s)"
        " AND column_name = ANY(%s)",
        [list(tables), list(MARKED_COLUMNS)],
    )
    yield from cursor.fetchall()


def _try(cursor: Any, statement: str, values: list[str]) -> None:
    """Run a statement; a table that nobody may change (the audit trail) stays as it is."""
    try:
        with transaction.atomic():
            cursor.execute(statement, values)
    except DatabaseError:
        return
