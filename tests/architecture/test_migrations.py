"""A migration must not stop the people who work meanwhile: each one after the first release is held to that."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements, get_sql_analyser_class

from tests.servers import ROOT

FIRST_RELEASE = {
    "tenancy": "0004_doors",
    "integrations": "0002_row_security",
    "pipeline": "0003_account_score_value_basis",
    "coe": "0002_row_security",
}
"""Up to here the tables are made; nothing runs beside it. What comes after meets tables that are full and in use."""

ACCEPTED: dict[str, str] = {
    "integrations.0003_pack_ready_rows": "only imports under way read these staged rows; dropping takes an instant, and"
    " migrate steps back from a lock that it does not get",
    "pipeline.0043_snapshots_by_month": "only the night reads and writes snapshots, and takes its step again; the"
    " rows of the table that is dropped were moved, and migrate steps back from a lock that it does not get",
}
"""`app.name` of a migration that may lock a table all the same, and why."""


def later_migrations() -> Iterator[Migration]:
    for (app, name), migration in sorted(MigrationLoader(connection).disk_migrations.items()):
        if (ROOT / app).is_dir() and name > FIRST_RELEASE.get(app, ""):
            yield migration


def tables_made_by(migrations: list[Migration]) -> set[str]:
    """The tables that are new, and so empty: locking one stops nobody."""
    return {
        apps.get_model(migration.app_label, operation.name)._meta.db_table
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, CreateModel)
    }


def dangers_of(migration: Migration, new_tables: set[str]) -> list[str]:
    linter = MigrationLinter(str(ROOT), no_cache=True, no_output=True)
    statements = linter.get_sql(migration.app_label, migration.name)
    on_full_tables = [text for text in statements if not any(f'"{table}"' in text for table in new_tables)]
    errors, _, warnings = analyse_sql_statements(get_sql_analyser_class("postgresql"), on_full_tables)
    data_errors, _, _ = linter.analyse_data_migration(migration)
    return [issue.message for issue in (*errors, *warnings, *data_errors)]


@pytest.mark.django_db(transaction=True)  # an index that is made CONCURRENTLY refuses a transaction
def test_no_migration_locks_a_table_that_is_in_use() -> None:
    migrations = list(later_migrations())
    new_tables = tables_made_by(migrations)

    dangers = {
        name: found
        for migration in migrations
        if (name := f"{migration.app_label}.{migration.name}") not in ACCEPTED
        and (found := dangers_of(migration, new_tables))
    }

    assert dangers == {}


@pytest.mark.django_db(transaction=True)
def test_the_check_sees_a_danger() -> None:
    """The first release's fences, taken for a later migration, would lock every table."""
    fences = MigrationLoader(connection).disk_migrations["pipeline", "0002_row_security"]

    assert any("CREATE INDEX locks table" in danger for danger in dangers_of(fences, set()))
