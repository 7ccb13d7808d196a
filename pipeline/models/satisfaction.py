"""What customers say when they are asked."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord
from pipeline.querysets import SatisfactionQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class SatisfactionResponse(CrmRecord):
    """One answer to "would you recommend us", 0 to 10: 9 and 10 promote, 0 to 6 detract."""

    account = TenantForeignKey("pipeline.Account", models.PROTECT, related_name="satisfaction_responses")
    contact = TenantForeignKey("pipeline.Contact", models.SET_NULL, null=True)
    score = models.SmallIntegerField()
    comment = models.TextField(default="", db_default="")
    survey = models.TextField(default="", db_default="")
    responded_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.from_queryset(SatisfactionQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="satisfaction_score"),
        ]
        indexes = [
            models.Index(fields=["organization", "account", "responded_at", "id"], name="satisfaction_by_account"),
            models.Index(fields=["organization", "responded_at", "id"], name="satisfaction_by_moment"),
            models.Index(fields=["organization", "updated_at", "id"], name="satisfaction_by_update"),
        ]

    def __str__(self) -> str:
        return f"{self.score} on {self.responded_at:%Y-%m-%d}"
