"""Put the fence around the publication of scores. It follows a run, which the audit trail knows."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0021_score_publication")]

    operations = [SecureTable("ScorePublication", audited=False)]
