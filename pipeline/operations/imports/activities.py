"""Calls, meetings and mails from files."""

from integrations.imports.record_changes import Columns
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord
from integrations.imports.values import name_key
from pipeline.models import Activity, ActivityKind
from pipeline.operations.imports.crm_target import CrmTarget
from pipeline.readers.import_fields import ACTIVITIES, with_crm_names


class ActivityTarget(CrmTarget):
    """Activities. A meeting is two-way by itself; of a call or mail the file must say so."""

    name, label, label_one = "activities", "Activities", "activity"
    fields = with_crm_names("activities", ACTIVITIES)
    file_words = ("activities", "tasks", "calls", "meetings", "events", "Aktivitäten")
    numbers_repeats = True
    model = Activity
    texts = {"kind": "kind", "direction": "direction", "subject": "subject", "body": "body"}
    plain = {"is_two_way": "is_two_way"}
    moments = {"occurred_at": "occurred_at"}
    pointers = {
        "account": "account_id",
        "contact": "contact_id",
        "opportunity": "opportunity_id",
        "member": "member_id",
    }
    columns = (*texts.values(), "is_two_way", "occurred_at", *pointers.values(), "deleted_at")
    date_fields = ("occurred_at",)
    undated_at_end = True
    name_column, name_key_column = "subject", ""
    labels = {
        "kind": "Kind",
        "direction": "Direction",
        "subject": "Subject",
        "body": "Notes",
        "is_two_way": "Two-way",
        "occurred_at": "When",
        "account_id": "Account",
        "contact_id": "Contact",
        "opportunity_id": "Deal",
        "member_id": "By",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Activities without an id are known by what happened when and with whom."""
        parts = [
            values.get(name) or "" for name in ("kind", "occurred_at", "account", "opportunity", "contact", "member")
        ]
        return name_key("|".join([*map(str, parts), str(values.get("subject") or "")[:60]]))

    def name_of(self, values: Values) -> str:
        """Nothing refers to an activity."""
        return ""

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """Nobody talks to themselves in a meeting."""
        is_meeting = record.values.get("kind") == ActivityKind.MEETING
        return super().new_columns(context, record) | {"is_two_way": is_meeting}
