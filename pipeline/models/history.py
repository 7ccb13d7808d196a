"""Append-only history of what matters in a deal: it is what durations, pushes and forecasts are computed from."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class TrackedField(models.TextChoices):
    """The fields of a deal whose every value is kept."""

    STAGE = "stage", "Stage"
    AMOUNT = "amount", "Amount"
    CLOSE_DATE = "close_date", "Close date"
    OWNER = "owner", "Owner"
    FORECAST_CATEGORY = "forecast_category", "Forecast category"
    ACCOUNT = "account", "Account"


BY_STAGE = "stage"
"""What stands for a forecast category that nobody pinned: the stage says."""


class OpportunityHistory(TenantModel):
    """One change of one field. The first row of a field has an empty old value: the deal began with it."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="history")
    field = models.TextField(choices=TrackedField.choices)
    old = models.TextField(default="", db_default="")
    new = models.TextField(default="", db_default="")
    old_stage = TenantForeignKey("pipeline.Stage", models.PROTECT, null=True)
    new_stage = TenantForeignKey("pipeline.Stage", models.PROTECT, null=True)
    old_amount_minor = models.BigIntegerField(null=True)
    new_amount_minor = models.BigIntegerField(null=True)
    actor = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    reason = models.TextField(default="", db_default="", help_text="As somebody gave it with the change.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())
    reconstructed = models.BooleanField(default=False, db_default=False)

    class Meta(TenantModel.Meta):
        constraints = [one_of("field", TrackedField, name="opportunity_history_field")]
        indexes = [
            models.Index(fields=["organization", "opportunity", "occurred_at", "id"], name="opp_history_by_deal"),
            models.Index(fields=["organization", "field", "occurred_at", "id"], name="opp_history_by_field"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.opportunity_id} at {self.occurred_at:%Y-%m-%d %H:%M}"
