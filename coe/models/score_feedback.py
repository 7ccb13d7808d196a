"""What people say and do about scores: doubts, and whether explanations are read."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class Doubt(models.TextChoices):
    """What looks wrong."""

    FACT_WRONG = "fact_wrong", "A fact is wrong"
    FACT_MISSING = "fact_missing", "Something is missing"
    WEIGHT = "weight", "The facts are right, the score isn't"


class Verdict(models.TextChoices):
    """What came of a doubt."""

    DATA_MENDED = "data_mended", "The data was wrong and is mended"
    MODEL_NOTED = "model_noted", "The model is wrong here; noted for the next version"
    SCORE_RIGHT = "score_right", "The score is right"


class ScoreReportQuerySet(TenantQuerySet["ScoreReport"]):
    """The vocabulary of doubts."""

    def open(self) -> Self:
        """Keep those that wait for an answer."""
        return self.filter(answered_at=None)


class ScoreReport(TenantModel):
    """Somebody says that a score looks wrong; somebody whose method it is answers. The score is kept as it was."""

    account = TenantForeignKey("pipeline.Account", models.CASCADE)
    score = models.SmallIntegerField()
    model_version = models.TextField()
    reasons = models.JSONField(default=list)
    as_of = models.DateTimeField()
    doubt = models.TextField(choices=Doubt.choices)
    words = models.TextField()
    reported_by = TenantForeignKey("tenancy.Member", models.PROTECT)
    reported_at = models.DateTimeField()
    verdict = models.TextField(choices=Verdict.choices, default="", db_default="")
    answer = models.TextField(default="", db_default="")
    answered_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(ScoreReportQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="score_report_has_words"),
            models.CheckConstraint(condition=Q(doubt__in=Doubt.values), name="score_report_doubt"),
            models.CheckConstraint(
                condition=Q(answered_at=None, verdict="") | Q(answered_at__isnull=False, verdict__in=Verdict.values),
                name="score_report_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "account", "reported_at", "id"], name="score_report_by_account"),
            models.Index(fields=["organization", "reported_at", "id"], name="score_report_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.score}: {self.doubt}"


class ExplanationOpening(TenantModel):
    """How often an account's explanation was opened on a day. It doesn't say by whom: use is counted, not people."""

    account = TenantForeignKey("pipeline.Account", models.CASCADE)
    day = models.DateField()
    times = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account", "day"], name="explanation_opening_once_a_day")
        ]
        indexes = [models.Index(fields=["organization", "day"], name="explanation_opening_by_day")]

    def __str__(self) -> str:
        return f"{self.times} on {self.day}"
