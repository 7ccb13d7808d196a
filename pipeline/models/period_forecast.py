"""What a night said of a fiscal quarter or a month: closed, weighted, and the model's interval."""

from bisect import bisect_left
from collections.abc import Sequence

from django.db import models
from django.db.models import F, Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel

QUANTILES = 99
"""P1 to P99 are kept, so that the chance of any target can be told later."""


class ForecastPeriod(models.TextChoices):
    """How long a period is."""

    QUARTER = "quarter", "Fiscal quarter"
    MONTH = "month", "Month"


class PeriodForecast(TenantModel):
    """What one night said of one period, of the whole organisation or of one unit with all below it. Never rewritten.

    Amounts are minor units of `currency`. Where too little was won to tell when open deals will be, the model's own
    figures are empty; closed and weighted are always there.
    """

    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    kind = models.TextField(choices=ForecastPeriod.choices)
    period_start = models.DateField()
    period_end = models.DateField(help_text="The first day that no longer belongs to it.")
    unit = TenantForeignKey("tenancy.Unit", models.PROTECT, null=True)
    as_of_date = models.DateField(help_text="The organisation's day on which it was said.")
    as_of = models.DateTimeField(help_text="What happened or became known later did not count.")
    reconstructed = models.BooleanField(
        default=False, db_default=False, help_text="Said afterwards, from what was known on that day."
    )
    currency = models.TextField()
    rate_date = models.DateField(null=True, help_text="Of the oldest rate that was used; null where none was.")
    closed_minor = models.BigIntegerField(help_text="Won in the period so far.")
    weighted_minor = models.BigIntegerField(help_text="Closed, and open deals planned for it by their chance.")
    p10_minor = models.BigIntegerField(null=True)
    p50_minor = models.BigIntegerField(null=True)
    p90_minor = models.BigIntegerField(null=True)
    mean_minor = models.BigIntegerField(null=True)
    open_minor = models.BigIntegerField(null=True, help_text="Of the mean: from deals that are open.")
    new_minor = models.BigIntegerField(null=True, help_text="Of the mean: from deals that do not exist yet.")
    new_is_known = models.BooleanField(default=False, db_default=False)
    quantiles = models.JSONField(default=list, db_default=[], help_text="P1 to P99 in minor units.")
    fan = models.JSONField(
        default=list, db_default=[], help_text="Day, P10, P50 and P90 of what is closed by then, until the end."
    )
    shock = models.FloatField(null=True, help_text="How much the deals of a period move together, in log-odds.")
    drift = models.FloatField(null=True, help_text="What an amount becomes until the win, on the average: a factor.")
    periods = models.SmallIntegerField(default=0, db_default=0, help_text="So many earlier ones were learnt from.")
    conversion = models.FloatField(help_text="Of open pipeline planned for the period the share that is won in it.")
    due_minor = models.BigIntegerField(help_text="What the open deals are worth that are planned for it.")
    deals = models.IntegerField(help_text="Open ones that were counted.")
    assumed_deals = models.IntegerField(
        default=0, db_default=0, help_text="Of them without an amount: they count with what a win usually brings."
    )
    scored_deals = models.IntegerField(
        default=0, db_default=0, help_text="Of them with the chance of a model that tells deals apart."
    )
    win_rate = models.FloatField(null=True, help_text="Won of closed, by count, in the year before.")
    average_minor = models.BigIntegerField(null=True, help_text="Of the deals won in the year before.")
    cycle_days = models.FloatField(null=True, help_text="From the beginning to the win, the median of that year.")
    stages = models.JSONField(
        default=list,
        db_default=[],
        help_text="Of each open stage the chance by days in it; kept once a night, with the whole's quarter.",
    )
    left_out = models.JSONField(
        default=list, db_default=[], help_text="What was not counted: reason, currency, deals, amount in it."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "run", "as_of_date", "kind", "period_start", "unit"],
                name="period_forecast_once_a_night",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="period_forecast_currency"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="period_forecast_period"),
            models.CheckConstraint(
                condition=Q(p10_minor__isnull=True)
                | Q(p10_minor__lte=F("p50_minor"), p50_minor__lte=F("p90_minor"), mean_minor__isnull=False),
                name="period_forecast_interval",
            ),
            one_of("kind", ForecastPeriod, name="period_forecast_kind"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "kind", "period_start", "unit", "-as_of"], name="period_forecast_newest"
            ),
            models.Index(fields=["organization", "as_of", "id"], name="period_forecast_by_as_of"),
            models.Index(fields=["organization", "period_start", "id"], name="period_forecast_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.period_start} on {self.as_of_date}"

    @property
    def is_told(self) -> bool:
        """Whether enough was won for the model to say something."""
        return self.p50_minor is not None

    def chance_of(self, target_minor: int) -> float | None:
        """Return the chance that the period brings this much, between .01 and .99; None where nothing is said."""
        if not self.quantiles:
            return None
        if target_minor <= self.closed_minor:
            return 1.0
        return chance_from(self.quantiles, target_minor)


def chance_from(quantiles: Sequence[int], target: int) -> float:
    """Return the chance to reach a target, from P1 to P99; beyond them nothing is said that is surer than 1 in 100."""
    below = bisect_left(quantiles, target)
    if below == 0:
        return 0.99
    if below == len(quantiles):
        return 0.01
    low, high = quantiles[below - 1], quantiles[below]
    part = (target - low) / (high - low) if high > low else 1.0
    return min(0.99, max(0.01, 1 - (below + part) / (len(quantiles) + 1)))
