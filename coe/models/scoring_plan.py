"""The work of one night's scoring, cut into pieces that any number of workers may do."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class ScoringPlan(TenantModel):
    """What every piece has in common: written once, so that all of them score by the same method and background.

    The plan whose scores are published stays: by it a score is explained that nobody asked about before.
    """

    run = TenantForeignKey("tenancy.Run", models.CASCADE)
    as_of = models.DateTimeField()
    scored_at = models.DateTimeField()
    background = models.JSONField(help_text="The market as `coe.queries.Market.as_json` keeps it.")
    card_version = models.PositiveIntegerField()
    card_points = models.JSONField()
    model = TenantForeignKey("coe.TrainedModel", models.SET_NULL, null=True)
    note = models.TextField(default="", db_default="", help_text="What is used instead of what, and why.")
    intercept = models.FloatField(null=True, help_text="Of the rule card, once all are scored.")
    published_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "run"], name="scoring_plan_once")]

    def __str__(self) -> str:
        return f"plan of {self.as_of:%Y-%m-%d}"


class SilencePlan(TenantModel):
    """The other question that a night asks of customers: who falls silent, by which version, and what it found."""

    plan = TenantForeignKey("coe.ScoringPlan", models.CASCADE, related_name="silence")
    model = TenantForeignKey("coe.TrainedModel", models.SET_NULL, null=True)
    note = models.TextField(default="", db_default="", help_text="What is used instead of what, and why.")
    data = models.BinaryField(default=b"", help_text="Once all are scored: rows of `coe.scoring.chunks.SILENCE`.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "plan"], name="silence_plan_once")]

    def __str__(self) -> str:
        return f"silence by {self.model}"


class ScoringChunk(TenantModel):
    """A range of accounts, and once they are scored what was found, as bytes of `coe.scoring.chunks.ROW`."""

    plan = TenantForeignKey("coe.ScoringPlan", models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    first = models.UUIDField()
    last = models.UUIDField()
    done_at = models.DateTimeField(null=True)
    accounts = models.PositiveIntegerField(default=0)
    checksum = models.TextField(default="", db_default="", help_text="SHA-256 of the bytes.")
    data = models.BinaryField(default=b"")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "plan", "number"], name="scoring_chunk_once")]

    def __str__(self) -> str:
        return f"chunk {self.number}"
