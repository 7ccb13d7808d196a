"""What the open pipeline looked like on one day."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class OpportunitySnapshot(TenantModel):
    """An open deal as it stood at the end of `snapshot_date`."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE)
    snapshot_date = models.DateField()
    stage = TenantForeignKey("pipeline.Stage", models.PROTECT)
    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True)
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    close_date = models.DateField(null=True)
    probability_bp = models.IntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "snapshot_date", "opportunity"], name="opportunity_snapshot_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} on {self.snapshot_date}"
