"""Our own people, who look into an organisation to help it."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F

from tenancy.models.member import Member
from tenancy.tenant_model import TenantForeignKey, TenantModel

LONGEST = timedelta(minutes=60)


class SupportSession(TenantModel):
    """One stay of an operator in an organisation: why, how long, and who ended it. `member` is who they act as."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    member = TenantForeignKey(Member, models.PROTECT)
    reason = models.CharField(max_length=500)
    may_write = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = TenantForeignKey(Member, models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=F("opened_at"), ends_at__lte=F("opened_at") + LONGEST),
                name="support_session_length",
            )
        ]
        indexes = [models.Index(fields=["organization", "-opened_at", "-id"], name="support_by_time")]

    def __str__(self) -> str:
        return f"Support session {self.id}"
