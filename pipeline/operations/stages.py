"""The pipeline that a new organisation begins with."""

from django.db import transaction

from pipeline.models import CriterionCode, ForecastCategory, Pipeline, Stage, StageKind
from tenancy.models import Organization

# Name, chance to win (basis points), forecast category, usual longest stay in working days, kind.
DEFAULT_STAGES: tuple[tuple[str, int, ForecastCategory, int, StageKind], ...] = (
    ("Qualify", 1_000, ForecastCategory.PIPELINE, 15, StageKind.OPEN),
    ("Discover", 2_000, ForecastCategory.PIPELINE, 21, StageKind.OPEN),
    ("Solution", 3_500, ForecastCategory.BEST_CASE, 25, StageKind.OPEN),
    ("Proposal", 5_000, ForecastCategory.BEST_CASE, 21, StageKind.OPEN),
    ("Negotiate", 7_500, ForecastCategory.COMMIT, 21, StageKind.OPEN),
    ("Won", 10_000, ForecastCategory.CLOSED, 0, StageKind.WON),
    ("Lost", 0, ForecastCategory.OMITTED, 0, StageKind.LOST),
)

# What a customer could confirm before a deal leaves the stage. Counted, not enforced, until somebody makes it strict.
SHIPPED_EXITS: dict[str, tuple[str, ...]] = {
    "Qualify": ("Need, budget range and next meeting are confirmed",),
    "Discover": ("The pain is quantified", "The buying roles are named"),
    "Solution": ("The customer’s expert confirmed that the solution fits",),
    "Proposal": ("The proposal was discussed with somebody who decides",),
    "Negotiate": ("Terms are agreed in principle, and legal or procurement is engaged",),
}


@transaction.atomic
def create_default_pipeline(*, organization: Organization, name: str = "Sales") -> Pipeline:
    """Return the organisation's default pipeline, made with the shipped stages where there is none yet."""
    existing: Pipeline | None = Pipeline.objects.for_organization(organization).filter(is_default=True).first()
    if existing is not None:
        return existing
    pipeline: Pipeline = Pipeline.objects.create(organization=organization, name=name, is_default=True)
    add_shipped_stages(organization=organization, pipeline=pipeline)
    return pipeline


def add_shipped_stages(*, organization: Organization, pipeline: Pipeline) -> None:
    """Give a new pipeline the stages that an organisation can begin with."""
    Stage.objects.bulk_create(
        Stage(
            organization=organization,
            pipeline=pipeline,
            position=position,
            name=stage_name,
            probability_bp=probability_bp,
            forecast_category=category,
            expected_days=days,
            kind=kind,
            exit_criteria=[
                {"code": CriterionCode.CONFIRMED.value, "text": text} for text in SHIPPED_EXITS.get(stage_name, ())
            ],
            is_strict=False,
        )
        for position, (stage_name, probability_bp, category, days, kind) in enumerate(DEFAULT_STAGES, start=1)
    )
