"""Versions of units and organisations, so that two administrators can't overwrite each other."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0008_audit_seal_indexes")]

    operations = [
        migrations.AddField("member", "deactivated_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("organization", "version", models.PositiveIntegerField(db_default=1, default=1)),
        migrations.AddField("unit", "version", models.PositiveIntegerField(db_default=1, default=1)),
    ]
