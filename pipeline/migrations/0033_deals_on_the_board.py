"""Find the cards of a column of the board, and its sums, without a look at the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("pipeline", "0032_fence_pipeline_process")]

    operations = [
        AddIndexConcurrently(
            "opportunity",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("outcome", "open")),
                fields=["organization", "stage", "close_date", "id"],
                include=("amount_minor", "currency", "probability_bp", "owner"),
                name="opportunity_on_board",
            ),
        ),
    ]
