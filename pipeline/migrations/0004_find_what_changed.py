"""The indexes by which "changed later than this moment" is answered, made while people go on working."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

FIELDS = ["organization", "updated_at", "id"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("pipeline", "0003_account_score_value_basis")]

    operations = [
        AddIndexConcurrently("activity", models.Index(fields=FIELDS, name="activity_by_update")),
        AddIndexConcurrently("order", models.Index(fields=FIELDS, name="order_by_update")),
        AddIndexConcurrently("product", models.Index(fields=FIELDS, name="product_by_update")),
        AddIndexConcurrently("satisfactionresponse", models.Index(fields=FIELDS, name="satisfaction_by_update")),
    ]
