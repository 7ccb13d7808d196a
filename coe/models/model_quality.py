"""How a model in use has held: what it said against what came, and whether its inputs still look as they did."""

from typing import ClassVar

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class ModelQuality(TenantModel):
    """One look at a model in use, once a week.

    ``figures`` and ``by`` are what `coe.scoring.quality` makes of the scores that were published a horizon ago and of
    what came since; empty while no score is that old (``note`` says so, and the figures of the training stand).
    ``drift`` is the PSI of each input beyond chance, in no order: the database sorts the keys of JSON its own way.
    """

    model = TenantForeignKey("coe.TrainedModel", models.CASCADE, related_name="qualities")
    run = TenantForeignKey("tenancy.Run", models.SET_NULL, null=True)
    as_of = models.DateTimeField()
    measured_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True, help_text="When the scores were said that are held against what came.")
    said_by = models.TextField(default="", help_text="The versions that said them.")
    rows = models.PositiveIntegerField(default=0)
    positives = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    by = models.JSONField(default=dict)
    drift = models.JSONField(default=dict)
    score_drift = models.FloatField(null=True)
    is_drifting = models.BooleanField(default=False)
    alarms = models.JSONField(default=list, help_text="What a person should look at, in sentences.")
    note = models.TextField(default="")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "model", "as_of"], name="model_quality_once")
        ]

    def __str__(self) -> str:
        return f"{self.model_id} as of {self.as_of:%Y-%m-%d}"
