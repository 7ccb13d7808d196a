"""Put the fences around plans and pieces of scoring. They are working papers of a run."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0006_scoring_plans")]

    operations = [SecureTable("ScoringPlan", audited=False), SecureTable("ScoringChunk", audited=False)]
