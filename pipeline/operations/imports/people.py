"""Sales people of a CRM become members without a sign-in: they own records, and can be invited later."""

from integrations.imports.record_changes import Columns
from integrations.imports.record_target import RecordTarget
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.operations.imports.crm_target import full_name
from pipeline.readers.import_fields import PEOPLE, with_crm_names
from tenancy.models import Member


class PeopleTarget(RecordTarget):
    """Members. An import never changes what somebody may do, so it leaves roles alone."""

    name, label, label_one = "people", "People", "person"
    fields = with_crm_names("people", PEOPLE)
    file_words = ("people", "employees", "users", "owners", "sales teams", "agents", "Mitarbeiter")
    required_any = (("name", "last_name"),)
    links = ("manager",)
    model = Member
    columns = ("name", "email", "title", "is_active")
    insert_only = ("role", "version", "created_at", "updated_at")
    link_columns = {"manager": "manager_id"}
    name_key_column = ""
    has_deleted = False
    labels = {"name": "Name", "email": "E-mail", "title": "Job title", "is_active": "Active"}

    def finish(self, values: Values) -> None:
        """Make one name of first and last."""
        full_name(values)

    def removal(self, context: ImportContext) -> Columns:
        """People are never deleted: they leave."""
        return {"is_active": False, "deactivated_at": context.now}

    def natural_key(self, values: Values) -> str:
        """People without an id are known by e-mail, or else by name."""
        return name_key(str(values.get("email") or values["name"]))

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """What the row says of a person."""
        return {
            column: record.values[column] if column == "is_active" else record.values[column] or ""
            for column in self.columns
            if column in record.values
        }

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """A member without a user: nobody can sign in as them."""
        return {
            "email": "",
            "title": "",
            "is_active": True,
            "role": Member.Role.MEMBER.value,
            "version": 1,
            "created_at": context.now,
            "updated_at": context.now,
        }
