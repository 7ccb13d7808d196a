"""Products: what can be sold."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord, currency_code, lowered
from pipeline.querysets import ProductQuerySet
from tenancy.tenant_model import TenantManager


class Product(CrmRecord):
    """An article or a service with its list price."""

    code = models.TextField(default="", db_default="")
    name = models.TextField()
    name_key = lowered("name")
    family = models.TextField(default="", db_default="")
    list_price_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    is_active = models.BooleanField(default=True, db_default=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(ProductQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(name=""), name="product_has_name"),
            currency_code(name="product_currency", amounts=("list_price_minor",)),
        ]
        indexes = [
            models.Index(fields=["organization", "name_key", "id"], name="product_by_name"),
            models.Index(fields=["organization", "list_price_minor", "id"], name="product_by_price"),
            models.Index(fields=["organization", "family", "name_key", "id"], name="product_by_family"),
            models.Index(fields=["organization", "updated_at", "id"], name="product_by_update"),
        ]

    def __str__(self) -> str:
        return self.name
