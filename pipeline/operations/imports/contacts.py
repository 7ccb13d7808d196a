"""People at customers, from files."""

from integrations.imports.record_changes import Columns
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.models import Contact
from pipeline.operations.imports.crm_target import CrmTarget, full_name
from pipeline.readers.import_fields import CONTACTS, with_crm_names


class ContactTarget(CrmTarget):
    """Contacts."""

    name, label, label_one = "contacts", "Contacts", "contact"
    fields = with_crm_names("contacts", CONTACTS)
    file_words = ("contacts", "Kontakte", "Ansprechpartner")
    required_any = (("name", "last_name"),)
    model = Contact
    texts = {name: name for name in ("name", "email", "phone", "title", "role")}
    plain = {"is_decision_maker": "is_decision_maker", "opted_out": "opted_out"}
    pointers = {"account": "account_id", "owner": "owner_id"}
    columns = (*texts.values(), *plain.values(), *pointers.values(), "deleted_at")
    date_fields = ("created_at",)
    labels = {
        "name": "Name",
        "email": "E-mail",
        "phone": "Phone",
        "title": "Job title",
        "role": "Buying role",
        "is_decision_maker": "Decision maker",
        "opted_out": "Opted out",
        "account_id": "Account",
        "owner_id": "Owner",
        "deleted_at": "Deleted",
    }

    def finish(self, values: Values) -> None:
        """Make one name of first and last."""
        full_name(values)

    def natural_key(self, values: Values) -> str:
        """Contacts without an id are known by e-mail, or else by name and firm."""
        if values.get("email"):
            return str(values["email"]).casefold()
        return name_key(f"{values['name']}|{values.get('account') or ''}")

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """Nobody decides or has opted out unless the file says so."""
        return super().new_columns(context, record) | {"is_decision_maker": False, "opted_out": False}
