"""Put the fences around the tables. Histories, snapshots and scores only ever grow or follow a run: no audit needed."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_initial"), ("tenancy", "0003_row_security")]

    operations = [
        SecureTable("Account"),
        SecureTable("Contact"),
        SecureTable("Product"),
        SecureTable("Pipeline"),
        SecureTable("Stage"),
        SecureTable("Opportunity"),
        SecureTable("OpportunityHistory", audited=False),
        SecureTable("OpportunitySnapshot", audited=False),
        SecureTable("Activity"),
        SecureTable("Order"),
        SecureTable("OrderLine"),
        SecureTable("SatisfactionResponse"),
        SecureTable("UsageSignal"),
        SecureTable("AccountScore", audited=False),
        SecureTable("AccountScoreHistory", audited=False),
    ]
