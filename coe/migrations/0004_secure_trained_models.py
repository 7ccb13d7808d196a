"""The fences around the tables of trained models."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0003_trained_models")]

    operations = [
        SecureTable("TrainedModel"),
        # Bytes tell nobody anything; the row above names their checksum.
        SecureTable("TrainedModelFile", audited=False),
    ]
