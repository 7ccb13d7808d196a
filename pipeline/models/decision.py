"""Decisions: what was asked, who decides until when, and what came of it. Kept here, made anywhere."""

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class DecisionType(models.TextChoices):
    """What kind of decision is asked for."""

    PRIORITISE = "prioritise", "Put it first, or last"
    INVEST = "invest", "Invest in it"
    PRICE_EXCEPTION = "price_exception", "An exception of price or terms"
    EXPERT = "expert", "An expert’s time"
    REALLOCATE = "reallocate", "Move people or accounts"
    STOP = "stop", "Go on, or stop"


class Decision(TenantModel):  # its reverse managers are Any
    """One decision about a deal or an account. Decided once, with what and why; never edited afterwards."""

    type = models.TextField(choices=DecisionType.choices)
    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, null=True, related_name="decisions")
    account = TenantForeignKey("pipeline.Account", models.CASCADE, null=True, related_name="decisions")
    question = models.TextField()
    options = models.JSONField(default=list, db_default=[], help_text="What can be chosen; empty: in own words.")
    is_reversible = models.BooleanField(default=True, db_default=True)
    asker = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    asked_at = models.DateTimeField()
    decider = TenantForeignKey("tenancy.Member", models.PROTECT)
    due_on = models.DateField()
    outcome = models.TextField(default="", db_default="")
    reason = models.TextField(default="", db_default="")
    decided_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    decided_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1, db_default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            one_of("type", DecisionType, name="decision_type"),
            models.CheckConstraint(
                condition=Q(opportunity__isnull=False) | Q(account__isnull=False), name="decision_has_subject"
            ),
            models.CheckConstraint(condition=~Q(question=""), name="decision_has_question"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, outcome="", reason="")
                | (Q(decided_at__isnull=False) & ~Q(outcome="") & ~Q(reason="")),
                name="decision_decided_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "opportunity", "asked_at", "id"], name="decision_by_deal"),
            models.Index(fields=["organization", "due_on", "id"], name="decision_by_due"),
            models.Index(fields=["organization", "asked_at", "id"], name="decision_by_moment"),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.decided_at is None
