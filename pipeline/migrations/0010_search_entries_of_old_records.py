"""Write the entries of the records that were there before, a few thousand at a time: nobody waits for it."""

import importlib
from uuid import UUID

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

feeds = importlib.import_module("pipeline.migrations.0009_search_feeds")
BATCH = 5_000
FIRST = UUID(int=0)


def write(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Walk each table by its key; an entry that a trigger has written meanwhile is kept."""
    connection = schema_editor.connection
    for table, (entry, _) in feeds.TABLES.items():
        rows = f"(SELECT * FROM {table} WHERE id > %s AND id <= %s)"  # nosec B608 # our own constants
        entries = feeds.select_entries(entry, rows)
        insert = f"INSERT INTO tenancy_searchentry {feeds.COLUMNS} {entries} ON CONFLICT (id) DO NOTHING"
        last = FIRST
        while True:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT id FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT {BATCH}) batch"  # nosec B608 # our own constants
                    " ORDER BY id DESC LIMIT 1",
                    [last],
                )
                row = cursor.fetchone()
                if row is None:
                    break
                cursor.execute(insert, [last, row[0]])
                last = row[0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("pipeline", "0009_search_feeds")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
