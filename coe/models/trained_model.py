"""What was learnt of an organisation's outcomes: versions of a model, of which one counts."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class Purpose(models.TextChoices):
    """The question that a model answers."""

    ACCOUNT_PURCHASE = "account_purchase", "Will the account buy within the horizon?"
    ACCOUNT_SILENCE = "account_silence", "Will the customer fall silent within the horizon?"
    OPPORTUNITY_WIN = "opportunity_win", "Will the deal be won?"
    OPPORTUNITY_SLIP = "opportunity_slip", "Will the deal close later than planned?"


DEAL_PURPOSES = (Purpose.OPPORTUNITY_WIN, Purpose.OPPORTUNITY_SLIP)


class ModelStatus(models.TextChoices):
    """Whether a version counts."""

    CHALLENGER = "challenger", "Challenger"  # measured, never used for a score so far
    CHAMPION = "champion", "Live"
    RETIRED = "retired", "Retired"


class TrainedModelQuerySet(TenantQuerySet["TrainedModel"]):
    """The vocabulary of trained models."""

    def answering(self, purpose: str) -> Self:
        """Keep the versions that answer this question, the newest first."""
        return self.filter(purpose=purpose).order_by("-version")

    def live(self) -> Self:
        """Keep the versions that count now: at most one for each question."""
        return self.filter(status=ModelStatus.CHAMPION)

    def once_live(self) -> Self:
        """Keep the versions that counted at some time before: what a roll-back can go back to."""
        return self.filter(status=ModelStatus.RETIRED, active_from__isnull=False)


class TrainedModel(TenantModel):
    """One version of a model with everything a person may ask about it. Figures are added once and never changed.

    ``metrics`` is what ``coe.scoring.quality.quality_of`` returns, ``candidates`` what was tried beside it, ``columns``
    the kind of each column that it looks at, ``left_out`` the columns that it must not look at, with the reason.
    The bytes of the model are in ``TrainedModelFile``, so that lists and the audit trail do without them.
    """

    purpose = models.TextField(choices=Purpose.choices)
    version = models.PositiveIntegerField()
    status = models.TextField(choices=ModelStatus.choices, default=ModelStatus.CHALLENGER)
    state = models.TextField(help_text="What its scores rest on: a code of coe.scoring.selection.State.")
    sentence = models.TextField(help_text="The state in words.")
    method = models.TextField(help_text="The code of the chosen candidate.")
    split = models.TextField(default="", help_text="How it was tried: by time, groups, rows; empty without a trial.")

    horizon_days = models.PositiveSmallIntegerField()
    window_start = models.DateField(null=True, help_text="The first day that was learnt from.")
    window_end = models.DateField(null=True)
    rows = models.PositiveIntegerField()
    positives = models.PositiveIntegerField()
    base_rate = models.FloatField()
    columns = models.JSONField(default=dict)
    left_out = models.JSONField(default=list)
    not_tried = models.JSONField(default=list, help_text="Candidates that need more outcomes, in words.")
    candidates = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    typical = models.JSONField(default=dict, help_text="The typical value of each column: what reasons compare with.")
    inputs = models.JSONField(default=dict, help_text="How each column was distributed: what drift compares with.")
    card_version = models.PositiveIntegerField(null=True, help_text="Of the rule card that it corrects; 0 is shipped.")
    card_points = models.JSONField(default=dict)
    code_version = models.TextField()

    trained_until = models.DateTimeField(null=True, help_text="Nothing that became known later was learnt from.")
    purchases_known = models.PositiveIntegerField(null=True, help_text="Then: when there are many more, it is time.")
    trained_at = models.DateTimeField()
    trained_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    trained_because = models.TextField(default="")
    decision = models.TextField(default="", help_text="Why it counts, or why not, in one sentence.")
    comparison = models.JSONField(default=dict, help_text="Its figures beside those of the version before.")
    active_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(TrainedModelQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "purpose", "version"], name="trained_model_version"),
            models.UniqueConstraint(
                fields=["organization", "purpose"],
                condition=Q(status=ModelStatus.CHAMPION),
                name="trained_model_one_champion",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="trained_model_version_from_one"),
            models.CheckConstraint(condition=Q(positives__lte=models.F("rows")), name="trained_model_positives"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="trained_model_purpose"),
            models.CheckConstraint(condition=Q(status__in=ModelStatus.values), name="trained_model_status"),
            models.CheckConstraint(
                condition=~Q(status=ModelStatus.CHAMPION) | Q(active_from__isnull=False, retired_at__isnull=True),
                name="trained_model_champion_is_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} v{self.version}"

    @property
    def name(self) -> str:
        """The version as scores name it, with what it rests on: pages and the API say it without asking further."""
        return f"model-{self.version}-{self.state}"


class TrainedModelFile(TenantModel):
    """The bytes of a model: coefficients or trees, in a form that can run no code (`coe.scoring.model_files`)."""

    model = TenantForeignKey("coe.TrainedModel", models.CASCADE)
    format = models.TextField(default="agile-sales-model")
    checksum = models.TextField(help_text="SHA-256 of the bytes, in hexadecimal digits.")
    data = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "model"], name="trained_model_file_once")]

    def __str__(self) -> str:
        return f"{self.format} {self.checksum[:12]}"
