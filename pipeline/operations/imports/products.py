"""The catalogue from files."""

from integrations.imports.record_changes import Columns
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.models import Product
from pipeline.operations.imports.crm_target import CrmTarget, Money
from pipeline.readers.import_fields import PRODUCTS, with_crm_names


class ProductTarget(CrmTarget):
    """Products."""

    name, label, label_one = "products", "Products", "product"
    fields = with_crm_names("products", PRODUCTS)
    file_words = ("products", "articles", "items", "catalogue", "Artikel", "Produkte")
    model = Product
    texts = {"name": "name", "code": "code", "family": "family"}
    plain = {"is_active": "is_active"}
    amounts = (Money("list_price", "list_price_minor"),)
    columns = ("name", "code", "family", "is_active", "list_price_minor", "currency", "deleted_at")
    labels = {
        "name": "Name",
        "code": "Code",
        "family": "Family",
        "is_active": "Active",
        "list_price_minor": "List price",
        "currency": "Currency",
        "deleted_at": "Deleted",
    }

    def finish(self, values: Values) -> None:
        """Turn "discontinued" round: what is discontinued is not active."""
        if values.get("discontinued") is not None and values.get("is_active") is None:
            values["is_active"] = not values["discontinued"]

    def natural_key(self, values: Values) -> str:
        """Products without an id are known by code, or else by name."""
        return name_key(str(values.get("code") or values.get("name") or ""))

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """A product can be sold unless the file says otherwise."""
        return super().new_columns(context, record) | {"is_active": True}
