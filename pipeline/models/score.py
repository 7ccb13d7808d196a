"""Scores of accounts: the result is kept here, the method and its run log belong to the centre of excellence."""

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class Band(models.TextChoices):
    """When an account wants attention."""

    ACT = "act", "Act today"
    WEEK = "week", "This week"
    STEADY = "steady", "Steady"


class AccountScore(TenantModel):
    """The score that counts now. `reasons` are log-odds points that add up, each with the records it came from."""

    account = TenantForeignKey("pipeline.Account", models.CASCADE, related_name="scores", related_query_name="score")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    score = models.SmallIntegerField()
    previous_score = models.SmallIntegerField(null=True)
    probability = models.FloatField()
    rank = models.IntegerField()
    previous_rank = models.IntegerField(null=True)
    band = models.TextField(choices=Band.choices)
    value_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    value_basis = models.JSONField(default=dict, db_default={}, help_text="What the value at stake is made of.")
    reasons = models.JSONField(default=list)
    model_version = models.TextField()
    as_of = models.DateTimeField()
    scored_at = models.DateTimeField()
    data_up_to = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account"], name="account_score_one_each"),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=99), name="account_score_range"),
            models.CheckConstraint(condition=Q(probability__gte=0, probability__lte=1), name="account_score_chance"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="account_score_rank"),
            one_of("band", Band, name="account_score_band"),
        ]
        indexes = [
            models.Index(fields=["organization", "rank", "account"], name="account_score_by_rank"),
            models.Index(fields=["organization", "band", "rank", "account"], name="account_score_by_band"),
            models.Index(fields=["organization", "value_minor", "account"], name="account_score_by_value"),
        ]

    def __str__(self) -> str:
        return f"{self.score} (rank {self.rank})"

    @property
    def change(self) -> int | None:
        """Points won or lost since the run before, None on the first night."""
        return None if self.previous_score is None else self.score - self.previous_score


class AccountScoreHistory(TenantModel):
    """What a run said about an account: never changed, so that a score can be held to its promise."""

    account = TenantForeignKey("pipeline.Account", models.CASCADE, related_name="score_history")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    score = models.SmallIntegerField()
    rank = models.IntegerField()
    band = models.TextField(choices=Band.choices)
    value_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    model_version = models.TextField()
    as_of = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "run", "account"], name="account_score_history_once"),
            one_of("band", Band, name="account_score_history_band"),
        ]
        indexes = [models.Index(fields=["organization", "account", "as_of", "id"], name="score_history_by_account")]

    def __str__(self) -> str:
        return f"{self.score} as of {self.as_of:%Y-%m-%d}"
