"""Write the account's name into the entries of contacts that were there before, a few thousand at a time."""

import importlib

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

feeds = importlib.import_module("pipeline.migrations.0009_search_feeds")
old_records = importlib.import_module("pipeline.migrations.0010_search_entries_of_old_records")

NEXT = f"""
SELECT id FROM (SELECT id FROM pipeline_contact WHERE id > %s ORDER BY id LIMIT {old_records.BATCH}) batch
ORDER BY id DESC LIMIT 1
"""  # nosec B608 # our own constants
# An entry that says it already, from a trigger or from an earlier attempt, is not written again.
WRITE = f"""
UPDATE tenancy_searchentry e SET also = found.also
FROM (
    SELECT r.id, r.organization_id, tenancy_search_key(a.name) AS also
    FROM (SELECT * FROM pipeline_contact WHERE id > %s AND id <= %s AND account_id IS NOT NULL) r
    {feeds.ACCOUNT_OF_ROW}
) found
WHERE e.id = found.id AND e.organization_id = found.organization_id AND e.also IS DISTINCT FROM found.also
"""  # nosec B608 # our own constants


def write(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Walk the contacts by their key, each batch in a transaction of its own."""
    connection = schema_editor.connection
    last = old_records.FIRST
    while True:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(NEXT, [last])
            row = cursor.fetchone()
            if row is None:
                return
            cursor.execute(WRITE, [last, row[0]])
            last = row[0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("pipeline", "0012_find_contacts_by_account")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
