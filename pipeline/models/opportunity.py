"""Opportunities, which the screen calls deals."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from pipeline.models.record import CrmRecord, currency_code, lowered, one_of
from pipeline.models.stage import ForecastCategory
from pipeline.querysets import OpportunityQuerySet
from tenancy.tenant_model import TenantForeignKey, TenantManager


class Outcome(models.TextChoices):
    """How a deal ended, if it did: the kind of its stage, kept on the row for the lists."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


PINNABLE = (
    ForecastCategory.COMMIT,
    ForecastCategory.BEST_CASE,
    ForecastCategory.PIPELINE,
    ForecastCategory.OMITTED,
)
"""The categories that a person can give an open deal; whether it is closed its stage alone says."""


class Opportunity(CrmRecord):  # its reverse managers are Any
    """A possible sale. `close_date` is the expected day while it is open, and the real one afterwards."""

    account = TenantForeignKey("pipeline.Account", models.SET_NULL, null=True, related_name="opportunities")
    owner = TenantForeignKey("tenancy.Member", models.PROTECT, null=True)
    product = TenantForeignKey("pipeline.Product", models.SET_NULL, null=True)
    pipeline = TenantForeignKey("pipeline.Pipeline", models.PROTECT)
    stage = TenantForeignKey("pipeline.Stage", models.PROTECT, related_name="opportunities")
    name = models.TextField()
    name_key = lowered("name")
    amount_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", db_default="")
    close_date = models.DateField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    stage_entered_at = models.DateTimeField()
    outcome = models.TextField(choices=Outcome.choices, default=Outcome.OPEN, db_default=Outcome.OPEN)
    lost_reason = models.TextField(default="", db_default="")
    next_step = models.TextField(default="", db_default="")
    next_step_date = models.DateField(null=True)
    probability_bp = models.IntegerField(null=True)
    pinned_category = models.TextField(
        choices=[(one.value, one.label) for one in PINNABLE],
        default="",
        db_default="",
        help_text="Set by hand, and kept until somebody clears it; empty: its stage says.",
    )
    custom = models.JSONField(default=dict, db_default={}, help_text="Values of custom columns by their key.")

    objects: ClassVar[Any] = TenantManager.from_queryset(OpportunityQuerySet)()

    class Meta(CrmRecord.Meta):
        constraints = [
            *CrmRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(name=""), name="opportunity_has_name"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="opportunity_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", closed_at__isnull=True) | (~Q(outcome="open") & Q(closed_at__isnull=False)),
                name="opportunity_closed_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(probability_bp__isnull=True) | Q(probability_bp__gte=0, probability_bp__lte=10_000),
                name="opportunity_probability",
            ),
            one_of("outcome", Outcome, name="opportunity_outcome"),
            models.CheckConstraint(
                condition=Q(pinned_category__in=[*(one.value for one in PINNABLE), ""]),
                name="opportunity_pinned_category",
            ),
            currency_code(name="opportunity_currency", amounts=("amount_minor",)),
        ]
        indexes = [
            models.Index(fields=["organization", "name_key", "id"], name="opportunity_by_name"),
            models.Index(fields=["organization", "close_date", "id"], name="opportunity_by_close"),
            models.Index(fields=["organization", "amount_minor", "id"], name="opportunity_by_amount"),
            models.Index(fields=["organization", "updated_at", "id"], name="opportunity_by_update"),
            models.Index(fields=["organization", "stage_entered_at", "id"], name="opportunity_by_stage_entry"),
            models.Index(fields=["organization", "outcome", "close_date", "id"], name="opportunity_open_by_close"),
            models.Index(fields=["organization", "outcome", "amount_minor", "id"], name="opportunity_open_by_amount"),
            models.Index(fields=["organization", "outcome", "name_key", "id"], name="opportunity_open_by_name"),
            models.Index(fields=["organization", "account", "outcome", "close_date"], name="opportunity_by_account"),
            # The board: cards of a column in their order, and its sums without a look at the table.
            models.Index(
                fields=["organization", "stage", "close_date", "id"],
                include=["amount_minor", "currency", "probability_bp", "owner"],
                condition=Q(outcome="open", deleted_at__isnull=True),
                name="opportunity_on_board",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it is neither won nor lost."""
        return self.outcome == Outcome.OPEN

    @property
    def is_won(self) -> bool:
        """Whether the customer said yes."""
        return self.outcome == Outcome.WON

    @property
    def chance_bp(self) -> int:
        """The chance to win in basis points: the deal's own where it has one, else its stage's."""
        return self.stage.probability_bp if self.probability_bp is None else self.probability_bp

    @property
    def is_category_pinned(self) -> bool:
        """Whether a person, and not its stage, says how firmly it counts. Of a closed deal its stage always does."""
        return self.is_open and bool(self.pinned_category)

    @property
    def forecast_category(self) -> ForecastCategory:
        """How firmly it counts in the forecast; `with_category` says the same of many."""
        return ForecastCategory(self.pinned_category if self.is_category_pinned else self.stage.forecast_category)
