"""/api/v1/stage-moves and /api/v1/stage-moves/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.api.records import BY_ID
from pipeline.models import OpportunityHistory, TrackedField
from tenancy.keyset import Sort

EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e5101",
    "opportunity": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01", "name": "2027 drive framework"},
    "previous": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d12", "name": "Solution"},
    "current": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d13", "name": "Proposal"},
    "moved_by": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "moved_at": "2026-11-02T13:05:00Z",
    "recorded_at": "2026-11-02T13:05:00Z",
    "reason": None,
    "is_reconstructed": False,
}


class StageMoveSerializer(serializers.Serializer[Any]):
    """One move of a deal. A move is made by changing `stage_id` of the opportunity; this is its history."""

    id = serializers.UUIDField()
    opportunity = ReferenceSerializer()
    previous = ReferenceSerializer(allow_null=True, help_text="The stage before; null where the deal began.")
    current = ReferenceSerializer(help_text="The stage that it moved to.")
    moved_by = ReferenceSerializer(allow_null=True, help_text="The person of yours; null where a system did it.")
    moved_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField(help_text="When it was first known here.")
    reason = serializers.CharField(allow_null=True, help_text="Why, where somebody said so.")
    is_reconstructed = serializers.BooleanField(help_text="Whether it was worked out from a file afterwards.")


class StageMoveView(RecordView):
    """The moves of the deals that were not deleted."""

    required_scope = "opportunities:read"
    singular, plural = "stage_move", "stage_moves"
    record = StageMoveSerializer
    example = EXAMPLE
    columns = (
        *("id", "opportunity_id", "opportunity__name", "old_stage_id", "old_stage__name", "new_stage_id"),
        *("new_stage__name", "actor_id", "actor__name", "occurred_at", "recorded_at", "reason", "reconstructed"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the moves whose stage is known."""
        moves: QuerySet[Any, Any] = OpportunityHistory.objects.for_organization(self.organization_id)
        return moves.filter(field=TrackedField.STAGE, new_stage__isnull=False, opportunity__deleted_at=None)

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a move; what is not known is null."""
        return {
            "id": row["id"],
            "opportunity": reference(row, "opportunity"),
            "previous": reference(row, "old_stage"),
            "current": reference(row, "new_stage"),
            "moved_by": reference(row, "actor"),
            "moved_at": row["occurred_at"],
            "recorded_at": row["recorded_at"],
            "reason": row["reason"] or None,
            "is_reconstructed": row["reconstructed"],
        }


class StageMoveListView(StageMoveView, ListView):
    """How deals moved through the stages, the beginning of each included."""

    summary = "List stage moves"
    sorts = (BY_ID, Sort("moved_at", "occurred_at"))
    filters = (
        parameters.identifier("opportunity", "opportunity_id", "The deal that moved."),
        parameters.identifier("current", "new_stage_id", "The stage that it moved to."),
        parameters.identifier("previous", "old_stage_id", "The stage that it came from."),
        parameters.moment("moved_from", "occurred_at__gte", "Moved at this moment or later."),
        parameters.moment("moved_to", "occurred_at__lt", "Moved before this moment."),
    )


class StageMoveDetailView(StageMoveView, DetailView):
    """One move by its id."""

    summary = "Get a stage move"
