"""Contacts: the people at an account."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord, lowered, one_of
from pipeline.querysets import ContactQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class BuyingRole(models.TextChoices):
    """What a person does in the customer's decision."""

    DECIDES = "decides", "Decides"
    USES = "uses", "Uses"
    APPROVES = "approves", "Approves"
    INFLUENCES = "influences", "Influences"


class Contact(CrmRecord):
    """A person; may be known before the firm is."""

    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True, related_name="contacts")
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    name = models.TextField()
    name_key = lowered("name")
    email = models.TextField(default="", db_default="")
    phone = models.TextField(default="", db_default="")
    title = models.TextField(default="", db_default="")
    role = models.TextField(choices=BuyingRole.choices, default="", db_default="")
    is_decision_maker = models.BooleanField(default=False, db_default=False)
    opted_out = models.BooleanField(default=False, db_default=False)

    objects: ClassVar[Any] = TenantManager.from_queryset(ContactQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(name=""), name="contact_has_name"),
            one_of("role", BuyingRole, name="contact_role", blank=True),
        ]
        indexes = [
            models.Index(fields=["organization", "name_key", "id"], name="contact_by_name"),
            models.Index(fields=["organization", "updated_at", "id"], name="contact_by_update"),
            models.Index(fields=["organization", "account", "name_key", "id"], name="contact_by_account"),
        ]

    def __str__(self) -> str:
        return self.name
