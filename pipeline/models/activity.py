"""Activities: calls, meetings, mails, notes, inquiries and tasks."""

from typing import Any, ClassVar

from django.db import models

from pipeline.models.record import CrmRecord, one_of
from pipeline.querysets import ActivityQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class ActivityKind(models.TextChoices):
    """What happened."""

    CALL = "call", "Call"
    MEETING = "meeting", "Meeting"
    EMAIL = "email", "Email"
    NOTE = "note", "Note"
    INQUIRY = "inquiry", "Inquiry"
    TASK = "task", "Task"


class Direction(models.TextChoices):
    """Who began it: the customer (in) or we (out)."""

    IN = "in", "From the customer"
    OUT = "out", "From us"


class Activity(CrmRecord):
    """Something that was done with or for a customer. `is_two_way` says that the customer took part."""

    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True, related_name="activities")
    contact = TenantForeignKey("pipeline.Contact", models.SET_NULL, null=True)
    opportunity = TenantForeignKey("pipeline.Opportunity", models.SET_NULL, null=True, related_name="activities")
    member = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    kind = models.TextField(choices=ActivityKind.choices)
    direction = models.TextField(choices=Direction.choices, default="", db_default="")
    subject = models.TextField(default="", db_default="")
    body = models.TextField(default="", db_default="")
    occurred_at = models.DateTimeField()
    is_two_way = models.BooleanField(default=False, db_default=False)

    objects: ClassVar[Any] = TenantManager.from_queryset(ActivityQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            one_of("kind", ActivityKind, name="activity_kind"),
            one_of("direction", Direction, name="activity_direction", blank=True),
        ]
        indexes = [
            models.Index(fields=["organization", "account", "occurred_at", "id"], name="activity_by_account"),
            models.Index(fields=["organization", "opportunity", "occurred_at", "id"], name="activity_by_deal"),
            models.Index(fields=["organization", "contact", "occurred_at", "id"], name="activity_by_contact"),
            models.Index(fields=["organization", "occurred_at", "id"], name="activity_by_moment"),
            models.Index(fields=["organization", "updated_at", "id"], name="activity_by_update"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.get_kind_display()} at {self.occurred_at:%Y-%m-%d %H:%M}"
