"""Put the fences around what people promise and what is asked of them; what was promised is only ever added to."""

from django.db import migrations

from tenancy.row_security import SecureTable

KEPT = "pipeline_forecastsubmission, pipeline_submitteddeal"


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0046_forecast_submissions")]

    operations = [
        SecureTable("ForecastSubmission"),
        SecureTable("SubmittedDeal", audited=False),
        SecureTable("Quota"),
        SecureTable("Season", audited=False),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {KEPT} FROM agile_app",
            f"GRANT UPDATE, DELETE ON {KEPT} TO agile_app",
        ),
    ]
