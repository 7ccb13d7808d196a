"""/api/v1/orders and /api/v1/orders/{id}: what customers bought, with its lines."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.bodies import Values, both_or_neither
from integrations.api.components import MoneySerializer, ReferenceSerializer, money, reference
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api.accounts import AccountView
from pipeline.api.components import RecordSerializer
from pipeline.api.order_body import BODY, columns_of
from pipeline.api.records import (
    BY_ID,
    BY_UPDATE,
    RECORD_COLUMNS,
    living,
    living_columns,
    record_filters,
    record_part,
)
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import Order, OrderLine, OrderStatus
from pipeline.operations import create_order, update_order
from pipeline.querysets import OrderLineQuerySet, starting_with
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3201",
    "source": "import:erp",
    "external_id": "HD-20418",
    "version": 2,
    "created_at": "2026-10-02T06:00:00Z",
    "updated_at": "2026-10-09T14:30:00Z",
    "number": "HD-20418",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "status": "shipped",
    "order_date": "2026-10-01",
    "promised_date": "2026-10-12",
    "shipped_date": "2026-10-09",
    "currency": "EUR",
    "amount": {"amount_minor": 232_275, "currency": "EUR"},
    "lines": [
        {
            "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3211",
            "position": 1,
            "product": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2c01", "name": "Hub drive H2"},
            "product_name": "Hub drive H2",
            "quantity": "5",
            "unit_price_e4": 4_890_000,
            "discount_bp": 500,
            "cost": {"amount_minor": 31_000, "currency": "EUR"},
        }
    ],
}


class OrderLineSerializer(serializers.Serializer[Any]):
    """One line of an order: quantity × unit price, less the discount. Only the sum of an order is rounded."""

    id = serializers.UUIDField()
    position = serializers.IntegerField(help_text="1 comes first.")
    product = ReferenceSerializer(allow_null=True, help_text="Null where the article is not among the products.")
    product_name = serializers.CharField(allow_null=True, help_text="What the order calls the article.")
    quantity = serializers.RegexField(
        r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$", help_text="A decimal number as text, so that no digit is lost."
    )
    unit_price_e4 = serializers.IntegerField(help_text="In 1/10,000 of the order's currency: 4890000 is 489.00.")
    discount_bp = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="In hundredths of a percent: 500 is 5 %."
    )
    cost = MoneySerializer(
        allow_null=True, help_text="What the whole line cost you. Null for a token without the scope costs:read."
    )


class OrderSerializer(RecordSerializer):
    """What a customer bought. What is not known is null."""

    number = serializers.CharField()
    account = ReferenceSerializer(allow_null=True)
    owner = ReferenceSerializer(allow_null=True)
    status = serializers.ChoiceField(OrderStatus.choices)
    order_date = serializers.DateField()
    promised_date = serializers.DateField(allow_null=True)
    shipped_date = serializers.DateField(allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="Of all its lines. ISO 4217")
    amount = MoneySerializer(help_text="The exact sum of the lines, rounded once.")
    lines = OrderLineSerializer(many=True)


class OrderView(RecordView):
    """The orders of an organisation."""

    required_scope, write_scope = "orders:read", "orders:write"
    singular, plural = "order", "orders"
    record = OrderSerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("number", "number_key", *living_columns("account"), "owner_id", "owner__name", "status", "order_date"),
        *("promised_date", "shipped_date", "amount_minor", "currency"),
    )
    expansions = {"account": AccountView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the orders that were not deleted."""
        orders: QuerySet[Any, Any] = Order.objects.for_organization(self.organization_id).alive()
        return orders

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the orders with their lines, which one query finds for all of them."""
        lines = lines_of_orders(self.organization_id, [row["id"] for row in rows])
        return [{**row, "lines": lines.get(row["id"], [])} for row in rows]

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an order with its lines; what is not known is null."""
        return {
            **record_part(row),
            "number": row["number"],
            "account": living(row, "account"),
            "owner": reference(row, "owner"),
            "status": row["status"],
            "order_date": row["order_date"],
            "promised_date": row["promised_date"],
            "shipped_date": row["shipped_date"],
            "currency": row["currency"],
            "amount": money(row, "amount_minor"),
            "lines": [self.shaped_line(line, row) for line in row["lines"]],
        }

    def shaped_line(self, line: Row, order: Row) -> dict[str, Any]:
        """Return a line of an order as the API shows it."""
        quantity: Decimal = line["quantity"]
        cost = {"cost_minor": self.visible("orderline", line, "cost_minor"), "currency": order["currency"]}
        return {
            "id": line["id"],
            "position": line["position"],
            "product": living(line, "product"),
            "product_name": line["product_name"] or None,
            "quantity": f"{quantity.normalize():f}",
            "unit_price_e4": line["unit_price_e4"],
            "discount_bp": line["discount_bp"],
            "cost": money(cost, "cost_minor"),
        }


def lines_of_orders(organization_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Return the lines of the orders by order, in their order."""
    found: OrderLineQuerySet = OrderLine.objects.for_organization(organization_id)
    lines = found.alive().filter(order__in=order_ids).in_order()
    by_order: dict[UUID, list[Row]] = defaultdict(list)
    if order_ids:
        for line in lines.values(
            *("id", "order_id", "position", *living_columns("product"), "product_name", "quantity", "unit_price_e4"),
            *("discount_bp", "cost_minor"),
        ):
            by_order[line["order_id"]].append(line)
    return by_order


class OrderListView(OrderView, RecordWritingView, CreatingView):
    """Orders with their lines, page by page. In the order of `id`, the default, none is missed or comes twice while
    others change: right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List orders"
    body = BODY
    about = {"POST": "Its amount is the exact sum of its lines, rounded once."}

    def create(self, values: Values) -> Order:
        """Add the order with its lines."""
        both_or_neither(values)
        columns = columns_of(self.organization_id, values)
        return create_order(created_at=self.now, **self.acting(), **{"lines": [], **columns})

    sorts = (
        BY_ID,
        Sort("number", "number_key"),
        Sort("order_date", "order_date"),
        Sort("promised_date", "promised_date", nullable=True),
        Sort("amount", "amount_minor"),
        BY_UPDATE,
    )
    filters = (
        parameters.codes("status", "status", OrderStatus.values, "Where it stands."),
        parameters.identifier("account", "account_id", "The account that bought."),
        parameters.identifier("owner", "owner_id", "The person who owns it."),
        parameters.text("currency", "currency", "The currency, three capital letters.", example="EUR"),
        parameters.day("order_date_from", "order_date__gte", "Ordered on this day or later."),
        parameters.day("order_date_to", "order_date__lte", "Ordered on this day or earlier."),
        parameters.day("promised_date_from", "promised_date__gte", "Promised for this day or later."),
        parameters.day("promised_date_to", "promised_date__lte", "Promised for this day or earlier."),
        parameters.beginning(
            "number", lambda prefix: starting_with("number_key", prefix), "How its number begins.", example="HD-2"
        ),
        *record_filters("HD-20418"),
    )


class OrderDetailView(OrderView, RecordDeletingView):
    """One order with its lines, by its id."""

    summary = "Get an order"
    body = BODY
    about = {
        "PATCH": "`lines` takes the place of all the lines; without it they stay. A cost that is left out stays as it "
        "is known, where the line of the same place has the same goods.",
        "DELETE": "It is taken out of every list. For 30 days it can be restored.",
    }

    def change(self, record: Order, values: Values) -> None:
        """Change the order."""
        columns = columns_of(self.organization_id, values, record)
        update_order(order=record, version=record.version, updated_at=self.now, **self.acting(), **columns)
