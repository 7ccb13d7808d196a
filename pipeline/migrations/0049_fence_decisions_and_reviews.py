"""Put the fences around decisions, and around what reviews closed."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0048_decisions_and_reviews")]

    operations = [SecureTable("Decision"), SecureTable("ReviewMark")]
