"""GET /api/v1/activities and /api/v1/activities/{id}."""

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
from pipeline.models import Activity, ActivityKind, Direction
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e3001",
    "source": "import:crm",
    "external_id": "00TQy00000KlMnO",
    "version": 1,
    "created_at": "2026-11-19T11:50:00Z",
    "updated_at": "2026-11-19T11:50:00Z",
    "kind": "meeting",
    "direction": "out",
    "subject": "Service levels",
    "body": "Four hours on weekdays would do.",
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "contact": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2f01", "name": "Sanne de Wit"},
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "member": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "occurred_at": "2026-11-19T10:00:00Z",
    "is_two_way": True,
}


class ActivitySerializer(RecordSerializer):
    """Something that was done with or for a customer. What is not known is null."""

    kind = serializers.ChoiceField(ActivityKind.choices)
    direction = serializers.ChoiceField(
        Direction.choices, allow_null=True, help_text="Who began it: the customer (in) or you (out)."
    )
    subject = serializers.CharField(allow_null=True)
    body = serializers.CharField(allow_null=True, help_text="Null for a token without the scope personal:read.")
    account = ReferenceSerializer(allow_null=True)
    contact = ReferenceSerializer(allow_null=True)
    opportunity = ReferenceSerializer(allow_null=True)
    member = ReferenceSerializer(allow_null=True, help_text="The person of yours who did it.")
    occurred_at = serializers.DateTimeField()
    is_two_way = serializers.BooleanField(help_text="Whether the customer took part.")


class ActivityView(RecordView):
    """What the people of an organisation did with customers."""

    required_scope = "activities:read"
    singular, plural = "activity", "activities"
    record = ActivitySerializer
    example = EXAMPLE
    columns = (
        *RECORD_COLUMNS,
        *("kind", "direction", "subject", "body", "occurred_at", "is_two_way", "member_id", "member__name"),
        *living_columns("account", "contact", "opportunity"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the activities that were not deleted."""
        activities: QuerySet[Any, Any] = Activity.objects.for_organization(self.organization_id).alive()
        return activities

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an activity; a neighbour that was deleted is no longer named."""
        return {
            **record_part(row),
            "kind": row["kind"],
            "direction": row["direction"] or None,
            "subject": row["subject"] or None,
            "body": self.visible("activity", row, "body") or None,
            "account": living(row, "account"),
            "contact": living(row, "contact"),
            "opportunity": living(row, "opportunity"),
            "member": reference(row, "member"),
            "occurred_at": row["occurred_at"],
            "is_two_way": row["is_two_way"],
        }


class ActivityListView(ActivityView, ListView):
    """Activities (calls, meetings, mails, notes, inquiries, tasks), page by page. In the order of `id`, the default,
    none is missed or comes twice while others change: right for a copy. Afterwards ask with `updated_after` for what
    changed.
    """

    summary = "List activities"
    sorts = (BY_ID, Sort("occurred_at", "occurred_at"), BY_UPDATE)
    filters = (
        parameters.codes("kind", "kind", ActivityKind.values, "What happened."),
        parameters.codes("direction", "direction", Direction.values, "Who began it: the customer (in) or you (out)."),
        parameters.flag("is_two_way", "is_two_way", "Whether the customer took part."),
        parameters.identifier("account", "account_id", "The account that it was with."),
        parameters.identifier("contact", "contact_id", "The contact that it was with."),
        parameters.identifier("opportunity", "opportunity_id", "The deal that it was about."),
        parameters.identifier("member", "member_id", "The person of yours who did it."),
        parameters.moment("occurred_from", "occurred_at__gte", "Happened at this moment or later."),
        parameters.moment("occurred_to", "occurred_at__lte", "Happened at this moment or earlier."),
        *record_filters("00TQy00000KlMnO"),
    )


class ActivityDetailView(ActivityView, DetailView):
    """One activity by its id."""

    summary = "Get an activity"
