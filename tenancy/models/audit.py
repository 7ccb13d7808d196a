"""The audit trail, written by triggers."""

from django.db import models

from tenancy.tenant_model import TenantModel


class AuditEntry(TenantModel):
    """One changed row: what it was, what it became, who and where from. Rows are only ever added."""

    class Action(models.TextChoices):
        INSERT = "insert", "Created"
        UPDATE = "update", "Changed"
        DELETE = "delete", "Deleted"

    table_name = models.CharField(max_length=63)
    row_id = models.UUIDField()
    action = models.CharField(max_length=6, choices=Action.choices)
    before = models.JSONField(null=True, help_text="The changed columns as they were.")
    after = models.JSONField(null=True, help_text="The changed columns as they became.")
    actor_id = models.UUIDField(null=True, help_text="The Member; none for the system itself.")
    task = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    transaction_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "table_name", "row_id", "occurred_at"], name="audit_by_row"),
            models.Index(fields=["organization", "occurred_at", "id"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.row_id} at {self.occurred_at}"
