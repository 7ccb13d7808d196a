"""Orders from files. Where an order has lines, their exact sum is its amount and the file's own total is left out."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from integrations.imports.record_changes import Columns, RowChange
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.models import Order, OrderLine, OrderStatus
from pipeline.operations.imports.buyers import SeenAccounts
from pipeline.operations.imports.crm_target import CrmTarget, currency_of
from pipeline.readers.import_fields import ORDERS, with_crm_names
from tenancy.money import to_minor

ON_THE_WAY = timedelta(days=30)


class OrderTarget(CrmTarget):
    """Orders."""

    name, label, label_one = "orders", "Orders", "order"
    fields = with_crm_names("orders", ORDERS)
    file_words = ("orders", "sales orders", "invoices", "Aufträge", "Bestellungen")
    model = Order
    texts = {"number": "number", "status": "status"}
    plain = {name: name for name in ("order_date", "promised_date", "shipped_date")}
    pointers = {"account": "account_id", "owner": "owner_id"}
    columns = (
        *texts.values(), *plain.values(), *pointers.values(), "currency", "amount_minor", "amount_exact", "deleted_at",
    )  # fmt: skip
    name_column, name_key_column = "number", "number_key"
    date_fields = ("order_date",)
    labels = {
        "number": "Number",
        "status": "Status",
        "order_date": "Order date",
        "promised_date": "Promised date",
        "shipped_date": "Shipped date",
        "account_id": "Account",
        "owner_id": "Owner",
        "currency": "Currency",
        "amount_minor": "Amount",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Orders without an id are known by number."""
        return str(values.get("number") or "")

    def name_of(self, values: Values) -> str:
        """Other files call an order by its number."""
        return name_key(str(values.get("number") or ""))

    def prepare(self, context: ImportContext, records: Sequence[ImportRecord], existing: Mapping[str, Columns]) -> None:
        """Find the orders that have lines."""
        orders = [row["id"] for row in existing.values()]
        context.looked_up["with_lines"] = set(
            OrderLine.objects.for_organization(context.organization)
            .filter(order_id__in=orders, deleted_at=None)
            .values_list("order_id", flat=True)
            .distinct()
        )

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """What the row says, with its status where the file has none."""
        found = super().mapped_columns(context, record, old)
        amount = record.values.get("amount")
        if record.values.get("currency"):
            found["currency"] = record.values["currency"]
        if amount is not None and (old is None or old["id"] not in context.looked_up["with_lines"]):
            currency = currency_of(context, record.values, old)
            exact = Decimal(amount)
            found |= {"amount_exact": exact, "amount_minor": to_minor(exact, currency), "currency": currency}
        if not record.values.get("status") and (old is None or old["status"] == OrderStatus.OPEN):
            found["status"] = _status(context, record)
        return found

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """An order needs a number and a currency."""
        return super().new_columns(context, record) | {
            "number": record.key,
            "currency": currency_of(context, record.values, None),
            "amount_minor": 0,
            "amount_exact": Decimal(0),
        }

    def written(self, context: ImportContext, changes: Sequence[RowChange]) -> None:
        """Whoever orders is a customer."""
        seen = SeenAccounts()
        for change in changes:
            new = change.new
            bought_on = new["order_date"] if new["status"] != OrderStatus.CANCELLED else None
            seen.add(new["account_id"], self.recorded(context, change.record), bought_on)
        seen.write(context.organization)


def _status(context: ImportContext, record: ImportRecord) -> str:
    """Shipped orders are on their way for a month; after that nobody waits for them any more."""
    shipped = record.values.get("shipped_date")
    if not shipped:
        return OrderStatus.OPEN.value
    today = context.now.astimezone(context.zone).date()
    arrived = date.fromisoformat(shipped) + ON_THE_WAY < today
    return (OrderStatus.DELIVERED if arrived else OrderStatus.SHIPPED).value
