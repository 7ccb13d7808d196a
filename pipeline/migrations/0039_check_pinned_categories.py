"""Hold the deals that are there to the categories, beside the people who work."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0038_pinned_categories")]

    operations = [ValidateConstraint(model_name="opportunity", name="opportunity_pinned_category")]
