"""/api/v1/products and /api/v1/products/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither, with_amounts
from integrations.api.components import MoneySerializer, money
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api.components import RecordSerializer
from pipeline.api.records import BY_ID, BY_UPDATE, OURS, RECORD_COLUMNS, record_filters, record_part
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import Product
from pipeline.operations import create_product, update_product
from pipeline.querysets import starting_with
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2c01",
    "source": "import:erp",
    "external_id": "H2-250",
    "version": 3,
    "created_at": "2026-01-05T07:00:00Z",
    "updated_at": "2026-10-01T07:00:00Z",
    "code": "H2-250",
    "name": "Hub drive H2",
    "family": "Drives",
    "list_price": {"amount_minor": 48_900, "currency": "EUR"},
    "is_active": True,
}


class ProductSerializer(RecordSerializer):
    """An article or a service with its list price. What is not known is null."""

    code = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    family = serializers.CharField(allow_null=True)
    list_price = MoneySerializer(allow_null=True)
    is_active = serializers.BooleanField(help_text="Whether it can be sold.")


BODY = Body(
    "Product",
    [
        *bodies.from_source(),
        bodies.text("name", 300, "What it is called.", example="Hub drive H2", required=True),
        bodies.text("code", 100, "The article number.", example="H2-250"),
        bodies.text("family", 120, "The family that it belongs to.", example="Drives"),
        bodies.money("list_price", "The price of one.", example={"amount_minor": 48_900, "currency": "EUR"}),
        bodies.yes("is_active", "Whether it can be sold.", example=True, null=False),
    ],
    read_only=OURS,
)


class ProductView(RecordView):
    """The products of an organisation."""

    required_scope, write_scope = "products:read", "products:write"
    singular, plural = "product", "products"
    record = ProductSerializer
    example = EXAMPLE
    columns = (*RECORD_COLUMNS, "code", "name", "name_key", "family", "list_price_minor", "currency", "is_active")

    def rows(self) -> QuerySet[Any, Any]:
        """Return the products that were not deleted."""
        products: QuerySet[Any, Any] = Product.objects.for_organization(self.organization_id).alive()
        return products

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a product; what is not known is null."""
        return {
            **record_part(row),
            "code": row["code"] or None,
            "name": row["name"],
            "family": row["family"] or None,
            "list_price": money(row, "list_price_minor"),
            "is_active": row["is_active"],
        }


class ProductListView(ProductView, RecordWritingView, CreatingView):
    """Products, page by page. In the order of `id`, the default, none is missed or comes twice while others change:
    right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List products"
    body = BODY

    def create(self, values: Values) -> Product:
        """Add the product."""
        both_or_neither(values)
        return create_product(created_at=self.now, **self.acting(), **with_amounts(values, ("list_price",)))

    sorts = (BY_ID, Sort("name", "name_key"), Sort("list_price", "list_price_minor", nullable=True), BY_UPDATE)
    filters = (
        parameters.text("code", "code", "The article number, as it is written.", example="H2-250"),
        parameters.text("family", "family", "The family, as it is written.", example="Drives"),
        parameters.flag("is_active", "is_active", "Whether it can be sold."),
        parameters.beginning(
            "name", lambda prefix: starting_with("name_key", prefix), "How its name begins.", example="hub"
        ),
        *record_filters("H2-250"),
    )


class ProductDetailView(ProductView, RecordDeletingView):
    """One product by its id."""

    summary = "Get a product"
    body = BODY
    about = {"DELETE": "It is taken out of every list; orders keep its name. For 30 days it can be restored."}

    def change(self, record: Product, values: Values) -> None:
        """Change the product."""
        update_product(
            product=record,
            version=record.version,
            updated_at=self.now,
            **self.acting(),
            **with_amounts(values, ("list_price",), record),
        )
