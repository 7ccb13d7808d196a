"""The fences around the tables of the methods."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0001_initial")]

    operations = [
        SecureTable("RuleCard"),
        # A log of what happened is not audited itself.
        SecureTable("ScoringRun", audited=False),
    ]
