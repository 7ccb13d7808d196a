"""What the open pipeline looked like on one day: only ever added to, so that it stays as it was recorded."""

from typing import Any, ClassVar

from django.db import models

from pipeline.models.stage import ForecastCategory
from pipeline.querysets import SnapshotQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel


class SnapshotDay(TenantModel):
    """A day whose open pipeline was recorded, also where no deal was open, and what it came to at that moment."""

    snapshot_date = models.DateField()
    taken_at = models.DateTimeField()
    deals = models.IntegerField()
    worth = models.JSONField(default=dict, db_default={}, help_text="Currency → minor units.")
    reconstructed = models.BooleanField(default=False, db_default=False, help_text="Drawn from histories afterwards.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "snapshot_date"], name="snapshot_day_once")]

    def __str__(self) -> str:
        return f"{self.deals} deals on {self.snapshot_date}"


class OpportunitySnapshot(TenantModel):
    """An open deal as it stood at the end of `snapshot_date`.

    The table is partitioned by month, and a trigger refuses to change or remove a row. What it names may be renamed,
    merged or removed since: its references bind nothing, and the names of deal and account are kept beside them.
    """

    opportunity = TenantForeignKey("pipeline.Opportunity", models.DO_NOTHING)
    snapshot_date = models.DateField()
    name = models.TextField(default="", db_default="")
    stage = TenantForeignKey("pipeline.Stage", models.DO_NOTHING)
    account = TenantForeignKey("pipeline.Account", models.DO_NOTHING, null=True)
    account_name = models.TextField(default="", db_default="")
    owner = TenantForeignKey("tenancy.Member", models.DO_NOTHING, null=True)
    unit = TenantForeignKey("tenancy.Unit", models.DO_NOTHING, null=True, help_text="Its owner's on that day.")
    amount_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    close_date = models.DateField(null=True)
    probability_bp = models.IntegerField()
    forecast_category = models.TextField(
        choices=ForecastCategory.choices, default=ForecastCategory.PIPELINE, db_default=ForecastCategory.PIPELINE
    )
    next_step = models.TextField(default="", db_default="")
    next_step_date = models.DateField(null=True)
    opened_at = models.DateTimeField(null=True)
    stage_entered_at = models.DateTimeField(null=True)
    pushes = models.SmallIntegerField(default=0, db_default=0, help_text="How often its close date was moved out.")
    amount_changes = models.SmallIntegerField(default=0, db_default=0)

    objects: ClassVar[Any] = TenantManager.from_queryset(SnapshotQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "snapshot_date", "opportunity"], name="opportunity_snapshot_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} on {self.snapshot_date}"
