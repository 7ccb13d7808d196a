"""Scores that other systems give our accounts and deals."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class Trend(models.TextChoices):
    """Where a score is going, in the words that other systems use."""

    IMPROVING = "improving", "Improving"
    STEADY = "steady", "Steady"
    DECLINING = "declining", "Declining"
    NOT_ENOUGH = "not_enough_info", "Not enough information"


class ExternalScore(TenantModel):
    """What a model of another system said of an account or a deal at a moment: append-only, the latest one counts.

    `recorded_at` is when it reached us: before that, no score of ours can have known it.
    """

    account = TenantForeignKey("pipeline.Account", models.CASCADE, null=True, related_name="+")
    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, null=True, related_name="+")
    model_name = models.TextField()
    score = models.SmallIntegerField()
    trend = models.TextField(choices=Trend.choices, default="", db_default="")
    grade = models.TextField(default="", db_default="")
    reasons = models.JSONField(default=list, db_default=[])
    scored_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "account", "model_name", "scored_at"], name="external_score_of_account_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "opportunity", "model_name", "scored_at"], name="external_score_of_deal_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True, opportunity__isnull=False)
                | Q(account__isnull=False, opportunity__isnull=True),
                name="external_score_of_one_record",
            ),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="external_score_range"),
            models.CheckConstraint(condition=~Q(model_name=""), name="external_score_has_model"),
            one_of("trend", Trend, name="external_score_trend", blank=True),
        ]
        indexes = [models.Index(fields=["organization", "scored_at", "id"], name="external_score_by_moment")]

    def __str__(self) -> str:
        return f"{self.model_name}: {self.score}"
