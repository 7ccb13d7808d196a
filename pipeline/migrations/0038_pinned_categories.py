"""Let a person say how firmly a deal counts in the forecast, until they clear it."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0037_pipelines_by_name")]

    operations = [
        migrations.AddField(
            model_name="opportunity",
            name="pinned_category",
            field=models.TextField(
                choices=[
                    ("commit", "Commit"),
                    ("best_case", "Best case"),
                    ("pipeline", "Pipeline"),
                    ("omitted", "Omitted"),
                ],
                db_default="",
                default="",
                help_text="Set by hand, and kept until somebody clears it; empty: its stage says.",
            ),
        ),
        AddConstraintNotValid(
            model_name="opportunity",
            constraint=models.CheckConstraint(
                condition=models.Q(("pinned_category__in", ["commit", "best_case", "pipeline", "omitted", ""])),
                name="opportunity_pinned_category",
            ),
        ),
    ]
