"""Each table holds against every attempt, and without its policy the attempts are seen to get through."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2
import pytest
from psycopg2 import extensions, sql

from tests.architecture import catalogue
from tests.isolation.table_probes import TableProbes, found_organizations, insert_row, past_keys_and_triggers
from tests.servers import ADMIN, drop_database, make_database, with_database


@dataclass(frozen=True)
class Copy:
    """A database of this module's own, with a row of each organisation in each table."""

    admin: extensions.connection
    app: extensions.connection
    probes: list[TableProbes]


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    name = f"isolation_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    make_database(name)
    admin = past_keys_and_triggers(with_database(os.environ[ADMIN], name))
    with admin.cursor() as cursor:
        cursor.execute("REVOKE TRUNCATE ON ALL TABLES IN SCHEMA public FROM agile_app")  # granted to tests alone
        sides = found_organizations(cursor)
        probes = []
        for table in catalogue.tenant_tables(cursor):
            own = insert_row(cursor, table, {"organization_id": sides.attacker})["id"]
            theirs = insert_row(cursor, table, {"organization_id": sides.victim})["id"]
            probes.append(TableProbes(table, sides, own, theirs))
    app = psycopg2.connect(with_database(os.environ["DATABASE_URL"], name))
    yield Copy(admin, app, probes)
    app.close()
    admin.close()
    drop_database(name)


def test_no_attempt_gets_through_on_any_table(copy: Copy) -> None:
    """ASVS V8.4.1: eleven attempts a table, below all the code."""
    assert len(copy.probes) > 30
    assert [success for probe in copy.probes for success in probe.successes(copy.app)] == []


@pytest.mark.parametrize("mutation", ["DISABLE ROW LEVEL SECURITY", "the policy lets all pass"])
def test_on_any_table_without_its_policy_attempts_get_through(copy: Copy, mutation: str) -> None:
    unnoticed = []
    for probe in copy.probes:
        with copy.admin.cursor() as cursor:
            table = sql.Identifier(probe.table)
            if mutation.startswith("DISABLE"):
                cursor.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(table))
            else:
                cursor.execute(
                    sql.SQL("ALTER POLICY tenant_isolation ON {} USING (true) WITH CHECK (true)").format(table)
                )
        if not any("can be read" in success for success in probe.successes(copy.app)):
            unnoticed.append(probe.table)
        with copy.admin.cursor() as cursor:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))
            cursor.execute(
                sql.SQL("ALTER POLICY tenant_isolation ON {} USING ({p}) WITH CHECK ({p})").format(
                    table, p=sql.SQL(catalogue.POLICY)
                )
            )

    assert unnoticed == []


def test_a_table_without_any_policy_is_noticed_too(copy: Copy) -> None:
    """Without a policy nobody reads anything: safe, and broken."""
    unnoticed = []
    for probe in copy.probes:
        with copy.admin.cursor() as cursor:
            cursor.execute(sql.SQL("DROP POLICY tenant_isolation ON {}").format(sql.Identifier(probe.table)))
        if not any("own row cannot be read" in success for success in probe.successes(copy.app)):
            unnoticed.append(probe.table)
        with copy.admin.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE POLICY tenant_isolation ON {} TO agile_app USING ({p}) WITH CHECK ({p})").format(
                    sql.Identifier(probe.table), p=sql.SQL(catalogue.POLICY)
                )
            )

    assert unnoticed == []
