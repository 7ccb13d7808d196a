"""/api/v1/inquiries and /api/v1/inquiries/{id}."""

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
from pipeline.api.contacts import ContactView
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
    refuse_the_future,
)
from pipeline.api.writing import RecordDeletingView, RecordWritingView
from pipeline.models import Inquiry, InquiryChannel, InquiryState
from pipeline.operations import UnableToChangeInquiry, receive_inquiry, update_inquiry
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3301",
    "source": "website",
    "external_id": "form-8841",
    "version": 2,
    "created_at": "2026-11-23T08:02:11Z",
    "updated_at": "2026-11-23T08:20:00Z",
    "subject": "Hub drives for cargo bikes",
    "text": "What would 400 a year cost?",
    "channel": "web",
    "state": "answered",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "contact": None,
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "received_at": "2026-11-23T08:02:10Z",
    "answered_at": "2026-11-23T08:20:00Z",
}


class InquirySerializer(RecordSerializer):
    """A question of a prospect or a customer. What is not known is null."""

    subject = serializers.CharField()
    text = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    channel = serializers.ChoiceField(InquiryChannel.choices, help_text="The way on which it came.")
    state = serializers.ChoiceField(InquiryState.choices)
    account = ReferenceSerializer(allow_null=True)
    contact = ReferenceSerializer(allow_null=True)
    owner = ReferenceSerializer(allow_null=True, help_text="The person of yours who takes care of it.")
    received_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True, help_text="The first answer.")


BODY = Body(
    "Inquiry",
    [
        *bodies.from_source(),
        bodies.text("subject", 300, "What it is about.", example="Hub drives for cargo bikes", required=True),
        bodies.text("text", 20_000, "What they ask.", example="What would 400 a year cost?", lines=True),
        bodies.code("channel", InquiryChannel.values, "The way on which it came.", example="web", null=False),
        bodies.code(
            "state",
            InquiryState.values,
            "A new one is new, or open where it has an owner. `answered` keeps the moment of the first answer.",
            null=False,
        ),
        bodies.reference(
            "account_id", "account", references.accounts, "The account that asks; that of the contact, where one asks."
        ),
        bodies.reference("contact_id", "contact", references.contacts, "The contact who asks."),
        bodies.reference(
            "owner_id", "active member", references.members, "The person of yours who takes care; opens a new one."
        ),
        bodies.moment("received_at", "When it came; now, where nobody says.", null=False),
    ],
    read_only=(*OURS, "answered_at"),
)


class InquiryView(RecordView):
    """What prospects and customers ask an organisation."""

    required_scope, write_scope = "inquiries:read", "inquiries:write"
    singular, plural = "inquiry", "inquiries"
    record = InquirySerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("subject", "text", "channel", "state", "received_at", "answered_at", "owner_id", "owner__name"),
        *living_columns("account", "contact"),
    )
    expansions = {"account": AccountView, "contact": ContactView}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the inquiries that were not deleted."""
        inquiries: QuerySet[Any, Any] = Inquiry.objects.for_organization(self.organization_id).alive()
        return inquiries

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an inquiry; what is not known is null."""
        return {
            **record_part(row),
            "subject": row["subject"],
            "text": self.visible("inquiry", row, "text") or None,
            "channel": row["channel"],
            "state": row["state"],
            "account": living(row, "account"),
            "contact": living(row, "contact"),
            "owner": reference(row, "owner"),
            "received_at": row["received_at"],
            "answered_at": row["answered_at"],
        }


class InquiryListView(InquiryView, RecordWritingView, CreatingView):
    """Inquiries, page by page. In the order of `id`, the default, none is missed or comes twice while others change:
    right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List inquiries"
    body = BODY
    refusals = {UnableToChangeInquiry: ""}

    def create(self, values: Values) -> Inquiry:
        """Keep the question."""
        both_or_neither(values)
        refuse_the_future(values, "received_at", now=self.now)
        return receive_inquiry(created_at=self.now, **self.acting(), **as_columns(values))

    sorts = (BY_ID, Sort("received_at", "received_at"), BY_UPDATE)
    filters = (
        parameters.codes("state", "state", InquiryState.values, "How far it is."),
        parameters.codes("channel", "channel", InquiryChannel.values, "The way on which it came."),
        parameters.identifier("account", "account_id", "The account that asks."),
        parameters.identifier("contact", "contact_id", "The contact who asks."),
        parameters.identifier("owner", "owner_id", "The person of yours who takes care of it."),
        parameters.moment("received_from", "received_at__gte", "Came at this moment or later."),
        parameters.moment("received_to", "received_at__lte", "Came at this moment or earlier."),
        *record_filters("form-8841"),
    )


class InquiryDetailView(InquiryView, RecordDeletingView):
    """One inquiry by its id."""

    summary = "Get an inquiry"
    body = BODY
    refusals = {UnableToChangeInquiry: ""}
    about = {"DELETE": "It is taken out of every list and off the timeline. For 30 days it can be restored."}

    def change(self, record: Inquiry, values: Values) -> None:
        """Change the inquiry."""
        refuse_the_future(values, "received_at", now=self.now)
        update_inquiry(
            inquiry=record, version=record.version, updated_at=self.now, **self.acting(), **as_columns(values)
        )
