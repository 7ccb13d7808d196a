"""Put the fences around the days that were recorded, and let the application only add to them."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0041_snapshot_days")]

    operations = [
        SecureTable("SnapshotDay", audited=False),
        migrations.RunSQL(
            'REVOKE UPDATE, DELETE ON "pipeline_snapshotday" FROM agile_app',
            'GRANT UPDATE, DELETE ON "pipeline_snapshotday" TO agile_app',
        ),
    ]
