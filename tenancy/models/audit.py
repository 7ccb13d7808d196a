"""The audit trail, written by triggers."""

from django.db import models

from tenancy.tenant_model import TenantModel


class AuditEntry(TenantModel):
    """One changed row: what it was, what it became, who and where from. Rows are only ever added.

    The application may write six of the columns; the rest (when, who, in which transaction) is filled in by the
    database, and the seal's number by the relay.
    """

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
    seal_number = models.BigIntegerField(null=True, help_text="The seal it is under; set by the relay, once.")

    class Meta:
        indexes = [
            models.Index(fields=["organization", "table_name", "row_id", "occurred_at"], name="audit_by_row"),
            models.Index(fields=["organization", "occurred_at", "id"], name="audit_by_time"),
            models.Index(
                fields=["organization", "seal_number"], name="audit_by_seal", condition=models.Q(seal_number__gt=0)
            ),
            models.Index(
                fields=["organization", "occurred_at", "id"],
                name="audit_unsealed",
                condition=models.Q(seal_number=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.row_id} at {self.occurred_at}"


class AuditSeal(TenantModel):
    """A batch of entries and events under one hash, which holds the hash of the seal before it. Seals are never purged.

    Made by the relay as agile_system; the application can only read them.
    """

    class Kind(models.TextChoices):
        BATCH = "batch", "Batch"
        PURGE = "purge", "Purge"

    number = models.BigIntegerField(help_text="Dense, per organisation, from 1.")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    previous_hash = models.CharField(max_length=64)
    entry_count = models.PositiveIntegerField(default=0)
    entries_hash = models.CharField(max_length=64)
    first_at = models.DateTimeField(null=True, help_text="When the first entry of the batch was written.")
    last_at = models.DateTimeField(null=True)
    event_count = models.PositiveIntegerField(default=0)
    events_hash = models.CharField(max_length=64)
    events_through = models.BigIntegerField(default=0, help_text="The position of the last event that is sealed.")
    purged_through = models.BigIntegerField(default=0, help_text="Entries of the seals up to here were purged.")
    sealed_at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="audit_seal_number")]
        indexes = [models.Index(fields=["organization", "sealed_at"], name="audit_seal_by_time")]

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"
