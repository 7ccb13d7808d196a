"""What a person believes instead of a score, for a while and for a reason."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class OverrideReason(models.TextChoices):
    """Why a person knows better."""

    KNOWS_MORE = "knows_more", "We know something that the data doesn't"
    DATA_WRONG = "data_wrong", "The data is wrong"
    TIMING = "timing", "It happens sooner or later than it looks"
    AGREED = "agreed", "Agreed with the customer"
    OTHER = "other", "Something else"


class OverrideEnd(models.TextChoices):
    """How it ended."""

    RETURNED = "returned", "Taken back by hand"
    REPLACED = "replaced", "Replaced by another"
    EXPIRED = "expired", "Its time was over"


class ScoreOverrideQuerySet(TenantQuerySet["ScoreOverride"]):
    """The vocabulary of overrides."""

    def in_force(self) -> Self:
        """Keep those that count now: at most one for each account."""
        return self.filter(ended_at=None)


class ScoreOverride(TenantModel):
    """A score set by hand. The model's own stays beside it; a return to automatic, or the expiry, brings it back.

    ``automatic`` keeps the place (rank, band, value, value an hour) that the account has without the override,
    ``placed`` with it.
    """

    account = TenantForeignKey(
        "pipeline.Account", models.CASCADE, related_name="score_overrides", related_query_name="score_override"
    )
    score = models.SmallIntegerField()
    automatic_score = models.SmallIntegerField(help_text="What the model said when it was set.")
    automatic = models.JSONField(default=dict)
    placed = models.JSONField(default=dict)
    reason = models.TextField(choices=OverrideReason.choices)
    words = models.TextField()
    set_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    set_at = models.DateTimeField()
    expires_on = models.DateField(help_text="The first day on which it no longer counts.")
    ended_at = models.DateTimeField(null=True)
    ended_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    ended_how = models.TextField(choices=OverrideEnd.choices, default="", db_default="")

    objects: ClassVar[Any] = TenantManager.from_queryset(ScoreOverrideQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "account"], condition=Q(ended_at=None), name="score_override_one_in_force"
            ),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=99), name="score_override_range"),
            models.CheckConstraint(condition=~Q(words=""), name="score_override_has_words"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_how="") | (Q(ended_at__isnull=False) & ~Q(ended_how="")),
                name="score_override_ended_how",
            ),
            one_of("reason", OverrideReason, name="score_override_reason"),
            one_of("ended_how", OverrideEnd, name="score_override_end", blank=True),
        ]
        indexes = [
            models.Index(fields=["organization", "account", "set_at", "id"], name="score_override_by_account"),
            models.Index(fields=["organization", "expires_on", "id"], name="score_override_by_expiry"),
            models.Index(fields=["organization", "set_at", "id"], name="score_override_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.score} until {self.expires_on}"
