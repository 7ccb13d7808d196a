"""Orders and their lines."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models.record import CrmRecord, currency_code, lowered, one_of
from pipeline.querysets import OrderLineQuerySet, OrderQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


def exact_total(lines: Iterable[tuple[Decimal, int, int]]) -> Decimal:
    """Return the exact sum of lines (quantity, unit price in 1/10,000, discount in basis points), not rounded."""
    total = sum((quantity * price * (10_000 - discount) for quantity, price, discount in lines), Decimal(0))
    return (total / 100_000_000).quantize(Decimal("1e-8"))


class OrderStatus(models.TextChoices):
    """Where an order stands."""

    OPEN = "open", "Open"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"
    INVOICED = "invoiced", "Invoiced"


class Order(CrmRecord):  # its reverse managers are Any
    """What a customer bought. `amount_exact` keeps the unrounded sum of the lines, so that totals round only once."""

    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True, related_name="orders")
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    number = models.TextField()
    number_key = lowered("number")
    status = models.TextField(choices=OrderStatus.choices, default=OrderStatus.OPEN, db_default=OrderStatus.OPEN)
    order_date = models.DateField()
    promised_date = models.DateField(null=True)
    shipped_date = models.DateField(null=True)
    currency = models.TextField()
    amount_minor = models.BigIntegerField(default=0, db_default=0)
    amount_exact = models.DecimalField(max_digits=28, decimal_places=8, default=0, db_default=0)

    objects: ClassVar[Any] = TenantManager.from_queryset(OrderQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(number=""), name="order_has_number"),
            one_of("status", OrderStatus, name="order_status"),
            currency_code(name="order_currency", amounts=("amount_minor",)),
        ]
        indexes = [
            models.Index(fields=["organization", "number_key", "id"], name="order_by_number"),
            models.Index(fields=["organization", "order_date", "id"], name="order_by_date"),
            models.Index(fields=["organization", "amount_minor", "id"], name="order_by_amount"),
            models.Index(fields=["organization", "promised_date", "id"], name="order_by_promise"),
            models.Index(fields=["organization", "status", "order_date", "id"], name="order_by_status"),
            models.Index(fields=["organization", "account", "order_date", "id"], name="order_by_account"),
            models.Index(fields=["organization", "updated_at", "id"], name="order_by_update"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_waited_for(self) -> bool:
        """Whether the customer still waits for it."""
        return self.status in (OrderStatus.OPEN, OrderStatus.SHIPPED)


class OrderLine(CrmRecord):
    """One line of an order. `unit_price_e4` is in 1/10,000 of the currency unit, `discount_bp` in basis points."""

    order = TenantForeignKey("pipeline.Order", models.CASCADE, related_name="lines")
    product = TenantForeignKey("pipeline.Product", models.SET_NULL, null=True)
    position = models.IntegerField()
    product_name = models.TextField(default="", db_default="")
    quantity = models.DecimalField(max_digits=16, decimal_places=4)
    unit_price_e4 = models.BigIntegerField()
    discount_bp = models.IntegerField(default=0, db_default=0)
    cost_minor = models.BigIntegerField(null=True)

    objects: ClassVar[Any] = TenantManager.from_queryset(OrderLineQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(discount_bp__gte=0, discount_bp__lte=10_000), name="order_line_discount"
            ),
        ]
        indexes = [models.Index(fields=["organization", "order", "position", "id"], name="order_line_by_order")]

    @property
    def total_exact(self) -> Decimal:
        """What the line adds to the order, not rounded."""
        return exact_total([(self.quantity, self.unit_price_e4, self.discount_bp)])

    def __str__(self) -> str:
        return f"{self.product_name} × {self.quantity.normalize():f}"
