"""What was answered to a change that its caller may send again."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class IdempotencyKey(TenantModel):
    """A key that a caller gave to one change, with what it was for and what was answered; kept for a day.

    It is written in the transaction of the change: either both are there or neither is.
    """

    token = TenantForeignKey("tenancy.ApiToken", models.CASCADE)
    key = models.TextField()
    fingerprint = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "token", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["organization", "created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key
