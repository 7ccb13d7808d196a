"""Accounts: the firms we sell to, or would like to."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord, currency_code, lowered, one_of
from pipeline.querysets import AccountQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class Lifecycle(models.TextChoices):
    """How far a firm has come with us."""

    PROSPECT = "prospect", "Prospect"
    CUSTOMER = "customer", "Customer"
    FORMER = "former", "Former customer"


class Segment(models.TextChoices):
    """How large a customer is to us: decides who covers it and with how many hours."""

    KEY = "key", "Key"
    LARGE = "large", "Large"
    MEDIUM = "medium", "Medium"
    SMALL = "small", "Small"


class IcpFit(models.TextChoices):
    """How well a firm matches the customers that we serve best."""

    A = "a", "A"
    B = "b", "B"
    C = "c", "C"


class Account(CrmRecord):  # its reverse managers are Any
    """A business customer or prospect; groups of firms hang together by `parent`."""

    name = models.TextField()
    name_key = lowered("name")
    parent = TenantForeignKey("self", models.SET_NULL, null=True, related_name="children")
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    lifecycle = models.TextField(choices=Lifecycle.choices, default=Lifecycle.PROSPECT, db_default=Lifecycle.PROSPECT)
    segment = models.TextField(choices=Segment.choices, default="", db_default="")
    industry = models.TextField(default="", db_default="")
    region = models.TextField(default="", db_default="")
    country = models.TextField(default="", db_default="")
    city = models.TextField(default="", db_default="")
    website = models.TextField(default="", db_default="")
    employees = models.IntegerField(null=True)
    annual_revenue_minor = models.BigIntegerField(null=True)
    potential_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    customer_since = models.DateField(null=True)
    icp_fit = models.TextField(choices=IcpFit.choices, default="", db_default="")
    custom = models.JSONField(default=dict, db_default={}, help_text="Values of custom columns by their key.")

    objects: ClassVar[Any] = TenantManager.from_queryset(AccountQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(name=""), name="account_has_name"),
            models.CheckConstraint(condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"), name="account_country"),
            models.CheckConstraint(condition=Q(employees__isnull=True) | Q(employees__gte=0), name="account_employees"),
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="account_not_own_parent"),
            one_of("lifecycle", Lifecycle, name="account_lifecycle"),
            one_of("segment", Segment, name="account_segment", blank=True),
            one_of("icp_fit", IcpFit, name="account_icp_fit", blank=True),
            currency_code(name="account_currency", amounts=("annual_revenue_minor", "potential_minor")),
        ]
        indexes = [
            models.Index(fields=["organization", "name_key", "id"], name="account_by_name"),
            models.Index(fields=["organization", "potential_minor", "id"], name="account_by_potential"),
            models.Index(fields=["organization", "updated_at", "id"], name="account_by_update"),
            models.Index(fields=["organization", "owner", "name_key", "id"], name="account_by_owner"),
            models.Index(fields=["organization", "segment", "name_key", "id"], name="account_by_segment"),
            models.Index(fields=["organization", "region", "name_key", "id"], name="account_by_region"),
        ]

    def __str__(self) -> str:
        return self.name
