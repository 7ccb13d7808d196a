"""The weekly pipeline review: what is exceptional about a deal, and how each exception was closed."""

from django.db import models

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class ReviewReason(models.TextChoices):
    """Why a deal comes into the review."""

    STALLED = "stalled", "It stands still"
    OVERDUE = "overdue", "The close date has passed"
    PUSHED = "pushed", "It was pushed out twice or more"
    BIG_AND_IDLE = "big_and_idle", "Big, and nothing planned"
    CATEGORY = "category", "Forecast and chance disagree"

    @property
    def bit(self) -> int:
        """The reason as a bit: what a mark has seen is compared in the database."""
        return 1 << list(ReviewReason).index(self)


class ReviewEnd(models.TextChoices):
    """How an exception was closed."""

    ACTION = "action", "An action"
    DECISION = "decision", "A decision"
    NO_CHANGE = "no_change", "No change"


class ReviewMark(TenantModel):
    """Somebody closed the exceptions of a deal, as it was then. It comes back when something changed."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="review_marks")
    reasons = models.SmallIntegerField(help_text="Bits of ReviewReason: what was seen.")
    deal_version = models.IntegerField()
    how = models.TextField(choices=ReviewEnd.choices)
    note = models.TextField(default="", db_default="")
    decision = TenantForeignKey("pipeline.Decision", models.SET_NULL, null=True)
    closed_by = TenantForeignKey("tenancy.Member", models.PROTECT)
    closed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [one_of("how", ReviewEnd, name="review_mark_how")]
        indexes = [
            models.Index(fields=["organization", "opportunity", "closed_at", "id"], name="review_mark_by_deal"),
            models.Index(fields=["organization", "closed_at", "id"], name="review_mark_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.how} of {self.opportunity_id} at {self.closed_at:%Y-%m-%d %H:%M}"
