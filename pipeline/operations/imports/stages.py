"""Stages that a file names, as a person mapped them: an existing stage, or a new one of a kind they confirmed.

Won and lost are never read off a name. There are organisations whose "Won" is an open stage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pipeline.models import ForecastCategory, Pipeline, Stage, StageKind
from tenancy.models import Organization

_ORDER = {StageKind.OPEN: 0, StageKind.WON: 1, StageKind.LOST: 2}
_CATEGORY = {
    StageKind.OPEN: ForecastCategory.PIPELINE,
    StageKind.WON: ForecastCategory.CLOSED,
    StageKind.LOST: ForecastCategory.OMITTED,
}
USUAL_DAYS = 21  # working days


@dataclass(frozen=True)
class ChosenStage:
    """What a file's stage stands for; without an id it will be made when the import is written."""

    id: UUID | None
    pipeline_id: UUID | None
    name: str
    kind: str
    position: int


def stages_of(organization: Organization) -> list[Stage]:
    """The stages deals can be in, pipeline by pipeline, the default one first."""
    return list(
        Stage.objects.for_organization(organization)
        .filter(retired_at=None, pipeline__is_active=True)
        .select_related("pipeline")
        .order_by("-pipeline__is_default", "pipeline__name", "position", "id")
    )


def chosen_stages(
    *, organization: Organization, value_map: Mapping[str, Mapping[str, str]], create: bool
) -> dict[str, ChosenStage]:
    """What each mapped value stands for; with `create`, new stages are added to the default pipeline first."""
    stages = stages_of(organization)
    if create and any("create" in choice for choice in value_map.values()):
        stages = _add_missing(organization, stages, value_map)
    by_id = {str(stage.pk): stage for stage in stages}
    result = {}
    for text, choice in value_map.items():
        stage = by_id.get(choice.get("use", ""))
        if stage is None and "create" in choice:
            stage = _same_stage(stages, choice["create"], choice["kind"])
        if stage is not None:
            result[text] = ChosenStage(stage.pk, stage.pipeline_id, stage.name, stage.kind, stage.position)
        elif "create" in choice:
            result[text] = ChosenStage(None, None, choice["create"], choice["kind"], 0)
    return result


def _same_stage(stages: Sequence[Stage], name: str, kind: str) -> Stage | None:
    wanted = (name.casefold(), f"{name} ({kind})".casefold())
    return next((stage for stage in stages if stage.kind == kind and stage.name.casefold() in wanted), None)


def _add_missing(
    organization: Organization, stages: list[Stage], value_map: Mapping[str, Mapping[str, str]]
) -> list[Stage]:
    pipeline = Pipeline.objects.for_organization(organization).filter(is_default=True).first()
    if pipeline is None:
        pipeline = Pipeline.objects.create(organization=organization, name="Sales", is_default=True)
    # Two chunks of two imports may want the same stage at once.
    Pipeline.objects.for_organization(organization).select_for_update().get(pk=pipeline.pk)
    ours = list(Stage.objects.for_organization(organization).filter(pipeline=pipeline).order_by("position", "id"))
    made: list[Stage] = []
    for choice in value_map.values():
        if "create" not in choice or _same_stage([*stages, *ours, *made], choice["create"], choice["kind"]):
            continue
        taken = {stage.name.casefold() for stage in (*ours, *made)}
        name = choice["create"]
        made.append(
            Stage(
                organization=organization,
                pipeline=pipeline,
                name=f"{name} ({choice['kind']})" if name.casefold() in taken else name,
                kind=choice["kind"],
                position=0,
                forecast_category=_CATEGORY[StageKind(choice["kind"])],
                expected_days=USUAL_DAYS if choice["kind"] == StageKind.OPEN else 0,
            )
        )
    if made:
        _place(ours, made)
    return stages_of(organization)


def _place(ours: list[Stage], made: list[Stage]) -> None:
    """Put new stages behind the existing ones of their kind: open stages stay before won, won before lost."""
    ordered = sorted([*ours, *made], key=lambda stage: _ORDER[StageKind(stage.kind)])
    open_count = sum(1 for stage in ordered if stage.kind == StageKind.OPEN)
    moved = []
    for position, stage in enumerate(ordered, start=1):
        if stage in made:
            stage.position = position
            # Nothing is known of it yet: its chance grows with its place, until outcomes say better.
            chance = position * 10_000 // (open_count + 1)
            stage.probability_bp = {StageKind.WON: 10_000, StageKind.LOST: 0}.get(StageKind(stage.kind), chance)
        elif stage.position != position:
            stage.position = position
            moved.append(stage)
    Stage.objects.bulk_update(moved, ["position"])
    Stage.objects.bulk_create(made)
