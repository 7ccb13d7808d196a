"""Mail on its way out. Global: a password reset has no organisation."""

from django.db import models
from uuid_utils.compat import uuid7


class OutgoingMail(models.Model):
    """One message, kept until a worker has handed it to the mail server (or to the local mailbox)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sender = models.CharField(max_length=320)
    recipients = models.JSONField()
    subject = models.CharField(max_length=400)
    text = models.TextField()
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at", "id"], name="mail_waiting", condition=models.Q(sent_at=None)),
            models.Index(fields=["-created_at"], name="mail_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.id})"
