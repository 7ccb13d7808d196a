"""Answers of customers, from files."""

from integrations.imports.row_parser import Values
from integrations.imports.values import name_key
from pipeline.models import SatisfactionResponse
from pipeline.operations.imports.crm_target import CrmTarget
from pipeline.readers.import_fields import SATISFACTION_RESPONSES, with_crm_names


class SatisfactionTarget(CrmTarget):
    """Answers to "would you recommend us"."""

    name, label, label_one = "satisfaction_responses", "Satisfaction answers", "answer"
    fields = with_crm_names("satisfaction_responses", SATISFACTION_RESPONSES)
    file_words = ("nps", "satisfaction", "survey", "feedback", "answers", "Umfrage")
    numbers_repeats = True
    model = SatisfactionResponse
    texts = {"comment": "comment", "survey": "survey"}
    plain = {"score": "score"}
    moments = {"responded_at": "responded_at"}
    pointers = {"account": "account_id", "contact": "contact_id"}
    columns = ("account_id", "contact_id", "score", "comment", "survey", "responded_at", "deleted_at")
    date_fields = ("responded_at",)
    labels = {
        "account_id": "Account",
        "contact_id": "Contact",
        "score": "Score",
        "comment": "Comment",
        "survey": "Survey",
        "responded_at": "Answered",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Answers without an id are known by who gave them when."""
        return name_key(f"{values.get('account')}|{values.get('contact') or ''}|{values.get('responded_at')}")

    def name_of(self, values: Values) -> str:
        """Nothing refers to an answer."""
        return ""
