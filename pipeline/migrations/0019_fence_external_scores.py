"""Put the fences around the scores of other systems."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0018_external_scores")]

    operations = [SecureTable("ExternalScore")]
