"""Inquiries: what prospects and customers ask, and whether they got an answer."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord, one_of
from pipeline.querysets import InquiryQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class InquiryChannel(models.TextChoices):
    """The way on which it came."""

    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"
    WEB = "web", "Web form"
    CHAT = "chat", "Chat"
    FAIR = "fair", "Trade fair"
    OTHER = "other", "Another way"


class InquiryState(models.TextChoices):
    """How far it is: nobody has it, somebody works on it, the customer got an answer, or nothing more is to be done."""

    NEW = "new", "New"
    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


class Inquiry(CrmRecord):
    """A question of somebody who may buy. `answered_at` is the first answer; it stays when the inquiry opens again."""

    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True, related_name="inquiries")
    contact = TenantForeignKey("pipeline.Contact", models.SET_NULL, null=True)
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    subject = models.TextField()
    text = models.TextField(default="", db_default="")
    channel = models.TextField(
        choices=InquiryChannel.choices, default=InquiryChannel.OTHER, db_default=InquiryChannel.OTHER
    )
    state = models.TextField(choices=InquiryState.choices, default=InquiryState.NEW, db_default=InquiryState.NEW)
    received_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(InquiryQuerySet)()

    class Meta(CrmRecord.Meta):
        verbose_name_plural = "inquiries"
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(subject=""), name="inquiry_has_subject"),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False), name="inquiry_answered_has_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state="new") | Q(answered_at__isnull=True), name="inquiry_new_has_no_answer"
            ),
            one_of("channel", InquiryChannel, name="inquiry_channel"),
            one_of("state", InquiryState, name="inquiry_state"),
        ]
        indexes = [
            models.Index(fields=["organization", "received_at", "id"], name="inquiry_by_moment"),
            models.Index(fields=["organization", "updated_at", "id"], name="inquiry_by_update"),
            models.Index(fields=["organization", "state", "received_at", "id"], name="inquiry_by_state"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_waiting(self) -> bool:
        """Whether the customer still waits for an answer."""
        return self.state in (InquiryState.NEW, InquiryState.OPEN)
