"""Put the fences around scores set by hand."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0025_score_overrides")]

    operations = [SecureTable("ScoreOverride")]
