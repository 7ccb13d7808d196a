"""The index from which the audit page reads events by time, built beside writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenancy", "0015_event_task")]

    operations = [
        AddIndexConcurrently(
            "domainevent", models.Index(fields=["organization", "occurred_at", "id"], name="event_by_time")
        ),
    ]
