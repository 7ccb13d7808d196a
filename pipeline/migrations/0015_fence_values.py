"""Put the fences around values and next actions. They follow a run; what people say to them is an event."""

from django.db import migrations

from tenancy.row_security import SecureTable


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0014_values_and_next_actions")]

    operations = [
        SecureTable("AccountValue", audited=False),
        SecureTable("WeekPlan", audited=False),
        SecureTable("NextAction", audited=False),
        SecureTable("PlannedAction", audited=False),
    ]
