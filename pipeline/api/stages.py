"""/api/v1/stages and /api/v1/stages/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import parameters
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.views import DetailView, ListView, RecordView, Row
from pipeline.models import CriterionCode, ForecastCategory, Mover, Stage, StageKind
from tenancy.keyset import Sort

DAYS = ("expected_days", "warning_days", "learned_days", "learned_warning_days")
EXAMPLE = {
    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d13",
    "name": "Proposal",
    "pipeline": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d01", "name": "Sales"},
    "position": 4,
    "kind": "open",
    "probability_bp": 5_000,
    "forecast_category": "best_case",
    "expected_days": 21,
    "warning_days": 32,
    "learned_from": 0,
    "moved_by": "everybody",
    "entry_criteria": [],
    "exit_criteria": [{"code": "confirmed", "text": "The proposal was discussed with somebody who decides"}],
    "is_strict": False,
    "is_retired": False,
    "version": 1,
}


class CriterionSerializer(serializers.Serializer[Any]):
    """What has to be true of a deal."""

    code = serializers.ChoiceField(CriterionCode.choices)
    text = serializers.CharField(required=False, help_text="What a person confirms; only where code is confirmed.")


class PipelineStageSerializer(serializers.Serializer[Any]):
    """A step of a pipeline: where a deal can be."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    pipeline = ReferenceSerializer()
    position = serializers.IntegerField(help_text="Its place in the pipeline; the first is 1.")
    kind = serializers.ChoiceField(StageKind.choices, help_text="Whether a deal in it is open, won or lost.")
    probability_bp = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="The chance to win in hundredths of a percent."
    )
    forecast_category = serializers.ChoiceField(ForecastCategory.choices)
    expected_days = serializers.IntegerField(
        help_text="For how many working days a deal usually stays at most: learnt from won deals, else as people set"
        " it; 0: not known."
    )
    warning_days = serializers.IntegerField(help_text="After how many working days a deal is late; 0: not known.")
    learned_from = serializers.IntegerField(help_text="From how many stays of won deals that was learnt; 0: it is set.")
    moved_by = serializers.ChoiceField(Mover.choices, help_text="Who may move deals into it, of those who edit them.")
    entry_criteria = CriterionSerializer(many=True, help_text="What a deal must meet to move forward into it.")
    exit_criteria = CriterionSerializer(many=True, help_text="What a deal must meet to move forward out of it.")
    is_strict = serializers.BooleanField(help_text="Whether what breaks a criterion is refused, or only counted.")
    is_retired = serializers.BooleanField(help_text="No longer in use: no deal can move into it.")
    version = serializers.IntegerField()


class StageView(RecordView):
    """The stages of an organisation's pipelines."""

    required_scope = "opportunities:read"
    singular, plural = "stage", "stages"
    record = PipelineStageSerializer
    example = EXAMPLE
    columns = (
        *("id", "name", "pipeline_id", "pipeline__name", "position", "kind", "probability_bp", "forecast_category"),
        *("expected_days", "warning_days", "learned_days", "learned_warning_days", "learned_from", "moved_by"),
        *("entry_criteria", "exit_criteria", "is_strict", "retired_at", "version"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the stages, retired ones too: old deals are in them."""
        stages: QuerySet[Any, Any] = Stage.objects.for_organization(self.organization_id)
        return stages

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a stage."""
        days = Stage(**{name: row[name] for name in DAYS})
        return {
            "id": row["id"],
            "name": row["name"],
            "pipeline": reference(row, "pipeline"),
            "position": row["position"],
            "kind": row["kind"],
            "probability_bp": row["probability_bp"],
            "forecast_category": row["forecast_category"],
            "expected_days": days.usual_days,
            "warning_days": days.late_days,
            "learned_from": row["learned_from"],
            "moved_by": row["moved_by"],
            "entry_criteria": row["entry_criteria"],
            "exit_criteria": row["exit_criteria"],
            "is_strict": row["is_strict"],
            "is_retired": row["retired_at"] is not None,
            "version": row["version"],
        }


class StageListView(StageView, ListView):
    """The stages of all pipelines, where a deal's `stage_id` comes from."""

    summary = "List stages"
    sorts = (Sort("position", "position"), Sort("id", "id"))
    filters = (
        parameters.codes("kind", "kind", StageKind.values, "Whether a deal in it is open, won or lost."),
        parameters.identifier("pipeline", "pipeline_id", "The pipeline that it belongs to."),
    )


class StageDetailView(StageView, DetailView):
    """One stage by its id."""

    summary = "Get a stage"
