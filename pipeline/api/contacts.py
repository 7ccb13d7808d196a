"""GET /api/v1/contacts and /api/v1/contacts/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.api.components import RecordSerializer
from pipeline.api.records import (
    BY_ID,
    BY_UPDATE,
    RECORD_COLUMNS,
    living,
    living_columns,
    record_filters,
    record_part,
)
from pipeline.models import BuyingRole, Contact
from pipeline.querysets import starting_with
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01",
    "source": "import:crm",
    "external_id": "003Qy00000PqRsT",
    "version": 2,
    "created_at": "2026-02-03T08:14:00Z",
    "updated_at": "2026-11-12T10:20:00Z",
    "name": "Sanne de Wit",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "email": "sanne@velora.example",
    "phone": "+31 30 555 0101",
    "title": "Head of purchasing",
    "role": "decides",
    "is_decision_maker": True,
    "opted_out": False,
}


class ContactSerializer(RecordSerializer):
    """A person at an account; may be known before the firm is. What is not known is null."""

    name = serializers.CharField()
    account = ReferenceSerializer(allow_null=True)
    owner = ReferenceSerializer(allow_null=True)
    email = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    phone = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    title = serializers.CharField(allow_null=True, help_text="What the person is at the firm.")
    role = serializers.ChoiceField(
        BuyingRole.choices, allow_null=True, help_text="What the person does in the customer's decision."
    )
    is_decision_maker = serializers.BooleanField()
    opted_out = serializers.BooleanField(help_text="Does not want to be written to.")


class ContactView(RecordView):
    """The contacts of an organisation."""

    required_scope = "contacts:read"
    singular, plural = "contact", "contacts"
    record = ContactSerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("name", "name_key", *living_columns("account"), "owner_id", "owner__name", "email", "phone", "title"),
        *("role", "is_decision_maker", "opted_out"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the contacts that were not deleted."""
        contacts: QuerySet[Any, Any] = Contact.objects.for_organization(self.organization_id).alive()
        return contacts

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a contact; what is not known is null."""
        return {
            **record_part(row),
            "name": row["name"],
            "account": living(row, "account"),
            "owner": reference(row, "owner"),
            "email": self.visible("contact", row, "email") or None,
            "phone": self.visible("contact", row, "phone") or None,
            "title": row["title"] or None,
            "role": row["role"] or None,
            "is_decision_maker": row["is_decision_maker"],
            "opted_out": row["opted_out"],
        }


class ContactListView(ContactView, ListView):
    """Contacts, page by page. In the order of `id`, the default, none is missed or comes twice while others change:
    right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List contacts"
    sorts = (BY_ID, Sort("name", "name_key"), BY_UPDATE)
    filters = (
        parameters.identifier("account", "account_id", "The account that the person is at."),
        parameters.identifier("owner", "owner_id", "The person of yours who owns the contact."),
        parameters.codes("role", "role", BuyingRole.values, "What the person does in the customer's decision."),
        parameters.flag("is_decision_maker", "is_decision_maker", "Whether the person decides."),
        parameters.flag("opted_out", "opted_out", "Whether the person does not want to be written to."),
        parameters.beginning(
            "name", lambda prefix: starting_with("name_key", prefix), "How the name begins.", example="sanne"
        ),
        *record_filters("003Qy00000PqRsT"),
    )


class ContactDetailView(ContactView, DetailView):
    """One contact by its id."""

    summary = "Get a contact"
