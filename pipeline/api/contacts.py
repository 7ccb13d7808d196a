"""/api/v1/contacts and /api/v1/contacts/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values, both_or_neither
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import RecordView, Row
from integrations.api.writing import CreatingView
from pipeline.api import references
from pipeline.api.accounts import AccountView
from pipeline.api.components import RecordSerializer
from pipeline.api.records import (
    BY_ID,
    BY_UPDATE,
    OURS,
    RECORD_COLUMNS,
    as_columns,
    living,
    living_columns,
    record_filters,
    record_part,
)
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import BuyingRole, Contact
from pipeline.operations import create_contact, update_contact
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


EMAIL = r"[^@\s\x00-\x1f]{1,200}@[^@\s\x00-\x1f]{1,200}"
BODY = Body(
    "Contact",
    [
        *bodies.from_source(),
        bodies.text("name", 200, "The name of the person.", example="Sanne de Wit", required=True),
        bodies.reference("account_id", "account", references.accounts, "The account that the person is at."),
        bodies.reference("owner_id", "active member", references.members, "The person of yours who owns the contact."),
        bodies.matching("email", EMAIL, "an address such as sanne@velora.example", "The e-mail address."),
        bodies.text("phone", 60, "The telephone number.", example="+31 30 555 0101"),
        bodies.text("title", 200, "What the person is at the firm.", example="Head of purchasing"),
        bodies.code("role", BuyingRole.values, "What the person does in decisions.", example="decides"),
        bodies.yes("is_decision_maker", "Whether the person decides.", example=True, null=False),
        bodies.yes("opted_out", "Whether the person does not want to be written to.", null=False),
    ],
    read_only=OURS,
)


class ContactView(RecordView):
    """The contacts of an organisation."""

    required_scope, write_scope = "contacts:read", "contacts:write"
    singular, plural = "contact", "contacts"
    record = ContactSerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("name", "name_key", *living_columns("account"), "owner_id", "owner__name", "email", "phone", "title"),
        *("role", "is_decision_maker", "opted_out"),
    )
    expansions = {"account": AccountView}

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


class ContactListView(ContactView, RecordWritingView, CreatingView):
    """Contacts, page by page. In the order of `id`, the default, none is missed or comes twice while others change:
    right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List contacts"
    body = BODY

    def create(self, values: Values) -> Contact:
        """Add the contact."""
        both_or_neither(values)
        return create_contact(created_at=self.now, **self.acting(), **as_columns(values))

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


class ContactDetailView(ContactView, RecordDeletingView):
    """One contact by its id."""

    summary = "Get a contact"
    body = BODY
    about = {"DELETE": "The contact is taken out of every list. For 30 days it can be restored."}

    def change(self, record: Contact, values: Values) -> None:
        """Change the contact."""
        update_contact(
            contact=record, version=record.version, updated_at=self.now, **self.acting(), **as_columns(values)
        )
