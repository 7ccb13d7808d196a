"""Events say what wrote them, as entries of the audit trail do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0014_search_members")]

    operations = [
        migrations.AddField(
            model_name="domainevent",
            name="task",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What wrote it: a task, a token, a session.",
                max_length=200,
            ),
        ),
    ]
