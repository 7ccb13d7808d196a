"""Companies from files."""

from integrations.imports.record_changes import Columns
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.models import Account, Lifecycle
from pipeline.operations.imports.crm_target import CrmTarget, Money
from pipeline.operations.imports.custom_values import CustomHistory
from pipeline.readers.import_fields import ACCOUNTS, with_crm_names


class AccountTarget(CrmTarget):
    """Customers and prospects."""

    name, label, label_one = "accounts", "Accounts", "account"
    fields = with_crm_names("accounts", ACCOUNTS)
    file_words = ("accounts", "customers", "companies", "resellers", "organizations", "Kunden", "Firmen")
    links = ("parent",)
    model = Account
    texts = {
        **{name: name for name in ("name", "segment", "industry", "region", "country", "city", "website")},
        "lifecycle": "lifecycle",
        "icp_fit": "icp_fit",
    }
    plain = {"employees": "employees", "customer_since": "customer_since"}
    pointers = {"owner": "owner_id"}
    amounts = (Money("annual_revenue", "annual_revenue_minor"), Money("potential", "potential_minor"))
    columns = (
        *texts.values(),
        *plain.values(),
        *pointers.values(),
        *(m.column for m in amounts),
        "currency",
        "custom",
        "deleted_at",
    )
    json_columns = ("custom",)
    custom_history = CustomHistory("account", lambda columns: (columns["recorded_at"], None))
    link_columns = {"parent": "parent_id"}
    date_fields = ("created_at", "customer_since")
    labels = {
        "name": "Name",
        "lifecycle": "Lifecycle",
        "segment": "Segment",
        "industry": "Industry",
        "region": "Region",
        "country": "Country",
        "city": "City",
        "website": "Website",
        "employees": "Employees",
        "annual_revenue_minor": "Annual revenue",
        "potential_minor": "Potential",
        "currency": "Currency",
        "customer_since": "Customer since",
        "icp_fit": "Fit",
        "owner_id": "Owner",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Companies without an id are known by name."""
        return name_key(str(values.get("name") or ""))

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """What the row says; who has bought from us stays a customer, whatever a stale list calls them."""
        found = super().mapped_columns(context, record, old)
        if old is not None and old["lifecycle"] == Lifecycle.CUSTOMER and found.get("lifecycle") == Lifecycle.PROSPECT:
            del found["lifecycle"]
        return found

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """A firm is a prospect until it has bought."""
        return super().new_columns(context, record) | {"lifecycle": Lifecycle.PROSPECT.value}
