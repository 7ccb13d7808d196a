"""What a person's last changes did, kept for the minutes in which they can take them back."""

from datetime import datetime, timedelta

from django.db import models

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel

UNDO_MINUTES = 15
UNDO_TIME = timedelta(minutes=UNDO_MINUTES)


class UndoStep(TenantModel):
    """One thing that a member did, to one record or to many. Its id is the token in the address of Undo."""

    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    words = models.TextField(help_text="What was done, as the toast said it.")
    page = models.TextField(help_text="Where the effect of taking it back shows.")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "expires_at", "id"], name="undo_step_by_expiry")]

    def begin_to_expire(self, now: datetime) -> None:
        """Let the minutes begin: what was made in the background is done only now."""
        self.expires_at = now + UNDO_TIME
        self.save(update_fields=["expires_at"])

    def __str__(self) -> str:
        return f"{self.words} at {self.made_at:%Y-%m-%d %H:%M}"


class ChangeKind(models.TextChoices):
    """Whether the record is new, or has other values."""

    CREATED = "created", "Created"
    CHANGED = "changed", "Changed"


class UndoChange(TenantModel):
    """One record of a step: the exact values of the changed fields before and after, by column name."""

    step = TenantForeignKey("pipeline.UndoStep", models.CASCADE, related_name="changes")
    kind = models.TextField(choices=ChangeKind.choices)
    record_type = models.TextField()
    record_id = models.UUIDField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    version = models.IntegerField(help_text="The record's version after the change.")

    class Meta(TenantModel.Meta):
        constraints = [one_of("kind", ChangeKind, name="undo_change_kind")]
        indexes = [models.Index(fields=["organization", "record_id", "id"], name="undo_change_by_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_type} {self.record_id}"
