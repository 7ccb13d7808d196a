"""Put the fences around packed rows. Staging is not audited: what it becomes is."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_pack_ready_rows")]

    operations = [SecureTable("ImportBatch", audited=False)]
