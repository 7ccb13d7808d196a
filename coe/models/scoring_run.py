"""What a scoring run did, so that a score can be explained after the card has changed."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class ScoringRun(TenantModel):
    """The numbers that a night's scores rest on: one row a run."""

    run = TenantForeignKey("tenancy.Run", models.CASCADE)
    model_version = models.CharField(max_length=60)
    state = models.TextField(default="", db_default="", help_text="What the scores rest on.")
    note = models.TextField(default="", db_default="", help_text="What was used instead of what, and why.")
    horizon_days = models.PositiveSmallIntegerField()
    accounts = models.PositiveIntegerField(help_text="Known when the horizon began.")
    positives = models.PositiveIntegerField(help_text="Of them, those that bought within it.")
    base_rate = models.FloatField()
    intercept = models.FloatField()
    scored = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, help_text="Of the value at stake; amounts in others were left out.")
    as_of = models.DateTimeField()
    scored_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "run"], name="scoring_run_once")]

    def __str__(self) -> str:
        return f"{self.model_version} as of {self.as_of:%Y-%m-%d}"
