"""Put the fences around what a night finds of silence. It is a working paper of a run."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0013_silence_plans")]

    operations = [SecureTable("SilencePlan", audited=False)]
