"""Put the fences around custom columns."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0016_custom_columns")]

    operations = [SecureTable("CustomColumn"), SecureTable("CustomValues", audited=False)]
