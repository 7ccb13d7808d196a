"""Put the fences around the scores of deals."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0023_opportunity_scores")]

    operations = [SecureTable("OpportunityScore", audited=False)]
