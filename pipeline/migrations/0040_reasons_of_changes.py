"""A reason beside a kept change; and the days of a stage become working days, set and learnt alike."""

from django.db import migrations, models

# A stay of so many days held so many working days. What a night learnt is learnt anew; what people set is theirs.
TO_WORKING_DAYS = """
UPDATE pipeline_stage s
   SET expected_days = ceil(s.expected_days * length(o.working_days) / 7.0),
       warning_days = ceil(s.warning_days * length(o.working_days) / 7.0),
       learned_days = ceil(s.learned_days * length(o.working_days) / 7.0),
       learned_warning_days = ceil(s.learned_warning_days * length(o.working_days) / 7.0)
  FROM tenancy_organization o
 WHERE o.id = s.organization_id
"""
TO_DAYS = TO_WORKING_DAYS.replace("ceil(", "round(").replace(
    "* length(o.working_days) / 7.0", "* 7.0 / length(o.working_days)"
)


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0039_check_pinned_categories")]

    operations = [
        migrations.AddField(
            model_name="opportunityhistory",
            name="reason",
            field=models.TextField(db_default="", default="", help_text="As somebody gave it with the change."),
        ),
        migrations.RunSQL(TO_WORKING_DAYS, TO_DAYS),
    ]
