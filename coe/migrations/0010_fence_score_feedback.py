"""Put the fences around what people say of scores."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("coe", "0009_score_feedback")]

    operations = [
        SecureTable("ScoreReport"),
        # A count that names nobody is no change of anything.
        SecureTable("ExplanationOpening", audited=False),
    ]
