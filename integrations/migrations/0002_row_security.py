"""Put the fences around the tables. Staging is not audited: what it becomes is."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("tenancy", "0003_row_security")]

    operations = [
        SecureTable("Import"),
        SecureTable("ImportFile", audited=False),
        SecureTable("ImportFilePart", audited=False),
        SecureTable("ImportRow", audited=False),
        SecureTable("ImportChunk", audited=False),
        SecureTable("SavedMapping"),
        SecureTable("SavedAlias"),
    ]
