"""Pipelines and their stages: the one process that every deal goes through."""

from collections.abc import Mapping

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class StageKind(models.TextChoices):
    """Whether a deal in this stage is still open. Never guessed from the stage's name."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class ForecastCategory(models.TextChoices):
    """How firmly a deal counts in the forecast; stored single, never cumulative."""

    PIPELINE = "pipeline", "Pipeline"
    BEST_CASE = "best_case", "Best case"
    COMMIT = "commit", "Commit"
    CLOSED = "closed", "Closed"
    OMITTED = "omitted", "Omitted"


class Mover(models.TextChoices):
    """Who may move a deal into a stage, of those who may change the deal at all."""

    EVERYBODY = "everybody", "Everybody who may change the deal"
    LEADS = "leads", "Squad leads and leaders"
    LEADERS = "leaders", "Leaders"


class CriterionCode(models.TextChoices):
    """What can be asked of a deal: read from the deal, all but the last, which a person confirms in so many words."""

    ACCOUNT = "account", "An account is named"
    PRODUCT = "product", "A product is named"
    AMOUNT = "amount", "An amount is set"
    CLOSE_DATE = "close_date", "The close date is still to come"
    NEXT_STEP = "next_step", "The next step has a day that is still to come"
    TWO_PEOPLE = "two_people", "Two people with a role are known at the account"
    DECISION_MAKER = "decision_maker", "Somebody who decides is known at the account"
    CONFIRMED = "confirmed", "Somebody confirmed it"


Criterion = Mapping[str, str]
"""`code` and, where that is `confirmed`, the `text` that a person confirms."""


def criterion_words(criterion: Criterion) -> str:
    """Return a criterion as people read it."""
    return criterion.get("text") or str(CriterionCode(criterion["code"]).label)


class Pipeline(TenantModel):  # its reverse managers are Any
    """An ordered set of stages; most organisations have one. One that held deals is retired, never removed."""

    name = models.TextField()
    is_default = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True, db_default=True)
    version = models.IntegerField(default=1, db_default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="pipeline_name"),
            models.UniqueConstraint(fields=["organization"], condition=Q(is_default=True), name="pipeline_default"),
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="pipeline_by_name")]

    def __str__(self) -> str:
        return self.name


class PipelineUnit(TenantModel):
    """A unit that a pipeline is for, with all below it. A pipeline without any is for everybody."""

    pipeline = TenantForeignKey("pipeline.Pipeline", models.CASCADE, related_name="availability")
    unit = TenantForeignKey("tenancy.Unit", models.CASCADE)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "pipeline", "unit"], name="pipeline_unit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pipeline_id} for {self.unit_id}"


class Stage(TenantModel):  # its reverse managers are Any
    """A step of a pipeline. A stage that deals have been in is retired, never removed. Its days are working days."""

    pipeline = TenantForeignKey("pipeline.Pipeline", models.PROTECT, related_name="stages")
    name = models.TextField()
    position = models.SmallIntegerField()
    kind = models.TextField(choices=StageKind.choices, default=StageKind.OPEN, db_default=StageKind.OPEN)
    probability_bp = models.IntegerField(default=0, db_default=0)
    forecast_category = models.TextField(
        choices=ForecastCategory.choices, default=ForecastCategory.PIPELINE, db_default=ForecastCategory.PIPELINE
    )
    expected_days = models.SmallIntegerField(default=0, db_default=0, help_text="As people set it; 0: not said.")
    warning_days = models.SmallIntegerField(default=0, db_default=0, help_text="As people set it; 0: not said.")
    learned_days = models.SmallIntegerField(null=True, help_text="Of ten won deals eight stayed no longer, shrunken.")
    learned_warning_days = models.SmallIntegerField(null=True, help_text="Of ten won deals nine, shrunken.")
    learned_from = models.IntegerField(default=0, db_default=0, help_text="So many stays of won deals.")
    moved_by = models.TextField(choices=Mover.choices, default=Mover.EVERYBODY, db_default=Mover.EVERYBODY)
    entry_criteria = models.JSONField(default=list, db_default=[], help_text="Criteria, each with code and text.")
    exit_criteria = models.JSONField(default=list, db_default=[], help_text="Criteria, each with code and text.")
    is_strict = models.BooleanField(
        default=True, db_default=True, help_text="Whether a move that breaks a criterion is refused or only counted."
    )
    version = models.IntegerField(default=1, db_default=1)
    retired_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "pipeline", "name"], name="stage_name"),
            models.CheckConstraint(
                condition=Q(probability_bp__gte=0, probability_bp__lte=10_000), name="stage_probability"
            ),
            one_of("kind", StageKind, name="stage_kind"),
            one_of("moved_by", Mover, name="stage_moved_by"),
            models.CheckConstraint(condition=Q(expected_days__gte=0, warning_days__gte=0), name="stage_days"),
            one_of("forecast_category", ForecastCategory, name="stage_forecast_category"),
        ]
        indexes = [models.Index(fields=["organization", "pipeline", "position", "id"], name="stage_by_position")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether deals in this stage are still undecided."""
        return self.kind == StageKind.OPEN

    @property
    def usual_days(self) -> int:
        """How long a deal usually stays at most: learnt from won deals, else as people set it; 0 where nobody knows."""
        return int(self.expected_days if self.learned_days is None else self.learned_days)

    @property
    def late_days(self) -> int:
        """After how many days a deal is late: what people set counts, then what was learnt, then half as long again."""
        if self.warning_days:
            return int(self.warning_days)
        return int(self.learned_warning_days or -(-3 * self.usual_days // 2))


class CriterionCheck(TenantModel):
    """Somebody confirmed a criterion of a deal, in the words that it had. Other words are another criterion."""

    opportunity = TenantForeignKey("pipeline.Opportunity", models.CASCADE, related_name="checks")
    criterion = models.TextField()
    checked_by = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    checked_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "opportunity", "criterion"], name="criterion_check_once"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} of {self.opportunity_id}"
