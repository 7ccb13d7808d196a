"""GET /api/v1/events: what changed, in one order that never changes, so that a copy can follow."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import ListView, Row
from tenancy.keyset import Sort
from tenancy.models import DomainEvent

EXAMPLE = {
    "position": 1841,
    "type": "opportunity.stage_moved",
    "subject": {"type": "opportunity", "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01"},
    "actor": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "source": None,
    "occurred_at": "2026-11-19T11:45:03Z",
    "recorded_at": "2026-11-19T11:45:03Z",
}


class SubjectSerializer(serializers.Serializer[Any]):
    """The record that an event is about."""

    type = serializers.CharField(help_text="account, contact, opportunity, order, …")
    id = serializers.UUIDField()


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened. It never changes; it names the record and not its values: ask for those where your
    token may see them.
    """

    position = serializers.IntegerField(help_text="1, 2, 3 … without a gap. Remember the last one that you have seen.")
    type = serializers.CharField(help_text="What happened to what: opportunity.stage_moved, order.placed, …")
    subject = SubjectSerializer()
    actor = ReferenceSerializer(allow_null=True, help_text="The person of yours who did it; null for machines.")
    source = serializers.CharField(  # type: ignore[assignment]  # the name is the record's, not DRF's
        allow_null=True, help_text="Of an import: the `source` of the records that it wrote."
    )
    occurred_at = serializers.DateTimeField(help_text="When it happened; may lie before earlier positions.")
    recorded_at = serializers.DateTimeField()


class EventListView(ListView):
    """The changes feed: events in the order of their positions, the earliest first. Ask with `after` = the last
    position that you have seen; an empty page means that nothing has happened since. Positions have no gaps, and one
    that you have seen is never followed by an earlier one. An event gets its position a moment after its commit.
    """

    required_scope = "events:read"
    singular, plural = "event", "events"
    record = EventSerializer
    example = EXAMPLE
    columns = (
        *("id", "position", "type", "subject_type", "subject_id", "actor_id", "actor__name", "source"),
        *("occurred_at", "recorded_at"),
    )
    summary = "List events"
    sorts = (Sort("position", "position"),)
    filters = (
        parameters.position("after", "position__gt", "Behind this position."),
        parameters.names("type", "type", "What happened.", example="opportunity.stage_moved"),
        parameters.names("subject_type", "subject_type", "What kind of record it is about.", example="opportunity"),
        parameters.identifier("subject", "subject_id", "The record that it is about."),
        parameters.identifier("actor", "actor_id", "The person of yours who did it."),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the events that have their position."""
        events: QuerySet[Any, Any] = DomainEvent.objects.for_organization(self.organization_id)
        return events.filter(position__isnull=False)

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return an event."""
        return {
            "position": row["position"],
            "type": row["type"],
            "subject": {"type": row["subject_type"], "id": row["subject_id"]},
            "actor": reference(row, "actor"),
            "source": row["source"] or None,
            "occurred_at": row["occurred_at"],
            "recorded_at": row["recorded_at"],
        }
