"""The fence around the looks at models."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0011_model_quality")]

    operations = [
        # What the night saw; nobody changes it.
        SecureTable("ModelQuality", audited=False),
    ]
