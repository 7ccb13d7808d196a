"""/api/v1/stages and /api/v1/stages/{id}."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import ReferenceSerializer, reference
from integrations.api.errors import FieldProblem, InvalidBody
from integrations.api.views import RecordView, Row
from integrations.api.writing import ChangingView, CreatingView
from pipeline.api import references
from pipeline.api.pipelines import ProcessWritingView, reason
from pipeline.models import CriterionCode, ForecastCategory, Mover, Stage, StageKind
from pipeline.operations import change_stage, create_stage, restore_stage, retire_stage
from pipeline.operations.criteria import LONGEST_TEXT, MOST_CRITERIA
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


def _criteria(name: str, description: str) -> Any:
    one = Body(
        "Criterion",
        [
            bodies.code("code", CriterionCode.values, "What has to be true.", example="amount", required=True),
            bodies.text("text", LONGEST_TEXT, "What a person confirms; only where code is confirmed.", null=False),
        ],
    )
    return bodies.objects(name, one, MOST_CRITERIA, description, example=[{"code": "amount"}])


BODY = Body(
    "Stage",
    [
        bodies.reference(
            "pipeline_id",
            "pipeline",
            references.pipelines,
            "The pipeline that it belongs to.",
            required=True,
            on_create_only=True,
            example="0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d01",
        ),
        bodies.code(
            "kind", StageKind.values, "Whether a deal in it is open, won or lost.", null=False, on_create_only=True
        ),
        bodies.text("name", 80, "Its name; no other stage of the pipeline has it.", example="Pilot", required=True),
        bodies.whole("probability_bp", 0, 10_000, "The chance to win in hundredths of a percent.", null=False),
        bodies.code("forecast_category", ForecastCategory.values, "How firmly its deals count.", null=False),
        bodies.whole("expected_days", 0, 3_650, "The usual working days, as you set them; 0: not known.", null=False),
        bodies.whole("warning_days", 0, 3_650, "After how many working days a deal is late; 0: as learnt.", null=False),
        bodies.code("moved_by", Mover.values, "Who may move deals into it, of those who edit them.", null=False),
        _criteria("entry_criteria", "What a deal must meet to move forward into it."),
        _criteria("exit_criteria", "What a deal must meet to move forward out of it."),
        bodies.yes("is_strict", "Whether what breaks a criterion is refused, or only counted.", null=False),
        bodies.yes("is_retired", "True takes it out of use: its deals stay, and none moves in.", null=False),
        reason(),
    ],
    read_only=("pipeline", "position", "learned_from"),
)


class StageView(RecordView):
    """The stages of an organisation's pipelines."""

    required_scope, write_scope = "opportunities:read", "pipelines:write"
    body = BODY
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


class StageListView(StageView, ProcessWritingView, CreatingView):
    """The stages of all pipelines, where a deal's `stage_id` comes from."""

    about = {"POST": "It stands behind the others of its kind."}

    def create(self, values: Values) -> Stage:
        """Add a stage."""
        if "is_retired" in values:
            raise InvalidBody([FieldProblem("is_retired", "is_retired is changed once the stage is there.")])
        said = dict(values)
        made_in, kind = said.pop("pipeline_id"), said.pop("kind", StageKind.OPEN.value)
        return create_stage(**self.telling(), pipeline=made_in, kind=kind, **said)

    summary = "List stages"
    sorts = (Sort("position", "position"), Sort("id", "id"))
    filters = (
        parameters.codes("kind", "kind", StageKind.values, "Whether a deal in it is open, won or lost."),
        parameters.identifier("pipeline", "pipeline_id", "The pipeline that it belongs to."),
    )


class StageDetailView(StageView, ProcessWritingView, ChangingView):
    """One stage by its id."""

    summary = "Get a stage"
    about = {"PATCH": "Changes it, or retires it with `is_retired`; each change stands in the log of the process."}

    def change(self, record: Stage, values: Values) -> None:
        """Change the stage, and take it out of use or back into it."""
        said = dict(values)
        is_retired, why = said.pop("is_retired", None), said.pop("reason", "")
        stage = change_stage(**self.telling(), stage=record, version=record.version, reason=why, **said)
        if is_retired:
            retire_stage(**self.telling(), stage=stage, version=stage.version, reason=why)
        elif is_retired is False:
            restore_stage(**self.telling(), stage=stage, version=stage.version)
