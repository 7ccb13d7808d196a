"""Pipelines and their stages: the one process that every deal goes through."""

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class StageKind(models.TextChoices):
    """Whether a deal in this stage is still open. Never guessed from the stage's name."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class ForecastCategory(models.TextChoices):
    """How firmly a deal counts in the forecast; stored single, never cumulative."""

    PIPELINE = "pipeline", "Pipeline"
    BEST_CASE = "best_case", "Best case"
    COMMIT = "commit", "Commit"
    CLOSED = "closed", "Closed"
    OMITTED = "omitted", "Omitted"


class Pipeline(TenantModel):  # its reverse managers are Any
    """An ordered set of stages; most organisations have one."""

    name = models.TextField()
    is_default = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="pipeline_name"),
            models.UniqueConstraint(fields=["organization"], condition=Q(is_default=True), name="pipeline_default"),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(TenantModel):  # its reverse managers are Any
    """A step of a pipeline. A stage that deals have been in is retired, never removed."""

    pipeline = TenantForeignKey("pipeline.Pipeline", models.PROTECT, related_name="stages")
    name = models.TextField()
    position = models.SmallIntegerField()
    kind = models.TextField(choices=StageKind.choices, default=StageKind.OPEN, db_default=StageKind.OPEN)
    probability_bp = models.IntegerField(default=0, db_default=0)
    forecast_category = models.TextField(
        choices=ForecastCategory.choices, default=ForecastCategory.PIPELINE, db_default=ForecastCategory.PIPELINE
    )
    expected_days = models.SmallIntegerField(default=0, db_default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "pipeline", "name"], name="stage_name"),
            models.CheckConstraint(
                condition=Q(probability_bp__gte=0, probability_bp__lte=10_000), name="stage_probability"
            ),
            one_of("kind", StageKind, name="stage_kind"),
            one_of("forecast_category", ForecastCategory, name="stage_forecast_category"),
        ]
        indexes = [models.Index(fields=["organization", "pipeline", "position", "id"], name="stage_by_position")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether deals in this stage are still undecided."""
        return self.kind == StageKind.OPEN
