"""A later page of pipelines by name begins inside an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("pipeline", "0036_followers_that_moved")]

    operations = [
        AddIndexConcurrently("pipeline", models.Index(fields=["organization", "name", "id"], name="pipeline_by_name")),
    ]
