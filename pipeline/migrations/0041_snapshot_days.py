"""Note each day whose open pipeline was recorded: also one on which nothing was open."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0040_reasons_of_changes"), ("tenancy", "0019_member_hours")]

    operations = [
        migrations.CreateModel(
            name="SnapshotDay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("snapshot_date", models.DateField()),
                ("taken_at", models.DateTimeField()),
                ("deals", models.IntegerField()),
                ("worth", models.JSONField(db_default={}, default=dict, help_text="Currency → minor units.")),
                (
                    "reconstructed",
                    models.BooleanField(db_default=False, default=False, help_text="Drawn from histories afterwards."),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "snapshot_date"), name="snapshot_day_once")
                ],
            },
        ),
    ]
