"""What hangs on an account is looked at only when an account changed its owner or its name.

An import that says no more than when accounts were first known touches thousands of them and moves none. The planner
takes a table that was filled a moment ago for empty, and then asked each entry whether its account was among them.
"""

import importlib

from django.db import migrations

feeds = importlib.import_module("pipeline.migrations.0009_search_feeds")
found = importlib.import_module("pipeline.migrations.0012_find_contacts_by_account")

MOVED = f"""
    IF EXISTS (
        SELECT FROM after_rows a JOIN before_rows b ON b.id = a.id
        WHERE (a.owner_id, a.name) IS DISTINCT FROM (b.owner_id, b.name)
    ) THEN
    {found.FOLLOWERS}
    END IF;
"""  # nosec B608 # our own constants


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0035_hours_of_scores")]

    operations = [
        migrations.RunSQL(
            feeds.functions("pipeline_account", found.TABLES, MOVED),
            feeds.functions("pipeline_account", found.TABLES, found.FOLLOWERS),
        ),
    ]
