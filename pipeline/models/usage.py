"""What customers do by themselves: visits to the portal, sign-ins, requests for a quote."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord
from pipeline.querysets import UsageQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class UsageSignal(CrmRecord):
    """Something a customer did without us. `kind` is the source's own code, such as portal_visit."""

    account = TenantForeignKey("pipeline.Account", models.PROTECT, related_name="usage_signals")
    kind = models.TextField()
    quantity = models.IntegerField(default=1, db_default=1)
    occurred_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.from_queryset(UsageQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(kind=""), name="usage_signal_kind"),
        ]
        indexes = [models.Index(fields=["organization", "account", "occurred_at", "id"], name="usage_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M}"
