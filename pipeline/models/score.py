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


class ScorePublication(TenantModel):
    """Which run confirmed the current scores of an organisation: one row, written in the transaction of the scores."""

    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    model_version = models.TextField()
    accounts = models.PositiveIntegerField()
    checksum = models.TextField(help_text="SHA-256 of accounts, scores, ranks, bands and values.")
    as_of = models.DateTimeField()
    scored_at = models.DateTimeField()
    data_up_to = models.DateTimeField(null=True)
    to_check = models.JSONField(
        default=dict, db_default={}, help_text="Segments and territories about which the model is too sure."
    )

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization"], name="score_publication_one_each")]

    def __str__(self) -> str:
        return f"{self.accounts} scores as of {self.as_of:%Y-%m-%d}"


class AccountScore(TenantModel):
    """The score that counts now, and the place by what an hour of acting adds.

    `reasons` are log-odds points that add up, each with the records it came from.

    A row is written when it changes: `run`, `as_of`, `scored_at` and `data_up_to` are of the run that wrote it, the
    publication says which one confirmed it last. Far down the list reasons and `value_basis` are empty until somebody
    asks for them (`pipeline.queries.explained`).
    """

    account = TenantForeignKey("pipeline.Account", models.CASCADE, related_name="scores", related_query_name="score")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    score = models.SmallIntegerField()
    previous_score = models.SmallIntegerField(null=True)
    probability = models.FloatField()
    rank = models.IntegerField()
    previous_rank = models.IntegerField(null=True)
    band = models.TextField(choices=Band.choices)
    value_minor = models.BigIntegerField(null=True)
    typical_minor = models.BigIntegerField(null=True, help_text="A usual purchase; open deals come on top.")
    deals_minor = models.BigIntegerField(null=True, help_text="The open deals.")
    per_hour_minor = models.BigIntegerField(
        null=True, help_text="What an hour of the best first step is expected to add: the place is by this."
    )
    by_chance_minor = models.BigIntegerField(null=True, help_text="The part of it that grows with the chance.")
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
    """What a run said about an account: never changed, so that a score can be held to its promise.

    A run adds a row where score, band, value or model are others than before; until the next row it holds on.
    """

    account = TenantForeignKey("pipeline.Account", models.CASCADE, related_name="score_history")
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    score = models.SmallIntegerField()
    rank = models.IntegerField()
    band = models.TextField(choices=Band.choices)
    previous_score = models.SmallIntegerField(null=True)
    previous_band = models.TextField(default="", db_default="", help_text="Empty where there was no score before.")
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
