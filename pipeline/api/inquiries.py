"""GET /api/v1/inquiries and /api/v1/inquiries/{id}."""

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
from pipeline.models import Inquiry, InquiryChannel, InquiryState
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


class InquiryView(RecordView):
    """What prospects and customers ask an organisation."""

    required_scope = "inquiries:read"
    singular, plural = "inquiry", "inquiries"
    record = InquirySerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("subject", "text", "channel", "state", "received_at", "answered_at", "owner_id", "owner__name"),
        *living_columns("account", "contact"),
    )

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


class InquiryListView(InquiryView, ListView):
    """Inquiries, page by page. In the order of `id`, the default, none is missed or comes twice while others change:
    right for a copy. Afterwards ask with `updated_after` for what changed.
    """

    summary = "List inquiries"
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


class InquiryDetailView(InquiryView, DetailView):
    """One inquiry by its id."""

    summary = "Get an inquiry"
