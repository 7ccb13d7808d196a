"""A contact is found by its account's name too, as a deal is: an account that is renamed writes the entries of both."""

import importlib

from django.db import migrations

feeds = importlib.import_module("pipeline.migrations.0009_search_feeds")

CONTACT = feeds.CONTACT.replace(
    "tenancy_search_key(r.name), '',", "tenancy_search_key(r.name), coalesce(tenancy_search_key(a.name), ''),"
)
TABLES = {**feeds.TABLES, "pipeline_contact": (CONTACT, feeds.TABLES["pipeline_contact"][1])}
FOLLOWERS = "".join(
    feeds.FOLLOWING.format(
        table=table,
        or_name=" or has another name",
        and_name=", also = tenancy_search_key(a.name)",
        name_after=", a.name",
        name_before=", b.name",
    )
    for table in ("pipeline_contact", "pipeline_opportunity")
)


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0011_bulk_changes")]

    operations = [
        migrations.RunSQL(
            feeds.functions(table, TABLES, FOLLOWERS), feeds.functions(table, feeds.TABLES, feeds.FOLLOWERS)
        )
        for table in ("pipeline_contact", "pipeline_account")
    ]
