"""What happened, in the words of the business: read by webhooks, the changes feed and the diagnosis."""

from django.db import models

from tenancy.tenant_model import TenantForeignKey, TenantModel


class DomainEvent(TenantModel):
    """One fact, `<object>.<past tense>`, never changed afterwards but for the position that the relay gives it."""

    type = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    actor = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    unit = TenantForeignKey("tenancy.Unit", models.PROTECT, null=True)
    payload = models.JSONField(default=dict)
    source = models.CharField(max_length=80, blank=True)
    task = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="What wrote it: a task, a token, a session."
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    position = models.BigIntegerField(null=True, help_text="Dense, per organisation, given by the relay.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "position"], name="event_position"),
            models.CheckConstraint(
                condition=models.Q(type__regex=r"^[a-z][a-z_]*\.[a-z][a-z_]*$"), name="event_type_form"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "subject_type", "subject_id", "occurred_at"], name="event_by_subject"),
            models.Index(fields=["organization", "type", "occurred_at"], name="event_by_type"),
            models.Index(fields=["organization", "occurred_at", "id"], name="event_by_time"),
            models.Index(fields=["recorded_at", "id"], name="event_unplaced", condition=models.Q(position=None)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"
