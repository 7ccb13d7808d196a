"""Order lines from files, and the exact totals of their orders."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from psycopg2.extras import execute_values

from integrations.imports.record_changes import Columns, RowChange
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.undoing import Undone
from integrations.imports.values import name_key
from pipeline.models import OrderLine
from pipeline.operations.imports.crm_target import CrmTarget
from pipeline.readers.import_fields import ORDER_LINES, with_crm_names
from tenancy.models import Organization
from tenancy.money import to_minor


class OrderLineTarget(CrmTarget):
    """Lines of orders. Without an id of their own they are known by order and product, the second one with a number."""

    name, label, label_one = "order_lines", "Order lines", "order line"
    fields = with_crm_names("order_lines", ORDER_LINES)
    file_words = ("order lines", "order details", "order items", "order positions", "Auftragspositionen", "Positionen")
    numbers_repeats = True
    one_after_another = True
    model = OrderLine
    texts = {"product_name": "product_name"}
    plain = {"position": "position"}
    pointers = {"order": "order_id", "product": "product_id"}
    columns = (
        "order_id", "product_id", "product_name", "position", "quantity", "unit_price_e4", "discount_bp", "cost_minor",
        "deleted_at",
    )  # fmt: skip
    always = frozenset({"deleted_at"})
    name_column, name_key_column = "product_name", ""
    labels = {
        "order_id": "Order",
        "product_id": "Product",
        "product_name": "Product text",
        "position": "Position",
        "quantity": "Quantity",
        "unit_price_e4": "Unit price",
        "discount_bp": "Discount",
        "cost_minor": "Cost",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Lines are known by order, and position or product."""
        what = values.get("position") or values.get("product") or values.get("product_name") or ""
        return name_key(f"{values['order']}/{what}")

    def name_of(self, values: Values) -> str:
        """Nothing refers to a line."""
        return ""

    def prepare(self, context: ImportContext, records: Sequence[ImportRecord], existing: Mapping[str, Columns]) -> None:
        """Find the last position of each order, for lines that say none, and the currencies for costs."""
        orders = {record.references.get("order") for record in records} - {None}
        rows = (
            OrderLine.objects.for_organization(context.organization)
            .filter(order_id__in=orders)
            .values_list("order_id")
            .annotate(last=Max("position"))
        )
        context.looked_up["last_position"] = Counter(dict(rows))

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """What the row says; prices keep four decimals, discounts two of a percent."""
        values = record.values
        found = super().mapped_columns(context, record, old)
        found["quantity"] = _rounded(values["quantity"], 4)
        found["unit_price_e4"] = int(_rounded(Decimal(values["unit_price"]) * 10_000, 0))
        if "discount" in values:
            found["discount_bp"] = int(_rounded(Decimal(values["discount"] or 0) * 10_000, 0))
        if values.get("cost") is not None:
            found["cost_minor"] = to_minor(Decimal(values["cost"]), context.currency)
        if not found.get("product_name") and values.get("product") and record.references.get("product") is None:
            found["product_name"] = str(values["product"])
        return found

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """A line without a position comes behind the others of its order."""
        order = record.references.get("order")
        last: Counter[UUID | None] = context.looked_up["last_position"]
        last[order] += 1
        return super().new_columns(context, record) | {"position": last[order], "discount_bp": 0}

    def undone(self, context: ImportContext, done: Undone) -> None:
        """Make the totals of the orders fit the lines that are left."""
        rows = [*done.removed, *(change.old for change in done.restored), *(change.new for change in done.restored)]
        refresh_order_totals(organization=context.organization, orders={row["order_id"] for row in rows})

    def written(self, context: ImportContext, changes: Sequence[RowChange]) -> None:
        """Make the totals of the orders fit their lines again."""
        orders = {change.new["order_id"] for change in changes}
        orders |= {change.old["order_id"] for change in changes if change.old is not None}
        refresh_order_totals(organization=context.organization, orders=orders)

    def value_text(self, column: str, value: Any, columns: Columns) -> str:
        """Prices and discounts as people write them."""
        if column == "unit_price_e4" and value is not None:
            return f"{Decimal(value) / 10_000:,}"
        if column == "discount_bp" and value is not None:
            return f"{Decimal(value) / 100:g} %"
        if column == "cost_minor":
            return "" if value is None else str(value)
        return super().value_text(column, value, columns)


def refresh_order_totals(*, organization: Organization, orders: Iterable[UUID]) -> None:
    """Set the amounts of orders to the exact sums of their lines, each rounded once."""
    wanted = sorted(map(str, orders))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.id, o.currency, sum(l.quantity * l.unit_price_e4 * (10000 - l.discount_bp)) / 100000000
              FROM pipeline_order o
              JOIN pipeline_orderline l ON l.organization_id = o.organization_id AND l.order_id = o.id
             WHERE o.organization_id = %s AND o.id = ANY(%s::uuid[]) AND l.deleted_at IS NULL
             GROUP BY o.id, o.currency ORDER BY o.id
            """,
            [organization.pk, wanted],
        )
        rows = [(str(order), exact, to_minor(exact, currency)) for order, currency, exact in cursor.fetchall()]
        if not rows:
            return
        execute_values(
            cursor.cursor,
            """
            UPDATE pipeline_order AS o
               SET amount_exact = v.exact, amount_minor = v.minor, version = o.version + 1, updated_at = now()
              FROM (VALUES %s) AS v (id, exact, minor)
             WHERE o.organization_id = current_setting('app.organization')::uuid AND o.id = v.id
               AND (o.amount_exact, o.amount_minor) IS DISTINCT FROM (v.exact, v.minor)
            """,
            rows,
            template="(%s::uuid, %s::numeric(28, 8), %s::bigint)",
            page_size=5_000,
        )


def _rounded(value: Any, digits: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
