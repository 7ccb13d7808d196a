"""Put the fences around forecasts; what was said once the application can only add to."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0044_period_forecasts")]

    operations = [
        SecureTable("PeriodForecast", audited=False),
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON pipeline_periodforecast FROM agile_app",
            "GRANT UPDATE, DELETE ON pipeline_periodforecast TO agile_app",
        ),
    ]
