"""Put the fences around who a pipeline is for, and what people confirmed of deals."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0031_pipeline_process")]

    operations = [SecureTable("PipelineUnit"), SecureTable("CriterionCheck")]
