"""Nothing that is asked of one organisation reads a whole table of many, measured while everything is asked for.

PostgreSQL counts for each table how often it was read from end to end, and how many entries its indexes gave out:
whatever did it, a page's statement, a function, a trigger, a check of a key or COPY. The planner decides by the size of
the tables, so this is done beside a large organisation: in it, and in a small one, for which an index that is read from
end to end would give out everybody else's entries.
"""

import json
import sys
from dataclasses import dataclass

import django

django.setup()

from django.db import connection  # noqa: E402

from benchmarks.gates import gate  # noqa: E402
from benchmarks.visits import Visitor  # noqa: E402
from tenancy.models import Organization  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

LARGE = 5_000  # rows; a smaller table is read whole by right
SMALL_SHARE = 0.1  # of a table's rows: who owns less has no reason to read half of it
_COUNTS = """
SELECT t.relname, t.seq_scan, t.seq_tup_read + coalesce(sum(i.idx_tup_read), 0)
  FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid)
 WHERE t.relname = ANY(%s) GROUP BY t.relid, t.relname, t.seq_scan, t.seq_tup_read
"""


@dataclass(frozen=True)
class Table:
    """A table of organisations, and how much of it the one that asks owns."""

    rows: int
    own: int

    @property
    def is_mostly_others(self) -> bool:
        """Whether to read half of it is to read other organisations' rows."""
        return self.own < self.rows * SMALL_SHARE


def large_tables(organization: Organization) -> dict[str, Table]:
    """Return the tenant tables that nobody should read whole."""
    with organization_scope(organization), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.reltuples::int FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.reltuples > %s",
            [LARGE],
        )
        found = {}
        for name, rows in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{name}" WHERE organization_id = %s', [organization.pk])
            found[name] = Table(rows, (cursor.fetchone() or (0,))[0])
        return found


def counts(tables: dict[str, Table]) -> dict[str, tuple[int, int]]:
    """Return how often each table was read whole so far, and how many entries were read of it and its indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_COUNTS, [list(tables)])
        return {name: (scans, int(read)) for name, scans, read in cursor.fetchall()}


def whole_reads(organization: Organization) -> list[str]:
    """Ask for everything in the organisation and return what read a whole table."""
    tables, visitor, found, number = large_tables(organization), Visitor(organization), [], 0
    before = counts(tables)
    for where, visit in visitor.visits():
        visit()
        number += 1
        after = counts(tables)
        for name, table in tables.items():
            scans, read = (now - then for now, then in zip(after[name], before[name], strict=True))
            if scans:
                found.append(f"{where}: {name}, {scans} ×")
            elif table.is_mostly_others and read > table.rows / 2:
                found.append(f"{where}: {name}, {read:,} entries of {table.rows:,}; own rows {table.own:,}")
        before = after
    others = sum(table.is_mostly_others for table in tables.values())
    print(
        f"{organization.slug}: {number} visits, {len(tables)} large tables, {others} of them mostly others';"
        f" whole tables read: {found}; not answered: {visitor.refused}",
        file=sys.stderr,
    )
    return found


def main() -> None:
    """Ask for everything in a large and in a small organisation and print the gate."""
    organizations = Organization.objects.filter(slug__in=("large", "acme")).order_by("-slug")
    found = [one for organization in organizations for one in whole_reads(organization)]
    json.dump({"whole tables read by anything that is asked": gate(len(found), 0, "reads")}, sys.stdout)


if __name__ == "__main__":
    main()
