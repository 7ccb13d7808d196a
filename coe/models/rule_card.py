"""An organisation's own rule card."""

import datetime
from typing import Any, ClassVar, Self

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class RuleCardQuerySet(TenantQuerySet["RuleCard"]):
    """The vocabulary of rule cards."""

    def active_on(self, as_of: datetime.datetime) -> Self:
        """Keep the versions in force at a moment, the newest first."""
        return self.filter(active_from__lte=as_of).order_by("-active_from", "-version")


class RuleCard(TenantModel):
    """One version of how much each signal weighs, in log-odds points. Versions are added, never changed.

    An organisation without a card of its own scores by the one we ship (`coe.scoring.card.SHIPPED_POINTS`).
    """

    version = models.PositiveIntegerField()
    points = models.JSONField(help_text="Points by signal; a signal that isn't named weighs nothing.")
    active_from = models.DateTimeField()
    revised_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    created_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.from_queryset(RuleCardQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "version"], name="rule_card_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="rule_card_version_from_one"),
        ]
        indexes = [models.Index(fields=["organization", "-active_from"], name="rule_card_by_start")]

    def __str__(self) -> str:
        return f"rule card {self.version}"
