"""Every table of an organisation is behind all the fences; the walk reads the database, not the list of models."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from tests.architecture import catalogue


@pytest.fixture
def owner(db: None) -> Iterator[Any]:
    """A cursor of agile_owner whose changes are all undone."""
    session = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with session.cursor() as cursor:
        yield cursor
    session.rollback()
    session.close()


def test_every_tenant_table_is_behind_all_three_fences(owner: Any) -> None:
    assert list(catalogue.missing_fences(owner)) == []


def test_a_dropped_policy_is_noticed_on_any_table(owner: Any) -> None:
    for table in catalogue.tenant_tables(owner):
        owner.execute("SAVEPOINT before")
        owner.execute(f'DROP POLICY tenant_isolation ON "{table}"')
        assert any(found.startswith(table) for found in catalogue.missing_fences(owner)), table
        owner.execute("ROLLBACK TO SAVEPOINT before")


def test_row_security_that_is_switched_off_is_noticed_on_any_table(owner: Any) -> None:
    for table in catalogue.tenant_tables(owner):
        owner.execute("SAVEPOINT before")
        owner.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        assert any(found.startswith(table) for found in catalogue.missing_fences(owner)), table
        owner.execute("ROLLBACK TO SAVEPOINT before")


def test_an_index_of_a_tenant_table_leads_with_the_organization(owner: Any) -> None:
    assert catalogue.indexes_that_do_not_lead_with_the_organization(owner) == [
        # Read before an organisation is known, by the two doors and by the relay.
        "tenancy_apitoken.api_token_by_hash",
        "tenancy_domainevent.event_unplaced",
        "tenancy_member.member_by_user",
        "tenancy_outbox.outbox_waiting",
    ]


def test_a_part_of_a_table_that_the_application_reaches_is_noticed(owner: Any) -> None:
    parts = catalogue.partitions(owner)
    assert parts
    for damage in ('GRANT SELECT ON "{}" TO agile_app', 'ALTER TABLE "{}" DISABLE ROW LEVEL SECURITY'):
        owner.execute("SAVEPOINT before")
        owner.execute(damage.format(parts[0]))
        assert any(found.startswith(parts[0]) for found in catalogue.missing_fences(owner)), damage
        owner.execute("ROLLBACK TO SAVEPOINT before")


def test_the_doors_through_the_fence_are_these(owner: Any) -> None:
    assert catalogue.definer_functions(owner) == [
        "pipeline_make_snapshot_months",  # reads nothing: it makes empty tables behind the same fences
        "tenancy_memberships_of",
        "tenancy_search",
        "tenancy_token_owner",
    ]


def test_no_view_leads_around_the_fence(owner: Any) -> None:
    owner.execute("SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace")
    assert owner.fetchall() == []


@pytest.mark.django_db
def test_the_application_role_owns_nothing_and_cannot_pass_the_fence() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole AND relkind <> 't'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT pg_has_role(current_user, 'agile_system', 'MEMBER')")
        assert cursor.fetchone() == (False,)
